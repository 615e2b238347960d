package sandbox

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sent makes a request with a key, and gives the details of it.
func sent(t *testing.T, m *Market, method, target, body string, headers ...string) callDetails {
	t.Helper()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	req.Header = http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	m.ServeHTTP(httptest.NewRecorder(), req)
	d, ok := m.detailsOf(m.calls.total)
	require.True(t, ok)
	return d
}

// Of a call the page can show both bodies as they were, whatever was answered; Call itself has none of it.
func TestDetailsHaveBothBodies(t *testing.T) {
	const key, body = "secret-key-of-a-test", `{"context":{"type":"ORDER","id":5}}`
	for _, opts := range [][]Option{nil, {WithoutChecks()}} {
		m := New(opts...)
		d := sent(t, m, "POST", "/v2/businesses/1/chats/new", body, "Api-Key", key)
		assert.Equal(t, body, string(d.request.text))
		assert.Equal(t, `{"result":{"chatId":7000001},"status":"OK"}`, string(d.answer.text))
		assert.Equal(t, "Api-Key", d.keyHeader)
		assert.Equal(t, "application/json", d.requestType)
		assert.Equal(t, "application/json", d.answerType)
		d = sent(t, m, "POST", "/v2/businesses/1/chats/new", body, "Authorization", "Bearer "+key)
		assert.Equal(t, "Authorization", d.keyHeader)
		m.Script(OperationCreateChat, Proxy(502, "<h1>Bad</h1>"))
		d = sent(t, m, "POST", "/v2/businesses/1/chats/new", body)
		assert.Empty(t, d.keyHeader)
		assert.Equal(t, "<h1>Bad</h1>", string(d.answer.text))
		assert.Equal(t, "text/html", d.answerType)
		assert.NotContains(t, fmt.Sprintf("%#v %+v", m.Calls(), m.Calls()), "ORDER")
	}
}

// A key that a program has put into a body by mistake is not shown.
func TestDetailsHideTheKey(t *testing.T) {
	m := New()
	d := sent(t, m, "POST", "/v2/businesses/1/chats/new", `{"key":"secret-key-of-a-test"}`, "Api-Key", "secret-key-of-a-test")
	assert.Equal(t, `{"key":"…"}`, string(d.request.text))
	assert.NotContains(t, string(d.answer.text), "secret-key")
	d = sent(t, m, "POST", "/v2/businesses/1/chats/new", `{"key":"oauth-token"}`, "Authorization", "Bearer oauth-token")
	assert.Equal(t, `{"key":"…"}`, string(d.request.text))
	d = sent(t, m, "POST", "/v2/businesses/1/chats/new", `{"key":"oauth-token"}`, "Api-Key", "k", "Authorization", "Bearer oauth-token")
	assert.Equal(t, `{"key":"…"}`, string(d.request.text), "also beside an Api-Key")
	d = sent(t, m, "GET", "/v2/businesses/1/chat?chatId=1&token=secret%2Dvalue", "", "Api-Key", "k")
	assert.Contains(t, string(d.answer.text), "'token' is not known (rejected value: …)")
	assert.Equal(t, "chatId=1&token=…", d.query)
	d = sent(t, m, "POST", "/v2/businesses/1/chats/new", `{"key":"k"}`, "Api-Key", "k")
	assert.Equal(t, `{"key":"k"}`, string(d.request.text), "one letter is no secret")
	d = sent(t, m, "POST", "/v2/businesses/1/chats/new", `{"key":"secret"}`, "Api-Key", "secret")
	assert.Equal(t, `{"key":"…"}`, string(d.request.text), "six are")
}

// Of a long body the beginning is kept, and its size; of all bodies the newest, within their bound.
func TestDetailsAreBounded(t *testing.T) {
	m := New()
	d := sent(t, m, "POST", "/v2/businesses/1/chats/new", strings.Repeat("x", 100_000), "Api-Key", "k")
	assert.Len(t, d.request.text, maxKeptBody)
	assert.Equal(t, 100_000, d.request.size)

	m.details.maxBytes = 1
	for range 10 {
		sent(t, m, "GET", "/elsewhere", "")
	}
	_, ok := m.detailsOf(11)
	assert.True(t, ok)
	for _, number := range []int{-1, 0, 1, 5, 12} {
		_, ok = m.detailsOf(number)
		assert.False(t, ok, number)
	}
	m.Reset()
	_, ok = m.detailsOf(1)
	assert.False(t, ok)
}

// How long an answer took is the time of this machine, whatever the sandbox's clock says.
func TestDetailsKnowTheTime(t *testing.T) {
	m := New(WithClock(func() time.Time { return time.Unix(0, 0) }))
	m.Script(OperationGetChat, Delay(2*time.Millisecond, nil))
	d := sent(t, m, "GET", "/v2/businesses/1/chat?chatId=1", "", "Api-Key", "k")
	assert.GreaterOrEqual(t, d.took, 2*time.Millisecond)
}

// Of a call whose bodies are forgotten the page shows what is known without them.
func TestPageOfForgottenBodies(t *testing.T) {
	m := New()
	sent(t, m, "POST", "/v2/businesses/1/chats/new", `{"context":{"type":"ORDER","id":5}}`, "Api-Key", "k")
	m.Script(OperationGetChat, TooMany())
	sent(t, m, "GET", "/v2/businesses/1/chat?chatId=7000001", "", "Api-Key", "k")
	m.details.maxBytes = 1
	for range 10 {
		sent(t, m, "GET", "/elsewhere", "")
	}
	page := serve(m.Control(), "GET", "http://localhost/_sandbox/", "").Body.String()
	assert.Contains(t, page, "Its bodies are forgotten.")
	assert.Contains(t, page, `<span class="hide">order </span>5</span>`, "by the chat")
	assert.Contains(t, page, `<span class="badge bad">420</span>`, "for which of two reasons nobody knows")
}

// The query is shown with the names of its parameters. A value that the contract does not know may be a secret.
func TestShownQuery(t *testing.T) {
	declared := []string{"chatId"}
	for query, want := range map[string]string{
		"":                        "",
		"chatId=7":                "chatId=7",
		"chatId=7&chatId=-8":      "chatId=7&chatId=-8",
		"chatId=secret":           "chatId=…",
		"token=secret&chatId=8&x": "token=…&chatId=8&x",
		"chat=1&&%D1%87=2":        "chat=…&ч=…",
		"a%zz=1":                  "a%zz=…",
		strings.Repeat("x", 500):  strings.Repeat("x", maxShownQuery) + "…",
	} {
		shown, _ := shownQuery(query, declared)
		assert.Equal(t, want, shown, query)
	}
	shown, secrets := shownQuery(strings.Repeat("a=1&", 100_000), declared)
	assert.LessOrEqual(t, len(shown), maxShownQuery+len("…"))
	assert.Len(t, secrets, maxShownQuery)
}
