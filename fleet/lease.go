package fleet

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

// firstLease is how long a lease lasts until it is renewed for the first time. A process that stands still, or that
// Redis does not reach, keeps the slots of requests that it may not have begun for no longer.
const firstLease = 3 * time.Second

// lease is the place of a request in the fleet: it is waited for, and held while the request runs.
type lease struct {
	limiter       *Limiter
	id, operation string
	messages      chan int64         // see wake; while the request runs a message renews the lease
	patience      time.Time          // how long it waits for Redis with WithStrict; zero: it has not waited yet
	alone         bool               // its request began while Redis was away
	stop          context.CancelFunc // ends the renewals
	commands      sync.WaitGroup     // that are under way: the lease is given back after them

	// Guarded by the mutex of the Fleet.
	running bool // its request has begun
	stored  bool // Redis may have it
}

func (l *Limiter) newLease(operation string) *lease {
	f := l.fleet
	f.mu.Lock()
	defer f.mu.Unlock()
	f.named++
	id := f.process + "." + strconv.FormatInt(f.named, 36) + "." + operation
	s := &lease{limiter: l, id: id, operation: operation, messages: make(chan int64, 1)}
	l.leases[id] = s
	return s
}

// start begins the request, and renews the lease, of which so much is left, until the request ends.
func (s *lease) start(left time.Duration) {
	f := s.limiter.fleet
	f.mu.Lock()
	s.running = true
	select {
	case <-s.messages: // of the time when it waited
	default:
	}
	f.mu.Unlock()
	var ctx context.Context
	ctx, s.stop = context.WithCancel(f.life)
	s.commands.Go(func() {
		for pause := left / 3; sleepUntil(ctx, pause, s.messages) == nil; pause = f.lease / 3 {
			s.renew()
		}
	})
}

// renew writes the lease again, even if Redis has lost it. While Redis is away nothing is written: the probe that
// finds it back does that.
func (s *lease) renew() {
	l := s.limiter
	if l.away() != nil || !l.fleet.enter() {
		return
	}
	defer l.fleet.busy.Done()
	s.store()
	if err := l.tell(report{running: []string{s.id}}); err != nil {
		l.failed(err)
	}
}

// store notes that Redis is about to learn of the lease.
func (s *lease) store() {
	s.limiter.fleet.mu.Lock()
	defer s.limiter.fleet.mu.Unlock()
	s.stored = true
}

// release ends the request: Redis learns that, and what the answer said of the window. After Close it knows already.
func (s *lease) release(r wrapper.Response) {
	l := s.limiter
	s.stop()
	s.commands.Wait()
	if s.alone {
		l.endAlone(r)
	}
	if !l.fleet.enter() {
		return
	}
	defer l.fleet.busy.Done()
	news := s.end()
	news.busy = tooMany(r) && !s.alone
	if !r.Quota.Until.IsZero() {
		news.windows[s.operation] = r.Quota
	}
	l.giveBack(news)
}

// giveUp leaves the queue, and gives back the lease if it was granted meanwhile. The caller does not wait for that.
func (s *lease) giveUp() {
	s.limiter.fleet.busy.Go(func() {
		s.commands.Wait()
		s.limiter.giveBack(s.end())
	})
}

// end forgets the lease, and gives what Redis has to learn of that.
func (s *lease) end() (news report) {
	l := s.limiter
	l.fleet.mu.Lock()
	defer l.fleet.mu.Unlock()
	delete(l.leases, s.id)
	news = l.newReport()
	if s.stored {
		news.ended = []string{s.id}
	}
	return news
}

// running lists the leases whose requests run. The mutex of the Fleet is held.
func (l *Limiter) running() (ids []string) {
	for id, s := range l.leases {
		if s.running {
			ids = append(ids, id)
		}
	}
	return ids
}

// giveBack tells Redis what has ended, at once or when it is back.
func (l *Limiter) giveBack(news report) {
	for !news.empty() && !l.postpone(news) {
		err := l.tell(news)
		if err == nil {
			return
		}
		l.failed(err)
	}
}
