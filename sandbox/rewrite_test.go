package sandbox_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

func TestProxy(t *testing.T) {
	for _, status := range []int{404, 408, 499, 502, 504} {
		for _, page := range []string{"", sandbox.ProxyPage(status)} {
			withAndWithoutSocket(t, func() sandbox.Fault { return sandbox.Proxy(status, page) }, func(t *testing.T, s seenAnswer) {
				require.NoError(t, s.err)
				assert.Equal(t, status, s.status)
				assert.Equal(t, page, s.body)
				assert.NotEmpty(t, s.header.Get("Date"), "proxies have a clock")
				for _, name := range []string{"Traceparent", "X-Ratelimit-Resource-Limit", "X-Ratelimit-Resource-Remaining",
					"X-Ratelimit-Resource-Until"} {
					assert.NotContains(t, s.header, name, "it is the Market's")
				}
				if page == "" {
					assert.NotContains(t, s.header, "Content-Type")
				} else {
					assert.Equal(t, "text/html", s.header.Get("Content-Type"))
				}
			})
			m := newMarket()
			chat := startChat(t, m, order5)
			m.Script("sendMessageToChat", sandbox.CommitThen(sandbox.Proxy(status, page)), sandbox.Proxy(status, page))
			for range 2 {
				assert.Equal(t, status, rawSend(m, chat).Code)
				assert.Len(t, m.Messages(chat), 1)
			}
		}
	}
	assert.Contains(t, sandbox.ProxyPage(404), "<h1>404 Not Found</h1>")
	assert.Panics(t, func() { sandbox.Proxy(199, "") })
}

// They compose: after a commit, late, sometimes, and around each other.
func TestProxyFaultsCompose(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	m.Advance(time.Minute)
	require.Equal(t, 200, rawSend(m, chat).Code)
	for _, fault := range []sandbox.Fault{
		sandbox.CommitThen(sandbox.Cached(30 * time.Second)),
		sandbox.Delay(time.Millisecond, sandbox.Cached(30*time.Second)),
		sandbox.After(0, sandbox.Sometimes(1, 1, sandbox.Cached(30*time.Second))),
		func(next http.Handler) http.Handler {
			return sandbox.ContentType("a/b")(sandbox.Cached(30 * time.Second)(next))
		},
	} {
		m.Script("getChat", fault)
		a := rawAsk(m, "GET", chatOf(chat))
		assert.Equal(t, "30", a.Header().Get("Age"))
		assert.Contains(t, a.Body.String(), `"status":"NEW"`)
	}
}

func TestParseFaultOfProxies(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	m.Advance(time.Hour)
	require.Equal(t, 200, rawSend(m, chat).Code)
	get := func(text string) (int, http.Header, string) {
		fault, err := sandbox.ParseFault([]byte(text))
		require.NoError(t, err, text)
		m.Script("getChat", fault)
		a := rawAsk(m, "GET", chatOf(chat))
		return a.Code, a.Header(), a.Body.String()
	}
	status, header, body := get(`{"kind":"proxy"}`)
	assert.Equal(t, 502, status)
	assert.Equal(t, sandbox.ProxyPage(502), body)
	assert.Empty(t, header.Values("Traceparent"))
	status, _, body = get(`{"kind":"proxy","status":408,"body":""}`)
	assert.Equal(t, 408, status)
	assert.Empty(t, body)
	_, header, body = get(`{"kind":"cached"}`)
	assert.Equal(t, "60", header.Get("Age"))
	assert.Contains(t, body, `"status":"NEW"`)
	_, header, _ = get(`{"kind":"cached","seconds":7}`)
	assert.Equal(t, "7", header.Get("Age"))
	_, header, body = get(`{"kind":"lagging"}`)
	assert.NotContains(t, header, "Age")
	assert.Contains(t, body, `"status":"NEW"`)
	_, _, body = get(`{"kind":"lagging","seconds":0}`)
	assert.Contains(t, body, `"status":"WAITING_FOR_CUSTOMER"`)
}

func TestParseFaultOfStreams(t *testing.T) {
	for text, says := range map[string]string{
		`{"kind":"resetStream"}`:                                   "PROTOCOL_ERROR",
		`{"kind":"resetStream","streamError":"PROTOCOL_ERROR"}`:    "PROTOCOL_ERROR",
		`{"kind":"resetStream","streamError":"INTERNAL_ERROR"}`:    "INTERNAL_ERROR",
		`{"kind":"resetStream","streamError":"REFUSED_STREAM"}`:    "REFUSED_STREAM",
		`{"kind":"resetStream","streamError":"CANCEL"}`:            "CANCEL",
		`{"kind":"resetStream","streamError":"ENHANCE_YOUR_CALM"}`: "ENHANCE_YOUR_CALM",
		`{"kind":"goAway"}`:                                        "",
	} {
		m := plainHTTP2(t, newMarket())
		chat := startChat(t, m.Market, order5)
		fault, err := sandbox.ParseFault([]byte(text[:len(text)-1] + `,"commit":true}`))
		require.NoError(t, err, text)
		m.Script("sendMessageToChat", fault)
		_, err = m.send(t, chat)
		assert.ErrorContains(t, err, says, text)
		assert.Len(t, m.Messages(chat), 1, text)
	}
	_, err := sandbox.ParseFault([]byte(`{"kind":"resetStream","streamError":"FATAL"}`))
	assert.ErrorContains(t, err, "allowed values")
}
