package sandbox_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/sandbox"
)

// Whatever comes, the sandbox answers within its contract; what it refuses with 400 has a verdict; and of what was sent
// the record keeps no text.
func FuzzRequest(f *testing.F) {
	for _, body := range []string{"", "{}", order5, hello, `{"message":""}`, `{"message":{"a":[1,{}]}}`, `{"context":{"type":1,"id":"x"}}`, `{"orderId":-1}`, "{", "[]", "null", `{"context":null,"x":1}`, "\xff", `{"message":"a","message":"b"}`, `{"context":{"type":"ORDER","id":1e400}}`} {
		for operation := range 3 {
			f.Add(uint8(operation), "1", "chatId=7000001", []byte(body), false)
		}
	}
	for _, query := range []string{"", "chatId", "chatId=0", "chatId=1&chatId=2", "chatId=1&secret=x", "chatId=%zz", ";", "chatId=9223372036854775808", "chatId=+1"} {
		f.Add(uint8(2), "x", query, []byte(nil), true)
	}
	checked, free := newMarket(), newMarket(sandbox.WithoutChecks())
	f.Fuzz(func(t *testing.T, operation uint8, cabinet, query string, body []byte, unchecked bool) {
		const canary = "kanarien vogel!" // no name, which a violation may show
		body = bytes.ReplaceAll(body, []byte("hello"), []byte(canary))
		m := checked
		if unchecked {
			m = free
		}
		m.Reset()
		startChat(t, m, order5)
		target := []string{"POST /chats/new", "POST /chats/message", "GET /chat"}[operation%3]
		method, path, _ := strings.Cut(target, " ")
		req := httptest.NewRequest(method, "/", bytes.NewReader(body))
		req.URL = &url.URL{Path: "/v2/businesses/" + cabinet + path, RawQuery: query}
		req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
		w := httptest.NewRecorder()
		m.ServeHTTP(w, req)

		v, err := contract()
		require.NoError(t, err)
		if v.Operation(req) != "" && w.Code != 415 {
			require.NoError(t, v.Response(req, w.Result()))
		}
		call := m.Calls()[1]
		require.Equal(t, w.Code, call.Status)
		violations := api.Violations(call.Verdict)
		if w.Code == 400 {
			require.NotEmpty(t, violations)
		}
		if w.Code == 200 && !unchecked {
			require.Empty(t, violations)
		}
		require.LessOrEqual(t, len(violations), 100)
		require.LessOrEqual(t, w.Body.Len(), 1<<20)
		for _, violation := range violations {
			assert.NotContains(t, violation.Error(), canary)
		}
		assert.NotContains(t, call.Query, canary)
	})
}

// Whatever drives it, the control API answers in JSON and says nothing in Go's words.
func FuzzControl(f *testing.F) {
	for _, body := range []string{
		"", "{}", `{"seconds":60.0}`, `{"seconds":-1}`, `{"seconds":1e400}`, `{"text":"x"}`, `{"operation":"getChat","faults":[{"kind":"none"}]}`,
		`{"operation":"getChat","every":{"kind":"fail","status":200,"commit":true,"delayMs":0,"after":1,"probability":0.5,"seed":3}}`,
		`{"operation":"getChat","faults":[{"kind":"answer","headers":{"a b":"\n"},"body":"x"}]}`, `{"operation":"getChat","faults":[{"kind":"cache"},{"kind":"unknown"}]}`,
	} {
		for endpoint := range 5 {
			f.Add(uint8(endpoint), "7000001", []byte(body))
		}
	}
	m := newMarket()
	f.Fuzz(func(t *testing.T, endpoint uint8, id string, body []byte) {
		m.Reset()
		startChat(t, m, order5)
		path := []string{"clock", "faults", "chats/" + id + "/replies", "reset", id}[endpoint%5]
		req := httptest.NewRequest("POST", "/", bytes.NewReader(body))
		req.Host = "localhost"
		req.URL = &url.URL{Path: "/_sandbox/" + path}
		w := httptest.NewRecorder()
		m.Control().ServeHTTP(w, req)
		switch w.Code {
		case 200, 400, 404:
			require.Equal(t, "application/json", w.Header().Get("Content-Type"))
		case 204, 301, 307, 308: // a ServeMux cleans the path
		default:
			require.Fail(t, "status", w.Code)
		}
		for _, of := range []string{"json:", "strconv", "unmarshal", "http:", "Go struct"} {
			if !bytes.Contains(body, []byte(of)) && !strings.Contains(id, of) {
				require.NotContains(t, w.Body.String(), of)
			}
		}
	})
}
