package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/wrapper"
)

// Handler handles a message. nil means that it is handled. After an error the chat stands still, and the message comes
// again, later, with a higher Attempt: a handler gives up by nil. A panic is an error, and so is runtime.Goexit.
//
// Messages of one chat are handled one after another, those of several chats at once. The context ends after
// WithTimeout and with Run; a handler that does not heed it holds one of WithWorkers.
type Handler func(ctx context.Context, m *Message) error

// Inbox gives a Handler what is written into the chats of a cabinet. New makes one; the zero Inbox is of no use. It is
// safe for concurrent use.
type Inbox struct {
	client *wrapper.Client
	store  Store
	handle Handler

	interval, timeout time.Duration
	workers           int
	since             time.Time // zero: by when Run began
	everything        bool
	logger            *slog.Logger

	handled recent
	changed chan struct{} // holds something when a chat has become due

	mu      sync.Mutex
	runs    bool                // Run or CatchUp is running
	began   time.Time           // when it began
	chats   map[int64]*chat     // those in which there may be more to handle
	seen    map[int64]time.Time // of chats that wait: when the last message was written that a complete read has shown
	working int                 // how many chats are in work
}

// New makes an Inbox for the cabinet of a Client. It sends nothing. The error names the argument or the option that was
// refused, and what is allowed.
func New(client *wrapper.Client, store Store, handle Handler, opts ...Option) (*Inbox, error) {
	b := &Inbox{
		client:   client,
		store:    store,
		handle:   handle,
		interval: defaultInterval,
		workers:  defaultWorkers,
		timeout:  defaultTimeout,
		changed:  make(chan struct{}, 1),
		chats:    map[int64]*chat{},
		seen:     map[int64]time.Time{},
	}
	if err := b.configure(opts); err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	return b, nil
}

func (b *Inbox) configure(opts []Option) error {
	switch {
	case b.client == nil:
		return errors.New("client is nil, give one of wrapper.New")
	case b.store == nil:
		return errors.New("store is nil, give Memory, SQL or one of your own")
	case b.handle == nil:
		return errors.New("handle is nil, give a Handler")
	}
	for i, opt := range opts {
		if opt == nil {
			return fmt.Errorf("option %d is nil", i+1)
		}
		if err := opt(b); err != nil {
			return err
		}
	}
	return nil
}

// log gives the logger; the default one is that of the moment.
func (b *Inbox) log() *slog.Logger { return cmp.Or(b.logger, slog.Default()) }

// Notified takes a notification about a message. It fits notify.Events.MessageSent. It calls no handler, and returns
// when the Store has the chat as open; its error is that of the Store, and makes the Market repeat the notification.
//
// One of another cabinet is logged and taken, as an error would keep the Market from posting anything else; so is one
// that names no chat.
func (b *Inbox) Notified(ctx context.Context, n notify.ChatMessageSentNotificationDTO) error {
	messageID, err := strconv.ParseInt(n.MessageID, 10, 64)
	switch {
	case ctx == nil:
		return errNilContext
	case n.BusinessID != b.client.BusinessID():
		b.log().WarnContext(ctx, "a notification of another cabinet is left alone",
			"businessId", n.BusinessID, "own", b.client.BusinessID())
		return nil
	case n.ChatID < 1:
		b.log().WarnContext(ctx, "a notification that names no chat is left alone")
		return nil
	case err != nil || messageID < 1:
		b.log().WarnContext(ctx, "a notification names no message, its chat is read", "chatId", n.ChatID)
		messageID = 0
	case b.handled.has(n.ChatID, messageID):
		return nil
	}
	c, err := b.take(ctx, n.ChatID)
	if err != nil {
		return err
	}
	defer c.unlock()
	if err := c.load(ctx, b.store, b.sole()); err != nil {
		return fmt.Errorf("inbox: %w", &storeError{err})
	}
	if messageID != 0 && c.state.Handled == messageID {
		return nil
	}
	if err := c.save(ctx, b.store, func(s *State) { s.Open = true }); err != nil {
		return fmt.Errorf("inbox: %w", &storeError{err})
	}
	c.expect(messageID, n.SentAt)
	b.schedule(c, firstOfAll)
	return nil
}

// recent are the messages that were handled last: two times maxRecent at most.
type recent struct {
	mu       sync.Mutex
	new, old map[[2]int64]bool // by chat and message
}

const maxRecent = 10_000

func (r *recent) has(chatID, messageID int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := [2]int64{chatID, messageID}
	return r.new[key] || r.old[key]
}

func (r *recent) add(chatID, messageID int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.new == nil || len(r.new) >= maxRecent {
		r.new, r.old = map[[2]int64]bool{}, r.new
	}
	r.new[[2]int64{chatID, messageID}] = true
}
