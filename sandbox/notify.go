package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/notify"
)

// Notify switches notifications on for a shop at an address, http or https: each is posted to that address with
// /notification behind it, as the real Market is said to do. It posts a PING first, and gives an error when that is
// not answered with 200 and what the contract asks for, within 1 s. From then on all that happens in the sandbox is
// posted, until ctx ends: a new chat, a dispute, and each message, those that the shop sends included, as nothing says
// that the real Market leaves them out.
//
// The events of a cabinet come one after the other, in the order in which they happened. One that is not answered with
// 200, or 400, within 10 s is repeated: each minute for an hour, each 15 minutes until a day has passed, then each
// hour, by the sandbox's clock, which Advance moves. The other events of the cabinet wait for it. After 14 days
// notifications are off, and what waited is dropped; Notify switches them on again.
//
// The header X-Forwarded-For names an address of the Market's, as if a proxy on this machine had handed the
// notification on: notify.Behind(netip.MustParsePrefix("127.0.0.0/8")) lets it in. Redirects are not followed. A nil
// client is one of its own; a client is not changed. Each call of Notify adds a shop.
func (m *Market) Notify(ctx context.Context, address string, client *http.Client) error {
	target, err := shopAddress(address)
	if err != nil {
		return err
	}
	contract, err := api.NewNotificationValidator()
	if err != nil {
		return err
	}
	s := &subscription{market: m, ctx: ctx, url: target, contract: contract, queues: map[int64]*queue{}}
	if client != nil {
		s.client = *client
	}
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ping := newNotice(noCabinetOfPing, notify.NotificationTypePing,
		notify.PingNotificationDTO{NotificationType: notify.NotificationTypePing, Time: new(m.now().UTC())})
	delivery := s.post(ping, 1, pingTime)
	m.notifier.record(delivery)
	if !delivery.Taken {
		return fmt.Errorf("sandbox: the shop has not taken the PING: %w", delivery.reason())
	}
	m.notifier.add(s)
	m.store.announce(m.notifier.tell)
	return nil
}

// The Market waits so long for an answer.
const (
	pingTime   = time.Second
	answerTime = 10 * time.Second
)

func shopAddress(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return "", errors.New("sandbox: Notify is given no address of a shop, " +
			"allowed is one like https://shop.example/market")
	}
	return u.JoinPath("notification").String(), nil
}

// Delivery is one attempt to tell a shop of something, and what came of it.
type Delivery struct {
	At         time.Time               // by the sandbox's clock
	BusinessID int64                   // the cabinet; 0 for a PING
	Type       notify.NotificationType // what it tells of
	Body       string                  // as it was sent, JSON
	Attempt    int                     // 1 for the first
	Status     int                     // 0: there was no answer
	Verdict    error                   // nil: the answer keeps the contract. api.Violations lists what it does not keep
	Taken      bool                    // answered with a 200 that keeps the contract
	Again      time.Time               // when it comes again; zero: never, it was taken, or answered with 400, or given up
}

// reason says why a delivery was not taken.
func (d Delivery) reason() error {
	if d.Verdict != nil {
		return d.Verdict
	}
	return fmt.Errorf("it answered with %d", d.Status)
}

// Deliveries gives a copy of every attempt so far to tell a shop of something, in the order in which they ended; of
// more than 100,000, the newest ones.
func (m *Market) Deliveries() []Delivery {
	m.notifier.mu.Lock()
	defer m.notifier.mu.Unlock()
	return slices.Clone(m.notifier.deliveries)
}

// maxDeliveries bounds what the sandbox remembers.
const maxDeliveries = 100_000

// notifier is what the sandbox knows of the shops that it tells. Its mutex is the innermost one: nothing else is locked
// while it is held.
type notifier struct {
	mu            sync.Mutex
	subscriptions []*subscription
	deliveries    []Delivery
	changed       chan struct{} // closed when the clock was moved or all was forgotten; nil: nobody waits
}

func (n *notifier) record(d Delivery) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.deliveries) == maxDeliveries {
		n.deliveries = slices.Clone(n.deliveries[maxDeliveries/10:])
	}
	n.deliveries = append(n.deliveries, d)
}

func (n *notifier) add(s *subscription) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.subscriptions = append(n.subscriptions, s)
}

// wake lets those who wait for a time look at the clock again.
func (n *notifier) wake() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.wakeLocked()
}

func (n *notifier) wakeLocked() {
	if n.changed != nil {
		close(n.changed)
		n.changed = nil
	}
}

// waiting gives the channel that wake closes.
func (n *notifier) waiting() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.changed == nil {
		n.changed = make(chan struct{})
	}
	return n.changed
}

// reset forgets deliveries and what waits to be told. The shops stay.
func (n *notifier) reset() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.deliveries = nil
	for _, s := range n.subscriptions {
		for _, q := range s.queues {
			q.forgotten = true
		}
		s.queues = map[int64]*queue{}
	}
	n.wakeLocked()
}

// tell hands an event to every shop.
func (n *notifier) tell(what notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.subscriptions = slices.DeleteFunc(n.subscriptions, func(s *subscription) bool { return s.off || s.ctx.Err() != nil })
	for _, s := range n.subscriptions {
		q := s.queues[what.cabinet]
		if q == nil {
			q = &queue{subscription: s}
			s.queues[what.cabinet] = q
		}
		q.notices = append(q.notices, what)
		if len(q.notices) == 1 {
			go q.run()
		}
	}
}
