package sandbox

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
)

// A window that has ended is forgotten when the next one begins.
func TestEndedWindowsAreForgotten(t *testing.T) {
	m := New()
	now := time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	for cabinet := range int64(3) {
		m.limits.take(cabinet, OperationGetChat, clock).release()
	}
	now = now.Add(time.Hour)
	m.limits.take(4, OperationGetChat, clock).release()
	assert.Len(t, m.limits.windows, 1)
	assert.Equal(t, 1, m.limits.recent.total)
	m.limits.take(noCabinet, "", clock).release()
	assert.Empty(t, m.limits.inProgress, "what is no operation was not counted, and is not uncounted")
}

// Of more windows than are remembered those go that were not used for longest.
func TestWindowsAreBounded(t *testing.T) {
	m := New()
	m.limits.recent.maxBytes = 1000 * windowBytes
	now := time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC)
	take := func(cabinet int) int {
		ticket := m.limits.take(int64(cabinet), OperationGetChat, func() time.Time { return now })
		ticket.release()
		return ticket.window.used
	}
	for cabinet := 1; len(m.limits.windows) == cabinet-1; cabinet++ {
		require.Less(t, cabinet, 2000)
		take(cabinet)
		take(1)
	}
	windows := len(m.limits.windows)
	assert.Greater(t, windows, 800)
	assert.LessOrEqual(t, windows, 1000)
	assert.Greater(t, take(1), windows, "it was used all the time")
	assert.Equal(t, 1, take(2), "it was not")
	for cabinet := range 5000 {
		take(10_000 + cabinet)
	}
	assert.Less(t, take(1), 3, "it is forgotten when it is used no more")
	assert.LessOrEqual(t, m.limits.recent.bytes, m.limits.recent.maxBytes)
	assert.Len(t, m.limits.windows, m.limits.recent.total-m.limits.recent.forgotten)
	assert.Empty(t, m.limits.inProgress)
}

// When no more fits, a send is refused in words that say what to do; what was stored stays, and Reset makes room.
func TestFullStore(t *testing.T) {
	m := New()
	post := func(target, body string) *httptest.ResponseRecorder { return serve(m, "POST", target, body) }
	const newChat, message = "/businesses/1/chats/new", "/businesses/1/chats/message?chatId=7000001"
	m.store.maxBytes = chatBytes + messageBytes + 2
	require.Equal(t, 200, post(newChat, `{"context":{"type":"ORDER","id":1}}`).Code)
	assert.Equal(t, 500, post(message, `{"message":"abc"}`).Code, "one byte more than fits")
	require.Equal(t, 200, post(message, `{"message":"ab"}`).Code)
	for target, body := range map[string]string{newChat: `{"context":{"type":"ORDER","id":2}}`, message: `{"message":"c"}`} {
		a := post(target, body)
		assert.Equal(t, 500, a.Code)
		assert.JSONEq(t, `{"status":"ERROR","errors":[{"code":"SANDBOX_FULL","message":"`+errFull.Error()+`"}]}`, a.Body.String())
		assert.Empty(t, api.Violations(m.Calls()[len(m.Calls())-1].Verdict), "the request is right")
	}
	assert.EqualError(t, m.Reply(firstChatID, "x"), "sandbox: "+errFull.Error())
	assert.Equal(t, 200, post(newChat, `{"context":{"type":"ORDER","id":1}}`).Code, "the chat that exists is given back")
	assert.Len(t, m.Messages(firstChatID), 1)
	m.Reset()
	assert.Equal(t, 200, post(newChat, `{"context":{"type":"ORDER","id":2}}`).Code)
	assert.Equal(t, chatBytes, m.store.bytes)
}

// Of what breaks the contract in many points the first hundred are remembered, of an address and a method the beginning.
func TestACallIsBounded(t *testing.T) {
	var body strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&body, `,"x%d":1`, i)
	}
	m := New()
	serve(m, strings.Repeat("M", 5000), "/"+strings.Repeat("x", 5000), "")
	w := serve(m, "POST", "/businesses/1/chats/new?chatId=1", "{"+body.String()[1:]+"}")
	calls := m.Calls()
	assert.Len(t, calls[0].Path, 256)
	assert.Len(t, calls[0].Method, 16)
	assert.Len(t, api.Violations(calls[1].Verdict), maxViolations)
	assert.Less(t, m.calls.bytes, 50_000)
	assert.Less(t, w.Body.Len(), 5_000)
	assert.Equal(t, maxErrors, strings.Count(w.Body.String(), `"code"`))
	page := serve(m.Control(), "GET", "http://localhost/_sandbox/", "")
	assert.Less(t, page.Body.Len(), 40_000, "most of it is the page itself")
	assert.Contains(t, page.Body.String(), "and 90 more")
}

// A hundred calls with long paths take no more memory than what is kept of them.
func TestCutTextsFreeTheRest(t *testing.T) {
	m := New()
	before := heap()
	for range 100 {
		serve(m, "GET", "/"+strings.Repeat("x", 60_000), "")
	}
	assert.Less(t, heap()-before, int64(1<<20), "the paths themselves had 6 MB")
	runtime.KeepAlive(m)
}

// serve makes a request with the key "k".
func serve(h http.Handler, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A shop that is gone is forgotten, and nothing waits for it.
func TestAShopThatIsGoneIsForgotten(t *testing.T) {
	m := New()
	ctx, end := context.WithCancel(t.Context())
	shop := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", "application/json")
		_, err := w.WriteString(`{"version":"1","name":"a","time":"2026-03-01T09:00:00Z"}`)
		return w.Result(), err
	})}
	require.NoError(t, m.Notify(ctx, "http://shop", shop))
	assert.Len(t, m.notifier.subscriptions, 1)
	end()
	_, err := m.Direct(1, "Hello?")
	require.NoError(t, err)
	assert.Empty(t, m.notifier.subscriptions)
}

// Deliveries take no more memory than the documentation says, the verdicts on answers included.
func TestDeliveriesAreBounded(t *testing.T) {
	m := New()
	const text, deliveries = 32 << 10, 2048 // 128 MiB
	before := heap()
	for range deliveries {
		m.notifier.record(Delivery{
			Body:    strings.Repeat("x", text),
			Verdict: &api.Violation{Where: strings.Repeat("x", text), Rule: "required"},
		})
	}
	assert.InDelta(t, 63<<20, heap()-before, 2<<20)
	assert.Less(t, len(m.Deliveries()), deliveries)
	runtime.KeepAlive(m)
}

// Faults that wait for their requests are bounded, when they came by HTTP.
func TestWaitingFaultsAreBounded(t *testing.T) {
	m := New()
	m.faults.maxBytes = 63 * 3000
	add := func() int {
		body := `{"operation":"getChat","faults":[{"kind":"answer","status":200,"body":"` + strings.Repeat("x", 950) + `"}]}`
		return serve(m.Control(), "POST", "http://localhost/_sandbox/faults", body).Code
	}
	for range 63 {
		require.Equal(t, 204, add())
	}
	assert.Equal(t, 400, add())
	serve(m, "GET", "/businesses/1/chat?chatId=1", "")
	assert.Equal(t, 204, add(), "one was met")
	assert.Equal(t, 400, add())
	assert.Equal(t, 204, serve(m.Control(), "DELETE", "http://localhost/_sandbox/faults", "").Code)
	assert.Equal(t, 204, add(), "all were taken away")
	m.Reset()
	for range 63 {
		require.Equal(t, 204, add())
	}
	assert.Equal(t, 400, add())
}

// What is counted of a fault is what it takes of memory, whatever it has most of.
func TestWaitingFaultsAreCountedWhole(t *testing.T) {
	var headers strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&headers, `,"X-%d":"v"`, i)
	}
	long := strings.Repeat("x", 200_000)
	for _, fault := range []string{
		`{"kind":"answer","headers":{` + headers.String()[1:] + `}}`, `{"kind":"answer","body":"` + long + `"}`,
		`{"kind":"fail","message":"` + long + `"}`, `{"kind":"fail","code":"` + long + `"}`, `{"kind":"redirect","url":"` + long + `"}`,
		`{"kind":"abort","body":"` + long + `"}`,
	} {
		m := New()
		before := heap()
		for range 25 {
			w := serve(m.Control(), "POST", "http://localhost/_sandbox/faults", `{"operation":"getChat","faults":[`+fault+`]}`)
			require.Equal(t, 204, w.Code, w.Body)
		}
		const others = 2_000_000 // bytes: what the rest of the process keeps meanwhile, as pools do
		assert.Less(t, heap()-before, int64(m.faults.bytes)+others, "%.40s", fault)
		runtime.KeepAlive(m)
	}
}

// The page costs what it shows.
func TestPageOfLongMessages(t *testing.T) {
	m := New()
	for n := range int64(60) {
		id, err := m.store.open(about{1, gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeOrder, ID: n + 1}}, time.Now())
		require.NoError(t, err)
		for range 60 {
			require.NoError(t, m.Reply(id, strings.Repeat("ж", 4096)))
		}
	}
	w := serve(m.Control(), "GET", "http://localhost/_sandbox/", "")
	assert.Less(t, w.Body.Len(), 50_000, "of each chat the beginning of one message is shown")
	assert.Contains(t, w.Body.String(), strings.Repeat("ж", 50)+"…<")
	w = serve(m.Control(), "GET", "http://localhost/_sandbox/?chat=7000001", "")
	assert.Less(t, w.Body.Len(), 300_000, "30 messages of 8 KB are shown")
}

// A Fault that is used without a Market speaks of the Market's own limits.
func TestFaultsWithoutAMarket(t *testing.T) {
	req := httptest.NewRequest("GET", "/", nil)
	for says, fault := range map[string]Fault{
		"Hit rate limit of 4 parallel requests":                             TooMany(),
		"Hit rate limit of '1000' requests per 'hour' for resource 'chats'": QuotaUsedUp(time.Second),
	} {
		w := httptest.NewRecorder()
		fault(nil).ServeHTTP(w, req)
		assert.Contains(t, w.Body.String(), says)
	}
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() { Refuse()(nil).ServeHTTP(httptest.NewRecorder(), req) })
}

// A verdict tells of the same violations in whatever way it was put together.
func TestVerdicts(t *testing.T) {
	violations := []*api.Violation{{Where: "a"}, {Where: "b"}}
	assert.Equal(t, violations, api.Violations(verdictOf(violations)))
}

// Of the contents of files the newest stay, within their bound; names and sizes stay all.
func TestContentsAreBounded(t *testing.T) {
	m := New()
	m.store.contents.newest.maxBytes = 1000 * (fileBytes + 1000)
	chat, err := m.Direct(1, "x")
	require.NoError(t, err)
	for range 2000 {
		require.NoError(t, m.SendFile(chat, "CUSTOMER", "a.jpg", make([]byte, 1000)))
	}
	kept := 0
	for n, message := range m.Messages(chat)[1:] {
		require.Equal(t, 1000, message.Files[0].Size)
		code := serve(m, "GET", fmt.Sprintf("/_files/%d/0", message.ID), "").Code
		if code == 200 {
			kept++
		}
		assert.True(t, code == 404 || kept > 0 && n >= 1000, "the oldest go first: %d, %d", n, code)
		assert.False(t, code == 404 && kept > 0, "%d", n)
	}
	assert.Greater(t, kept, 900)
	assert.LessOrEqual(t, kept, 1000)
	assert.Len(t, m.store.contents.byFile, kept)
	assert.LessOrEqual(t, m.store.contents.newest.bytes, m.store.contents.newest.maxBytes)
	m.Reset()
	assert.Empty(t, m.store.contents.byFile)
	assert.Zero(t, m.store.contents.newest.bytes)
}

// The name of a file takes of the bound of all messages.
func TestNamesOfFilesAreBounded(t *testing.T) {
	m := New()
	chat, err := m.Direct(1, "x")
	require.NoError(t, err)
	m.store.maxBytes = m.store.bytes + messageBytes + fileBytes + 3
	assert.EqualError(t, m.SendFile(chat, "CUSTOMER", "abcd", nil), "sandbox: "+errFull.Error())
	assert.NoError(t, m.SendFile(chat, "CUSTOMER", "abc", make([]byte, 1000)))
	assert.Len(t, m.store.contents.byFile, 1)
}
