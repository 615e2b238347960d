package tests

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ymarket-go/chats/wrapper"
)

// moment is when the caller's context ends. It ends from within what goes on at that moment, so no clock decides.
type moment struct {
	name   string
	set    func(*rawServer, *endableContext) // lets the context end when the time has come
	before func(*endableContext, *rawServer, *wrapper.Client) (after func())
	others callResult
	send   callResult // without ErrOutcomeUnknown, which goes with its Outcome
	status int
	https  bool
}

// moments come in the order of a call.
func moments() []moment {
	const rejected, unknown, notSent = wrapper.Rejected, wrapper.Unknown, wrapper.NotSent
	busy := answerWith(500, `{"status":"ERROR","errors":null}`, jsonType)
	tooMany := answerWith(statusMethodFailure, tooOften, jsonType)
	same := func(end callResult) (callResult, callResult) { return end, end }
	stalls := func(ctx *endableContext) func(*exchange) {
		return func(x *exchange) { ctx.end(); x.waitForClose() }
	}
	var all []moment
	add := func(m moment, others, send callResult) { m.others, m.send = others, send; all = append(all, m) }

	early := func(ctx *endableContext, _ *rawServer, _ *wrapper.Client) func() { ctx.end(); return func() {} }
	others, send := same(callResult{outcome: notSent})
	add(moment{name: "before the call", set: func(*rawServer, *endableContext) {}, before: early}, others, send)
	add(moment{name: "while it waits for a slot", set: func(*rawServer, *endableContext) {}, before: occupySlots}, others, send)

	others, send = same(callResult{attempts: 1, outcome: notSent})
	add(moment{name: "while it connects", https: true, set: func(w *rawServer, ctx *endableContext) {
		w.unread = true
		// net/http would go on with the handshake for a while: it is ended from here.
		w.fault = func(x *exchange) { ctx.end(); x.await(x.headers) }
	}}, others, send)

	others, send = callResult{attempts: 1, outcome: rejected}, callResult{attempts: 1, outcome: unknown}
	add(moment{name: "before the header of the answer", set: func(w *rawServer, ctx *endableContext) {
		w.fault = stalls(ctx)
	}}, others, send)
	add(moment{name: "within the body of the answer", status: 200, set: func(w *rawServer, ctx *endableContext) {
		w.fault = func(x *exchange) { x.header(200, 1000); x.say("{"); x.waitForClose() }
		w.arrived = ctx.end
	}}, others, send)

	others, send = same(callResult{attempts: 1, outcome: rejected, is: []error{wrapper.ErrRateLimited}})
	add(moment{name: "during the pause after 420", status: 420, set: func(w *rawServer, ctx *endableContext) {
		w.fault, w.pausing = tooMany, ctx.end
	}}, others, send)
	others, send = same(callResult{attempts: 1, outcome: rejected, is: []error{wrapper.ErrServer}})
	send.outcome = unknown
	add(moment{name: "during the pause after 500", status: 500, set: func(w *rawServer, ctx *endableContext) {
		w.fault, w.pausing = busy, ctx.end
	}}, others, send)

	others.attempts, send.reads = 2, 1
	add(moment{name: "while the chat is read, or during the repeat", status: 500, set: func(w *rawServer, ctx *endableContext) {
		second := stalls(ctx)
		w.read = second
		w.fault = func(x *exchange) {
			if w.get(&w.asked) == 1 {
				busy(x)
				return
			}
			second(x)
		}
	}}, others, send)
	return all
}

// occupySlots makes as many calls as there are slots, and lets the context end when one more waits for a slot.
func occupySlots(ctx *endableContext, w *rawServer, client *wrapper.Client) (after func()) {
	hold := make(chan struct{})
	w.read = func(x *exchange) { x.await(hold); x.usualAnswer() }
	var all sync.WaitGroup
	for range slots {
		all.Go(func() { assert.NoError(w.t, call(context.Background(), other(w.op), client)) })
	}
	synctest.Wait()
	assert.Equal(w.t, slots, w.get(&w.reads))
	all.Go(func() {
		time.Sleep(time.Millisecond) // it passes when all wait
		ctx.end()
	})
	return func() { close(hold); all.Wait() }
}

// The caller's context ends at every moment that a call has, in both ways. The call ends at once, its error tells of
// the context and of the last answer, and nothing is left behind: no body, no connection, no goroutine, no slot.
func TestContextEnds(t *testing.T) {
	untrusted() // outside of the bubbles
	cells := 0
	for _, m := range moments() {
		for op := range operations {
			for _, why := range []error{context.Canceled, context.DeadlineExceeded} {
				cells++
				t.Run(strings.Join([]string{m.name, op, why.Error()}, "/"), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { m.run(t, op, why) })
				})
			}
		}
	}
	t.Logf("cells: %d", cells)
}

func (m moment) run(t *testing.T, op string, why error) {
	ctx := &endableContext{Context: context.Background(), ended: make(chan struct{}), err: why}
	w := newRawServer(t, op)
	m.set(w, ctx)
	w.serve()
	scheme, pause := "http", time.Millisecond
	if m.https {
		scheme = "https"
	}
	if w.pausing != nil {
		pause = 1000 * time.Hour // nobody would sit it out
	}
	client := w.client(scheme, wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: pause, MaxDelay: max(pause, time.Minute)}),
		wrapper.WithLogger(slog.New(pauseHandler{w: w})))
	want := m.others
	if isSend(op) {
		want = m.send
	}
	want.is = append([]error{why}, want.is...)
	if want.outcome == wrapper.Unknown {
		want.is = append(want.is, wrapper.ErrOutcomeUnknown)
	}
	after := func() {}
	if m.before != nil {
		after = m.before(ctx, w, client)
	}
	reads, began := w.get(&w.reads), time.Now()
	err := call(ctx, op, client)
	assert.Less(t, time.Since(began), time.Second, "the call ends at once")
	assert.Equal(t, want.reads, w.get(&w.reads)-reads, "reads of the chat")
	after()
	if !m.https { // that server does not speak HTTP
		w.fillSlots(client)
	}
	if e := checkError(t, err, want); e != nil {
		assert.Equal(t, m.status, e.StatusCode, "the last answer of: %v", err)
	}
	signal(w.headers) // whoever waits for it
	w.stop()
}

// pauseHandler is a log that tells when a pause begins.
type pauseHandler struct {
	slog.Handler
	w *rawServer
}

func (pauseHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h pauseHandler) Handle(_ context.Context, line slog.Record) error {
	line.Attrs(func(a slog.Attr) bool {
		if a.Key == "pause" && a.Value.Duration() > 0 && h.w.pausing != nil {
			h.w.pausing()
		}
		return true
	})
	return nil
}

// endableContext is a context that ends when a test says so, and with the error that it has chosen.
type endableContext struct {
	context.Context
	once  sync.Once
	ended chan struct{}
	err   error
}

func (e *endableContext) end() { e.once.Do(func() { close(e.ended) }) }

func (e *endableContext) Done() <-chan struct{} { return e.ended }

func (e *endableContext) Err() error {
	select {
	case <-e.ended:
		return e.err
	default:
		return nil
	}
}
