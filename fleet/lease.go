package fleet

import (
	"sync"
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

// lease is the place of a request that runs.
type lease struct {
	limiter       *Limiter
	id, operation string
	alone         bool // it began while Redis was away, and has one of the places for that
	known         bool // Redis may know it. Guarded by the mutex of the limiter

	mu      sync.Mutex // held while the lease is renewed: it is given back after that
	renewal *time.Timer
	over    bool
}

// begin counts a request that Redis has given a lease, which ends then by Redis' clock.
func (l *Limiter) begin(w *wish, ends int64) *lease {
	left := time.Duration(ends-l.clock.now()) * time.Millisecond
	return l.start(&lease{limiter: l, id: w.id, operation: w.operation, known: true}, left)
}

// beginAlone counts a request that starts while Redis is away.
func (l *Limiter) beginAlone(w *wish) *lease {
	return l.start(&lease{limiter: l, id: w.id, operation: w.operation, known: w.asked, alone: true}, l.fleet.lease)
}

// start renews a lease from now on, each time when a third of it has passed.
func (l *Limiter) start(s *lease, left time.Duration) *lease {
	l.mu.Lock()
	l.held[s] = true
	l.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.renewal = time.AfterFunc(max(min(left, l.fleet.lease)/3, 0), s.renew)
	return s
}

// renew writes the lease again, even if Redis has lost it. While Redis is away nothing is written: it is told of all
// leases once it is back.
func (s *lease) renew() {
	l := s.limiter
	l.fleet.busy.Add(1)
	defer l.fleet.busy.Add(-1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || l.fleet.closed() {
		return
	}
	if away, _ := l.state(); !away {
		l.mu.Lock()
		s.known = true
		l.mu.Unlock()
		if err := l.tell(report{held: []string{s.id}}); err != nil {
			l.failed(err)
		}
	}
	s.renewal.Reset(l.fleet.lease / 3)
}

// releaser gives back the lease and then the place in the process.
func (s *lease) releaser(free func(wrapper.Response)) func(wrapper.Response) {
	var once sync.Once
	return func(r wrapper.Response) {
		once.Do(func() {
			s.mu.Lock()
			s.over = true
			s.renewal.Stop()
			s.mu.Unlock()
			s.limiter.finish(s, r)
			free(r)
		})
	}
}

// finish tells Redis that a request has ended, and what its answer said of the window.
func (l *Limiter) finish(s *lease, r wrapper.Response) {
	var news report
	l.mu.Lock()
	if s.known {
		news.gone = []string{s.id}
	}
	delete(l.held, s)
	if s.alone {
		l.pauses.note(r, time.Now())
	}
	told := l.gaveBackAll
	l.mu.Unlock()
	if s.alone {
		<-l.aloneSlots
	}
	if !r.Quota.Until.IsZero() {
		news.windows = map[string]wrapper.Quota{s.operation: r.Quota}
	}
	if !told {
		l.giveBack(news)
	}
}

// giveBack tells Redis of what has ended; once it is back, where it is away.
func (l *Limiter) giveBack(news report) {
	if len(news.gone)+len(news.windows) == 0 {
		return
	}
	for {
		l.mu.Lock()
		away := l.isAway
		if away {
			l.untold.add(news, time.Now())
		}
		l.mu.Unlock()
		if away {
			return
		}
		err := l.tell(news)
		if err == nil {
			return
		}
		l.failed(err)
	}
}

// giveBackAll tells Redis that nothing is held any more.
func (l *Limiter) giveBackAll() error {
	l.mu.Lock()
	news := l.untold.report(time.Now(), l.fleet.lease)
	for s := range l.held {
		if s.known {
			news.gone = append(news.gone, s.id)
		}
	}
	l.gaveBackAll = true
	l.mu.Unlock()
	if len(news.gone)+len(news.windows) == 0 {
		return nil
	}
	return l.tell(news)
}
