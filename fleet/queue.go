package fleet

import (
	"context"
	"math/rand/v2"
	"time"
)

// A waiter asks Redis again after lookAfter, or up to half as long later, as messages may be lost and leases end by
// themselves; where no messages come it asks five times as often. Redis forgets a waiter that has not asked for 3 s.
const lookAfter = time.Second

// askAgain is a message that grants nothing.
const askAgain = 0

// wake hands a waiter a message: when the lease ends that it was granted, by Redis' clock, or askAgain. A waiter with
// two messages asks Redis which one holds. The mutex of the Fleet is held.
func (s *lease) wake(ends int64) {
	select {
	case <-s.messages:
		ends = askAgain
	default:
	}
	s.messages <- ends
}

// wake lets waiters ask again. The mutex of the Fleet is held.
func (l *Limiter) wake(wanted func(*lease) bool) {
	for _, s := range l.leases {
		if wanted(s) {
			s.wake(askAgain)
		}
	}
}

// request asks Redis for the lease and waits in its queue, or for a request to start without Redis. An answer of no
// word means that the lease has to be requested again. The error is the context's, or that Redis is waited for in vain.
func (s *lease) request(ctx context.Context) (answer, error) {
	if o := s.limiter.away(); o != nil {
		return s.withoutRedis(ctx, o)
	}
	a, err := s.ask(ctx)
	if err != nil || a.word != "queued" {
		return a, err
	}
	left, err := s.await(ctx)
	if left <= 0 {
		return answer{}, err
	}
	return answer{word: "granted", left: left}, nil
}

// ask asks Redis for the lease. An answer of no word means that Redis is away. The error is the context's.
func (s *lease) ask(ctx context.Context) (answer, error) {
	s.store()
	answers := make(chan answer, 1)
	s.commands.Go(func() {
		a, err := s.limiter.acquire(s.id)
		if err != nil {
			s.limiter.failed(err)
		}
		answers <- a
	})
	select {
	case a := <-answers:
		return a, nil
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// await waits for a message, or until Redis has to be asked again. It gives how long the lease lasts if it was granted.
// A process that stood still gets messages of leases that have ended.
func (s *lease) await(ctx context.Context) (left time.Duration, err error) {
	pause := s.limiter.fleet.lookAfter()
	look := time.NewTimer(pause + rand.N(pause/2))
	defer look.Stop()
	select {
	case ends := <-s.messages:
		return milliseconds(ends - s.limiter.redisTime(time.Now())), nil
	case <-look.C:
		return 0, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
