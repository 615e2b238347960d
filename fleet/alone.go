package fleet

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

const (
	firstPause   = 50 * time.Millisecond
	longestPause = 2 * time.Second
)

// alone bounds the requests of a process while Redis is away. The processes do not know of each other then: after each
// 420 that says "too many at once" the pause before the next request doubles, and with any other answer it gets
// shorter again.
type alone struct {
	slots chan struct{}
	pause time.Duration
	until time.Time // the end of the pause
}

// withoutRedis waits until the request may start without Redis, or with WithStrict until Redis is back. An answer of no
// word means that it is back.
func (s *lease) withoutRedis(ctx context.Context, o *outage) (answer, error) {
	l := s.limiter
	if l.fleet.strict {
		return answer{}, s.waitForRedis(ctx, o)
	}
	select {
	case l.alone.slots <- struct{}{}:
	case <-o.back:
		return answer{}, nil
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
	l.fleet.mu.Lock()
	pause := time.NewTimer(time.Until(l.alone.until))
	l.fleet.mu.Unlock()
	defer pause.Stop()
	select {
	case <-pause.C:
		s.alone = true
		return answer{word: "granted", left: l.fleet.lease}, nil
	case <-o.back:
		<-l.alone.slots
		return answer{}, nil
	case <-ctx.Done():
		<-l.alone.slots
		return answer{}, ctx.Err()
	}
}

// endAlone ends a request that began without Redis.
func (l *Limiter) endAlone(r wrapper.Response) {
	l.fleet.mu.Lock()
	l.alone.note(r, time.Now())
	l.fleet.mu.Unlock()
	<-l.alone.slots
}

// tooMany tells whether the Market refused a request because too many ran at once.
func tooMany(r wrapper.Response) bool {
	return r.StatusCode == wrapper.StatusMethodFailure && !r.QuotaUsedUp()
}

// note takes in an answer.
func (a *alone) note(r wrapper.Response, now time.Time) {
	if tooMany(r) {
		a.pause = min(max(2*a.pause, firstPause), longestPause)
	} else {
		a.pause -= a.pause / 8
	}
	if a.pause > 1 {
		a.until = now.Add(a.pause/2 + rand.N(a.pause))
	}
}
