package fleet

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

// Limiter is a wrapper.Limiter for one cabinet: its processes share 4 requests at once, and the quota of each
// operation. In front of Redis stands the Limiter that a Client has by default, so a request waits for the same things
// in the same order. Fleet.Limiter makes one. It is safe for concurrent use.
type Limiter struct {
	fleet      *Fleet
	businessID int64
	keys       []string // of the cabinet, in the order of the script

	// Guarded by the mutex of the Fleet.
	local     *local
	forgotten int64 // when Redis last forgot the cabinet, by its clock
	clock     clock
	leases    map[string]*lease // that are waited for or held, by id
	alone     alone
}

// afterWindow bounds the pause before a request asks Redis again after the end of a window.
const afterWindow = 250 * time.Millisecond

// Acquire waits until a request of the operation may start, in this process and in all others. release is called once,
// with the answer; more calls do nothing.
//
// Errors: what the default Limiter refuses, as it says it; the context's own; ErrUnavailable in a *wrapper.Error, see
// WithStrict; and errors without a name for a nil ctx and a Fleet that is closed.
func (l *Limiter) Acquire(ctx context.Context, operation string) (release func(wrapper.Response), err error) {
	if ctx == nil {
		return nil, errNoContext
	}
	f := l.fleet
	if !f.enter() {
		return nil, errClosed
	}
	defer f.busy.Done()
	working, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(f.life, stop)()
	release, err = l.acquireBoth(working, operation)
	if err != nil && f.closed() && ctx.Err() == nil {
		return nil, errClosed
	}
	return release, err
}

// acquireBoth takes a place in the process, and then one in the fleet. The end of a window whose quota is used up goes
// to the Limiter in front, which waits for it or refuses. The pause spreads the requests that have waited for a new
// window; those for which Redis and the Limiter in front disagree about the end take it again and again.
func (l *Limiter) acquireBoth(ctx context.Context, operation string) (func(wrapper.Response), error) {
	for pause := time.Duration(0); ; pause = min(pause+afterWindow, 2*afterWindow) {
		free, err := l.acquireLocal(ctx, operation)
		if err != nil {
			return nil, err
		}
		if pause > 0 {
			err = sleep(ctx, rand.N(pause))
		}
		var s *lease
		var shut time.Time
		if err == nil {
			s, shut, err = l.join(ctx, operation)
		}
		switch {
		case err != nil:
			free(wrapper.Response{})
			return nil, err
		case s != nil:
			var once sync.Once
			return func(r wrapper.Response) { once.Do(func() { s.release(r); free(r) }) }, nil
		}
		free(wrapper.Response{Quota: wrapper.Quota{Until: shut}})
	}
}

func sleep(ctx context.Context, pause time.Duration) error { return sleepUntil(ctx, pause, nil) }

// sleepUntil ends early with a message.
func sleepUntil(ctx context.Context, pause time.Duration, messages <-chan int64) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-messages:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join waits for a lease, or while Redis is away for a request to start without one. Where the quota is used up it
// gives the end of the window instead.
func (l *Limiter) join(ctx context.Context, operation string) (s *lease, shut time.Time, err error) {
	s = l.newLease(operation)
	for {
		a, err := s.request(ctx)
		switch {
		case err != nil:
			s.giveUp()
			return nil, time.Time{}, err
		case a.word == "granted":
			s.start(a.left)
			return s, time.Time{}, nil
		case a.word == "shut":
			_ = s.end()
			return nil, time.Now().Add(a.left), nil
		}
	}
}
