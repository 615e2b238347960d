package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// holdingMarket stands in for the Market on virtual time, and holds requests until the test answers them. Whatever is
// done to it has had all its consequences when its method returns.
type holdingMarket struct {
	t      *testing.T
	client *wrapper.Client
	auth   wrapper.Auth
	calls  []*heldCall // the calls, numbered from 1

	mu   sync.Mutex
	held []int // numbers of the calls whose requests are not answered, in the order in which they came
}

type heldCall struct {
	number int
	op     string
	cancel context.CancelFunc
	answer chan reply

	began    time.Time
	lasted   time.Duration
	ended    bool
	panicked any
	captured wrapper.Response
	err      error
}

type heldCallKey struct{}

func newHoldingMarket(t *testing.T, opts ...wrapper.Option) *holdingMarket {
	h := &holdingMarket{t: t, auth: wrapper.APIKey(token)}
	auth := func(ctx context.Context, req *http.Request) error { return h.auth(ctx, req) }
	client, err := wrapper.New(business, auth, append([]wrapper.Option{
		wrapper.WithHTTPClient(&http.Client{Transport: h}), wrapper.WithRandom(half)}, opts...)...)
	require.NoError(t, err)
	h.client = client
	return h
}

func (h *holdingMarket) RoundTrip(req *http.Request) (*http.Response, error) {
	g := req.Context().Value(heldCallKey{}).(*heldCall)
	h.mu.Lock()
	h.held = append(h.held, g.number)
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.held = slices.DeleteFunc(h.held, func(number int) bool { return number == g.number })
	}()
	select {
	case r := <-g.answer:
		return newScript(h.t, r).RoundTrip(req)
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// call begins a call, or several one after the other, and gives the last one.
func (h *holdingMarket) call(ctx context.Context, ops ...string) (last *heldCall) {
	for _, op := range ops {
		g := &heldCall{number: len(h.calls) + 1, op: op, answer: make(chan reply), began: time.Now()}
		h.calls = append(h.calls, g)
		ctx := context.WithValue(ctx, heldCallKey{}, g)
		ctx = context.WithValue(ctx, chatKey{}, int64(g.number)) // as equal sends into one chat run one after another
		ctx, g.cancel = context.WithCancel(ctx)
		h.t.Cleanup(g.cancel)
		call, known := operations[op]
		if !known {
			call = rawCall(strings.TrimPrefix(op, "raw "))
		}
		go func() {
			defer func() { g.panicked, g.lasted, g.ended = recover(), time.Since(g.began), true }()
			g.err = call(ctx, h.client, wrapper.Capture(&g.captured))
		}()
		synctest.Wait()
		last = g
	}
	return last
}

// rawCall makes a call of an operation through Raw.
func rawCall(op string) calls {
	return func(ctx context.Context, c *wrapper.Client, _ ...wrapper.CallOption) error {
		resp, err := operationCases[op].raw(ctx, c.Raw())
		if err == nil {
			err = resp.Body.Close()
		}
		return err
	}
}

// answer answers the request of a call.
func (h *holdingMarket) answer(number int, r reply) {
	h.calls[number-1].answer <- r
	synctest.Wait()
}

// serve answers well, with these headers.
func (h *holdingMarket) serve(number int, header http.Header) {
	r := ok(strings.TrimPrefix(h.calls[number-1].op, "raw "))
	r.header = header
	h.answer(number, r)
}

// holding tells whose requests are held, in the order in which they came.
func (h *holdingMarket) holding() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Trim(fmt.Sprint(h.held), "[]")
}

// later tells it after that time.
func (h *holdingMarket) later(after time.Duration) string {
	time.Sleep(after)
	synctest.Wait()
	return h.holding()
}

// assertAllSlotsFree sees that four calls are let in and no fifth, and that none counts as running when all have ended.
func (h *holdingMarket) assertAllSlotsFree(op string) {
	h.t.Helper()
	n := len(h.calls)
	require.Empty(h.t, h.holding())
	h.call(h.t.Context(), op, op, op, op, op)
	require.Equal(h.t, fmt.Sprint(n+1, n+2, n+3, n+4), h.holding())
	for i := 1; i <= 4; i++ {
		h.serve(n+i, nil)
	}
	h.serve(n+5, quota(1, time.Hour))
	h.call(h.t.Context(), op, op)
	require.Equal(h.t, fmt.Sprint(n+6), h.holding(), "one request is left in the window")
}

// allOperations are those of the Client and of Raw.
func allOperations() (ops []string) {
	for _, op := range slices.Sorted(maps.Keys(operations)) {
		ops = append(ops, op, "raw "+op)
	}
	return ops
}

func TestLimiterLetsFourRunAtOnceFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHoldingMarket(t)
		h.call(t.Context(), "getChat", "createChat", "sendMessageToChat", "raw getChat", "sendMessageToChat",
			"createChat", "raw getChat", "getChat", "sendMessageToChat")
		assert.Equal(t, "1 2 3 4", h.holding())
		for _, step := range []struct {
			served int
			inside string
		}{{3, "1 2 4 5"}, {1, "2 4 5 6"}, {5, "2 4 6 7"}, {7, "2 4 6 8"}, {2, "4 6 8 9"}, {4, "6 8 9"}} {
			h.serve(step.served, nil)
			assert.Equal(t, step.inside, h.holding())
		}
		h.call(t.Context(), "getChat", "getChat")
		assert.Equal(t, "6 8 9 10", h.holding(), "the free slot is taken at once, and there are no more")
	})
}

// Whoever gives up leaves the queue, and the next one moves up.
func TestLimiterQueueIsLeftWithTheContext(t *testing.T) {
	for _, op := range allOperations() {
		synctest.Test(t, func(t *testing.T) {
			h := newHoldingMarket(t)
			h.call(t.Context(), "getChat", "getChat", "createChat", "sendMessageToChat")
			cancelled := h.call(t.Context(), op)
			soon, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			late := h.call(soon, op)
			h.call(t.Context(), op)
			cancelled.cancel()
			assert.Equal(t, "1 2 3 4", h.later(time.Second))
			for g, cause := range map[*heldCall]error{cancelled: context.Canceled, late: context.DeadlineExceeded} {
				require.True(t, g.ended)
				assertClasses(t, g.err, []error{cause})
				e := asError(t, g.err)
				assert.Equal(t, wrapper.NotSent, e.Outcome)
				assert.Zero(t, e.Attempts)
			}
			assert.Zero(t, cancelled.lasted)
			assert.Equal(t, time.Second, late.lasted)
			h.serve(2, nil)
			assert.Equal(t, "1 3 4 7", h.holding())
		})
	}
}

// Requests take whole milliseconds, and so does patience: slots become free, and contexts end, at the same times.
func TestLimiterLosesNoSlotInACrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, served, gone counter
		h := newHoldingMarket(t, wrapper.WithMiddleware(func(next wrapper.Doer) wrapper.Doer {
			return doerFunc(func(req *http.Request) (*http.Response, error) {
				if req.Context().Value(heldCallKey{}) != nil {
					return next.Do(req)
				}
				running.add(1)
				defer running.add(-1)
				return &http.Response{StatusCode: 404, Body: http.NoBody}, sleep(req.Context(), time.Duration(1+rand.IntN(3))*ms)
			})
		}))
		var crowd sync.WaitGroup
		for range 600 {
			for op, call := range operations {
				ctx, cancel := context.WithCancel(t.Context())
				come, patience := time.Duration(rand.IntN(200))*ms, time.Duration(rand.IntN(200))*ms
				time.AfterFunc(come+patience, cancel)
				crowd.Go(func() {
					time.Sleep(come)
					if err := call(ctx, h.client, wrapper.Attempts(1)); errors.Is(err, wrapper.ErrNotFound) {
						served.add(1)
					} else {
						gone.add(1)
						assert.ErrorIs(t, err, context.Canceled, op)
					}
				})
			}
		}
		crowd.Wait()
		assert.Equal(t, 4, running.most)
		assert.Zero(t, running.now)
		assert.Greater(t, served.now, 100)
		assert.Greater(t, gone.now, 100)
		h.assertAllSlotsFree("getChat")
	})
}

// counter counts what goes on at once.
type counter struct {
	mu        sync.Mutex
	now, most int
}

func (c *counter) add(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += n
	c.most = max(c.most, c.now)
}

func TestLimiterGetsEverySlotBack(t *testing.T) {
	troubled := func(before, after func()) func(wrapper.Doer) wrapper.Doer {
		return func(next wrapper.Doer) wrapper.Doer {
			return doerFunc(func(req *http.Request) (*http.Response, error) {
				if g := req.Context().Value(heldCallKey{}).(*heldCall); g.number > 1 {
					return next.Do(req)
				}
				before()
				defer after()
				return next.Do(req)
			})
		}
	}
	nothing, panics := func() {}, func() { panic("trouble") }
	rows := map[string]struct {
		answer     *reply
		auth       func() error
		middleware func(wrapper.Doer) wrapper.Doer
		give       func(h *holdingMarket) // what the caller does meanwhile
	}{
		"refused":                          {answer: &reply{status: 404}},
		"server error":                     {answer: &reply{status: 500}},
		"no answer":                        {answer: &reply{err: io.EOF}},
		"no connection":                    {answer: &reply{err: errors.New("connection refused"), dial: true}},
		"no answer in time":                {give: func(h *holdingMarket) { h.later(25 * time.Second) }}, // a file may arrive at the end
		"the body breaks off":              {answer: &reply{status: 200, body: "{", readErr: io.ErrUnexpectedEOF}},
		"the answer is too large":          {answer: &reply{status: 200, body: strings.Repeat(" ", 1<<20+1)}},
		"the caller gives up":              {give: func(h *holdingMarket) { h.calls[0].cancel(); h.later(10 * time.Second) }},
		"Auth fails":                       {auth: func() error { return errAuth }},
		"Auth panics":                      {auth: func() error { panic("trouble") }},
		"Auth ends its goroutine":          {auth: func() error { runtime.Goexit(); return nil }},
		"a middleware panics before":       {middleware: troubled(panics, nothing)},
		"a middleware panics after":        {answer: &reply{err: io.EOF}, middleware: troubled(nothing, panics)},
		"a middleware gives back nothing":  {middleware: func(next wrapper.Doer) wrapper.Doer { return nothingFirst{next} }},
		"a middleware ends its goroutine":  {middleware: troubled(runtime.Goexit, nothing)},
		"its answer comes, and is no JSON": {answer: &reply{status: 200, body: "<html>"}},
	}
	for what, row := range rows {
		for _, op := range allOperations() {
			t.Run(what+"/"+op, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					opts := []wrapper.Option{wrapper.WithRetry(wrapper.RetryPolicy{MaxAttempts: 1, Resend: wrapper.ResendNever})}
					if row.middleware != nil {
						opts = append(opts, wrapper.WithMiddleware(row.middleware))
					}
					h := newHoldingMarket(t, opts...)
					if row.auth != nil {
						h.auth = func(context.Context, *http.Request) error { return row.auth() }
					}
					first := h.call(t.Context(), op)
					if row.answer != nil {
						h.answer(1, *row.answer)
					}
					if row.give != nil {
						row.give(h)
					}
					require.True(t, first.ended)
					assert.Equal(t, strings.Contains(what, "panics"), first.panicked != nil, "%v", first.panicked)
					h.auth = wrapper.APIKey(token)
					h.assertAllSlotsFree(op)
				})
			})
		}
	}
}

// nothingFirst breaks its promise to the first call.
type nothingFirst struct{ next wrapper.Doer }

func (d nothingFirst) Do(req *http.Request) (*http.Response, error) {
	if req.Context().Value(heldCallKey{}).(*heldCall).number == 1 {
		return nil, nil
	}
	return d.next.Do(req)
}

// Four messages in doubt need four reads: nobody pauses, or waits for a read, in a slot.
func TestLimiterSlotIsFreeInPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHoldingMarket(t)
		h.call(t.Context(), "sendMessageToChat", "sendMessageToChat", "sendMessageToChat", "sendMessageToChat")
		for n := range 4 {
			h.answer(n+1, serverError())
		}
		h.call(t.Context(), "createChat", "createChat", "createChat", "createChat")
		assert.Equal(t, "5 6 7 8", h.holding(), "in the pause")
		assert.Equal(t, "5 6 7 8", h.later(250*ms), "the reads stand in the queue like all others")
		for n := 5; n <= 8; n++ {
			h.serve(n, nil)
		}
		reads := strings.Fields(h.holding()) // the four ask in the same moment
		assert.ElementsMatch(t, []string{"1", "2", "3", "4"}, reads)
		for n := range 4 {
			h.answer(n+1, ok("getChatHistory"))
		}
		assert.Empty(t, h.holding(), "in the pause before the second look")
		assert.Len(t, strings.Fields(h.later(3*time.Second)), 4)
		for n := range 4 {
			h.answer(n+1, ok("getChatHistory"))
		}
		assert.Len(t, strings.Fields(h.holding()), 4, "the messages are repeated")
		for n := range 4 {
			h.serve(n+1, nil)
			assert.True(t, h.calls[n].ended)
			assert.NoError(t, h.calls[n].err)
			assert.Equal(t, 2, h.calls[n].captured.Attempts)
		}
	})
}

// The context ends while the second attempt waits: both its error and the API's last one are told.
func TestLimiterContextEndsBeforeTheSecondAttempt(t *testing.T) {
	for _, resend := range []wrapper.Resend{wrapper.ResendChecked, wrapper.ResendAlways} {
		for op := range operations {
			synctest.Test(t, func(t *testing.T) {
				h := newHoldingMarket(t, resending(resend))
				first := h.call(t.Context(), op)
				h.answer(1, serverError())
				h.call(t.Context(), "getChat", "createChat", "getChat", "createChat")
				assert.Equal(t, "2 3 4 5", h.later(time.Second))
				first.cancel()
				synctest.Wait()
				require.True(t, first.ended)
				want := []error{context.Canceled, wrapper.ErrServer}
				outcome := wrapper.Rejected
				if isSend(op) {
					want, outcome = append(want, wrapper.ErrOutcomeUnknown), wrapper.Unknown
				}
				assertClasses(t, first.err, want)
				e := asError(t, first.err)
				assert.Equal(t, outcome, e.Outcome)
				assert.Equal(t, 1, e.Attempts)
				assert.Equal(t, "INTERNAL_ERROR", e.Errors[0].Code)
				h.serve(2, nil)
				assert.Equal(t, "3 4 5", h.holding())
			})
		}
	}
}

// The Market of the sandbox serves four at once. Each four of these requests wait for each other: four must run at once
// for any to end.
func TestLimiterOverLoopback(t *testing.T) {
	market := sandbox.New()
	var running counter
	var mu sync.Mutex
	var arrived int
	four := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		running.add(1)
		mu.Lock()
		mine := four
		if arrived++; arrived%4 == 0 {
			close(four)
			four = make(chan struct{})
		}
		mu.Unlock()
		select {
		case <-mine:
		case <-time.After(10 * time.Second):
			t.Error("fewer than four requests came at once")
		}
		running.add(-1)
		market.ServeHTTP(w, r)
	}))
	defer server.Close()
	client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL(server.URL+"/v2"))
	require.NoError(t, err)
	var crowd sync.WaitGroup
	for n := range 64 {
		crowd.Go(func() {
			var got wrapper.Response
			var err error
			switch n % 3 { // of these only createChat finds what it asks for
			case 0:
				_, err = client.CreateChat(t.Context(), wrapper.Order(5), wrapper.Capture(&got))
				assert.NoError(t, err)
			case 1:
				_, err = client.GetChat(t.Context(), 987654, wrapper.Capture(&got))
				assert.ErrorIs(t, err, wrapper.ErrNotFound)
			case 2:
				err = client.SendMessage(t.Context(), 987654+int64(n), text, wrapper.Capture(&got))
				assert.ErrorIs(t, err, wrapper.ErrNotFound)
			}
			assert.Equal(t, 1, got.Attempts)
		})
	}
	crowd.Wait()
	assert.Equal(t, 4, running.most)
	calls := market.Calls()
	assert.Len(t, calls, 64)
	for _, call := range calls {
		assert.NotEqual(t, 420, call.Status)
	}
}

func TestWithLimiterRefusesNil(t *testing.T) {
	_, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithLimiter(nil))
	assert.EqualError(t, err, "wrapper: WithLimiter is given nil, allowed is a Limiter")
}

// recordingLimiter notes what it is asked and told, and when. It refuses as it is told.
type recordingLimiter struct {
	refuse func(n int) error // the n-th request, from 1
	began  time.Time

	mu       sync.Mutex
	asked    int
	lines    []string
	quotas   []wrapper.Quota
	statuses []int
}

func newRecordingLimiter(refuse func(n int) error) *recordingLimiter {
	return &recordingLimiter{refuse: refuse, began: time.Now()}
}

func (d *recordingLimiter) Acquire(_ context.Context, operation string) (func(wrapper.Response), error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	d.lines = append(d.lines, fmt.Sprint(operation, "@", time.Since(d.began)))
	if err := d.refuse(d.asked); err != nil {
		return nil, err
	}
	return func(answer wrapper.Response) {
		q := answer.Quota
		d.mu.Lock()
		defer d.mu.Unlock()
		d.lines = append(d.lines, fmt.Sprint(q.Remaining, "/", q.Limit, "@", time.Since(d.began)))
		d.quotas = append(d.quotas, q)
		d.statuses = append(d.statuses, answer.StatusCode)
	}, nil
}

// A Limiter is asked once for each request, and not for pauses; it is told once what the answer said of the quota.
func TestLimiterIsAskedForEveryAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counts := func(r reply, remaining int) reply {
			r.header = quota(remaining, time.Hour)
			r.slow = time.Second
			return r
		}
		replies := []reply{counts(serverError(), 7), counts(ok("getChatHistory"), 9), counts(ok("getChatHistory"), 8),
			counts(tooMany(), 6), refusedDial(), {err: io.EOF},
			counts(ok("getChatHistory"), 7), counts(ok("getChatHistory"), 6), counts(ok("sendMessageToChat"), 5)}
		d := newRecordingLimiter(func(int) error { return nil })
		client := newClient(t, newScript(t, replies...), wrapper.WithLimiter(d),
			wrapper.WithRetry(wrapper.RetryPolicy{MaxAttempts: 9, BaseDelay: 2 * time.Second, MaxDelay: 20 * time.Second}))
		var captured wrapper.Response
		require.NoError(t, client.SendMessage(t.Context(), chatID, text, wrapper.Capture(&captured)))
		assert.Equal(t, []string{
			"sendMessageToChat@0s", "7/1000@1s", // 500
			"getChatHistory@2s", "9/1000@3s",
			"getChatHistory@4s", "8/1000@5s",
			"sendMessageToChat@5s", "6/1000@6s", // 420
			"sendMessageToChat@8s", "0/0@8s", // no connection
			"sendMessageToChat@12s", "0/0@12s", // no answer
			"getChatHistory@20s", "7/1000@21s",
			"getChatHistory@25s", "6/1000@26s",
			"sendMessageToChat@26s", "5/1000@27s",
		}, d.lines)
		require.Len(t, d.quotas, 9)
		assert.Equal(t, wrapper.Quota{}, d.quotas[4])
		assert.Equal(t, captured.Quota, d.quotas[8], "all of it")
		assert.Equal(t, []int{500, 200, 200, 420, 0, 0, 200, 200, 200}, d.statuses)
		for op, call := range operations {
			d := newRecordingLimiter(func(int) error { return nil })
			require.NoError(t, call(t.Context(), newClient(t, newScript(t, ok(op)), wrapper.WithLimiter(d))))
			assert.Equal(t, []string{op + "@0s", "0/0@0s"}, d.lines)
		}
	})
}

var (
	errClosed = errors.New("closed for today")
	retryAt   = time.Date(2026, 9, 9, 15, 18, 0, 0, time.UTC)
)

// What a Limiter may refuse with, and what the caller finds of it.
var limiterErrors = map[string]struct {
	err     error
	is      error   // besides what is of a class
	classes []error // no others
	retryAt time.Time
	says    string
}{
	"a plain one":      {err: errClosed, is: errClosed, says: "closed for today"},
	"one around it":    {err: fmt.Errorf("limit: %w", errClosed), is: errClosed, says: "limit: closed for today"},
	"its own deadline": {err: fmt.Errorf("ask: %w", context.DeadlineExceeded), says: "ask: context deadline exceeded"},
	"its own end":      {err: context.Canceled, says: "context canceled"},
	"an *Error": {err: &wrapper.Error{RetryAt: retryAt, Err: errClosed},
		is: errClosed, retryAt: retryAt, says: "closed for today"},
	"an *Error, wrapped": {err: fmt.Errorf("x: %w", &wrapper.Error{RetryAt: retryAt, Err: errClosed}),
		is: errClosed, retryAt: retryAt, says: "closed for today"},
	"an *Error of a class": {err: &wrapper.Error{RetryAt: retryAt, Err: fmt.Errorf("%w: %w", wrapper.ErrRateLimited, errClosed)},
		is: errClosed, classes: []error{wrapper.ErrRateLimited}, retryAt: retryAt, says: "rate limited: closed for today"},
	"an *Error with no more than a time": {err: &wrapper.Error{RetryAt: retryAt}, retryAt: retryAt},
	"one that brings back the text":      {err: fmt.Errorf("%w, so no %q", errClosed, text), is: errClosed, says: "… (a *fmt.wrapError"},
	"an *Error that brings it back": {err: &wrapper.Error{Err: fmt.Errorf("%w, so no %s", errClosed, text)},
		is: errClosed, says: "… (a *fmt.wrapError"},
}

func TestLimiterRefusesTheFirstAttempt(t *testing.T) {
	for what, row := range limiterErrors {
		for op, call := range operations {
			t.Run(what+"/"+op, func(t *testing.T) {
				s := newScript(t)
				d := newRecordingLimiter(func(int) error { return row.err })
				err := call(t.Context(), newClient(t, s, wrapper.WithLimiter(d)))
				assertClasses(t, err, row.classes)
				if row.is != nil {
					assert.ErrorIs(t, err, row.is)
				}
				e := asError(t, err)
				assert.Equal(t, wrapper.Error{Operation: op, RetryAt: row.retryAt, Outcome: wrapper.NotSent, Err: e.Err}, *e)
				if op == "sendMessageToChat" {
					assert.ErrorContains(t, err, row.says)
					assert.NotContains(t, err.Error(), text)
				}
				assert.Equal(t, 1, d.asked)
				assert.Zero(t, s.attempts())
			})
		}
	}
}

// On a later attempt the error tells what was sent before, and the last answer of the API stays in it.
func TestLimiterRefusesALaterAttempt(t *testing.T) {
	for what, row := range limiterErrors {
		for op, call := range operations {
			t.Run(what+"/"+op, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					d := newRecordingLimiter(func(n int) error {
						if n == 1 {
							return nil
						}
						return row.err
					})
					s := newScript(t, serverError())
					err := call(t.Context(), newClient(t, s, wrapper.WithLimiter(d), resending(wrapper.ResendAlways)))
					want, outcome := append([]error{wrapper.ErrServer}, row.classes...), wrapper.Rejected
					if isSend(op) {
						want, outcome = append(want, wrapper.ErrOutcomeUnknown), wrapper.Unknown
					}
					assertClasses(t, err, want)
					if row.is != nil {
						assert.ErrorIs(t, err, row.is)
					}
					e := asError(t, err)
					assert.Equal(t, outcome, e.Outcome)
					assert.Equal(t, 500, e.StatusCode)
					assert.Equal(t, "INTERNAL_ERROR", e.Errors[0].Code)
					assert.Equal(t, 1, e.Attempts)
					assert.True(t, row.retryAt.Equal(e.RetryAt))
					assert.Equal(t, 2, d.asked)
				})
			})
		}
	}
}

// After an attempt that never left this machine, nothing was sent still.
func TestLimiterRefusesAfterNothingWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newRecordingLimiter(func(n int) error { return map[int]error{2: errClosed}[n] })
		err := newClient(t, newScript(t, refusedDial()), wrapper.WithLimiter(d)).SendMessage(t.Context(), chatID, text)
		assertClasses(t, err, nil)
		assert.ErrorIs(t, err, errClosed)
		assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome)
	})
}

// A Limiter that refuses the read of the resend check leaves the message in doubt. Its error is not the message's.
func TestLimiterRefusesTheLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := &wrapper.Error{RetryAt: retryAt, Err: fmt.Errorf("%w: no %s, %s", wrapper.ErrRateLimited, text, token)}
		d := newRecordingLimiter(func(n int) error {
			if n >= 2 {
				return refused
			}
			return nil
		})
		s := newScript(t, serverError())
		err := newClient(t, s, wrapper.WithLimiter(d)).SendMessage(t.Context(), chatID, text)
		assertClasses(t, err, []error{wrapper.ErrServer, wrapper.ErrOutcomeUnknown})
		assert.ErrorContains(t, err, "the chat could not be read: getChatHistory: … (a *fmt.wrapError")
		assert.Equal(t, []string{"sendMessageToChat@0s", "0/0@0s", "getChatHistory@250ms", "getChatHistory@3s"}, d.lines)
	})
}

// Not even the token shows, once the client knows it.
func TestLimiterErrorHoldsNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newRecordingLimiter(func(n int) error {
			return map[int]error{2: &wrapper.Error{Err: errors.New("POST Api-Key: " + token + ": " + text)}}[n]
		})
		client := newClient(t, newScript(t, tooMany()), wrapper.WithLimiter(d))
		err := client.SendMessage(t.Context(), chatID, text)
		assert.ErrorContains(t, err, "… (a *errors.errorString")
		shown := fmt.Sprintf("%v %+v %#v %q", err, err, err, err)
		assert.NotContains(t, shown, token)
		assert.NotContains(t, shown, text)
	})
}

// The caller's context ended while the Limiter made up its mind: that is what the caller is told.
func TestLimiterRefusesAfterTheContextEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := newRecordingLimiter(func(int) error { cancel(); return errClosed })
	_, err := newClient(t, newScript(t), wrapper.WithLimiter(d)).GetChat(ctx, chatID)
	assertClasses(t, err, []error{context.Canceled})
	assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome)
}

func TestNewLimiterRefusesPolicy(t *testing.T) {
	_, err := wrapper.NewLimiter(wrapper.RetryPolicy{MaxDelay: -1})
	assert.ErrorContains(t, err, "wrapper: RetryPolicy is")
}

// A Client that is given a Limiter waits for the slots that others of its users hold.
func TestClientsShareNewLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter, err := wrapper.NewLimiter(wrapper.RetryPolicy{})
		require.NoError(t, err)
		for range 4 {
			release, err := limiter.Acquire(t.Context(), "getChat")
			require.NoError(t, err)
			time.AfterFunc(time.Minute, func() { release(wrapper.Response{}) })
		}
		client := newClient(t, newScript(t, ok("getChat")), wrapper.WithLimiter(limiter))
		began := time.Now()
		_, err = client.GetChat(t.Context(), chatID)
		require.NoError(t, err)
		assert.Equal(t, time.Minute, time.Since(began))
	})
}
