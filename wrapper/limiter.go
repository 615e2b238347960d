package wrapper

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// parallelRequests is the Market's limit for a cabinet, over its three operations and all its keys.
const parallelRequests = 4

// Limiter decides when a request may start. It must be safe for concurrent use.
//
// The one that a Client has by default lets 4 requests run at once, first come first served. Once an answer has said that
// the quota of an operation is used up, it starts no further request of that operation before the window ends: it waits
// where that fits MaxDelay and the caller's deadline, and refuses at once where not.
//
// Processes that work for one cabinet share its limits. They may leave it at that, as what the Market refuses with 420 is
// repeated, or be given a Limiter that counts for all of them.
type Limiter interface {
	// Acquire waits until a request of the operation (its operationId) may start. release, never nil without an error, is
	// called once, when the request has ended, with its answer; Attempts is not set. The Response is zero where none came. A 420 with
	// quota left says that too many requests ran at once.
	//
	// An error ends the call, with Outcome NotSent unless an earlier attempt was sent. Of an *Error its RetryAt and Err
	// are kept.
	Acquire(ctx context.Context, operation string) (release func(Response), err error)
}

// WithLimiter replaces the limits that a Client has by default; they are told of at Limiter.
func WithLimiter(l Limiter) Option {
	return given(l != nil, "WithLimiter is given nil, allowed is a Limiter", func(c *config) { c.limiter = l })
}

type limiter struct {
	policy RetryPolicy // bounds the wait for a new window

	mu      sync.Mutex
	running int
	gates   map[string]*gate // by operation
	queue   []*waiter        // in the order in which they came
}

type waiter struct {
	ctx      context.Context
	gate     *gate
	admitted chan error // has room for one, so that nobody waits for a waiter
}

// NewLimiter makes the Limiter that New makes by default, for Clients and other code that share the limits of a cabinet.
// The policy's MaxDelay, 0: 30 s, bounds how long a request waits for a new window of the quota. The error tells what of
// the policy was refused, and what is allowed.
func NewLimiter(p RetryPolicy) (Limiter, error) {
	policy, err := p.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("wrapper: %w", err)
	}
	return newLimiter(policy), nil
}

func newLimiter(policy RetryPolicy) *limiter {
	l := &limiter{policy: policy, gates: map[string]*gate{}}
	for _, operation := range []string{"createChat", "sendMessageToChat", "getChat"} {
		g := &gate{}
		g.release = func(r Response) { l.change(func() { l.running--; g.leave(r.Quota) }) }
		l.gates[operation] = g
	}
	return l
}

func (l *limiter) Acquire(ctx context.Context, operation string) (func(Response), error) {
	g := l.gates[operation]
	var w *waiter
	l.change(func() {
		if len(l.queue) > 0 || !l.start(g) {
			w = &waiter{ctx, g, make(chan error, 1)}
			l.queue = append(l.queue, w)
		}
	})
	if w == nil {
		return g.release, nil
	}
	select {
	case err := <-w.admitted:
		return g.release, err
	case <-ctx.Done():
		l.change(func() { l.queue = slices.DeleteFunc(l.queue, func(other *waiter) bool { return other == w }) })
		if len(w.admitted) > 0 && <-w.admitted == nil { // in the same moment
			g.release(Response{})
		}
		return nil, ctx.Err()
	}
}

// change does something to the queue or the gates, and then lets start whoever may.
func (l *limiter) change(what func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	what()
	l.queue = slices.DeleteFunc(l.queue, l.settle)
}

// start counts a request, if there is room for it.
func (l *limiter) start(g *gate) bool {
	if l.running == parallelRequests || g.shut() {
		return false
	}
	l.running++
	g.running++
	return true
}

// settle lets a waiter start, or refuses it. Behind a shut gate it stays in the queue, and others pass by.
func (l *limiter) settle(w *waiter) (settled bool) {
	if l.start(w.gate) {
		w.admitted <- nil
		return true
	}
	if !w.gate.shut() {
		return false
	}
	left := time.Until(w.gate.window.Until)
	refused := l.policy.refuse(w.ctx, left)
	if w.gate.window.Remaining > 0 || refused == nil { // what runs may leave a request over
		w.gate.wake(left, func() { l.change(func() {}) })
		return false
	}
	w.admitted <- &Error{RetryAt: w.gate.window.Until, Err: fmt.Errorf("%w: %w", ErrRateLimited, refused)}
	return true
}
