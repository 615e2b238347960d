package fleet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

// Limiter is a wrapper.Limiter for one cabinet: its processes share 4 requests at once, and the quota of each
// operation. In front of Redis stands the Limiter that a Client has by default, so what waits, and for what, is the
// same. Fleet.Limiter makes one. It is safe for concurrent use.
type Limiter struct {
	fleet *Fleet
	keys  []string // of the cabinet, in the order of the script
	local wrapper.Limiter
	clock clock

	mu          sync.Mutex
	held        map[*lease]bool
	isAway      bool
	turned      chan struct{} // closed when isAway changes
	cause       error         // why Redis is away
	untold      untold
	aloneSlots  chan struct{}
	pauses      pauses
	gaveBackAll bool // Close has told Redis that nothing is held
}

var operations = []string{"createChat", "sendMessageToChat", "getChat"}

const (
	// afterWindow spreads those who have waited for a new window.
	afterWindow = 250 * time.Millisecond
	// disagreement spreads those whom Redis tells again and again of a window that the Limiter in front takes for ended.
	disagreement = 250 * time.Millisecond
)

// Acquire waits until a request of the operation may start, in this process and in all others. release is called once,
// with the answer; more calls do nothing.
//
// Errors: what the default Limiter refuses, as a *wrapper.Error with RetryAt; the context's own; ErrUnavailable in a
// *wrapper.Error, see WithStrict; and errors without a name for an operation that the contract does not have, a nil
// ctx, and a Fleet that is closed.
func (l *Limiter) Acquire(ctx context.Context, operation string) (release func(wrapper.Response), err error) {
	if ctx == nil {
		return nil, errors.New("fleet: ctx is nil")
	}
	if !slices.Contains(operations, operation) {
		return nil, fmt.Errorf("fleet: the operation is %.50q, allowed are %v", operation, operations)
	}
	f := l.fleet
	f.busy.Add(1)
	defer f.busy.Add(-1)
	if f.closed() {
		return nil, errClosed
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(f.life, stop)()
	release, err = l.enter(working, operation)
	if err != nil && f.closed() && ctx.Err() == nil {
		return nil, errClosed
	}
	return release, err
}

// enter takes a place in the process, and then one in the fleet. What Redis says of a window goes to the Limiter in
// front, which waits for its end or refuses.
func (l *Limiter) enter(ctx context.Context, operation string) (func(wrapper.Response), error) {
	for told := 0; ; told++ {
		free, err := l.local.Acquire(ctx, operation)
		if err != nil {
			return nil, err
		}
		if told > 0 {
			err = sleep(ctx, rand.N(afterWindow))
		}
		if told > 1 && err == nil {
			err = sleep(ctx, rand.N(disagreement))
		}
		var got share
		if err == nil {
			got, err = l.join(ctx, operation)
		}
		if err != nil {
			free(wrapper.Response{})
			return nil, err
		}
		if got.lease != nil {
			return got.lease.releaser(free), nil
		}
		free(wrapper.Response{Quota: wrapper.Quota{Remaining: 0, Until: got.shutUntil}})
	}
}

func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// share is what came of the wait for a place in the fleet: a lease, or the end of the window whose quota is used up.
type share struct {
	lease     *lease
	shutUntil time.Time
}

// wish is a lease that is waited for.
type wish struct {
	id, operation string
	asked         bool          // Redis may know it
	pending       <-chan answer // of a request that was not waited for
	strictUntil   time.Time     // how long it waits for Redis; zero: that has not begun
}

// join waits for a lease, while Redis is away too.
func (l *Limiter) join(ctx context.Context, operation string) (share, error) {
	w := &wish{id: l.fleet.newLease(operation), operation: operation}
	place := l.fleet.waiters.enter(w.id, l.keys[0], operation)
	defer l.fleet.waiters.leave(w.id)
	for {
		entered, err := l.withoutRedis(ctx, w)
		if entered {
			return share{lease: l.beginAlone(w)}, nil
		}
		if err == nil {
			var got share
			got, err = l.joinOnce(ctx, w, place)
			if got != (share{}) {
				return got, nil
			}
		}
		if err != nil {
			l.giveUp(w)
			return share{}, err
		}
	}
}

// joinOnce asks for a lease, and waits in the queue if there is none. A share that is zero means: again.
func (l *Limiter) joinOnce(ctx context.Context, w *wish, place *waiter) (share, error) {
	_, turned := l.state()
	a, err := l.request(ctx, w)
	switch {
	case err != nil:
		return share{}, err
	case a.word == "granted":
		return share{lease: l.begin(w, a.more)}, nil
	case a.word == "shut":
		return share{shutUntil: time.Now().Add(time.Duration(a.more) * time.Millisecond)}, nil
	case a.word != "queued": // Redis is away
		return share{}, nil
	}
	ends, err := place.await(ctx, turned, l.fleet.untilLook(time.Duration(a.more)*time.Millisecond))
	if err != nil || ends <= l.clock.now() { // a process that stood still hears of leases that have ended
		return share{}, err
	}
	return share{lease: l.begin(w, ends)}, nil
}

// request asks for a lease. The error is the context's; a failure of Redis gives an answer without a word.
func (l *Limiter) request(ctx context.Context, w *wish) (answer, error) {
	w.asked = true
	answers := make(chan answer, 1)
	l.fleet.spawn(func() {
		a, err := l.acquire(w.id)
		if err != nil {
			l.failed(err)
		}
		answers <- a
	})
	select {
	case a := <-answers:
		return a, nil
	case <-ctx.Done():
		w.pending = answers
		return answer{}, ctx.Err()
	}
}

// giveUp leaves the queue, and gives back the lease if it was given meanwhile. Nobody waits for that. A request that is
// still under way goes first.
func (l *Limiter) giveUp(w *wish) {
	if !w.asked {
		return
	}
	l.fleet.spawn(func() {
		if w.pending != nil {
			<-w.pending
		}
		l.giveBack(report{gone: []string{w.id}})
	})
}
