package main

import (
	"context"
	"errors"
	"time"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// answer is what a buyer gets. The text of a message needs a call that the client does not have, so it is the same for
// all.
const answer = "Thank you for your message! We are looking into it, and will answer within an hour."

const (
	poll     = time.Second      // between two looks at an inbox in which nothing is due
	later    = time.Minute      // when the Market is broken or out of reach
	underWay = 15 * time.Second // how long a request may take to its end: the Market gives up after 10 s
)

// worker answers what stands in an inbox, one message after the other.
type worker struct {
	inbox    *inbox
	client   *wrapper.Client
	underWay time.Duration
}

// run answers until ctx ends. It finishes what it has begun. An error means that it cannot go on: the database or the
// key is of no use. All rows are safe then.
func (w *worker) run(ctx context.Context) error {
	if err := w.waitForTheKilled(); err != nil {
		return err
	}
	for ctx.Err() == nil {
		due, err := w.inbox.due()
		if err != nil {
			return err
		}
		if len(due) == 0 {
			w.wait(ctx)
			continue
		}
		if err := w.look(context.WithoutCancel(ctx), due[0]); err != nil { // a send that is cut short is in doubt
			return err
		}
	}
	return nil
}

// wait ends with ctx, with a new message, or after a while.
func (w *worker) wait(ctx context.Context) {
	select {
	case <-w.inbox.added:
	case <-time.After(poll):
	case <-ctx.Done():
	}
}

// waitForTheKilled gives the request of a program that was killed time to come to its end: a message that is stored
// after the chat was read would arrive twice.
func (w *worker) waitForTheKilled() error {
	left, err := w.inbox.rows(`state = 'sending'`)
	for _, m := range left {
		m.notBefore = time.Now().Add(w.underWay).UnixMilli()
		err = errors.Join(err, w.inbox.set(m))
	}
	return err
}

// look reads the chat of a message, and answers when the buyer wrote last. That is also what keeps the program from
// answering itself: the Market may tell of its own messages.
func (w *worker) look(ctx context.Context, m message) error {
	chat, err := w.client.GetChat(ctx, m.chat)
	if err != nil {
		return w.note(m, m.state, err) // what was sending stays so, and is looked at again
	}
	updatedAt := chat.UpdatedAt.UTC().Format(time.RFC3339Nano)
	waits := chat.Status == gen.ChatStatusTypeNew || chat.Status == gen.ChatStatusTypeWaitingForPartner
	switch {
	case m.state == "sending" && !waits:
		m.state, m.error = "answered", ""
		return w.inbox.set(m)
	case m.state == "sending" && m.updatedAt != updatedAt:
		m.state, m.error = "in_doubt", "the buyer has written since the answer was sent, or it did not arrive"
		return w.inbox.set(m)
	case !waits:
		m.state = "nothing"
		return w.inbox.set(m)
	}
	m.state, m.updatedAt, m.notBefore = "sending", updatedAt, 0
	if err := w.inbox.set(m); err != nil {
		return err
	}
	return w.note(m, "new", w.client.SendMessage(ctx, m.chat, answer))
}

// note writes down what a call has come to. again is the state of a message that the Market did not take. The text of
// an error holds neither the key nor a message.
func (w *worker) note(m message, again string, err error) error {
	if err == nil {
		m.state, m.error = "answered", ""
		return w.inbox.set(m)
	}
	m.error = err.Error()
	var e *wrapper.Error
	errors.As(err, &e)
	switch e.Advice() {
	case wrapper.Look: // at the chat, once more, when the request is surely over
		m.notBefore = time.Now().Add(w.underWay).UnixMilli()
	case wrapper.GiveUp:
		m.state = "failed"
	case wrapper.Stop:
		m.state = again
		return errors.Join(err, w.inbox.set(m))
	default:
		m.state, m.notBefore = again, time.Now().Add(later).UnixMilli()
		if !e.RetryAt.IsZero() {
			m.notBefore = e.RetryAt.UnixMilli()
		}
	}
	return w.inbox.set(m)
}
