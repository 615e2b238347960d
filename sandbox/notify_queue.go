package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/notify"
)

// subscription is a shop that gets notifications.
type subscription struct {
	market   *Market
	ctx      context.Context
	url      string
	client   http.Client
	contract *api.Validator

	// under the notifier's mutex
	queues   map[int64]*queue // by cabinet
	offSince time.Time        // zero: its notifications are on
}

// ended is true when the shop is gone for good.
func (s *subscription) ended() bool { return s.ctx.Err() != nil }

// off is true when the shop gets no notifications until they are switched on. The notifier is locked.
func (s *subscription) off() bool { return !s.offSince.IsZero() }

// drop forgets the notifications that wait. The notifier is locked.
func (s *subscription) drop() {
	for _, q := range s.queues {
		q.dropped = true
	}
	s.queues = map[int64]*queue{}
}

// ping posts a PING. The error says why the shop has not taken it.
func (s *subscription) ping() error {
	n := &s.market.notifier
	d := s.post(n.ping(s, s.market.now()), 1, pingTime)
	n.record(d)
	if !d.Taken {
		return fmt.Errorf("the shop has not taken the PING: %w", d.refusal())
	}
	n.pinged()
	return nil
}

// queue holds the notifications for a shop about one cabinet. The first one is in work until it is taken or given up.
type queue struct {
	subscription *subscription

	// under the notifier's mutex
	notices []*notice
	dropped bool // the notifications are not to be posted any more
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

// first is nil when nothing more is to be posted.
func (q *queue) first() *notice {
	q.lock()
	defer q.unlock()
	if q.dropped {
		return nil
	}
	return q.notices[0]
}

// next goes on to the next notification, if there is one.
func (q *queue) next() bool {
	q.lock()
	defer q.unlock()
	q.notices = q.notices[1:]
	return len(q.notices) > 0
}

// deliver tries until a notification is taken or refused for good. It gives false when nothing more is to be posted.
func (q *queue) deliver(what *notice) bool {
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
			s.market.notifier.switchOff(q, s.market.now())
			return false
		}
		s.market.waitUntil(s.ctx, again, q.over)
	}
	return false
}

// over is true when nothing more of this queue is to be posted.
func (q *queue) over() bool {
	q.lock()
	defer q.unlock()
	return q.dropped || q.subscription.ended()
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

// post makes one attempt.
func (s *subscription) post(what *notice, attempt int, patience time.Duration) Delivery {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	d := Delivery{
		At:         s.market.now(),
		BusinessID: what.cabinet,
		Type:       what.kind,
		Body:       what.body,
		Attempt:    attempt,
		of:         what,
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader(what.body))
	if err != nil {
		d.Verdict = err
		return d
	}
	req.Header.Set("Traceparent", newTraceParent())
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "ymarket-sandbox")
	req.Header.Set("X-Forwarded-For", notify.Networks()[0].Addr().Next().String())
	if d.Verdict = s.contract.Request(req); d.Verdict != nil {
		return d // the sandbox keeps the contract; a test holds that
	}
	resp, err := s.client.Do(req)
	if err != nil {
		d.Verdict = withoutURL(err)
		return d
	}
	defer resp.Body.Close()
	d.Status, d.Verdict = resp.StatusCode, s.contract.Response(req, resp)
	d.Taken = d.Status == http.StatusOK && d.Verdict == nil
	return d
}

// withoutURL keeps the address of the shop, which may hold a secret, out of an error.
func withoutURL(err error) error {
	if of := new(url.Error); errors.As(err, &of) {
		return of.Err
	}
	return err
}
