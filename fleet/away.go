package fleet

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

// Redis is tried again after a pause of shortestProbe to longestProbe.
const (
	shortestProbe = 250 * time.Millisecond
	longestProbe  = 375 * time.Millisecond
	probesAtOnce  = 16
)

// state tells whether Redis is away for this cabinet, and gives what is closed when that changes. In a cluster Redis
// may be away for some cabinets alone.
func (l *Limiter) state() (away bool, turned <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.isAway, l.turned
}

// turn changes the state. The mutex of the limiter is held.
func (l *Limiter) turn(away bool) {
	l.isAway = away
	close(l.turned)
	l.turned = make(chan struct{})
}

// failed notes that Redis is away.
func (l *Limiter) failed(cause error) {
	f := l.fleet
	f.reloadCluster()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cause = cause
	if l.isAway {
		return
	}
	l.turn(true)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away[l] = true
	f.log.set(true, cause)
	if !f.probing && !f.closed() {
		f.probing = true
		f.spawn(f.probe)
	}
}

// reloadCluster lets go-redis learn who is the master now: after a failed dial it would find out within a minute.
func (f *Fleet) reloadCluster() {
	if cluster, ok := f.rdb.(interface{ ReloadState(context.Context) }); ok {
		cluster.ReloadState(context.Background())
	}
}

// probe tries Redis for the cabinets for which it is away, until it is for none.
func (f *Fleet) probe() {
	for sleep(f.life, shortestProbe+rand.N(longestProbe-shortestProbe)) == nil {
		var group sync.WaitGroup
		places := make(chan struct{}, probesAtOnce)
		for _, l := range f.allAway() {
			places <- struct{}{}
			group.Go(func() {
				defer func() { <-places }()
				l.probe()
			})
		}
		group.Wait()
		f.mu.Lock()
		if len(f.away) == 0 {
			f.probing = false
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
		f.reloadCluster()
	}
}

func (f *Fleet) allAway() []*Limiter {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []*Limiter
	for l := range f.away {
		all = append(all, l)
	}
	return all
}

// probe tells Redis what has happened meanwhile. When nothing more is to be told, Redis is back.
func (l *Limiter) probe() {
	for back := false; !back; {
		l.mu.Lock()
		news := l.untold.report(time.Now(), l.fleet.lease)
		for s := range l.held {
			s.known = true
			news.held = append(news.held, s.id)
		}
		l.mu.Unlock()
		if err := l.tell(news); err != nil {
			l.mu.Lock()
			l.cause = err
			l.mu.Unlock()
			return
		}
		back = l.told(news)
	}
}

// told notes that Redis knows what is new, and turns if it knows all.
func (l *Limiter) told(news report) (back bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.untold.told(news)
	if !l.untold.empty() {
		return false
	}
	l.turn(false)
	f := l.fleet
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.away, l)
	if len(f.away) == 0 {
		f.log.set(false, nil)
	}
	return true
}

// withoutRedis waits for a turn to start while Redis is away. Where entered is false without an error, Redis is there.
func (l *Limiter) withoutRedis(ctx context.Context, w *wish) (entered bool, err error) {
	away, turned := l.state()
	if !away {
		return false, nil
	}
	if l.fleet.strict {
		return false, l.waitForRedis(ctx, w, turned)
	}
	select {
	case l.aloneSlots <- struct{}{}:
	case <-turned:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
	l.mu.Lock()
	pause := time.NewTimer(time.Until(l.pauses.until))
	l.mu.Unlock()
	defer pause.Stop()
	select {
	case <-pause.C:
		return true, nil
	case <-turned:
	case <-ctx.Done():
		err = ctx.Err()
	}
	<-l.aloneSlots
	return false, err
}

// waitForRedis waits within MaxDelay, which begins when a request first has to wait.
func (l *Limiter) waitForRedis(ctx context.Context, w *wish, turned <-chan struct{}) error {
	if w.strictUntil.IsZero() {
		w.strictUntil = time.Now().Add(l.fleet.maxDelay)
	}
	patience := time.NewTimer(time.Until(w.strictUntil))
	defer patience.Stop()
	var refused error
	select {
	case <-turned:
		return nil
	case <-patience.C:
		l.mu.Lock()
		refused = fmt.Errorf("%w within %v: %v", ErrUnavailable, l.fleet.maxDelay, l.cause)
		l.mu.Unlock()
	case <-ctx.Done():
		refused = fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
	return &wrapper.Error{Operation: w.operation, Err: refused}
}

const (
	firstPause   = 50 * time.Millisecond
	longestPause = 2 * time.Second
)

// pauses spread the requests of processes that do not know of each other: after each 420 that says "too many at once"
// the pause before the next one doubles, and with any other answer it gets shorter again.
type pauses struct {
	pause time.Duration
	until time.Time
}

func (p *pauses) note(r wrapper.Response, now time.Time) {
	usedUp := r.Quota.Remaining == 0 && !r.Quota.Until.IsZero()
	if r.StatusCode == statusMethodFailure && !usedUp {
		p.pause = min(max(2*p.pause, firstPause), longestPause)
	} else {
		p.pause -= p.pause / 8
	}
	if p.pause > 1 {
		p.until = now.Add(p.pause/2 + rand.N(p.pause))
	}
}

const statusMethodFailure = 420
