package sandbox

import (
	"context"
	"net/http"
	"time"

	"github.com/ymarket-go/chats/api"
)

// subscription is a shop that is told of what happens.
type subscription struct {
	market   *Market
	ctx      context.Context
	url      string
	client   http.Client
	contract *api.Validator

	// under the notifier's mutex
	queues map[int64]*queue // by cabinet
	off    bool
}

// queue holds what a shop is to be told of one cabinet. The first notice is in work until it is taken or given up.
type queue struct {
	subscription *subscription

	// under the notifier's mutex
	notices   []notice
	forgotten bool // by Reset
}

// The Market repeats a notification for so long, with pauses that grow: see pauseAfter.
const giveUpAfter = 14 * 24 * time.Hour

// pauseAfter gives the time to the next attempt, by how long a notification has been failing.
func pauseAfter(failing time.Duration) time.Duration {
	switch {
	case failing < time.Hour:
		return time.Minute
	case failing < 24*time.Hour:
		return 15 * time.Minute
	default:
		return time.Hour
	}
}

// run delivers until the queue is empty.
func (q *queue) run() {
	for q.deliver(q.first()) && q.next() {
	}
}

func (q *queue) first() notice {
	q.lock()
	defer q.unlock()
	if q.forgotten {
		return notice{}
	}
	return q.notices[0]
}

// next goes on to the next notice, if there is one.
func (q *queue) next() bool {
	q.lock()
	defer q.unlock()
	q.notices = q.notices[1:]
	return len(q.notices) > 0
}

// deliver tries until a notice is taken or refused for good. It gives false when there is nothing more to be told.
func (q *queue) deliver(what notice) bool {
	s := q.subscription
	began := s.market.now()
	for attempt := 1; !q.over(); attempt++ {
		start := s.market.now()
		d := s.post(what, attempt, answerTime)
		settled := d.Taken || d.Status == http.StatusBadRequest
		again := start.Add(pauseAfter(start.Sub(began)))
		givenUp := again.Sub(began) > giveUpAfter
		if q.over() {
			return false // the attempt was cut short, or is of before a reset
		}
		if !settled && !givenUp {
			d.Again = again
		}
		s.market.notifier.record(d)
		switch {
		case settled:
			return true
		case givenUp:
			q.switchOff()
			return false
		}
		s.market.waitUntil(s.ctx, again, q.over)
	}
	return false
}

// over tells that nothing of this queue is to be delivered any more.
func (q *queue) over() bool {
	q.lock()
	defer q.unlock()
	return q.forgotten || q.subscription.off || q.subscription.ctx.Err() != nil
}

// switchOff ends a shop's notifications, and drops what waits, of other cabinets too.
func (q *queue) switchOff() {
	q.lock()
	defer q.unlock()
	q.subscription.off = true
	q.subscription.queues = nil
	q.subscription.market.notifier.wakeLocked()
}

func (q *queue) lock()   { q.subscription.market.notifier.mu.Lock() }
func (q *queue) unlock() { q.subscription.market.notifier.mu.Unlock() }

// waitUntil ends at a time of the sandbox's clock, which may be moved meanwhile, with ctx, or when over says so.
func (m *Market) waitUntil(ctx context.Context, due time.Time, over func() bool) {
	for !over() {
		changed := m.notifier.waiting()
		left := due.Sub(m.now())
		if left <= 0 {
			return
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}
