package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
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

// seenAnswer is what a client sees of an answer.
type seenAnswer struct {
	status  int
	header  http.Header
	body    string
	err     error // instead of an answer
	readErr error // within the body
}

// withAndWithoutSocket asks for a chat over a socket and without one, with the same fault: both must look alike.
func withAndWithoutSocket(t *testing.T, fault func() sandbox.Fault, check func(t *testing.T, s seenAnswer)) {
	t.Helper()
	for _, way := range []string{"socket", "no socket"} {
		t.Run(way, func(t *testing.T) {
			m := newMarket()
			startChat(t, m, order5)
			m.Script(sandbox.OperationGetChat, fault())
			transport, base := m.RoundTripper(), "http://market"
			if way == "socket" {
				server := httptest.NewServer(m)
				defer server.Close()
				own := &http.Transport{}
				defer own.CloseIdleConnections()
				transport, base = own, server.URL
			}
			req, err := http.NewRequest("GET", base+chatOf(7000001), nil)
			require.NoError(t, err)
			req.Header.Set("Api-Key", "k")
			resp, err := transport.RoundTrip(req)
			s := seenAnswer{err: err}
			if err == nil {
				defer resp.Body.Close()
				body, readErr := io.ReadAll(resp.Body)
				s = seenAnswer{resp.StatusCode, resp.Header, string(body), nil, readErr}
			}
			check(t, s)
		})
	}
}

func TestFaultsThatCut(t *testing.T) {
	withAndWithoutSocket(t, sandbox.Abort, func(t *testing.T, s seenAnswer) { assert.ErrorIs(t, s.err, io.EOF) })
	withAndWithoutSocket(t, func() sandbox.Fault { return sandbox.Truncate(10) }, func(t *testing.T, s seenAnswer) {
		assert.Equal(t, `{"result":`, s.body)
		assert.ErrorIs(t, s.readErr, io.ErrUnexpectedEOF)
	})
	withAndWithoutSocket(t, sandbox.CloseAfter, func(t *testing.T, s seenAnswer) {
		assert.Equal(t, 200, s.status)
		assert.NoError(t, s.readErr)
	})
	withAndWithoutSocket(t, func() sandbox.Fault { return sandbox.CommitThen(sandbox.Abort()) }, func(t *testing.T, s seenAnswer) { assert.Error(t, s.err) })
}

// Only without a socket can nobody listen.
func TestRefuse(t *testing.T) {
	m := newMarket()
	m.Script(sandbox.OperationGetChat, sandbox.Refuse())
	req, err := http.NewRequest("GET", "http://market"+chatOf(1), nil)
	require.NoError(t, err)
	_, err = m.RoundTripper().RoundTrip(req)
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	assert.Empty(t, m.Messages(1))
}

func TestFaultsThatAnswerOtherwise(t *testing.T) {
	withAndWithoutSocket(t, func() sandbox.Fault { return sandbox.HTML(502) }, func(t *testing.T, s seenAnswer) {
		assert.Equal(t, 502, s.status)
		assert.Equal(t, "text/html", s.header.Get("Content-Type"))
		assert.Contains(t, s.body, "<h1>")
	})
	withAndWithoutSocket(t, func() sandbox.Fault { return sandbox.Redirect("https://elsewhere.example/") }, func(t *testing.T, s seenAnswer) {
		assert.Equal(t, 302, s.status)
		assert.Equal(t, "https://elsewhere.example/", s.header.Get("Location"))
	})
	withAndWithoutSocket(t, sandbox.TooMany, func(t *testing.T, s seenAnswer) {
		assert.Equal(t, 420, s.status)
		assert.NotEqual(t, "0", s.header.Get("X-RateLimit-Resource-Remaining"))
		assert.Contains(t, s.body, "Hit rate limit of 4 parallel requests for businessId 1")
	})
	withAndWithoutSocket(t, func() sandbox.Fault { return sandbox.ContentType("text/plain") }, func(t *testing.T, s seenAnswer) {
		assert.Equal(t, "text/plain", s.header.Get("Content-Type"))
		assert.Contains(t, s.body, `"chatId":7000001`)
	})
}

func TestGzipBomb(t *testing.T) {
	m := newMarket()
	m.Script(sandbox.OperationGetChat, sandbox.GzipBomb(1<<20), sandbox.GzipBomb(1<<20))
	a := rawAsk(m, "GET", chatOf(1))
	assert.Less(t, a.Body.Len(), 1<<20/100, "bytes on the wire: how few is up to compress/gzip")
	server := httptest.NewServer(m)
	defer server.Close()
	resp, err := http.Get(server.URL + chatOf(1))
	require.NoError(t, err)
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	assert.EqualValues(t, 1<<20, n)
}

// A later Market knows values and fields that nobody knows today; ids stay exact.
func TestUnknown(t *testing.T) {
	withAndWithoutSocket(t, sandbox.Unknown, func(t *testing.T, s seenAnswer) {
		var a struct {
			Status string
			Later  any `json:"laterField"`
			Result struct {
				ChatID  int64
				Type    string
				Status  string
				Later   any `json:"laterField"`
				Context struct{ Type string }
			}
		}
		require.NoError(t, json.Unmarshal([]byte(s.body), &a), s.body)
		assert.Equal(t, "OK", a.Status)
		assert.NotNil(t, a.Later)
		assert.NotNil(t, a.Result.Later)
		assert.EqualValues(t, 7000001, a.Result.ChatID)
		assert.Equal(t, []string{"LATER_VALUE", "LATER_VALUE", "LATER_VALUE"}, []string{a.Result.Type, a.Result.Status, a.Result.Context.Type})
	})
}

func TestDuplicateKeys(t *testing.T) {
	withAndWithoutSocket(t, sandbox.DuplicateKeys, func(t *testing.T, s seenAnswer) {
		assert.Equal(t, 2, strings.Count(s.body, `"chatId"`))
		assert.Equal(t, 2, strings.Count(s.body, `"status":"OK"`))
		assert.True(t, json.Valid([]byte(s.body)), s.body)
	})
}

func TestSlowFaults(t *testing.T) {
	const pause = time.Millisecond
	for _, fault := range []sandbox.Fault{sandbox.Delay(20*pause, nil), sandbox.Drip(pause)} {
		began := time.Now()
		withAndWithoutSocket(t, func() sandbox.Fault { return fault }, func(t *testing.T, s seenAnswer) {
			assert.Equal(t, 200, s.status)
			assert.True(t, json.Valid([]byte(s.body)))
			assert.GreaterOrEqual(t, time.Since(began), 20*pause)
		})
	}
	withAndWithoutSocket(t, func() sandbox.Fault { return sandbox.Delay(pause, sandbox.HTML(500)) }, func(t *testing.T, s seenAnswer) {
		assert.Equal(t, 500, s.status)
	})
}

func TestEvery(t *testing.T) {
	m := newMarket()
	statuses := func(n int) (got []int) {
		for range n {
			got = append(got, rawAsk(m, "GET", chatOf(1)).Code)
		}
		return got
	}
	m.Every(sandbox.OperationGetChat, sandbox.Fail(500, "INTERNAL_ERROR", "x"))
	m.Script(sandbox.OperationGetChat, sandbox.Fail(403, "FORBIDDEN", "x"), nil)
	assert.Equal(t, []int{403, 404, 500, 500}, statuses(4), "Script goes first")
	m.Every(sandbox.OperationGetChat, sandbox.After(2, sandbox.Fail(503, "UNAVAILABLE", "x")))
	assert.Equal(t, []int{404, 404, 503, 503}, statuses(4))
	m.Every(sandbox.OperationGetChat, sandbox.Sometimes(0.5, 7, sandbox.Fail(500, "INTERNAL_ERROR", "x")))
	first := statuses(40)
	m.Every(sandbox.OperationGetChat, sandbox.Sometimes(0.5, 7, sandbox.Fail(500, "INTERNAL_ERROR", "x")))
	assert.Equal(t, first, statuses(40), "equal seeds, equal sequences")
	assert.Contains(t, first, 404)
	assert.Contains(t, first, 500)
	for probability, want := range map[float64]int{0: 404, 1: 500} {
		m.Every(sandbox.OperationGetChat, sandbox.Sometimes(probability, 1, sandbox.Fail(500, "INTERNAL_ERROR", "x")))
		assert.Equal(t, []int{want, want, want}, statuses(3))
	}
	m.Every(sandbox.OperationGetChat, nil)
	assert.Equal(t, []int{404}, statuses(1))
	assert.Panics(t, func() { m.Every("get", nil) })
	assert.Panics(t, func() { sandbox.Sometimes(1.1, 0, nil) })
}

// Without a socket an answer is unpacked, closed and cut as http.Transport does it.
func TestRoundTripperIsLikeASocket(t *testing.T) {
	withAndWithoutSocket(t, func() sandbox.Fault { return sandbox.GzipBomb(1000) }, func(t *testing.T, s seenAnswer) {
		assert.Len(t, s.body, 1000)
		assert.Empty(t, s.header.Get("Content-Encoding"))
	})
	withAndWithoutSocket(t, func() sandbox.Fault { return sandbox.Truncate(1 << 20) }, func(t *testing.T, s seenAnswer) {
		assert.True(t, json.Valid([]byte(s.body)))
		assert.NoError(t, s.readErr)
	})
	withAndWithoutSocket(t, func() sandbox.Fault {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusEarlyHints)
				next.ServeHTTP(w, r)
			})
		}
	}, func(t *testing.T, s seenAnswer) { assert.Equal(t, 200, s.status) })
	for _, bad := range []func(){func() { sandbox.Truncate(-1) }, func() { sandbox.GzipBomb(-1) }} {
		assert.Panics(t, bad)
	}
}

// A request whose context has ended does not happen.
func TestRoundTripperOfAnEndedContext(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req, err := http.NewRequestWithContext(ctx, "POST", "http://market"+messageTo(chat), strings.NewReader(hello))
	require.NoError(t, err)
	req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
	_, err = m.RoundTripper().RoundTrip(req)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, m.Messages(chat))
}

// nil is the true answer wherever a Fault takes another.
func TestFaultsAroundNil(t *testing.T) {
	for what, fault := range map[string]sandbox.Fault{
		"After": sandbox.After(0, nil), "Sometimes": sandbox.Sometimes(1, 0, nil), "Delay": sandbox.Delay(0, nil),
	} {
		m := newMarket()
		chat := startChat(t, m, order5)
		m.Every(sandbox.OperationGetChat, fault)
		assert.Equal(t, 200, rawAsk(m, "GET", chatOf(chat)).Code, what)
	}
	for _, text := range []string{`{"kind":"none","commit":true}`, `{"kind":"none","after":0,"probability":1,"delayMs":0,"commit":true}`} {
		m := newMarket()
		chat := startChat(t, m, order5)
		fault, err := sandbox.ParseFault([]byte(text))
		require.NoError(t, err)
		m.Every(sandbox.OperationGetChat, fault)
		assert.Equal(t, 200, rawAsk(m, "GET", chatOf(chat)).Code, text)
	}
}

// What waits ends with its request.
func TestSlowFaultsEndWithTheRequest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for what, fault := range map[string]sandbox.Fault{"Drip": sandbox.Drip(time.Hour), "Delay": sandbox.Delay(time.Hour, nil)} {
		m := newMarket()
		chat := startChat(t, m, order5)
		m.Script(sandbox.OperationGetChat, fault)
		req := newRequest("GET", chatOf(chat), "").WithContext(ctx)
		w := httptest.NewRecorder()
		assert.PanicsWithError(t, http.ErrAbortHandler.Error(), func() { m.ServeHTTP(w, req) }, what)
		assert.Empty(t, w.Body.String(), what)
	}
}

// One byte short of the answer is cut, all of it is not.
func TestTruncateAtItsBounds(t *testing.T) {
	for size, whole := range map[int]bool{0: false, 1: false, 2: true, 3: true} {
		withAndWithoutSocket(t, func() sandbox.Fault {
			return func(next http.Handler) http.Handler {
				return sandbox.Truncate(size)(sandbox.Answer(200, nil, "ab")(next))
			}
		}, func(t *testing.T, s seenAnswer) {
			require.NoError(t, s.err)
			assert.Equal(t, "ab"[:min(size, 2)], s.body)
			if whole {
				assert.NoError(t, s.readErr)
			} else {
				assert.ErrorIs(t, s.readErr, io.ErrUnexpectedEOF)
			}
		})
	}
}

func TestSometimesHasItsOwnSeeds(t *testing.T) {
	sequence := func(seed uint64) (got []int) {
		m := newMarket()
		m.Every(sandbox.OperationGetChat, sandbox.Sometimes(0.5, seed, sandbox.Fail(500, "X", "x")))
		for range 40 {
			got = append(got, rawAsk(m, "GET", chatOf(1)).Code)
		}
		return got
	}
	assert.NotEqual(t, sequence(1), sequence(2))
	fault, err := sandbox.ParseFault([]byte(`{"kind":"fail","probability":0.5,"seed":2}`))
	require.NoError(t, err)
	m := newMarket()
	m.Every(sandbox.OperationGetChat, fault)
	for _, want := range sequence(2) {
		assert.Equal(t, want, rawAsk(m, "GET", chatOf(1)).Code)
	}
	assert.Panics(t, func() { sandbox.Sometimes(math.NaN(), 0, nil) })
}

// A Fault that rewrites takes a handler that sets no status for one that answers 200.
func TestRewriteOfAnAnswerWithoutStatus(t *testing.T) {
	withAndWithoutSocket(t, func() sandbox.Fault {
		return func(http.Handler) http.Handler {
			return sandbox.ContentType("a/b")(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") }))
		}
	}, func(t *testing.T, s seenAnswer) {
		require.NoError(t, s.err)
		assert.Equal(t, 200, s.status)
		assert.Equal(t, "x", s.body)
	})
}

// The limits that a Fault speaks of are the Market's.
func TestFaultsSayWhichLimit(t *testing.T) {
	m := newMarket(sandbox.WithQuota(7), sandbox.WithParallel(2))
	m.Script(sandbox.OperationGetChat, sandbox.QuotaUsedUp(time.Second), sandbox.TooMany())
	a := ask(t, m, "GET", chatOf(1), "")
	_, message := a.error(t)
	assert.Equal(t, "Hit rate limit of '7' requests per 'hour' for resource 'getChat' for businessId 1", message)
	assert.Equal(t, "7", a.header.Get("X-RateLimit-Resource-Limit"))
	_, message = ask(t, m, "GET", chatOf(1), "").error(t)
	assert.Equal(t, "Hit rate limit of 2 parallel requests for businessId 1", message)
}

func TestUnknownKeepsLargeIDs(t *testing.T) {
	withAndWithoutSocket(t, func() sandbox.Fault {
		return func(next http.Handler) http.Handler {
			return sandbox.Unknown()(sandbox.Answer(200, nil, `{"result":{"chatId":9007199254740993}}`)(next))
		}
	}, func(t *testing.T, s seenAnswer) { assert.Contains(t, s.body, `"chatId":9007199254740993`) })
}
