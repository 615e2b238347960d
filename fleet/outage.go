package fleet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ymarket-go/chats/wrapper"
)

// ErrUnavailable is what errors.Is finds in the error of a call that WithStrict let wait for Redis in vain.
var ErrUnavailable = errors.New("the limits of the fleet are not to be had")

// Redis is tried again after a pause of shortestProbe to longestProbe.
const (
	shortestProbe = 250 * time.Millisecond
	longestProbe  = 375 * time.Millisecond
)

// outage is the time for which Redis is away for a cabinet. In a cluster it may be away for some cabinets alone.
type outage struct {
	cause error
	wrong bool          // Redis answers, but with an error
	back  chan struct{} // closed when Redis is back
	news  report        // what Redis has missed
}

// away gives the outage, nil while Redis answers.
func (l *Limiter) away() *outage {
	l.fleet.mu.Lock()
	defer l.fleet.mu.Unlock()
	return l.fleet.outages[l]
}

// failed begins an outage. The waiters in the queue of Redis go on without it.
func (l *Limiter) failed(cause error) {
	f := l.fleet
	f.reloadCluster()
	f.mu.Lock()
	defer f.mu.Unlock()
	var answer redis.Error
	wrong := errors.As(cause, &answer)
	if o := f.outages[l]; o != nil {
		o.cause, o.wrong = cause, wrong
		return
	}
	f.outages[l] = &outage{cause: cause, wrong: wrong, back: make(chan struct{}), news: l.newReport()}
	f.away.set(status{bad: true, cause: cause, cabinet: l.businessID})
	l.wake(func(*lease) bool { return true })
	select {
	case f.probes <- struct{}{}:
	default:
	}
}

// mostMissed bounds how many leases that have ended are kept in an outage. Those that ended before have ended in Redis
// by themselves: a probe writes one lease or a few.
const mostMissed = 4096

// postpone keeps news for the end of an outage. It gives false while Redis answers.
func (l *Limiter) postpone(news report) bool {
	l.fleet.mu.Lock()
	defer l.fleet.mu.Unlock()
	o := l.fleet.outages[l]
	if o == nil {
		return false
	}
	o.news.ended = append(o.news.ended, news.ended...)
	o.news.ended = o.news.ended[max(len(o.news.ended)-mostMissed, 0):]
	if news.known < l.forgotten {
		return true
	}
	for operation, q := range news.windows {
		o.news.windows[operation] = o.news.windows[operation].Narrow(q)
	}
	return true
}

// reloadCluster lets go-redis learn the new master: after a failed dial it would find out within a minute.
func (f *Fleet) reloadCluster() {
	if cluster, ok := f.rdb.(interface{ ReloadState(context.Context) }); ok {
		cluster.ReloadState(context.Background())
	}
}

// probe tries Redis until it is away for no cabinet, each time when an outage has begun.
func (f *Fleet) probe() {
	for {
		select {
		case <-f.probes:
		case <-f.life.Done():
			return
		}
		for all := f.allAway(); len(all) > 0; all = f.allAway() {
			if sleep(f.life, shortestProbe+rand.N(longestProbe-shortestProbe)) != nil {
				return
			}
			_ = each(f.life, all, (*Limiter).probe)
			f.reloadCluster()
		}
	}
}

func (f *Fleet) allAway() []*Limiter {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Keys(f.outages))
}

// probe tells Redis what it has missed, and what runs. If Redis takes that in, it is back. It may also take that in and
// answer too late: then it is told later which of these leases have ended. A command that it has refused may be none of
// those, so all are tried first.
func (l *Limiter) probe() error {
	f := l.fleet
	f.mu.Lock()
	o := f.outages[l]
	wrong := o.wrong
	f.mu.Unlock()
	if wrong {
		err := within(f.life, f.timeout, func(ctx context.Context) error {
			return f.tryCommands(ctx, f.rdb, l.keys[0]+":check")
		})
		if err != nil {
			return err
		}
	}
	f.mu.Lock()
	news := o.news
	o.news = l.newReport()
	news.running = l.running()
	for _, id := range news.running {
		l.leases[id].stored = true
	}
	f.mu.Unlock()
	if err := l.tell(news); err != nil {
		l.failed(err)
		f.mu.Lock()
		news.ended, o.news.ended = append(news.ended, o.news.ended...), nil // the oldest ones come first
		f.mu.Unlock()
		l.postpone(news)
		return err
	}
	f.mu.Lock()
	missed := o.news
	delete(f.outages, l)
	close(o.back)
	if len(f.outages) == 0 {
		f.away.set(status{})
	}
	f.mu.Unlock()
	l.giveBack(missed)
	return nil
}

// waitForRedis waits within MaxDelay, which begins when a request first has to wait.
func (s *lease) waitForRedis(ctx context.Context, o *outage) error {
	f := s.limiter.fleet
	if s.patience.IsZero() {
		s.patience = time.Now().Add(f.maxDelay)
	}
	patience := time.NewTimer(time.Until(s.patience))
	defer patience.Stop()
	var refused error
	select {
	case <-o.back:
		return nil
	case <-patience.C:
		f.mu.Lock()
		refused = fmt.Errorf("%w within %v: %v", ErrUnavailable, f.maxDelay, o.cause)
		f.mu.Unlock()
	case <-ctx.Done():
		refused = fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
	return &wrapper.Error{Operation: s.operation, Err: refused}
}
