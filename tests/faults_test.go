package tests

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// statusMethodFailure is the Market's answer to a request beyond one of its limits.
const statusMethodFailure = 420

// slots is how many requests a client lets run at once, most how often it tries one.
const slots, most = 4, 4

// faultCase is something that goes wrong between the client and the Market, and what calls make of it.
type faultCase struct {
	name    string
	does    func(*exchange)
	expect  expectation
	status  int           // of the answer; 0: there is none
	back    time.Duration // until the quota is back, as the error tells it
	skew    time.Duration // of the Market's clock
	https   bool          // the client speaks TLS
	unread  bool          // it sets in before there is a request
	once    bool          // it cannot be met by every request
	lasting bool          // it cannot pass
	long    bool          // it takes the attempt's 15 s: one look is enough, as absence counts by then
}

// expectation says what a call makes of a fault: one that passes after the first request, or meets every one.
type expectation func(c *faultCell) callResult

// callResult is what came of a call.
type callResult struct {
	succeeds        bool
	attempts, reads int
	outcome         wrapper.Outcome
	is              []error // every class that is true of the error
}

// expectSuccess: the call succeeds all the same.
func expectSuccess(*faultCell) callResult { return callResult{succeeds: true, attempts: 1} }

// expectRefusal: the Market refused, and that is it.
func expectRefusal(is ...error) expectation {
	return func(*faultCell) callResult { return callResult{attempts: 1, outcome: wrapper.Rejected, is: is} }
}

// expectInvalidResponse: an answer that the contract does not know. The message may be in the chat, and is not sent
// again.
func expectInvalidResponse(c *faultCell) callResult {
	rejected := callResult{attempts: 1, outcome: wrapper.Rejected, is: []error{wrapper.ErrInvalidResponse}}
	if !c.sends() {
		return rejected
	}
	return c.looked(rejected)
}

// expectNoProof: likewise, but the Market may store the message later.
func expectNoProof(c *faultCell) callResult {
	end := expectInvalidResponse(c)
	if c.sends() && !end.succeeds {
		end.outcome, end.is = wrapper.Unknown, []error{wrapper.ErrInvalidResponse, wrapper.ErrOutcomeUnknown}
	}
	return end
}

// expectEmptyBody: an empty 200, which means sent.
func expectEmptyBody(c *faultCell) callResult {
	if c.sends() {
		return expectSuccess(c)
	}
	return expectInvalidResponse(c)
}

// expectCutBody: an answer that ends too early is read once more, but no message is sent once more.
func expectCutBody(c *faultCell) callResult {
	if c.sends() {
		return expectInvalidResponse(c)
	}
	return expectRepeats(wrapper.ErrInvalidResponse)(c)
}

// expectRepeats: all operations try again, as nothing has happened in the Market.
func expectRepeats(is ...error) expectation {
	return func(c *faultCell) callResult {
		if c.passing {
			return callResult{succeeds: true, attempts: 2}
		}
		return callResult{attempts: most, outcome: wrapper.Rejected, is: is}
	}
}

// expectNotSent: the request never left this machine.
func expectNotSent(*faultCell) callResult {
	return callResult{attempts: most, outcome: wrapper.NotSent}
}

// expectDoubt: the Market may have done it. A message is sent again only when it is not in the chat.
func expectDoubt(is ...error) expectation {
	return func(c *faultCell) callResult {
		rejected := callResult{attempts: most, outcome: wrapper.Rejected, is: is}
		switch {
		case c.sends() && c.passing && c.read == "clean":
			return callResult{succeeds: true, attempts: 2, reads: c.looks()}
		case c.sends():
			return c.looked(rejected)
		case c.passing:
			return callResult{succeeds: true, attempts: 2}
		}
		return rejected
	}
}

// looked is what comes of a message in doubt, by what the chat shows. Where that is nothing, the call ends like that.
func (c *faultCell) looked(nothing callResult) callResult {
	switch c.read {
	case "clean":
		nothing.reads = c.looks() * nothing.attempts
		return nothing
	case "there":
		return callResult{succeeds: true, attempts: 1, reads: 1}
	}
	return callResult{attempts: 1, reads: c.looks(), outcome: wrapper.Unknown, is: append(slices.Clone(nothing.is), wrapper.ErrOutcomeUnknown)}
}

// looks is how often the chat is read after an attempt that left no message there. For a file the late look counts from
// the end of the attempt, however long that was.
func (c *faultCell) looks() int {
	if c.long && c.op != "sendFileToChat" {
		return 1
	}
	return 2
}

var jsonType, htmlType = "Content-Type: application/json", "Content-Type: text/html"

const (
	htmlPage = "<!doctype html><title>Error</title><h1>Something went wrong</h1>"
	tooOften = `{"status":"ERROR","errors":[{"code":"METHOD_FAILURE","message":"Hit rate limit"}]}`
)

// answerWith answers with a status and a body.
func answerWith(status int, body string, lines ...string) func(*exchange) {
	return func(x *exchange) { x.answer(status, body, lines...) }
}

func quotaLines(remaining int, until string) []string {
	return []string{jsonType, "X-RateLimit-Resource-Limit: 1000",
		fmt.Sprint("X-RateLimit-Resource-Remaining: ", remaining), "X-RateLimit-Resource-Until: " + until}
}

// quotaUsedUp answers 420 with a quota that is back after that long.
func quotaUsedUp(remaining int, after time.Duration, body string) func(*exchange) {
	return func(x *exchange) {
		x.answer(statusMethodFailure, body, quotaLines(remaining, x.at.Add(after).Format(http.TimeFormat))...)
	}
}

// quotaUsedUpUntil answers 420 with a moment that makes no sense.
func quotaUsedUpUntil(until string) func(*exchange) {
	return func(x *exchange) { x.answer(statusMethodFailure, tooOften, quotaLines(0, until)...) }
}

// statusFaults are answers as the Market and the proxies in front of it write them.
func statusFaults() (faults []faultCase) {
	add := func(f faultCase) { faults = append(faults, f) }
	for status, class := range map[int]error{400: wrapper.ErrBadRequest, 401: wrapper.ErrUnauthorized,
		403: wrapper.ErrForbidden, 404: wrapper.ErrNotFound, 415: wrapper.ErrBadRequest} {
		body := fmt.Sprintf(`{"status":"ERROR","errors":[{"code":"CODE_%d","message":"no"}]}`, status)
		add(faultCase{name: fmt.Sprint(status, " in JSON"), does: answerWith(status, body, jsonType),
			expect: expectRefusal(class), status: status})
		add(faultCase{name: fmt.Sprint(status, " in HTML"), does: answerWith(status, htmlPage, htmlType),
			expect: expectRefusal(class), status: status})
	}
	for _, status := range []int{500, 503} {
		body := `{"status":"ERROR","errors":[{"code":"INTERNAL_ERROR","message":"Try later"}]}`
		add(faultCase{name: fmt.Sprint(status, " in JSON"), does: answerWith(status, body, jsonType),
			expect: expectDoubt(wrapper.ErrServer), status: status})
		add(faultCase{name: fmt.Sprint(status, " in HTML"), does: answerWith(status, htmlPage, htmlType),
			expect: expectDoubt(wrapper.ErrServer), status: status})
	}
	for _, status := range []int{408, 499} { // proxies say so
		add(faultCase{name: fmt.Sprint(status, " in HTML"), does: answerWith(status, htmlPage, htmlType),
			expect: expectDoubt(wrapper.ErrBadRequest), status: status})
	}
	limited := wrapper.ErrRateLimited
	for form, body := range map[string]string{"JSON": tooOften, "HTML": htmlPage} {
		add(faultCase{name: "420 of too many at once in " + form, does: answerWith(statusMethodFailure, body, htmlType),
			expect: expectRepeats(limited), status: 420})
		add(faultCase{name: "420 of a quota that is back soon in " + form, does: quotaUsedUp(0, time.Second, body),
			expect: expectRepeats(limited), status: 420, back: time.Second})
		add(faultCase{name: "420 of a quota that is back later in " + form, does: quotaUsedUp(0, 20*time.Minute, body),
			expect: expectRefusal(limited), status: 420, back: 20 * time.Minute})
	}
	return faults
}

// bodyFaults are answers that say something else than was promised.
func bodyFaults() []faultCase {
	packed := bomb()
	hidden := func(x *exchange) { x.answer(200, x.body(), "Content-Type: text/plain; charset=windows-1251") }
	cutJSON := func(x *exchange) { x.answer(200, x.body()[:12], jsonType) }
	cutBody := func(status int) func(*exchange) {
		return func(x *exchange) { x.header(status, 1000, "Connection: close"); x.say("%s", x.body()) }
	}
	large := func(status int) func(*exchange) {
		return func(x *exchange) {
			x.header(status, 50<<20, "Connection: close")
			_, _ = io.CopyN(x.conn, spaces{}, 50<<20)
		}
	}
	return []faultCase{
		{name: "an empty 200", does: answerWith(200, ""), expect: expectEmptyBody, status: 200},
		{name: "an empty 200 of spaces", does: answerWith(200, " \r\n", jsonType), expect: expectEmptyBody, status: 200},
		{name: "null", does: answerWith(200, "null", jsonType), expect: expectInvalidResponse, status: 200},
		{name: "an array", does: answerWith(200, `[{"status":"OK"}]`, jsonType), expect: expectInvalidResponse, status: 200},
		{name: "HTML with 200", does: answerWith(200, htmlPage, htmlType), expect: expectInvalidResponse, status: 200},
		{name: "ERROR with 200", does: answerWith(200, tooOften, jsonType), expect: expectRefusal(), status: 200},
		{name: "202", does: answerWith(202, `{"status":"OK"}`, jsonType), expect: expectNoProof, status: 202},
		{name: "204", does: func(x *exchange) { x.say("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n") },
			expect: expectNoProof, status: 204},
		{name: "another content type", does: hidden, expect: expectSuccess, status: 200},
		{name: "truncated JSON", does: cutJSON, expect: expectCutBody, status: 200},
		{name: "a truncated body", does: cutBody(200), expect: expectCutBody, status: 200},
		{name: "a truncated body with 500", does: cutBody(500), expect: expectDoubt(wrapper.ErrServer), status: 500},
		{name: "a gzip bomb", does: func(x *exchange) { x.answer(200, packed, "Content-Encoding: gzip") },
			expect: expectInvalidResponse, status: 200},
		{name: "a body of 50 MB", does: large(200), expect: expectInvalidResponse, status: 200},
		{name: "a body of 50 MB with 500", does: large(500), expect: expectDoubt(wrapper.ErrServer), status: 500},
		{name: "a body of 50 MB with 404", does: large(404), expect: expectRefusal(wrapper.ErrNotFound), status: 404},
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// bomb is small, and unpacks to 8 MiB.
func bomb() string {
	var packed bytes.Buffer
	packer := gzip.NewWriter(&packed)
	_, _ = io.CopyN(packer, spaces{}, 8<<20)
	_ = packer.Close()
	return packed.String()
}

// connectionFaults are connections that end or stall, and what is no HTTP.
func connectionFaults() []faultCase {
	partly := func(status int, gone func(*exchange)) func(*exchange) {
		return func(x *exchange) {
			x.header(status, 1000)
			x.say("%s", x.body())
			x.await(x.headers) // else the client might see the end before it sees the answer
			gone(x)
		}
	}
	resetEarly := func(x *exchange) { _, _ = x.conn.Read(make([]byte, 1)); x.reset() }
	resetLate := func(x *exchange) { x.answer(200, x.body()); x.await(x.bodies); x.reset() }
	dripping := func(x *exchange) { x.header(200, 1<<20); x.drip(" ", 1<<20, 10*time.Millisecond) }
	drips := func(x *exchange) {
		body := x.body()
		x.header(200, len(body), "Connection: close")
		for i := range body {
			x.drip(body[i:i+1], 1, time.Millisecond)
		}
	}
	return []faultCase{
		{name: "a reset before the request is read", does: resetEarly,
			expect: expectDoubt(), unread: true, once: true},
		{name: "a reset within the header", does: func(x *exchange) { x.say("HTTP/1.1 200 OK\r\nContent-Ty"); x.reset() },
			expect: expectDoubt()},
		{name: "a reset within the body", does: partly(200, (*exchange).reset), expect: expectCutBody, status: 200},
		{name: "a reset within the body of 503", does: partly(503, (*exchange).reset),
			expect: expectDoubt(wrapper.ErrServer), status: 503},
		{name: "a reset after the answer", does: resetLate, expect: expectSuccess, status: 200},
		{name: "an end without an answer", does: func(*exchange) {}, expect: expectDoubt()},
		{name: "a header that stalls", does: (*exchange).waitForClose, expect: expectDoubt(), long: true},
		{name: "a header that stalls half way", does: func(x *exchange) { x.say("HTTP/1.1 200 OK\r\nDa"); x.waitForClose() },
			expect: expectDoubt(), long: true},
		{name: "a body that stalls", does: partly(200, (*exchange).waitForClose),
			expect: expectCutBody, status: 200, long: true},
		{name: "a body that drips without end", does: dripping, expect: expectCutBody, status: 200, long: true},
		{name: "a body that drips", does: drips, expect: expectSuccess, status: 200},
		{name: "garbage instead of HTTP", does: func(x *exchange) { x.say("SSH-2.0-OpenSSH_9.6\r\n\x00\xff\xfe") },
			expect: expectDoubt()},
		{name: "a header too large", does: func(x *exchange) { x.header(200, 0, "X-Flood: "+strings.Repeat("x", 128<<10)) },
			expect: expectDoubt()},
		{name: "100 before the answer", does: func(x *exchange) {
			x.say("HTTP/1.1 100 Continue\r\n\r\n")
			x.answer(200, x.body())
		},
			expect: expectSuccess, status: 200},
		{name: "103 before the answer", does: func(x *exchange) {
			x.say("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
			x.answer(200, x.body())
		}, expect: expectSuccess, status: 200},
		{name: "103 without end", does: func(x *exchange) {
			x.drip("HTTP/1.1 103 Early Hints\r\nX: "+strings.Repeat("x", 8<<10)+"\r\n\r\n", 1000, 0)
		}, expect: expectDoubt()},
		{name: "101", does: func(x *exchange) {
			x.say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			x.waitForClose()
		}, expect: expectNoProof, status: 101},
		{name: "a certificate that nobody trusts", does: (*exchange).handshake,
			expect: expectNotSent, https: true, unread: true, lasting: true},
		{name: "a plain port that TLS is spoken to", does: answerWith(400, "no TLS here"),
			expect: expectNotSent, https: true, unread: true, lasting: true},
		{name: "a TLS port that plain HTTP is spoken to", does: (*exchange).handshake,
			expect: expectDoubt(), unread: true, once: true},
		{name: "nobody listens", does: nil, expect: expectNotSent, lasting: true},
	}
}

// drip writes something so often, with a pause before each, until the client is gone.
func (x *exchange) drip(what string, times int, pause time.Duration) {
	for range times {
		time.Sleep(pause)
		if _, err := io.WriteString(x.conn, what); err != nil {
			return
		}
	}
}

// clockFaults are quotas and dates that make no sense, or that a wrong clock has made.
func clockFaults() []faultCase {
	limited := wrapper.ErrRateLimited
	overdrawn := func(x *exchange) {
		x.answer(200, x.body(), quotaLines(-3, x.at.Add(20*time.Minute).Format(http.TimeFormat))...)
	}
	faults := []faultCase{
		{name: "Until in the past", does: quotaUsedUp(0, -time.Hour, tooOften),
			expect: expectRepeats(limited), status: 420, back: -time.Hour},
		{name: "Until in the year 9999", does: quotaUsedUpUntil("Fri, 31 Dec 9999 23:59:59 GMT"),
			expect: expectRefusal(limited), status: 420},
		{name: "Until malformed", does: quotaUsedUpUntil("tomorrow"), expect: expectRefusal(limited), status: 420},
		{name: "Remaining below zero", does: quotaUsedUp(-3, 20*time.Minute, tooOften),
			expect: expectRefusal(limited), status: 420, back: 20 * time.Minute},
		{name: "Remaining below zero with 200", does: overdrawn, expect: expectSuccess, status: 200},
	}
	for _, skew := range []time.Duration{-time.Hour, time.Hour} {
		add := func(name string, f faultCase) {
			f.name, f.skew = fmt.Sprintf("%s, by a clock that is off by %v", name, skew), skew
			faults = append(faults, f)
		}
		add("500", faultCase{does: answerWith(500, "{}", jsonType), expect: expectDoubt(wrapper.ErrServer), status: 500})
		add("a quota that is back soon", faultCase{does: quotaUsedUp(0, time.Second, tooOften),
			expect: expectRepeats(limited), status: 420, back: time.Second})
		add("a quota that is back later", faultCase{does: quotaUsedUp(0, 20*time.Minute, tooOften),
			expect: expectRefusal(limited), status: 420, back: 20 * time.Minute})
	}
	return faults
}

// redirectFaults lead to another host.
func redirectFaults() (faults []faultCase) {
	for _, status := range []int{302, 307, 308} {
		away := answerWith(status, "", "Location: http://elsewhere.example/v2/")
		faults = append(faults, faultCase{name: fmt.Sprint(status, " to another host"), does: away,
			expect: expectRefusal(wrapper.ErrInvalidResponse), status: status})
	}
	return faults
}

// Each operation meets each fault, once and for ever. Whatever happens, the call ends with the outcome that is promised,
// and nothing is left behind: no body, no connection, no goroutine, no slot.
func TestFaults(t *testing.T) {
	faults := slices.Concat(statusFaults(), bodyFaults(), connectionFaults(), clockFaults(), redirectFaults())
	require.GreaterOrEqual(t, len(faults), 28)
	untrusted() // outside of the bubbles
	tried := 0
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			for _, c := range f.cells() {
				synctest.Test(t, func(t *testing.T) {
					c.t = t
					c.run()
				})
				tried++
			}
		})
	}
	t.Logf("faults: %d, cells: %d", len(faults), tried)
}

// cells are the calls that meet a fault. A message that it leaves in doubt reads the chat: what it finds is one more
// dimension.
func (f faultCase) cells() (cells []*faultCell) {
	for op := range operations {
		for _, read := range slices.Sorted(maps.Keys(reads)) {
			for _, passing := range []bool{true, false} {
				if !isSend(op) && read != "clean" || f.once && !passing || f.lasting && passing {
					continue
				}
				cells = append(cells, &faultCell{faultCase: f, op: op, read: read, passing: passing})
			}
		}
	}
	return cells
}

// reads are what the look finds: a chat without the message, one with it, one with another of the shop's, or none that
// can be read.
var reads = map[string]func(*exchange){
	"clean":      (*exchange).usualAnswer,
	"there":      shopWrote(anyText),
	"others":     shopWrote("Something else."),
	"unreadable": answerWith(200, htmlPage, htmlType),
}

func shopWrote(text string) func(*exchange) {
	return func(x *exchange) {
		body := fmt.Sprintf(`{"status":"OK","result":{"context":{"type":"ORDER","orderId":5},"messages":[`+
			`{"messageId":8,"createdAt":%q,"sender":"PARTNER","message":%q,"payload":[{"name":%q,"url":"x","size":%d}]}]}}`,
			x.at.Format(time.RFC3339), text, anyFile, len(text))
		x.header(200, len(body), jsonType)
		x.say("%s", body)
	}
}

// other is an operation that the fault of this one does not meet.
func other(op string) string {
	if op == "getChat" {
		return "createChat"
	}
	return "getChat"
}

// faultCell is one operation that meets one fault.
type faultCell struct {
	faultCase
	t       *testing.T
	op      string
	read    string // what the look finds
	passing bool   // only the first request meets the fault
}

// Errorf says which cell it is.
func (c *faultCell) Errorf(format string, args ...any) {
	c.t.Errorf("%s, %s, passing: %t, read: %s: %s", c.name, c.op, c.passing, c.read, fmt.Sprintf(format, args...))
}

func (c *faultCell) sends() bool { return isSend(c.op) }

func (c *faultCell) run() {
	w := newRawServer(c, c.op)
	w.fault, w.skew, w.unread, w.passing, w.read = c.does, c.skew, c.unread, c.passing, reads[c.read]
	if c.does == nil {
		close(w.network.closed)
	} else {
		w.serve()
		defer w.stop()
	}
	scheme := "http"
	if c.https {
		scheme = "https"
	}
	client := w.client(scheme, wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: time.Millisecond}))
	var captured wrapper.Response
	began := time.Now()
	err := call(context.Background(), c.op, client, wrapper.Capture(&captured))
	want := c.expect(c)
	c.check(want, err, captured, began)
	assert.Equal(c, want.reads, w.get(&w.reads), "reads of the chat")
	if c.does != nil {
		assert.Equal(c, want.attempts, w.get(&w.asked), "requests that came")
	}
	assert.Zero(c, w.get(&w.open), "bodies of answers left open")
	c.allSlotsAreFree(w, client)
}

func (c *faultCell) check(want callResult, err error, captured wrapper.Response, began time.Time) {
	assert.Equal(c, want.attempts, captured.Attempts, "attempts")
	if want.succeeds {
		assert.NoError(c, err)
		assert.Contains(c, []int{http.StatusOK, c.status}, captured.StatusCode)
		return
	}
	e := checkError(c, err, want)
	if e == nil {
		return
	}
	assert.Equal(c, c.op, e.Operation)
	assert.Equal(c, c.status, e.StatusCode, "status")
	if c.back == 0 {
		assert.Zero(c, e.RetryAt)
	} else {
		assert.WithinRange(c, e.RetryAt, began.Add(c.back-time.Second), time.Now().Add(c.back+time.Second))
	}
}

// checkError looks at what every error must be: the only type, with the classes that are promised and no others.
func checkError(t assert.TestingT, err error, want callResult) *wrapper.Error {
	e, ok := err.(*wrapper.Error)
	if !assert.True(t, ok, "%T is not *wrapper.Error: %v", err, err) {
		return nil
	}
	assert.Equal(t, want.outcome, e.Outcome, "outcome of: %v", err)
	assert.Equal(t, want.attempts, e.Attempts, "attempts of: %v", err)
	for _, class := range classes {
		assert.Equal(t, slices.Contains(want.is, class), errors.Is(err, class), "%v of: %v", class, err)
	}
	return e
}

var classes = []error{
	wrapper.ErrInvalidRequest, wrapper.ErrBadRequest, wrapper.ErrUnauthorized, wrapper.ErrForbidden, wrapper.ErrNotFound,
	wrapper.ErrRateLimited, wrapper.ErrServer, wrapper.ErrInvalidResponse, wrapper.ErrOutcomeUnknown,
	context.Canceled, context.DeadlineExceeded,
}

// allSlotsAreFree holds when no attempt has kept its slot.
func (c *faultCell) allSlotsAreFree(w *rawServer, client *wrapper.Client) {
	if c.lasting { // the server is out of reach; with a slot less this would never end
		assert.Error(c, call(context.Background(), other(c.op), client))
		return
	}
	w.fillSlots(client)
}

// fillSlots makes as many calls as there are slots. The server answers none before it has got them all.
func (w *rawServer) fillSlots(client *wrapper.Client) {
	w.mu.Lock()
	w.barrier, w.waiting = make(chan struct{}), 0
	w.mu.Unlock()
	var all sync.WaitGroup
	for range slots {
		all.Go(func() { assert.NoError(w.t, call(context.Background(), other(w.op), client)) })
	}
	all.Wait()
}
