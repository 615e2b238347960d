package inbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"time"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// sight is what a read of a chat has shown.
type sight struct {
	began    time.Time
	about    gen.ChatFullContextDTO
	messages []gen.ChatMessageDTO // after the last one that was handled
	missing  bool                 // the Market says that there is no such chat
}

// storeTimeout limits a call of the Store. It may outlast Run: what was handled is to be saved.
const storeTimeout = 10 * time.Second

func outlasting(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
}

// visit reads a chat, and hands over what is new in it. It gives the read.
func (b *Inbox) visit(ctx context.Context, c *chat) (read sight, err error) {
	after, err := b.prepare(ctx, c)
	if err != nil {
		return read, err
	}
	if read, err = b.read(ctx, c.id, after); err != nil {
		return read, err
	}
	messages, err := b.sort(ctx, c, read)
	if err != nil {
		return read, err
	}
	for i, dto := range messages {
		if !b.everything && dto.Sender != gen.ChatMessageSenderTypeCustomer {
			continue
		}
		if b.handled.has(c.id, dto.MessageID) {
			continue // the Market counts it as later than one that was written after it
		}
		m := &Message{ChatMessageDTO: dto, ChatID: c.id, About: read.about, replies: c.replies}
		m.Answered = c.isAnswered(messages[i+1:])
		if err := b.hand(ctx, c, m); err != nil {
			return read, err
		}
	}
	return read, nil
}

// prepare loads the state of a chat, or saves what an earlier visit could not save. It gives the message after which
// the chat is read.
func (b *Inbox) prepare(ctx context.Context, c *chat) (after int64, err error) {
	err = b.locked(ctx, c, func(ctx context.Context) error {
		if err := c.load(ctx, b.store, b.sole()); err != nil {
			return err
		}
		after = c.state.Handled
		return c.save(ctx, b.store, func(*State) {})
	})
	return after, err
}

// locked does something with a chat and the Store.
func (b *Inbox) locked(ctx context.Context, c *chat, do func(ctx context.Context) error) error {
	ctx, cancel := outlasting(ctx)
	defer cancel()
	if err := c.lock(ctx); err != nil {
		return err
	}
	defer c.unlock()
	if err := do(ctx); err != nil {
		return &storeError{err}
	}
	return nil
}

// storeError is an error of the Store, which has seen ids alone.
type storeError struct{ error }

func (e *storeError) Error() string { return "the Store: " + e.error.Error() }

func (e *storeError) Unwrap() error { return e.error }

func (b *Inbox) read(ctx context.Context, chatID, after int64) (sight, error) {
	read := sight{began: time.Now()}
	all, err := b.client.Messages(ctx, chatID, after)
	var e *wrapper.Error
	if errors.As(err, &e) && errors.Is(e, wrapper.ErrNotFound) && e.Advice() == wrapper.GiveUp {
		read.missing = true
		return read, nil
	}
	if err != nil {
		return read, err
	}
	read.about, read.messages = all.Context, all.Messages
	return read, nil
}

// sort takes note of what a read has shown, and gives what is to be handed over.
func (b *Inbox) sort(ctx context.Context, c *chat, read sight) ([]gen.ChatMessageDTO, error) {
	if err := c.lock(ctx); err != nil {
		return nil, err
	}
	defer c.unlock()
	named := map[int64]bool{}
	for id := range maps.Keys(c.expected) {
		named[id] = true
	}
	c.see(read)
	if c.state.Started || read.missing || len(read.messages) == 0 && c.lacks(read) {
		return read.messages, nil
	}
	return c.start(read.messages, named, b.beginning()), nil
}

// isAnswered tells whether the shop has written one of the messages, other than this process.
func (c *chat) isAnswered(later []gen.ChatMessageDTO) bool {
	for _, m := range later {
		if m.Sender == gen.ChatMessageSenderTypePartner && (m.Message == nil || !c.replies.has(*m.Message)) {
			return true
		}
	}
	return false
}

// hand gives a message to the handler. The Store knows of it before, and after.
func (b *Inbox) hand(ctx context.Context, c *chat, m *Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := b.change(ctx, c, func(s *State) {
		s.Begun, s.BegunAt, s.Open = m.MessageID, time.Now().Round(time.Millisecond), true
	}); err != nil {
		return err
	}
	if c.attempted != m.MessageID {
		c.attempted, c.attempts = m.MessageID, 0
	}
	c.attempts++
	m.Attempt = c.attempts
	var free time.Time
	if c.inherited == m.MessageID {
		m.Attempt++
		free = earliest(b.landed(), c.inheritedAt.Add(b.timeout).Add(inFlight))
	}
	c.replies.begin(m, free)
	err := b.call(ctx, m)
	c.replies.end(err == nil)
	if err != nil {
		return err
	}
	b.handled.add(c.id, m.MessageID)
	return b.change(ctx, c, func(s *State) {
		s.Handled = m.MessageID
		c.failures = 0
	})
}

func (b *Inbox) change(ctx context.Context, c *chat, change func(*State)) error {
	return b.locked(ctx, c, func(ctx context.Context) error { return c.save(ctx, b.store, change) })
}

// noReturn says what a handler did in the place of returning.
type noReturn string

func (e noReturn) Error() string { return string(e) }

// call calls the handler, in a goroutine of its own, as it may end its goroutine.
func (b *Inbox) call(ctx context.Context, m *Message) error {
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	err := error(noReturn("the handler has ended its goroutine"))
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if value := recover(); value != nil {
				b.log().ErrorContext(ctx, "the handler has panicked", "message", m, "panic", fmt.Sprintf("%T", value),
					"stack", string(debug.Stack()))
				err = noReturn("the handler has panicked")
			}
		}()
		err = b.handle(ctx, m)
	}()
	<-done
	return err
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
