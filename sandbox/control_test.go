package sandbox_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
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

// A test in another language: chat over the API, drive and look over the control API.
func TestControl(t *testing.T) {
	now := time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC)
	m := newMarket(sandbox.WithClock(func() time.Time { return now }))
	chat := startChat(t, m, order5)
	status, _ := drive(t, m, "POST", "/_sandbox/faults", `{"operation":"sendMessageToChat","faults":[{"kind":"fail","status":503},{"kind":"none"}],"every":{"kind":"fail","commit":true,"code":"C","message":"M"}}`)
	assert.Equal(t, 204, status)
	assert.Equal(t, 503, rawSend(m, chat).Code)
	assert.Equal(t, 200, rawSend(m, chat).Code)
	again := rawSend(m, chat)
	assert.Equal(t, 500, again.Code)
	assert.Contains(t, again.Body.String(), `{"code":"C","message":"M"}`)
	status, _ = drive(t, m, "POST", "/_sandbox/chats/7000001/replies", `{"text":"thanks"}`)
	assert.Equal(t, 204, status)

	_, chats := drive(t, m, "GET", "/_sandbox/chats", "")
	assert.JSONEq(t, `[{"chatId":7000001,"businessId":1,"type":"ORDER","id":5,"status":"WAITING_FOR_PARTNER","createdAt":"2026-09-09T15:00:00Z","updatedAt":"2026-09-09T15:00:00Z","messages":[
		{"messageId":7000001000001,"sender":"PARTNER","text":"hello","at":"2026-09-09T15:00:00Z","fromBuyer":false},{"messageId":7000001000002,"sender":"PARTNER","text":"hello","at":"2026-09-09T15:00:00Z","fromBuyer":false},{"messageId":7000001000003,"sender":"CUSTOMER","text":"thanks","at":"2026-09-09T15:00:00Z","fromBuyer":true}]}]`, chats)

	rawAsk(m, "GET", "/v2/businesses/1/chat?chat=1")
	_, calls := drive(t, m, "GET", "/_sandbox/calls", "")
	var list []struct {
		Operation  string
		Status     int
		Violations []string
	}
	require.NoError(t, json.Unmarshal([]byte(calls), &list))
	require.Len(t, list, 5)
	assert.Equal(t, 503, list[1].Status)
	assert.Equal(t, []string{"query chat: is not declared", "query chatId: required"}, list[4].Violations)

	_, clock := drive(t, m, "POST", "/_sandbox/clock", `{"seconds":3600}`)
	assert.JSONEq(t, `{"now":"2026-09-09T16:00:00Z"}`, clock)
	for _, to := range []string{"2026-09-09T20:00:00+03:00", "2026-09-09T15:00:00Z"} { // an earlier time moves nothing
		_, clock = drive(t, m, "POST", "/_sandbox/clock", `{"to":"`+to+`"}`)
		assert.JSONEq(t, `{"now":"2026-09-09T17:00:00Z"}`, clock)
	}
	status, clock = drive(t, m, "POST", "/_sandbox/clock", `{"to":"9999-12-31T00:00:00Z"}`)
	assert.Equal(t, 200, status)
	assert.Contains(t, clock, `"2126-`, "a hundred years are the most")
	_, clock = drive(t, m, "DELETE", "/_sandbox/clock", "")
	assert.Empty(t, clock)
	_, clock = drive(t, m, "POST", "/_sandbox/clock", `{"seconds":3600}`)
	assert.JSONEq(t, `{"now":"2026-09-09T16:00:00Z"}`, clock, "it was set back to real time")
	status, _ = drive(t, m, "POST", "/_sandbox/reset", "")
	assert.Equal(t, 204, status)
	_, chats = drive(t, m, "GET", "/_sandbox/chats", "")
	assert.Equal(t, "[]", chats)
}

// curl -d calls JSON a form.
func TestControlTakesJSONByAnyName(t *testing.T) {
	m := newMarket()
	const body = `{"operation":"getChat","faults":[{"kind":"fail","status":500,"commit":true}]}`
	for _, contentType := range []string{"application/x-www-form-urlencoded", "text/plain", ""} {
		w := serve(m.Control(), "POST", "/_sandbox/faults", body, "Content-Type", contentType)
		assert.Equal(t, 204, w.Code, w.Body.String())
	}
}

func TestControlRefuses(t *testing.T) {
	m := newMarket()
	rows := []struct {
		path, body string
		status     int
		says       string
	}{
		{"/_sandbox/faults", `canary`, 400, "the body is not JSON"},
		{"/_sandbox/faults", `{}`, 400, `property \"operation\" is missing`},
		{"/_sandbox/faults", `{"operation":"send"}`, 400, `the operation is \"send\", allowed is one of [createChat `},
		{"/_sandbox/faults", `{"operation":"getChat","faults":[{"kind":"canary"}]}`, 400, `allowed values [\"none\",\"answer\",`},
		{"/_sandbox/faults", `{"operation":"getChat","faults":[{"kind":"fail","status":99}]}`, 400, "number must be at least 200"},
		{"/_sandbox/faults", `{"operation":"getChat","every":{"kind":"abort","probability":1.5}}`, 400, "number must be at most 1"},
		{"/_sandbox/faults", `{"operation":"getChat","every":{"kind":"gzipBomb","bytes":99999999999}}`, 400, "number must be at most 6.7108864e+07"},
		{"/_sandbox/faults", `{"operation":"getChat","faults":[{"kind":"fail","stauts":418}]}`, 400, `property \"stauts\" is unsupported`},
		{"/_sandbox/faults", `{"operation":"getChat","faults":[{"kind":"truncate","Bytes":-1}]}`, 400, `property \"Bytes\" is unsupported`},
		{"/_sandbox/clock", `{"seconds":1,"Seconds":-5}`, 400, `property \"Seconds\" is unsupported`},
		{"/_sandbox/chats/7/replies", `{"text":"x"}`, 404, "there is no chat 7"},
		{"/_sandbox/chats/7/replies", `{"text":""}`, 400, "minimum string length is 1"},
		{"/_sandbox/chats/x/replies", `{"text":"x"}`, 400, "chatId must be an integer"},
		{"/_sandbox/chats/7/files?name=a&name=b", `x`, 400, "name comes more than once, allowed is once"},
		{"/_sandbox/clock", `{"seconds":-1}`, 400, "number must be at least 0"},
		{"/_sandbox/clock", `{}`, 400, "allowed is one of seconds and to"},
		{"/_sandbox/clock", `{"seconds":1,"to":"2026-09-09T20:00:00Z"}`, 400, "allowed is one of seconds and to"},
		{"/_sandbox/clock", `{"to":"tomorrow"}`, 400, "string doesn't match the format"},
		{"/_sandbox/clock", `{"to":"2026-12-31T23:59:60Z"}`, 400, "the body has a number or a time that is out of range"},
		{"/_sandbox/chats", `{"businessId":9223372036854775808,"text":"x"}`, 400, "the body has a number or a time that is out of range"},
		{"/_sandbox/clock", `{"seconds":` + strings.Repeat(" ", 1<<20) + `1}`, 400, "too large"},
	}
	for _, row := range rows {
		status, answer := drive(t, m, "POST", row.path, row.body)
		assert.Equal(t, row.status, status, row.body)
		assert.Contains(t, answer, row.says)
		assert.NotContains(t, answer, "canary")
	}
}

// A parameter that control.yaml does not declare is refused: one that is misspelt would have all faults removed.
func TestControlRefusesUnknownParameters(t *testing.T) {
	m := newMarket()
	m.Every(sandbox.OperationGetChat, sandbox.Fail(500, "INTERNAL_ERROR", "no"))
	for _, row := range []struct{ method, path, says string }{
		{"DELETE", "/_sandbox/faults?operaton=getChat", `the parameter \"operaton\" is unknown, allowed are [\"operation\" \"id\"]`},
		{"GET", "/_sandbox/chats?Status=NEW", `the parameter \"Status\" is unknown, allowed are`},
		{"POST", "/_sandbox/reset?view=", `the parameter \"view\" is unknown, allowed are []`},
	} {
		status, answer := drive(t, m, row.method, row.path, "")
		assert.Equal(t, 400, status, row.path)
		assert.Contains(t, answer, row.says)
	}
	_, faults := drive(t, m, "GET", "/_sandbox/faults", "")
	assert.Contains(t, faults, "getChat")
}

// Every kind that control.yaml lists makes a Fault that does what its name says.
func TestParseFault(t *testing.T) {
	rows := map[string]func(a *httptest.ResponseRecorder){
		`{"kind":"none"}`:                       func(a *httptest.ResponseRecorder) { assert.Equal(t, 200, a.Code) },
		`{"kind":"fail"}`:                       func(a *httptest.ResponseRecorder) { assert.Contains(t, a.Body.String(), "INTERNAL_ERROR") },
		`{"kind":"html","status":502}`:          func(a *httptest.ResponseRecorder) { assert.Contains(t, a.Body.String(), "<h1>") },
		`{"kind":"redirect","url":"https://x"}`: func(a *httptest.ResponseRecorder) { assert.Equal(t, "https://x", a.Header().Get("Location")) },
		`{"kind":"quota","seconds":60}`: func(a *httptest.ResponseRecorder) {
			assert.Equal(t, 420, a.Code)
			assert.Equal(t, "0", a.Header().Get("X-RateLimit-Resource-Remaining"))
		},
		`{"kind":"parallel"}`:                           func(a *httptest.ResponseRecorder) { assert.Contains(t, a.Body.String(), "parallel requests") },
		`{"kind":"gzipBomb","bytes":1000}`:              func(a *httptest.ResponseRecorder) { assert.Equal(t, "gzip", a.Header().Get("Content-Encoding")) },
		`{"kind":"contentType","contentType":"text/x"}`: func(a *httptest.ResponseRecorder) { assert.Equal(t, "text/x", a.Header().Get("Content-Type")) },
		`{"kind":"unknown"}`:                            func(a *httptest.ResponseRecorder) { assert.Contains(t, a.Body.String(), "LATER_VALUE") },
		`{"kind":"duplicateKeys"}`:                      func(a *httptest.ResponseRecorder) { assert.Equal(t, 2, strings.Count(a.Body.String(), `"chatId"`)) },
		`{"kind":"closeAfter"}`:                         func(a *httptest.ResponseRecorder) { assert.Equal(t, "close", a.Header().Get("Connection")) },
		`{"kind":"drip","everyMs":0}`:                   func(a *httptest.ResponseRecorder) { assert.True(t, a.Flushed) },
		`{"kind":"answer","status":418,"headers":{"x-a":"b"},"body":"tea"}`: func(a *httptest.ResponseRecorder) {
			assert.Equal(t, "418 b tea", fmt.Sprint(a.Code, " ", a.Header().Get("X-A"), " ", a.Body))
		},
		`{"kind":"fail","after":1}`:                            func(a *httptest.ResponseRecorder) { assert.Equal(t, 200, a.Code) },
		`{"kind":"fail","probability":0}`:                      func(a *httptest.ResponseRecorder) { assert.Equal(t, 200, a.Code) },
		`{"kind":"fail","probability":1,"seed":3,"delayMs":1}`: func(a *httptest.ResponseRecorder) { assert.Equal(t, 500, a.Code) },
	}
	for text, check := range rows {
		m := newMarket()
		startChat(t, m, order5)
		fault, err := sandbox.ParseFault([]byte(text))
		require.NoError(t, err, text)
		m.Script(sandbox.OperationGetChat, fault)
		check(rawAsk(m, "GET", chatOf(7000001)))
	}
	for _, cut := range []string{`{"kind":"abort"}`, `{"kind":"truncate","bytes":3}`} {
		m := newMarket()
		fault, err := sandbox.ParseFault([]byte(cut))
		require.NoError(t, err)
		m.Script(sandbox.OperationGetChat, fault)
		assert.Panics(t, func() { rawAsk(m, "GET", chatOf(1)) }, cut)
	}
	_, err := sandbox.ParseFault([]byte(`{"kind":"fall"}`))
	assert.ErrorContains(t, err, "allowed values")
}

// On one address with its control the Market is what it is alone: no path is cleaned.
func TestSite(t *testing.T) {
	m := newMarket()
	site := m.Site()
	for target, want := range map[string]int{"/v2/businesses/1/chat?chatId=1": 404, "//v2/businesses/1/chats/new": 404, "/v2/businesses/../chat": 404, "/_sandbox/": 200, "/_sandbox/chats": 200, "/": 404} {
		assert.Equal(t, want, rawAsk(site, "GET", target).Code, target)
	}
}

// A page of another address must not drive the sandbox through somebody's browser.
func TestControlOfAnotherOrigin(t *testing.T) {
	m := newMarket()
	for origin, want := range map[string]int{
		"": 204, "http://127.0.0.1:8080": 204, "https://127.0.0.1:8080": 204, // behind a proxy
		"https://evil.example": 403, "null": 403,
	} {
		assert.Equal(t, want, serve(m.Control(), "POST", "/_sandbox/reset", "", "Origin", origin).Code, origin)
	}
}

// The answer waits, what happens does not: a client that gives up has delivered its message.
func TestCommitGoesBeforeDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMarket()
		chat := startChat(t, m, order5)
		fault, err := sandbox.ParseFault([]byte(`{"kind":"fail","commit":true,"delayMs":60000}`))
		require.NoError(t, err)
		m.Script(sandbox.OperationSendMessageToChat, fault)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, "POST", "http://market"+messageTo(chat), strings.NewReader(hello))
		require.NoError(t, err)
		req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
		_, err = m.RoundTripper().RoundTrip(req)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Len(t, m.Messages(chat), 1)
	})
}

// What the control API lists is complete, and each field stands where it belongs.
func TestControlListsEverything(t *testing.T) {
	now := time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC)
	m := newMarket(sandbox.WithClock(func() time.Time { return now }))
	a := ask(t, m, "POST", "/v2/businesses/3/chats/new", `{"context":{"type":"RETURN","id":6}}`)
	now = now.Add(time.Minute)
	require.NoError(t, m.Reply(7000001, "thanks"))
	_, chats := drive(t, m, "GET", "/_sandbox/chats", "")
	assert.JSONEq(t, `[{"chatId":7000001,"businessId":3,"type":"RETURN","id":6,"status":"WAITING_FOR_PARTNER","createdAt":"2026-09-09T15:00:00Z","updatedAt":"2026-09-09T15:01:00Z","messages":[{"messageId":7000001000001,"sender":"CUSTOMER","text":"thanks","at":"2026-09-09T15:01:00Z","fromBuyer":true}]}]`, chats)
	_, calls := drive(t, m, "GET", "/_sandbox/calls", "")
	assert.JSONEq(t, fmt.Sprintf(`[{"at":"2026-09-09T15:00:00Z","operation":"createChat","method":"POST","path":"/v2/businesses/3/chats/new","query":"","status":200,"traceparent":%q,"violations":[],"chatId":7000001,"fault":""}]`,
		a.header.Get("Traceparent")), calls)
}

// Of many calls the control API lists the newest thousand.
func TestControlListsTheNewestCalls(t *testing.T) {
	m := newMarket()
	_, calls := drive(t, m, "GET", "/_sandbox/calls", "")
	assert.Equal(t, "[]", calls)
	for n := range 1002 {
		rawAsk(m, "GET", fmt.Sprint("/", n))
	}
	_, calls = drive(t, m, "GET", "/_sandbox/calls", "")
	var list []struct{ Path string }
	require.NoError(t, json.Unmarshal([]byte(calls), &list))
	require.Len(t, list, 1000)
	assert.Equal(t, "/2", list[0].Path)
	assert.Equal(t, "/1001", list[999].Path)
}

func TestControlListsAChatWithoutMessages(t *testing.T) {
	m := newMarket()
	startChat(t, m, order5)
	_, chats := drive(t, m, "GET", "/_sandbox/chats", "")
	assert.Contains(t, chats, `"messages":[]`)
}

// What a description leaves out is as control.yaml says.
func TestParseFaultDefaults(t *testing.T) {
	for text, check := range map[string]func(a *httptest.ResponseRecorder){
		`{"kind":"answer"}`: func(a *httptest.ResponseRecorder) { assert.Equal(t, "500 ", fmt.Sprint(a.Code, " ", a.Body)) },
		`{"kind":"fail"}`: func(a *httptest.ResponseRecorder) {
			assert.Equal(t, 500, a.Code)
			assert.Contains(t, a.Body.String(), `{"code":"INTERNAL_ERROR","message":"Something went wrong, try again later"}`)
		},
		`{"kind":"html","status":502}`: func(a *httptest.ResponseRecorder) { assert.Equal(t, 502, a.Code) },
		`{"kind":"redirect"}`: func(a *httptest.ResponseRecorder) {
			assert.Equal(t, "https://example.com/", a.Header().Get("Location"))
		},
		`{"kind":"contentType"}`: func(a *httptest.ResponseRecorder) { assert.Equal(t, "text/plain", a.Header().Get("Content-Type")) },
		`{"kind":"gzipBomb"}`: func(a *httptest.ResponseRecorder) {
			unpacker, err := gzip.NewReader(a.Body)
			require.NoError(t, err)
			n, err := io.Copy(io.Discard, unpacker)
			require.NoError(t, err)
			assert.EqualValues(t, 64<<20, n)
		},
		`{"kind":"quota"}`: func(a *httptest.ResponseRecorder) {
			assert.Equal(t, "Wed, 09 Sep 2026 15:00:01 GMT", a.Header().Get("X-RateLimit-Resource-Until"))
		},
	} {
		m := newMarket(sandbox.WithClock(func() time.Time { return time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC) }))
		startChat(t, m, order5)
		fault, err := sandbox.ParseFault([]byte(text))
		require.NoError(t, err, text)
		m.Script(sandbox.OperationGetChat, fault)
		check(rawAsk(m, "GET", chatOf(7000001)))
	}
	synctest.Test(t, func(t *testing.T) {
		m := newMarket()
		m.Script(sandbox.OperationGetChat, func(next http.Handler) http.Handler {
			fault, err := sandbox.ParseFault([]byte(`{"kind":"drip"}`))
			assert.NoError(t, err)
			return fault(sandbox.Answer(200, nil, "abc")(next))
		})
		began := time.Now()
		rawAsk(m, "GET", chatOf(1))
		assert.Equal(t, 300*time.Millisecond, time.Since(began))
	})
}

func TestParseFaultAfter(t *testing.T) {
	m := newMarket()
	fault, err := sandbox.ParseFault([]byte(`{"kind":"fail","after":1}`))
	require.NoError(t, err)
	m.Every(sandbox.OperationGetChat, fault)
	assert.Equal(t, 404, rawAsk(m, "GET", chatOf(1)).Code)
	assert.Equal(t, 500, rawAsk(m, "GET", chatOf(1)).Code)
}
