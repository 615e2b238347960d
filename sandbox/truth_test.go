package sandbox_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/sandbox"
)

// Each connection is closed after its answer, an error's too, unless the option keeps it.
func TestConnectionsAreClosed(t *testing.T) {
	for _, kept := range []bool{false, true} {
		m := newMarket()
		if kept {
			m = newMarket(sandbox.WithKeepAlive())
		}
		opened := 0
		server := httptest.NewUnstartedServer(m)
		server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				opened++
			}
		}
		server.Start()
		transport := &http.Transport{}
		m.Script(sandbox.OperationGetChat, nil, sandbox.Fail(500, "X", "x"), sandbox.HTML(502))
		for range 4 {
			req, err := http.NewRequest("GET", server.URL+chatOf(1), nil)
			require.NoError(t, err)
			req.Header.Set("Api-Key", "k")
			resp, err := transport.RoundTrip(req)
			require.NoError(t, err)
			assert.Equal(t, !kept, resp.Close)
			_, err = io.Copy(io.Discard, resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
		}
		transport.CloseIdleConnections()
		server.Close()
		assert.Equal(t, map[bool]int{false: 4, true: 1}[kept], opened)
	}
}

// A connection that is closed silently seems kept, and takes what is sent on it meanwhile with it.
func TestCloseSilently(t *testing.T) {
	m := newMarket()
	server := httptest.NewServer(m)
	defer server.Close()
	m.Script(sandbox.OperationGetChat, sandbox.CloseSilently(20*time.Millisecond))
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	in := bufio.NewReader(conn)
	for n := range 2 {
		_, err = io.WriteString(conn, "GET "+chatOf(1)+" HTTP/1.1\r\nHost: localhost\r\nApi-Key: k\r\n\r\n")
		require.NoError(t, err)
		resp, err := http.ReadResponse(in, nil)
		if n == 1 {
			assert.Error(t, err, "nobody answers the second one")
			break
		}
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, 404, resp.StatusCode)
		assert.False(t, resp.Close)
		assert.Contains(t, string(body), "Can't find chat by id: '1'")
		assert.Equal(t, "999", resp.Header.Get("X-RateLimit-Resource-Remaining"))
		assert.NotEmpty(t, resp.Header.Get("Traceparent"))
	}
	calls := m.Calls()
	require.Len(t, calls, 1)
	assert.Equal(t, 404, calls[0].Status)

	m.Script(sandbox.OperationGetChat, sandbox.CloseSilently(0))
	a := ask(t, m, "GET", chatOf(1), "")
	assert.Equal(t, 404, a.status, "without a socket it is the true answer")
	assert.NotContains(t, a.header, "Connection")
}

// However soon the connection is closed, the answer has come by then.
func TestCloseSilentlyAfterTheAnswer(t *testing.T) {
	m := newMarket()
	m.Every(sandbox.OperationGetChat, sandbox.CloseSilently(0))
	server := httptest.NewServer(m)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for range 500 {
		answer, err := client.Get(server.URL + chatOf(1))
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		require.True(t, json.Valid(body))
	}
}

// One connection of those that are kept can be closed.
func TestCloseAfterOfAKeptConnection(t *testing.T) {
	m := newMarket(sandbox.WithKeepAlive())
	m.Script(sandbox.OperationGetChat, sandbox.CloseAfter())
	assert.Equal(t, "close", rawAsk(m, "GET", chatOf(1)).Header().Get("Connection"))
	assert.Empty(t, rawAsk(m, "GET", chatOf(1)).Header().Get("Connection"))
}

// Too many at once leaves something of the quota, and what it leaves can be used.
func TestTooManyLeavesSomeOfTheQuota(t *testing.T) {
	for quota, left := range map[int]string{1: "1", 2: "1", 3: "2"} {
		m := newMarket(sandbox.WithQuota(quota))
		m.Script(sandbox.OperationGetChat, sandbox.TooMany())
		assert.Equal(t, left, ask(t, m, "GET", chatOf(1), "").header.Get("X-RateLimit-Resource-Remaining"), quota)
		assert.Equal(t, 404, ask(t, m, "GET", chatOf(1), "").status)
	}
	m := newMarket(sandbox.WithQuota(1))
	m.Every(sandbox.OperationGetChat, sandbox.Sometimes(1, 1, sandbox.Delay(0, sandbox.CommitThen(sandbox.TooMany()))))
	assert.Equal(t, "1", ask(t, m, "GET", chatOf(1), "").header.Get("X-RateLimit-Resource-Remaining"), "within other Faults, too")
}

// Beyond both limits the answer is that of too many at once, and says that nothing is left.
func TestBothLimitsAtOnce(t *testing.T) {
	m := newMarket(sandbox.WithQuota(1), sandbox.WithParallel(1))
	held, release := make(chan struct{}), make(chan struct{})
	m.Script(sandbox.OperationGetChat, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(held)
			<-release
			next.ServeHTTP(w, r)
		})
	})
	done := make(chan int)
	go func() { done <- rawAsk(m, "GET", chatOf(1)).Code }()
	<-held
	a := ask(t, m, "GET", chatOf(1), "")
	close(release)
	assert.Equal(t, 404, <-done)
	assert.Equal(t, 420, a.status)
	_, message := a.error(t)
	assert.Contains(t, message, "1 parallel requests")
	assert.Equal(t, "0", a.header.Get("X-RateLimit-Resource-Remaining"))
}

// When the clock is set back the windows are those of the hour that it shows.
func TestClockThatIsSetBack(t *testing.T) {
	now := time.Date(2026, 9, 9, 15, 30, 0, 0, time.UTC)
	m := newMarket(sandbox.WithQuota(1), sandbox.WithClock(func() time.Time { return now }))
	assert.Equal(t, 404, ask(t, m, "GET", chatOf(1), "").status)
	for _, back := range []time.Duration{time.Hour, 24 * time.Hour} {
		now = now.Add(-back)
		a := ask(t, m, "GET", chatOf(1), "")
		assert.Equal(t, 404, a.status)
		assert.Equal(t, now.Truncate(time.Hour).Add(time.Hour).Format(http.TimeFormat), a.header.Get("X-RateLimit-Resource-Until"))
		assert.Equal(t, 420, ask(t, m, "GET", chatOf(1), "").status)
	}
	now = now.Add(-time.Minute)
	assert.Equal(t, 420, ask(t, m, "GET", chatOf(1), "").status, "within the hour nothing begins anew")
}

// A good key is enough, whatever stands beside it.
func TestGoodKeyBesideABadToken(t *testing.T) {
	m := newMarket(sandbox.WithAPIKey("secret"))
	assert.Equal(t, 404, ask(t, m, "GET", chatOf(1), "", "Api-Key", "secret", "Authorization", "Bearer wrong").status)
	assert.Equal(t, 401, ask(t, m, "GET", chatOf(1), "", "Api-Key", "wrong", "Authorization", "Bearer secret").status)
}

// Whoever drives the sandbox names the machine as somebody on it does, or as it was told.
func TestControlByName(t *testing.T) {
	m := newMarket(sandbox.WithHost("sandbox.internal", "2001:db8::1"), sandbox.WithHost("192.0.2.1"))
	for host, want := range map[string]int{
		"127.0.0.1": 204, "127.0.0.1:8080": 204, "127.9.9.9:1": 204, "[::1]:8080": 204, "[::1]": 204, "localhost": 204, "LOCALHOST:80": 204,
		"sandbox.internal": 204, "Sandbox.Internal:8080": 204, "192.0.2.1:8080": 204, "[2001:db8::1]:80": 204,
		"rebound.example": 403, "rebound.example:8080": 403, "192.0.2.2": 403, "127.0.0.1.example": 403, "localhost.example": 403, "": 403,
		"sandbox.internal.example": 403, "0.0.0.0:8080": 403,
	} {
		for _, handler := range []http.Handler{m.Control(), m.Site()} {
			assert.Equal(t, want, serve(handler, "POST", "/_sandbox/reset", "", "Host", host).Code, host)
		}
	}
	assert.Equal(t, 404, rawAsk(m.Site(), "GET", "http://rebound.example"+chatOf(1)).Code, "the Market itself has any name")
}

// The page of another name sees nothing either, and is told why.
func TestControlSaysWhyItRefuses(t *testing.T) {
	m := newMarket()
	w := rawAsk(m.Control(), "GET", "http://rebound.example/_sandbox/chats")
	assert.Equal(t, 403, w.Code)
	assert.JSONEq(t, `{"error":"the header Host is \"rebound.example\", allowed is localhost, a loopback address or a name that the sandbox was told"}`, w.Body.String())
	w = rawAsk(m.Control(), "GET", "http://localhost/_sandbox/reset")
	assert.Equal(t, 404, w.Code)
	assert.JSONEq(t, `{"error":"there is no GET \"/_sandbox/reset\", control.yaml lists what there is"}`, w.Body.String())
}

// An integer is one however it is written, and no text is Go's.
func TestControlReadsIntegers(t *testing.T) {
	for body, now := range map[string]string{
		`{"seconds":60}`: "15:01", `{"seconds":60.0}`: "15:01", `{"seconds":6e1}`: "15:01", `{"seconds":1,"seconds":60}`: "15:01",
	} {
		noon := time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC)
		m := newMarket(sandbox.WithClock(func() time.Time { return noon }))
		status, answer := drive(t, m, "POST", "/_sandbox/clock", body)
		assert.Equal(t, 200, status, body)
		assert.Contains(t, answer, "T"+now+":00Z", body)
	}
	m := newMarket()
	for _, row := range [][2]string{
		{"/_sandbox/clock", `{"seconds":60.5}`}, {"/_sandbox/clock", `{"seconds":1e400}`}, {"/_sandbox/clock", `{"seconds":"60"}`},
		{"/_sandbox/clock", `{"seconds":1}}`}, {"/_sandbox/clock", ``}, {"/_sandbox/chats/x/replies", `{"text":"x"}`},
		{"/_sandbox/chats/1.0/replies", `{"text":"x"}`}, {"/_sandbox/chats/99999999999999999999/replies", `{"text":"x"}`},
		{"/_sandbox/faults", `{"operation":"getChat","every":{"kind":"fail","after":1e30}}`},
		{"/_sandbox/faults", `{"operation":"getChat","every":{"kind":"fail","commit":"yes"}}`},
	} {
		status, answer := drive(t, m, "POST", row[0], row[1])
		assert.Equal(t, 400, status, row)
		for _, of := range []string{"Go ", "json:", "strconv", "parsing", "unmarshal", "int64", "http:"} {
			assert.NotContains(t, answer, of, row)
		}
	}
}

// Over HTTP/2 a connection is not cut, its stream is reset; what was committed stays.
func TestAbortOverHTTP2(t *testing.T) {
	m := newMarket(sandbox.WithKeepAlive())
	chat := startChat(t, m, order5)
	server := httptest.NewUnstartedServer(m)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	m.Script(sandbox.OperationSendMessageToChat, sandbox.CommitThen(sandbox.Abort()))
	req, err := http.NewRequest("POST", server.URL+messageTo(chat), io.NopCloser(strings.NewReader(hello)))
	require.NoError(t, err)
	req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
	_, err = server.Client().Do(req)
	assert.ErrorContains(t, err, "stream error")
	assert.Len(t, m.Messages(chat), 1)
}

// A Fault that refuses does so within other Faults, too.
func TestRefuseWithinFaults(t *testing.T) {
	m := newMarket()
	m.Script(sandbox.OperationGetChat, sandbox.Delay(0, sandbox.Sometimes(1, 1, sandbox.Refuse())))
	req, err := http.NewRequest("GET", "http://market"+chatOf(1), nil)
	require.NoError(t, err)
	_, err = m.RoundTripper().RoundTrip(req)
	assert.ErrorContains(t, err, "connection refused")
}

// The log's lines come from Call: it says which chat, and nothing of the query that may be a secret.
func TestCallsSayWhichChat(t *testing.T) {
	m := newMarket()
	for target, want := range map[string]string{
		chatOf(7): "chatId=7", "/businesses/1/chat?chatId=-1": "chatId=-1", "/v2/businesses/1/chat?token=secret&chatId=8&x=9": "chatId=8",
		"/v2/businesses/1/chat?chatId=secret": "", "/v2/businesses/1/chat": "", "/elsewhere?chatId=7": "", newChat + "?chatId=7": "",
		"/v2/businesses/1/chat?chatId=" + strings.Repeat("7", 21): "",
	} {
		rawAsk(m, "GET", target)
		calls := m.Calls()
		assert.Equal(t, want, calls[len(calls)-1].Query, target)
	}
}

// The constants are the operations of the contract, all of them.
func TestOperationConstants(t *testing.T) {
	v, err := contract()
	require.NoError(t, err)
	assert.ElementsMatch(t, v.Operations(), []string{sandbox.OperationCreateChat, sandbox.OperationGetChat, sandbox.OperationSendMessageToChat,
		sandbox.OperationGetChats, sandbox.OperationGetChatHistory, sandbox.OperationGetChatMessage, sandbox.OperationSendFileToChat})
	for _, operation := range v.Operations() {
		newMarket().Script(operation, nil)
	}
}

// The description of a fault that says commit: false means it.
func TestParseFaultThatDoesNotCommit(t *testing.T) {
	for text, want := range map[string]int{`{"kind":"fail","commit":false}`: 0, `{"kind":"fail"}`: 0, `{"kind":"fail","commit":true}`: 1} {
		m := newMarket()
		chat := startChat(t, m, order5)
		fault, err := sandbox.ParseFault([]byte(text))
		require.NoError(t, err)
		m.Script(sandbox.OperationSendMessageToChat, fault)
		assert.Equal(t, 500, rawSend(m, chat).Code)
		assert.Len(t, m.Messages(chat), want, text)
	}
}

// Without bytes truncate cuts after ten.
func TestParseFaultTruncateDefault(t *testing.T) {
	withAndWithoutSocket(t, func() sandbox.Fault {
		fault, err := sandbox.ParseFault([]byte(`{"kind":"truncate"}`))
		require.NoError(t, err)
		return fault
	}, func(t *testing.T, s seenAnswer) {
		assert.Len(t, s.body, 10)
		assert.ErrorIs(t, s.readErr, io.ErrUnexpectedEOF)
	})
}

func TestStatusOfAFaultBelowZero(t *testing.T) {
	assert.PanicsWithValue(t, "sandbox: the status is -1, allowed is 200 to 999", func() { sandbox.Fail(-1, "X", "x") })
}

// A body that breaks off after some bytes is a body that cannot be read, not a shorter one.
func TestBodyThatBreaksOff(t *testing.T) {
	for _, opts := range [][]sandbox.Option{nil, {sandbox.WithoutChecks()}} {
		m := newMarket(opts...)
		chat := startChat(t, m, order5)
		req := httptest.NewRequest("POST", messageTo(chat), io.MultiReader(strings.NewReader(hello), brokenReader{}))
		req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
		w := httptest.NewRecorder()
		m.ServeHTTP(w, req)
		assert.Equal(t, 400, w.Code)
		assert.Contains(t, w.Body.String(), "'body' cannot be read")
		assert.Empty(t, m.Messages(chat))
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// What the contract's schema does not say the verdict says all the same: a 400 of the Market never "keeps the contract".
func TestVerdictOfEachRefusal(t *testing.T) {
	m := newMarket(sandbox.WithQuota(1000))
	for _, body := range []string{`{}`, `{"orderId":0}`, `{"orderId":-1}`, `{"context":{"type":"ORDER","id":0}}`} {
		assert.Equal(t, 400, ask(t, m, "POST", newChat, body).status)
	}
	for _, c := range m.Calls() {
		assert.True(t, slices.ContainsFunc(api.Violations(c.Verdict), func(v *api.Violation) bool { return v.Operation == "createChat" }), fmt.Sprint(c))
	}
}
