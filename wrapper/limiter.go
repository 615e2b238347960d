package wrapper

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"
)

// Limiter decides when a request may start. It must be safe for concurrent use.
//
// The one that a Client has by default lets 4 requests run at once, first come first served. Once an answer has said
// that the quota of an operation is used up, it starts no further request of that operation before the window ends:
// it waits where that fits MaxDelay and the caller's deadline, and refuses at once where not.
//
// The Market counts the requests of all processes of a cabinet together. Processes that do not know of each other get
// 420 for some of theirs, which costs quota. The module fleet has a Limiter that counts for all of them.
type Limiter interface {
	// Acquire waits until a request of the operation (its operationId) may start. release is called once, when the
	// request has ended, with its answer; Attempts is not set. The Response is zero where none came. A 420 with quota
	// left says that too many requests ran at once.
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
	arrived int              // numbers those who wait
	gates   map[string]*gate // by operationId
}

// waiter is a request that waits for its start.
type waiter struct {
	ctx      context.Context
	gate     *gate
	number   int
	place    *list.Element // in the gate's queue; nil: it has left
	admitted chan error    // has room for one, so that nobody waits for a waiter
}

func newLimiter(policy RetryPolicy) *limiter {
	l := &limiter{policy: policy, gates: map[string]*gate{}}
	for _, op := range operations {
		g := &gate{wake: l.wake}
		g.release = func(r Response) { l.release(g, r) }
		l.gates[op.id] = g
	}
	return l
}

func (l *limiter) Acquire(ctx context.Context, operation string) (func(Response), error) {
	g := l.gates[operation]
	if g == nil {
		return nil, fmt.Errorf("%w: the contract has no operation %.40q", ErrInvalidRequest, operation)
	}
	w := l.enter(ctx, g)
	if w == nil {
		return g.release, nil
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

// enter starts a request at once where nobody waits and there is room. Otherwise it gives the waiter to wait with.
func (l *limiter) enter(ctx context.Context, g *gate) *waiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.waiting == 0 && l.running < parallelRequests && !g.shut(now) {
		l.start(g)
		return nil
	}
	l.arrived++
	l.waiting++
	w := &waiter{ctx: ctx, gate: g, number: l.arrived, admitted: make(chan error, 1)}
	w.place = g.queue.PushBack(w)
	l.admit(now)
	if w.place != nil && g.usedUp(now) {
		l.refuseUnlessItFits(w, now)
	}
	return w
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
	if g.window != before && g.usedUp(now) {
		for place := g.queue.Front(); place != nil; {
			w := place.Value.(*waiter)
			place = place.Next()
			l.refuseUnlessItFits(w, now)
		}
	}
	l.admit(now)
}

// admit starts whoever may start, in the order of arrival. Those behind a shut gate keep their places, and others
// pass by.
func (l *limiter) admit(now time.Time) {
	for l.running < parallelRequests {
		w := l.first(now)
		if w == nil {
			break
		}
		l.leave(w)
		l.start(w.gate)
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

func (l *limiter) start(g *gate) {
	l.running++
	g.running++
}

func (l *limiter) leave(w *waiter) {
	w.gate.queue.Remove(w.place)
	w.place = nil
	l.waiting--
}

// refuseUnlessItFits refuses a waiter whose window ends too late for it.
func (l *limiter) refuseUnlessItFits(w *waiter, now time.Time) {
	refused := l.policy.refuse(w.ctx, w.gate.left(now), "the quota is used up for")
	if refused == nil {
		return
	}
	l.leave(w)
	w.admitted <- &Error{RetryAt: w.gate.window.Until, Err: fmt.Errorf("%w: %w", ErrRateLimited, refused)}
}

// wake is called when a window ends.
func (l *limiter) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.admit(time.Now())
}
