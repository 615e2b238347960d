package sandbox_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

const (
	inNewChat = "/v2/businesses/1/chats/new"
	inMessage = "/v2/businesses/1/chats/message?chatId=1"
)

// A refusal speaks as the Market does and cites what was sent; what is kept of the call does not.
func TestRefusals(t *testing.T) {
	long := strings.Repeat("canary ж", 600)
	rows := []struct {
		method, target, body string
		want                 []string
	}{
		{"POST", inNewChat, `{}`, []string{"'context' must not be null (rejected value: null)"}},
		{"POST", inNewChat, `{"context":null}`, []string{"'context' must not be null (rejected value: null)"}},
		{"POST", inNewChat, `{"orderId":-5}`, []string{"'orderId' must be greater than or equal to '1' (rejected value: -5)"}},
		{"POST", inNewChat, `{"context":{}}`, []string{"'context.id' must not be null (rejected value: null)", "'context.type' must not be null (rejected value: null)"}},
		{"POST", inNewChat, `{"context":{"type":"ORDER","id":0}}`, []string{"'context.id' must be greater than or equal to '1' (rejected value: 0)"}},
		{"POST", inNewChat, `{"context":{"type":"canary","id":1}}`, []string{"'context.type' must be one of [ORDER RETURN] (rejected value: canary)"}},
		{"POST", inNewChat, `{"context":"canary <b>"}`, []string{"'context' must be of type 'object' (rejected value: canary <b>)"}},
		{"POST", inNewChat, `["canary"]`, []string{`'body' must be of type 'object' (rejected value: ["canary"])`}},
		{"POST", inNewChat, `{canary`, []string{"JSON parse error (rejected value: {canary)"}},
		{"POST", inNewChat, `{"orderId":1}}}canary`, []string{`JSON parse error (rejected value: {"orderId":1}}}canary)`}},
		{"POST", inNewChat, ``, []string{"Required request body is missing"}},
		{"POST", inMessage, `{"message":""}`, []string{"'message' size must be between '1' and '4096' (rejected value: )"}},
		{"POST", inMessage, `{"message":"` + long + `"}`, []string{"'message' size must be between '1' and '4096' (rejected value: " + long + ")"}},
		{"POST", inMessage, `{"message":{"text":"canary & 1"}}`, []string{`'message' must be of type 'string' (rejected value: {"text":"canary & 1"})`, "'message.text' is not known (rejected value: canary & 1)"}},
		{"POST", inMessage, `{"message":9007199254740993}`, []string{"'message' must be of type 'string' (rejected value: 9007199254740993)"}},
		{"POST", inMessage, `{"message":"x","Text":"canary"}`, []string{"'Text' is not known (rejected value: canary)"}},
		{"GET", "/v2/businesses/1/chat", "", []string{"Required request parameter 'chatId' is not present"}},
		{"GET", "/v2/businesses/1/chat?chatId=canary", "", []string{"'chatId' must be of type 'integer' (rejected value: canary)"}},
		{"GET", "/v2/businesses/1/chat?chatId=0", "", []string{"'chatId' must be greater than or equal to '1' (rejected value: 0)"}},
		{"GET", "/v2/businesses/1/chat?chatId=9223372036854775808", "", []string{"'chatId' must be of type 'int64' (rejected value: 9223372036854775808)"}},
		{"GET", "/v2/businesses/1/chat?chatId=1&chatId=2", "", []string{"'chatId' comes more than once (rejected value: 1,2)"}},
		{"GET", "/v2/businesses/1/chat?chatId=1&text=canary", "", []string{"'text' is not known (rejected value: canary)"}},
		{"GET", "/v2/businesses/canary/chat?chatId=1", "", []string{"'businessId' must be of type 'integer' (rejected value: canary)"}},
	}
	for _, row := range rows {
		m := newMarket()
		a := ask(t, m, row.method, row.target, row.body, "Content-Type", "application/json")
		assert.Equal(t, 400, a.status, row.body)
		var answer gen.APIErrorResponse
		require.NoError(t, json.Unmarshal([]byte(a.body), &answer))
		var got []string
		for _, e := range answer.Errors {
			assert.Equal(t, "BAD_REQUEST", e.Code)
			got = append(got, *e.Message)
		}
		assert.Equal(t, row.want, got, row.body)
		assert.NotContains(t, a.body, `\u003c`, "what was sent is found as it was sent")

		call := m.Calls()[0]
		assert.Error(t, call.Verdict, "%s: what is refused does not keep the contract", row.body)
		assert.NotContains(t, call.Verdict.Error(), "canary")
		_, listed := drive(t, m, "GET", "/_sandbox/calls", "")
		if !strings.Contains(row.target, "/canary/") { // the path is shown, so that a misspelt one is found
			assert.NotContains(t, listed, "canary", row.body)
		}
	}
}

// A value is cited up to 16 KiB, between two characters.
func TestRefusalsAreBounded(t *testing.T) {
	m := newMarket()
	for start, whole := range map[string]int{"": 8192, "x": 8191} {
		a := ask(t, m, "POST", inMessage, `{"message":"`+start+strings.Repeat("ж", 100_000)+`"}`)
		_, message := a.error(t)
		cited := start + strings.Repeat("ж", whole) + "…"
		assert.Equal(t, "'message' size must be between '1' and '4096' (rejected value: "+cited+")", message)
	}
}

// A key is never cited.
func TestRefusalsDoNotCiteHeaders(t *testing.T) {
	m := newMarket()
	req := newRequest("GET", chatOf(1), "")
	req.Header["Api-Key"] = []string{"canary", "canary"}
	w := httptest.NewRecorder()
	m.ServeHTTP(w, req)
	assert.Equal(t, 400, w.Code)
	assert.Contains(t, w.Body.String(), "'Api-Key' required")
	assert.NotContains(t, w.Body.String(), "rejected value")
	assert.NotContains(t, w.Body.String(), "canary")

	w = serve(m, "POST", inMessage, hello, "Content-Type", "text/plain; secret=canary")
	assert.Equal(t, 415, w.Code)
	assert.JSONEq(t, `{"status":"ERROR","errors":[{"code":"UNSUPPORTED_MEDIA_TYPE","message":"Content type 'text/plain' not supported"}]}`, w.Body.String())
	assert.Error(t, m.Calls()[1].Verdict)
}

// Without checks, too, what cannot be read is refused in the Market's form and words, and has a verdict.
func TestRefusalsWithoutChecks(t *testing.T) {
	rows := []struct{ method, target, body, want string }{
		{"GET", "/v2/businesses/1/chat", "", "Required request parameter 'chatId' is not present"},
		{"GET", "/v2/businesses/1/chat?chatId=x", "", "'chatId' must be of type 'integer' (rejected value: x)"},
		{"GET", "/v2/businesses/x/chat?chatId=1", "", "'businessId' must be of type 'integer' (rejected value: x)"},
		{"POST", inNewChat, `{`, "JSON parse error (rejected value: {)"},
		{"POST", inNewChat, `{"orderId":1}}}`, `JSON parse error (rejected value: {"orderId":1}}})`},
		{"POST", inMessage, `{"message":1}`, "'message' must be of type 'string' (rejected value: 1)"},
		{"POST", inNewChat, `{}`, "'context' must not be null (rejected value: null)"},
		{"POST", inMessage, `{"message":"` + strings.Repeat("x", 512<<10) + `"}`, "'body' has more than 524288 bytes"},
		{"POST", inMessage, hello + strings.Repeat(" ", 512<<10+1-len(hello)), `'body' has more than 524288 bytes (rejected value: {"message":"hello"})`},
	}
	for _, row := range rows {
		m := newMarket(sandbox.WithoutChecks())
		a := ask(t, m, row.method, row.target, row.body)
		assert.Equal(t, 400, a.status, row.body)
		assert.Equal(t, "application/json", a.header.Get("Content-Type"))
		_, message := a.error(t)
		assert.Equal(t, row.want, message)
		assert.NotEmpty(t, api.Violations(m.Calls()[0].Verdict), row.target)
	}
	m := newMarket(sandbox.WithoutChecks())
	assert.Equal(t, 404, ask(t, m, "GET", chatOf(1)+"&more=1", "").status, "what can be read is taken as it is")
	assert.NoError(t, m.Calls()[0].Verdict)
}
