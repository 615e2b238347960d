package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

const (
	senders  = 4                // no more, as the client lets 4 requests run at once
	poll     = time.Second      // between two looks at a table in which nothing is due
	later    = time.Minute      // when the Market is broken or out of reach
	underWay = 15 * time.Second // how long a request of a killed worker may take to its end: the Market gives up after 10 s

	// slack is a second because the Market may cut times to whole ones, and a second because its machines may differ.
	slack = 2
)

// worker sends what stands in a queue.
type worker struct {
	queue    *queue
	client   *wrapper.Client
	underWay time.Duration
}

// run sends until nothing is left to send; a worker that stays calls it again and again. When ctx ends it finishes what
// it has begun. An error means that it cannot go on: the database or the key is of no use. All rows are safe then.
func (w *worker) run(ctx context.Context) error {
	if err := w.recover(ctx); err != nil {
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
		if early := time.Until(time.UnixMilli(first[0].notBefore)); early > 0 {
			wait(ctx, min(early, poll))
			continue
		}
		if err := w.deliver(context.WithoutCancel(ctx), first[0]); err != nil { // a send that is cut short is in doubt
			return err
		}
	}
	return nil
}

// deliver sends a row. Before it calls SendMessage it has written down that it does, and when by the Market's clock: the
// Date of the answer just before. That comes out too early rather than too late, and this machine's clock, which may be
// set while no worker runs, has no part in it. CreateChat gives the chat that exists, so it may be called each time.
func (w *worker) deliver(ctx context.Context, u update) error {
	var answer wrapper.Response
	chat, err := w.client.CreateChat(ctx, wrapper.Order(u.order), wrapper.Capture(&answer))
	if err != nil {
		return w.note(u, err)
	}
	startedAt := int64(0)
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		startedAt = date.Unix()
	}
	if err := w.queue.set(u, `state = 'sending', chat_id = ?, started_at = ?`, chat.ChatID, startedAt); err != nil {
		return err
	}
	return w.note(u, w.client.SendMessage(ctx, chat.ChatID, u.text))
}

// note writes down what a call has come to. The text of its error holds neither the key nor the message.
func (w *worker) note(u update, err error) error {
	var e *wrapper.Error
	errors.As(err, &e)
	switch {
	case err == nil:
		return w.queue.set(u, `state = 'sent', error = ''`)
	case errors.Is(err, wrapper.ErrOutcomeUnknown): // first: another class may be true as well
		return w.queue.set(u, `state = 'in_doubt', error = ?`, err.Error())
	case errors.Is(err, wrapper.ErrUnauthorized), errors.Is(err, wrapper.ErrForbidden): // the key is wrong, not the row
		return errors.Join(err, w.queue.set(u, `state = 'pending', error = ?`, err.Error()))
	case errors.Is(err, wrapper.ErrRateLimited), errors.Is(err, wrapper.ErrServer),
		e.StatusCode == 0 && !errors.Is(err, wrapper.ErrInvalidRequest):
		again := e.RetryAt
		if again.IsZero() {
			again = time.Now().Add(later)
		}
		return w.queue.set(u, `state = 'pending', not_before = ?, error = ?`, again.UnixMilli(), err.Error())
	}
	return w.queue.set(u, `state = 'failed', error = ?`, err.Error())
}

// recover looks after the rows that a killed worker has left in sending. It first gives the requests of that worker time
// to come to their end: a message that is stored after the chat was read would arrive twice. When a chat cannot be read,
// its row stays as it is: nothing could be sent then either.
func (w *worker) recover(ctx context.Context) error {
	left, err := w.queue.rows(`state = 'sending' ORDER BY id`)
	if err != nil || len(left) == 0 {
		return err
	}
	wait(ctx, w.underWay)
	for _, u := range left {
		quiet, err := w.quiet(ctx, u)
		if err != nil {
			return err
		}
		state, reason := "in_doubt", "the worker was killed, and the chat has been written into since"
		if quiet {
			state, reason = "pending", ""
		}
		if err := w.queue.set(u, `state = ?, error = ?`, state, reason); err != nil {
			return err
		}
	}
	return nil
}

// quiet tells that nobody has written into the chat of a row since it was started, as the client does before it repeats:
// then the message has not arrived. Both times are the Market's. What remains:
//
//   - Who wrote cannot be told. A buyer who writes while no worker runs, and anything up to 3 s before the start, a new
//     chat as well, leave a row in doubt that has not arrived.
//   - A message that is stored later than underWay arrives twice, and so may one if the Market's clock is set back, or its
//     machines differ by more than a second.
func (w *worker) quiet(ctx context.Context, u update) (bool, error) {
	chat, err := w.client.GetChat(ctx, u.chat)
	if errors.Is(err, wrapper.ErrNotFound) {
		return true, nil // nor is the message
	}
	if err != nil {
		return false, err
	}
	return !chat.UpdatedAt.IsZero() && chat.UpdatedAt.Unix() < u.startedAt-slack, nil
}

// wait ends with ctx.
func wait(ctx context.Context, pause time.Duration) {
	select {
	case <-time.After(pause):
	case <-ctx.Done():
	}
}
