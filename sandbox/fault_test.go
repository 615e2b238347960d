package sandbox_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

func TestScript(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	m.Script(sandbox.OperationGetChat, sandbox.Fail(500, "INTERNAL_ERROR", "first"), nil)
	m.Script(sandbox.OperationGetChat, sandbox.Fail(403, "FORBIDDEN", "third"))
	assert.Equal(t, 200, ask(t, m, "POST", messageTo(chat), hello).status, "another operation is not touched")
	var got []int
	for range 4 {
		got = append(got, ask(t, m, "GET", chatOf(chat), "").status)
	}
	assert.Equal(t, []int{500, 200, 403, 200}, got)
	checks, err := contract()
	require.NoError(t, err)
	says := fmt.Sprintf(`sandbox: Script: the operation is "sendMessage", allowed is one of %v`, checks.Operations())
	assert.PanicsWithValue(t, says, func() { m.Script("sendMessage", nil) })
}

func TestAnswer(t *testing.T) {
	m := newMarket()
	m.Script(sandbox.OperationGetChat, sandbox.Answer(302, http.Header{"location": {"https://elsewhere.example/"}, "Content-Type": {"text/html"}, "X-RateLimit-Resource-Until": nil}, "<html>"))
	a := rawAsk(m, "GET", chatOf(1))
	assert.Equal(t, 302, a.Code)
	assert.Equal(t, "https://elsewhere.example/", a.Header().Get("Location"))
	assert.Equal(t, []string{"text/html"}, a.Header().Values("Content-Type"))
	assert.Empty(t, a.Header().Values("X-RateLimit-Resource-Until"), "a header can be taken away")
	assert.Equal(t, "999", a.Header().Get("X-RateLimit-Resource-Remaining"))

	m.Script(sandbox.OperationGetChat, sandbox.Answer(420, http.Header{"X-RateLimit-Resource-Remaining": {"0"}}, "{}"))
	assert.Equal(t, "0", rawAsk(m, "GET", chatOf(1)).Header().Get("X-RateLimit-Resource-Remaining"), "what a fault sets stays")
	for _, bad := range []func(){func() { sandbox.Answer(0, nil, "") }, func() { sandbox.Fail(1000, "", "") }, func() { sandbox.CommitThen(nil) }} {
		assert.Panics(t, bad)
	}
	assert.Equal(t, "<html>", a.Body.String())
}

func TestQuotaUsedUp(t *testing.T) {
	now := time.Date(2026, 9, 9, 15, 0, 0, 900e6, time.UTC)
	m := newMarket(sandbox.WithClock(func() time.Time { return now }))
	m.Script(sandbox.OperationGetChat, sandbox.QuotaUsedUp(1500*time.Millisecond))
	a := ask(t, m, "GET", chatOf(1), "")
	assert.Equal(t, 420, a.status)
	assert.Equal(t, "0", a.header.Get("X-RateLimit-Resource-Remaining"))
	assert.Equal(t, "Wed, 09 Sep 2026 15:00:00 GMT", a.header.Get("Date"))
	assert.Equal(t, "Wed, 09 Sep 2026 15:00:02 GMT", a.header.Get("X-RateLimit-Resource-Until"))
	_, message := a.error(t)
	assert.Contains(t, message, "for businessId 1")
}

func TestCommitThen(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	m.Script(sandbox.OperationSendMessageToChat, sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "x")), sandbox.Fail(500, "INTERNAL_ERROR", "x"))
	a := ask(t, m, "POST", messageTo(chat), hello)
	assert.Equal(t, 500, a.status)
	assert.NotContains(t, a.body, "OK")
	assert.Len(t, m.Messages(chat), 1, "the message is there all the same")
	assert.Equal(t, 500, ask(t, m, "POST", messageTo(chat), hello).status)
	assert.Len(t, m.Messages(chat), 1, "without CommitThen nothing happens")
}

func TestAbort(t *testing.T) {
	m := newMarket()
	server := httptest.NewServer(m)
	defer server.Close()
	for what, transport := range map[string]http.RoundTripper{"socket": http.DefaultTransport, "no socket": m.RoundTripper()} {
		m.Script(sandbox.OperationGetChat, sandbox.Abort())
		req, err := http.NewRequest("GET", server.URL+chatOf(1), nil)
		require.NoError(t, err)
		_, err = transport.RoundTrip(req)
		assert.ErrorIs(t, err, io.EOF, what)
	}
	calls := m.Calls()
	require.Len(t, calls, 2)
	assert.Zero(t, calls[0].Status)
}

// An answer that is cut within its body ends alike with a socket and without.
func TestAbortWithinTheAnswer(t *testing.T) {
	m := newMarket()
	server := httptest.NewServer(m)
	defer server.Close()
	cut := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"status"`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
	}
	for what, transport := range map[string]http.RoundTripper{"socket": http.DefaultTransport, "no socket": m.RoundTripper()} {
		m.Script(sandbox.OperationGetChat, cut)
		req, err := http.NewRequest("GET", server.URL+chatOf(1), nil)
		require.NoError(t, err)
		resp, err := transport.RoundTrip(req)
		require.NoError(t, err, what)
		body, err := io.ReadAll(resp.Body)
		assert.Equal(t, `{"status"`, string(body), what)
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF, what)
		require.NoError(t, resp.Body.Close())
	}
}

func TestRoundTripper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMarket()
		slow := func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				select {
				case <-time.After(time.Minute):
				case <-r.Context().Done():
				}
				next.ServeHTTP(w, r)
			})
		}
		m.Script(sandbox.OperationCreateChat, slow, slow)
		ask := func(ctx context.Context) (*http.Response, error) {
			req, err := http.NewRequestWithContext(ctx, "POST", "https://market"+newChat, strings.NewReader(order5))
			require.NoError(t, err)
			req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
			return m.RoundTripper().RoundTrip(req)
		}
		began := time.Now()
		resp, err := ask(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 200, resp.StatusCode)
		assert.Equal(t, time.Minute, time.Since(began), "on virtual time")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = ask(ctx)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Minute+time.Second, time.Since(began))
	})
}

// Whole seconds stay as they are, and any part of one counts as one.
func TestQuotaUsedUpIsRoundedUp(t *testing.T) {
	now := time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC)
	m := newMarket(sandbox.WithClock(func() time.Time { return now }))
	for left, until := range map[time.Duration]string{
		2 * time.Second: "15:00:02", 2*time.Second + 1: "15:00:03", 2*time.Second - 1: "15:00:02", 1100 * time.Millisecond: "15:00:02",
	} {
		m.Script(sandbox.OperationGetChat, sandbox.QuotaUsedUp(left))
		a := ask(t, m, "GET", chatOf(1), "")
		assert.Equal(t, "Wed, 09 Sep 2026 "+until+" GMT", a.header.Get("X-RateLimit-Resource-Until"), left)
		assert.Equal(t, "1000", a.header.Get("X-RateLimit-Resource-Limit"))
	}
}

// A Fault that sets no status means 200, as with net/http, and that costs one.
func TestFaultThatSetsNoStatus(t *testing.T) {
	m := newMarket()
	m.Script(sandbox.OperationGetChat, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
	})
	a := rawAsk(m, "GET", chatOf(1))
	assert.Equal(t, "999", a.Header().Get("X-RateLimit-Resource-Remaining"))
	assert.Equal(t, 200, m.Calls()[0].Status)
}

func TestStatusOfAFault(t *testing.T) {
	for status, refused := range map[int]bool{199: true, 200: false, 999: false, 1000: true} {
		fault := func() { sandbox.Answer(status, nil, "") }
		if refused {
			assert.Panics(t, fault, status)
		} else {
			assert.NotPanics(t, fault, status)
		}
	}
}

// 500 is the first status that is free.
func TestBoundsOfStatuses(t *testing.T) {
	for status, remaining := range map[int]string{499: "999", 500: "1000", 501: "1000"} {
		m := newMarket()
		m.Script(sandbox.OperationGetChat, sandbox.Fail(status, "X", "x"))
		assert.Equal(t, remaining, rawAsk(m, "GET", chatOf(1)).Header().Get("X-RateLimit-Resource-Remaining"), status)
		assert.Equal(t, status, m.Calls()[0].Status)
	}
}

// The first status of 200 and above is the answer's, as net/http has it.
func TestInformationalStatuses(t *testing.T) {
	m := newMarket()
	m.Script(sandbox.OperationGetChat, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(103)
			w.WriteHeader(403)
			w.WriteHeader(599)
		})
	})
	rawAsk(m, "GET", chatOf(1))
	assert.Equal(t, 403, m.Calls()[0].Status)
}

// The Fault behind CommitThen may want the true answer after all: that is the one which was given.
func TestCommitThenGivesTheAnswerOn(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	m.Script(sandbox.OperationSendMessageToChat, sandbox.CommitThen(func(next http.Handler) http.Handler { return next }))
	assert.Equal(t, 200, ask(t, m, "POST", messageTo(chat), hello).status)
	assert.Len(t, m.Messages(chat), 1)
	for _, fault := range []sandbox.Fault{sandbox.Unknown(), sandbox.DuplicateKeys(), sandbox.ContentType("a/b"), sandbox.CloseAfter(), sandbox.Drip(0), sandbox.Delay(1, nil), sandbox.Truncate(1000)} {
		before := len(m.Messages(chat))
		m.Script(sandbox.OperationSendMessageToChat, sandbox.CommitThen(fault))
		assert.Equal(t, 200, rawSend(m, chat).Code)
		assert.Len(t, m.Messages(chat), before+1)
	}
}

// Only http.ErrAbortHandler is a cut connection; anything else is a mistake of the test's own.
func TestRoundTripperPassesOtherPanics(t *testing.T) {
	m := newMarket()
	m.Script(sandbox.OperationGetChat, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("mistake") })
	})
	req, err := http.NewRequest("GET", "http://market"+chatOf(1), nil)
	require.NoError(t, err)
	assert.PanicsWithValue(t, "mistake", func() { _, _ = m.RoundTripper().RoundTrip(req) })
}
