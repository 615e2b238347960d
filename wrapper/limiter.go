package wrapper

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// Limiter decides when a request may start. It must be safe for concurrent use.
//
// The one that a Client has by default lets 4 requests run at once, first come first served; one that was
// given up here keeps its slot for as long as the Market may work on it. Once an answer has said
// that the quota of an operation is used up, it starts no further request of that operation before the window ends:
// it waits where that fits MaxDelay and the caller's deadline, and refuses at once where not.
//
// The Market counts the requests of all processes of a cabinet together. Processes that do not know of each other get
// 420 for some of theirs, which costs quota. The module fleet has a Limiter that counts for all of them.
type Limiter interface {
	// Acquire waits until a request of the operation (its operationId) may start. release is called once, when the
	// request has ended, with its answer; Attempts and TraceParent are not set. The Response is zero where none came;
	// where this side gave up, release is called when the Market has given up as well, 10 s after the request left,
	// which may be after the call has returned. A 420 with quota left says that too many requests ran at once.
	//
	// An error ends the call, with Outcome NotSent unless an earlier attempt was sent. Of an *Error its RetryAt and Err
	// are kept.
	Acquire(ctx context.Context, operation string) (release func(Response), err error)
}

// NewLimiter makes the Limiter that New makes by default, for Clients and other code that share the limits of a
// cabinet. The policy's MaxDelay, 0: 30 s, bounds how long a request waits for a new window of the quota. The error
// tells what of the policy was refused, and what is allowed.
//
// Its Acquire refuses an operation that the contract does not know with ErrInvalidRequest.
func NewLimiter(p RetryPolicy) (Limiter, error) {
	policy, err := p.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("wrapper: %w", err)
	}
	return newLimiter(policy), nil
}

type limiter struct {
	policy RetryPolicy // bounds the wait for a new window

	mu      sync.Mutex
	running int
	waiting int              // in the queues of all gates
	arrived int              // numbers the waiters
	gates   map[string]*gate // by operationId
}

// waiter is a request that waits for its start.
type waiter struct {
	ctx      context.Context
	gate     *gate
	number   int
	place    *list.Element // in the gate's queue; nil: it has left
	admitted chan error    // has room for one error, so that the limiter never waits for a waiter
}

func newLimiter(policy RetryPolicy) *limiter {
	l := &limiter{policy: policy, gates: map[string]*gate{}}
	for _, op := range gen.Operations {
		g := &gate{wake: l.wake}
		g.release = func(r Response) { l.release(g, r) }
		l.gates[op.ID] = g
	}
	return l
}

func (l *limiter) Acquire(ctx context.Context, operation string) (func(Response), error) {
	g := l.gates[operation]
	if g == nil {
		return nil, fmt.Errorf("%w: the contract has no operation %.40q", ErrInvalidRequest, operation)
	}
	l.mu.Lock()
	now := time.Now()
	if l.waiting == 0 && l.running < parallelRequests && !g.shut(now) {
		l.running++
		g.running++
		l.mu.Unlock()
		return g.release, nil
	}
	w, err := l.enqueue(ctx, g, now)
	l.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case err := <-w.admitted:
		if err != nil {
			return nil, err
		}
		return g.release, nil
	case <-ctx.Done():
		l.abandon(w)
		return nil, ctx.Err()
	}
}

// waitsFor tells what a request of the operation waits for, and until when; zero: nobody knows.
func (l *limiter) waitsFor(operation string) (what string, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if g := l.gates[operation]; g != nil && g.usedUp(time.Now()) {
		return forWindow, g.window.Until
	}
	return forSlot, time.Time{}
}

// enqueue puts a request into the queue of its gate, unless the window ends too late for it.
func (l *limiter) enqueue(ctx context.Context, g *gate, now time.Time) (*waiter, error) {
	if err := l.refusal(ctx, g, now); err != nil {
		return nil, err
	}
	l.arrived++
	l.waiting++
	w := &waiter{ctx: ctx, gate: g, number: l.arrived, admitted: make(chan error, 1)}
	w.place = g.queue.PushBack(w)
	l.admit(now)
	return w, nil
}

// refusal is the error for a request whose window ends too late for it; nil: it may wait.
func (l *limiter) refusal(ctx context.Context, g *gate, now time.Time) error {
	if !g.usedUp(now) {
		return nil
	}
	if err := l.policy.refuse(ctx, g.left(now), "the quota is used up for"); err != nil {
		return &Error{RetryAt: g.window.Until, Err: fmt.Errorf("%w: %w", ErrRateLimited, err)}
	}
	return nil
}

// abandon takes out a waiter whose context has ended. In the same moment it may have been admitted.
func (l *limiter) abandon(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w.place != nil {
		l.leave(w)
	} else if err := <-w.admitted; err == nil {
		l.running--
		w.gate.running--
	}
	l.admit(time.Now())
}

// release ends a request, and takes in what its answer said of the quota.
func (l *limiter) release(g *gate, r Response) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.running--
	g.running--
	before := g.window
	g.learn(r.Quota, now)
	if l.waiting == 0 {
		return
	}
	if g.window != before {
		l.refuse(g, now)
	}
	l.admit(now)
}

// refuse ends the wait of those for which the window of a gate ends too late, as an answer has just said.
func (l *limiter) refuse(g *gate, now time.Time) {
	for place := g.queue.Front(); place != nil; {
		w := place.Value.(*waiter)
		place = place.Next()
		if err := l.refusal(w.ctx, g, now); err != nil {
			l.leave(w)
			w.admitted <- err
		}
	}
}

// admit starts the waiters that may start, in the order of arrival. Those behind a shut gate keep their places, and
// others pass by.
func (l *limiter) admit(now time.Time) {
	for l.running < parallelRequests {
		w := l.first(now)
		if w == nil {
			break
		}
		l.leave(w)
		l.running++
		w.gate.running++
		w.admitted <- nil
	}
	for _, g := range l.gates {
		g.setTimer(now)
	}
}

// first finds the waiter that came first of those whose gate is open; nil: there is none.
func (l *limiter) first(now time.Time) *waiter {
	var first *waiter
	for _, g := range l.gates {
		if g.queue.Len() == 0 || g.shut(now) {
			continue
		}
		if w := g.queue.Front().Value.(*waiter); first == nil || w.number < first.number {
			first = w
		}
	}
	return first
}

func (l *limiter) leave(w *waiter) {
	w.gate.queue.Remove(w.place)
	w.place = nil
	l.waiting--
}

// wake is called when a window ends.
func (l *limiter) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.admit(time.Now())
}

// gate keeps the quota of an operation: no more requests are started than the window has left.
type gate struct {
	window  Quota     // of the newest window that an answer had
	ends    time.Time // the same end by the monotonic clock
	running int       // requests that may or may not be counted in the window yet
	queue   list.List // of *waiter, in the order in which they came
	timer   *time.Timer
	wake    func() // called when the window ends
	release func(Response)
}

// shut reports that the window has no room for one more request. The window has ended when one of the clocks says so:
// the wall clock may be set back, and the monotonic one stands while the machine sleeps.
func (g *gate) shut(now time.Time) bool {
	return g.window.Remaining <= g.running && g.left(now) > 0
}

// usedUp reports that the window has no room, even if none of the running requests counts.
func (g *gate) usedUp(now time.Time) bool { return g.window.Remaining <= 0 && g.left(now) > 0 }

// left is the time until the window ends; 0 or less: it has ended, or no answer had one.
func (g *gate) left(now time.Time) time.Duration {
	return min(g.window.Until.Sub(now.Round(0)), g.ends.Sub(now))
}

// learn takes in what an answer said. Of a window that has ended nothing counts any more, not even its end, which may
// have been told too early.
func (g *gate) learn(said Quota, now time.Time) {
	left := said.Until.Sub(now.Round(0))
	if left > longestWindow {
		return
	}
	window := g.window.Narrow(said)
	if g.left(now) <= 0 && left > 0 {
		window = said
	}
	if window.Until != g.window.Until {
		g.ends = now.Add(left)
	}
	g.window = window
}

// setTimer has wake called when the window ends, if a waiter waits for that. The timer does not outlive the last
// waiter.
func (g *gate) setTimer(now time.Time) {
	needed := g.queue.Len() > 0 && g.shut(now)
	switch {
	case needed && g.timer == nil:
		g.timer = time.AfterFunc(g.left(now), g.wake)
	case needed:
		g.timer.Reset(g.left(now))
	case g.timer != nil:
		g.timer.Stop()
		g.timer = nil
	}
}
