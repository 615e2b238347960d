package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

const (
	senders  = 4                // no more, as the client lets 4 requests run at once
	poll     = time.Second      // between two looks at a table in which nothing is due
	later    = time.Minute      // when the Market is broken or out of reach
	longest  = time.Hour        // that a row waits: a quota is back by then
	underWay = 15 * time.Second // how long a request may take to its end: the Market gives up after 10 s
)

// worker sends what stands in a queue.
type worker struct {
	queue    *queue
	client   *wrapper.Client
	underWay time.Duration
}

// run sends until nothing is left to send; a worker that stays calls it again and again. When ctx ends it finishes
// what it has begun. An error means that it cannot go on: the database, the key or the address is of no use. All rows
// are safe then.
func (w *worker) run(ctx context.Context) error {
	if err := w.queue.begin(w.underWay); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var group sync.WaitGroup
	errs := make([]error, senders)
	for share := range senders {
		group.Go(func() {
			if errs[share] = w.send(ctx, share); errs[share] != nil {
				stop()
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// send sends the rows of one share of the orders.
func (w *worker) send(ctx context.Context, share int) error {
	for ctx.Err() == nil {
		first, err := w.queue.next(share, senders)
		if err != nil || len(first) == 0 {
			return err
		}
		if early := time.Duration(first[0].notBefore-w.queue.now()) * time.Millisecond; early > 0 {
			wait(ctx, min(early, poll))
			continue
		}
		if err := w.advance(context.WithoutCancel(ctx), first[0]); err != nil { // a send that is cut short is in doubt
			return err
		}
	}
	return nil
}

// advance brings a row one step further.
func (w *worker) advance(ctx context.Context, u update) error {
	if u.state == "sending" {
		return w.look(ctx, u)
	}
	return w.deliver(ctx, u)
}

// deliver sends a row. Before it calls SendMessage it has written down that it does, and when by the Market's clock:
// the Date of the answer just before. That comes out too early rather than too late, and this machine's clock, which
// may be set while no worker runs, has no part in it. CreateChat gives the chat that exists, so it may be called each
// time.
func (w *worker) deliver(ctx context.Context, u update) error {
	var answer wrapper.Response
	chat, err := w.client.CreateChat(ctx, wrapper.Order(u.order), wrapper.Capture(&answer))
	if err != nil {
		return w.note(u, err)
	}
	u.state, u.chat, u.startedAt = "sending", chat.ChatID, dateOf(answer)
	if err := w.queue.set(u, `state = 'sending', chat_id = ?, started_at = ?`, u.chat, u.startedAt); err != nil {
		return err
	}
	return w.note(u, w.client.SendMessage(ctx, u.chat, u.text))
}

// note writes down what a call has come to. The text of its error holds neither the key nor the message.
func (w *worker) note(u update, err error) error {
	if err == nil {
		return w.queue.set(u, `state = 'sent', error = ''`)
	}
	var e *wrapper.Error
	errors.As(err, &e)
	state := "pending"
	if u.state == "sending" && isFromSomebodyElse(e) {
		state = "sending" // the chat tells whether the message is there
	}
	switch said := err.Error(); e.Advice() {
	case wrapper.Look:
		return w.queue.set(u, `state = 'in_doubt', error = ?`, said)
	case wrapper.GiveUp:
		return w.queue.set(u, `state = 'failed', error = ?`, said)
	case wrapper.Stop:
		return errors.Join(err, w.queue.set(u, `state = ?, error = ?`, state, said))
	default:
		return w.queue.set(u, `state = ?, not_before = ?, error = ?`, state, w.again(err), said)
	}
}

// isFromSomebodyElse tells that a proxy or the like has refused a request, which may have reached the Market before.
func isFromSomebodyElse(e *wrapper.Error) bool {
	return !e.FromMarket() && e.StatusCode >= 300 && e.StatusCode < 500
}

// again tells when a row is tried anew: when the quota is back, if that is it.
func (w *worker) again(err error) int64 {
	pause := later
	var e *wrapper.Error
	if errors.As(err, &e) && !e.RetryAt.IsZero() {
		pause = min(max(time.Until(e.RetryAt), 0), longest)
	}
	return w.queue.now() + pause.Milliseconds()
}

// wait ends with ctx.
func wait(ctx context.Context, pause time.Duration) {
	select {
	case <-time.After(pause):
	case <-ctx.Done():
	}
}
