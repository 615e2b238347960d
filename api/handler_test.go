package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The status is the first one of 200 and above, as net/http has it.
func TestHandlerStatus(t *testing.T) {
	rows := map[string]struct {
		handle func(http.ResponseWriter)
		want   int
	}{
		"not 200":       {func(w http.ResponseWriter) { w.WriteHeader(404) }, 404},
		"twice":         {func(w http.ResponseWriter) { w.WriteHeader(404); w.WriteHeader(403) }, 404},
		"200, then 404": {func(w http.ResponseWriter) { w.WriteHeader(200); w.WriteHeader(404) }, 200},
		"1xx before it": {func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(404) }, 404},
		"too late":      {func(w http.ResponseWriter) { _, _ = io.WriteString(w, " "); w.WriteHeader(404) }, 200},
	}
	for what, row := range rows {
		handler := newValidator(t).Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			row.handle(w)
			_, _ = io.WriteString(w, `{"status":"OK"}`)
		}))
		req := httptest.NewRequest("POST", message, strings.NewReader(`{"message":"x"}`))
		req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		assert.Equal(t, row.want, w.Code, what)
	}
}

// The status is checked as the handler set it, also when it says nothing at all.
func TestHandlerChecksTheStatus(t *testing.T) {
	for says, handle := range map[string]http.HandlerFunc{
		"the answer 418 breaks the contract\nsendMessageToChat: status: is not declared\n":                                 func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) },
		"the answer 200 breaks the contract\nsendMessageToChat: header Content-Type: must be application/json, in UTF-8\n": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, " ") },
	} {
		req := httptest.NewRequest("POST", message, strings.NewReader(`{"message":"x"}`))
		req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
		w := httptest.NewRecorder()
		newValidator(t).Handler(handle).ServeHTTP(w, req)
		assert.Equal(t, 500, w.Code)
		assert.Equal(t, says, w.Body.String())
	}
}

func TestHandlerNamesWhatItRefuses(t *testing.T) {
	w := httptest.NewRecorder()
	newValidator(t).Handler(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	assert.Equal(t, 400, w.Code)
	assert.Equal(t, "the request breaks the contract\nno operation: path: is not one of the contract\n", w.Body.String())
}
