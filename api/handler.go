package api

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// Handler checks what goes through an http.Handler, for the tests of a server. A request that breaks the contract gets
// 400, and the handler does not see it; an answer that breaks it becomes 500. Both list the violations as text, one a
// line. The answer is held back until the handler is done.
func (v *Validator) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := v.Request(r); err != nil {
			http.Error(w, "the request breaks the contract\n"+err.Error(), http.StatusBadRequest)
			return
		}
		held := &heldAnswer{header: w.Header(), status: http.StatusOK}
		next.ServeHTTP(held, r)
		body := held.body.Bytes()
		err := v.Response(r, &http.Response{StatusCode: held.status, Header: held.header, Body: io.NopCloser(bytes.NewReader(body))})
		if err != nil {
			clear(held.header)
			http.Error(w, fmt.Sprintf("the answer %d breaks the contract\n%v", held.status, err), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(held.status)
		_, _ = w.Write(body) // fails when the client is gone
	})
}

// heldAnswer is the ResponseWriter that keeps an answer until it is checked.
type heldAnswer struct {
	header  http.Header
	status  int
	written bool
	body    bytes.Buffer
}

func (h *heldAnswer) Header() http.Header { return h.header }

func (h *heldAnswer) WriteHeader(status int) {
	if !h.written && status >= 200 {
		h.status, h.written = status, true
	}
}

func (h *heldAnswer) Write(p []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(p)
}
