package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
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
// hour, by the sandbox's clock, which Advance moves. The other events of the cabinet wait for it. After 14 days the
// shop's notifications are off, and the events that waited are dropped: see NotificationsOff, and
// SwitchNotificationsOn. Notify of the same address switches them on, too.
//
// The header X-Forwarded-For names an address of the Market's, as if a proxy on this machine had handed the
// notification on: notify.Behind(netip.MustParsePrefix("127.0.0.0/8")) lets it in. Redirects are not followed. A nil
// client is one of its own; a client is not changed. Each call of Notify adds a shop.
func (m *Market) Notify(ctx context.Context, address string, client *http.Client) error {
	if ctx == nil {
		return errors.New("sandbox: ctx is nil")
	}
	target, err := shopAddress(address)
	if err != nil {
		return err
	}
	contract, err := api.NewNotificationValidator()
	if err != nil {
		return err
	}
	s := &subscription{
		market:   m,
		ctx:      ctx,
		url:      target,
		contract: contract,
		queues:   map[int64]*queue{},
	}
	if client != nil {
		s.client = *client
	}
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if err := s.ping(); err != nil {
		return ofPackage(err)
	}
	m.notifier.add(s)
	m.store.postTo(m.notifier.post)
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

// Delivery is one attempt to post a notification to a shop, and what came of it.
type Delivery struct {
	At         time.Time               // by the sandbox's clock
	BusinessID int64                   // the cabinet; 0 for a PING
	Type       notify.NotificationType // what it is about
	Body       string                  // as it was sent, JSON
	Attempt    int                     // 1 for the first
	Status     int                     // 0: there was no answer
	Verdict    error                   // nil: the answer keeps the contract. api.Violations lists what it does not keep
	Taken      bool                    // answered with a 200 that keeps the contract
	Again      time.Time               // when it comes again; zero: never, it was taken, or answered with 400, or given up

	of *notice // its number is that of all attempts to post it
}

// refusal says why a delivery was not taken.
func (d Delivery) refusal() error {
	if d.Verdict != nil {
		return d.Verdict
	}
	return fmt.Errorf("it answered with %d", d.Status)
}

// violations lists what was wrong with an answer, or why there was none.
func (d Delivery) violations() []string {
	list := violationTexts(d.Verdict)
	if d.Verdict != nil && len(list) == 0 {
		list = append(list, d.Verdict.Error())
	}
	return list
}

// size is what a delivery keeps on the heap.
func (d Delivery) size() int { return heapSize(d.Body) + heapSize(d.violations()...) }

// maxDeliveryBytes bounds what the sandbox remembers of deliveries.
const maxDeliveryBytes = 64 << 20

// Deliveries gives a copy of every attempt so far to post a notification to a shop, in the order in which they ended;
// of more than fit into 64 MiB, about 150,000, the newest ones.
func (m *Market) Deliveries() []Delivery {
	return m.notifier.newest(math.MaxInt)
}

// notifier posts notifications to the shops, and remembers what came of it. Its mutex is the innermost one: nothing
// else is locked while it is held.
type notifier struct {
	mu            sync.Mutex
	subscriptions []*subscription
	deliveries    recent[Delivery]
	notices       int64         // so far
	lastPing      *notice       // nil: there was none, or the shop has taken it
	changed       chan struct{} // closed when the clock was moved or a queue was dropped; nil: nobody waits
	observer      func(offSince time.Time)
}

func (n *notifier) record(d Delivery) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.deliveries.add(d)
}

// newest gives a copy of the last deliveries.
func (n *notifier) newest(count int) []Delivery {
	n.mu.Lock()
	defer n.mu.Unlock()
	return newest(n.deliveries.parts(count), count)
}

// on counts the shops that get notifications.
func (n *notifier) on() (shops int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.subscriptions {
		if !s.ended() && !s.off() {
			shops++
		}
	}
	return shops
}

func (n *notifier) add(s *subscription) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.replaceOff(s)
	n.subscriptions = append(n.subscriptions, s)
}

// wake has the queues that wait for a time look at the clock again.
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

// reset forgets deliveries and notifications that wait. The shops stay, and their notifications are on.
func (n *notifier) reset() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.deliveries.reset()
	n.lastPing = nil
	for _, s := range n.subscriptions {
		s.drop()
		if s.off() {
			n.setOff(s, time.Time{})
		}
	}
	n.wakeLocked()
}

// post hands a notification to every shop.
func (n *notifier) post(event notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.subscriptions = slices.DeleteFunc(n.subscriptions, (*subscription).ended)
	for _, s := range n.subscriptions {
		if s.off() {
			continue
		}
		q := s.queues[event.cabinet]
		if q == nil {
			q = &queue{subscription: s}
			s.queues[event.cabinet] = q
		}
		q.notices = append(q.notices, n.numbered(event, s))
		if len(q.notices) == 1 {
			go q.run()
		}
	}
}

// numbered is a notification for one of the shops. The notifier is locked.
func (n *notifier) numbered(event notice, to *subscription) *notice {
	n.notices++
	event.number, event.address = n.notices, to.url
	return &event
}

// ping is a PING for a shop. As long as none is taken, the PINGs that follow each other are one notification.
func (n *notifier) ping(to *subscription, at time.Time) *notice {
	n.mu.Lock()
	defer n.mu.Unlock()
	event := n.numbered(ping(at), to)
	if n.lastPing != nil && n.lastPing.address == event.address {
		event.number = n.lastPing.number
	}
	n.lastPing = event
	return event
}

// pinged ends the PINGs of one notification.
func (n *notifier) pinged() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lastPing = nil
}

// state gives the attempts as recent.parts does; how many notifications wait for each that is in work, by its number;
// and the addresses of the shops, those too whose notifications are off.
func (n *notifier) state() (attempts [][]Delivery, waiting map[int64]int, shops []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	waiting = map[int64]int{}
	for _, s := range n.subscriptions {
		if s.ended() {
			continue
		}
		shops = append(shops, s.url)
		for _, q := range s.queues {
			if len(q.notices) > 0 {
				waiting[q.notices[0].number] = len(q.notices) - 1
			}
		}
	}
	return n.deliveries.parts(math.MaxInt), waiting, shops
}

// notice is a notification for a shop.
type notice struct {
	cabinet int64 // 0 for a PING
	chat    int64 // 0 for a PING
	kind    notify.NotificationType
	sender  gen.ChatMessageSenderType // of the message that it is about; empty: it is about none
	body    string
	number  int64  // of all notifications, from 1
	address string // of the shop
}

// newNotice is about a chat.
func newNotice(c *chat, kind notify.NotificationType, dto any) notice {
	body, _ := json.Marshal(dto) // the generated types cannot fail
	return notice{cabinet: c.about.cabinet, chat: c.id, kind: kind, body: string(body)}
}

func ping(at time.Time) notice {
	const kind = notify.NotificationTypePing
	body, _ := json.Marshal(notify.PingNotificationDTO{
		NotificationType: kind,
		Time:             new(at.UTC()),
	})
	return notice{kind: kind, body: string(body)}
}

func chatCreated(c *chat, at time.Time) notice {
	const kind = notify.NotificationTypeChatCreated
	return newNotice(c, kind, notify.ChatCreatedNotificationDTO{
		NotificationType: kind,
		ChatID:           c.id,
		BusinessID:       c.about.cabinet,
		CreatedAt:        at.UTC(),
	})
}

// messageSent is about the newest message of a chat. Ids of messages are numbers in the Market's API; here the number
// of the chat and that of the message in it make one.
func messageSent(c *chat, at time.Time) notice {
	const kind = notify.NotificationTypeChatMessageSent
	message := c.messages[len(c.messages)-1]
	n := newNotice(c, kind, notify.ChatMessageSentNotificationDTO{
		NotificationType: kind,
		ChatID:           c.id,
		MessageID:        fmt.Sprint(message.ID),
		BusinessID:       c.about.cabinet,
		SentAt:           at.UTC(),
	})
	n.sender = message.Sender
	return n
}

func disputeStarted(c *chat, at time.Time) notice {
	const kind = notify.NotificationTypeChatArbitrageStarted
	return newNotice(c, kind, notify.ChatArbitrageStartedNotificationDTO{
		NotificationType: kind,
		ChatID:           c.id,
		BusinessID:       c.about.cabinet,
		StartedAt:        at.UTC(),
	})
}

func disputeFinished(c *chat, at time.Time) notice {
	const kind = notify.NotificationTypeChatArbitrageFinished
	return newNotice(c, kind, notify.ChatArbitrageFinishedNotificationDTO{
		NotificationType: kind,
		ChatID:           c.id,
		BusinessID:       c.about.cabinet,
		FinishedAt:       at.UTC(),
	})
}
