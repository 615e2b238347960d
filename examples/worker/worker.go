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
	underWay = 13 * time.Second // until it shows in the chat what a killed worker has sent
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
	if err := w.queue.begin(); err != nil {
		return err
	}
	wait(ctx, w.underWay)
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
		if err := w.note(first[0], w.deliver(context.WithoutCancel(ctx), first[0])); err != nil {
			return err
		}
	}
	return nil
}

// deliver sends a row, unless it is in the chat already. CreateChat gives the chat that exists, so it may be called
// each time.
func (w *worker) deliver(ctx context.Context, u update) error {
	chat, err := w.client.CreateChat(ctx, wrapper.Order(u.order))
	if err != nil {
		return err
	}
	return w.client.SendMessage(ctx, chat.ChatID, u.text, wrapper.Times(0, u.times))
}

// note writes down what a row has come to. The text of an error holds neither the key nor the message.
func (w *worker) note(u update, err error) error {
	if err == nil {
		return w.queue.set(u, `state = 'sent', error = ''`)
	}
	var e *wrapper.Error
	errors.As(err, &e)
	switch said := err.Error(); e.Advice() {
	case wrapper.Look:
		return w.queue.set(u, `state = 'in_doubt', error = ?`, said)
	case wrapper.GiveUp:
		return w.queue.set(u, `state = 'failed', error = ?`, said)
	case wrapper.Stop:
		return errors.Join(err, w.queue.set(u, `error = ?`, said))
	default:
		pause := later
		if !e.RetryAt.IsZero() {
			pause = min(max(time.Until(e.RetryAt), 0), longest)
		}
		return w.queue.set(u, `not_before = ?, error = ?`, w.queue.now()+pause.Milliseconds(), said)
	}
}

// wait ends with ctx.
func wait(ctx context.Context, pause time.Duration) {
	select {
	case <-time.After(pause):
	case <-ctx.Done():
	}
}
