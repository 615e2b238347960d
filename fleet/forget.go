package fleet

import (
	"context"
	"fmt"

	"github.com/ymarket-go/chats/wrapper"
)

// everybody names the channel of all processes. No process has this name: each ends with random characters.
const everybody = "all"

// Forget clears a cabinet, after a wrong clock has shut its windows, say. All processes of the fleet forget the windows
// of its quota, and the slots that 420s have taken away are back. Waiting requests take places in the queue again, in
// any order. Running requests keep their leases. The leases of processes that are gone end within 3 s. A process that
// misses the message learns of it with its next subscription or answer; Redis keeps the moment for 61 minutes.
//
// The error says that ctx is nil, that the businessId is below 1, that the Fleet is closed, that the context has ended,
// or that Redis gave no answer: then call Forget again, it does no harm.
func (f *Fleet) Forget(ctx context.Context, businessID int64) error {
	if ctx == nil {
		return errNoContext
	}
	l, err := f.Limiter(businessID)
	if err != nil {
		return err
	}
	answered := make(chan error, 1)
	go func() {
		_, err := l.command("forget", func(int64) string { return "" })
		answered <- err
	}()
	select {
	case err = <-answered:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("fleet: Redis did not confirm that cabinet %d is forgotten: %w", businessID, err)
	}
	return nil
}

// forget takes in when the cabinet was last forgotten: this process drops what it knows of windows, its waiters ask
// again, and its running requests renew their leases. The mutex of the Fleet is held.
func (l *Limiter) forget(at int64) {
	if at <= l.forgotten {
		return
	}
	l.forgotten = at
	l.local.end()
	l.local = newLocal(l.fleet.policy)
	if o := l.fleet.outages[l]; o != nil {
		ended := o.news.ended
		o.news = l.newReport()
		o.news.ended = ended
	}
	l.wake(func(*lease) bool { return true })
}

// catchUp learns from an answer of Redis whether the cabinet was forgotten. After an outage the probe does that.
func (l *Limiter) catchUp() error {
	if l.away() != nil {
		return nil
	}
	err := l.tell(report{})
	if err != nil {
		l.failed(err)
	}
	return err
}

// local is the Limiter in front of Redis, until the cabinet is forgotten.
type local struct {
	wrapper.Limiter
	life context.Context
	end  context.CancelFunc
}

func newLocal(p wrapper.RetryPolicy) *local {
	limiter, _ := wrapper.NewLimiter(p) // WithRetry has checked the policy
	l := &local{Limiter: limiter}
	l.life, l.end = context.WithCancel(context.Background())
	return l
}

// acquireLocal takes a place in the process. If the cabinet is forgotten meanwhile, it begins anew.
func (l *Limiter) acquireLocal(ctx context.Context, operation string) (func(wrapper.Response), error) {
	for {
		l.fleet.mu.Lock()
		front := l.local
		l.fleet.mu.Unlock()
		waiting, stop := context.WithCancel(ctx)
		unlink := context.AfterFunc(front.life, stop)
		free, err := front.Acquire(waiting, operation)
		unlink()
		stop()
		if err == nil || front.life.Err() == nil {
			return free, err
		}
	}
}
