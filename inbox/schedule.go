package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

// take gives a chat, locked.
func (b *Inbox) take(ctx context.Context, chatID int64) (*chat, error) {
	for {
		b.mu.Lock()
		c := b.chats[chatID]
		if c == nil {
			c = newChat(chatID, newReplies(b.client))
			b.chats[chatID] = c
		}
		b.mu.Unlock()
		if err := c.lock(ctx); err != nil {
			return nil, err
		}
		if !c.gone {
			return c, nil
		}
		c.unlock()
	}
}

// firstOfAll is when a chat is due of which a notification has come: before those that were listed.
var firstOfAll time.Time

// schedule makes a chat due at a time, or earlier if it is. One that has failed waits its time. The chat is locked.
func (b *Inbox) schedule(c *chat, due time.Time) {
	if c.failures > 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if c.running {
		return // what comes after is decided at the end of the visit
	}
	if settles := c.replies.settle(); time.Until(settles) > 0 {
		due = settles
	}
	if !c.scheduled || due.Before(c.due) {
		c.scheduled, c.due, c.later = true, due, false
	}
	b.wake()
}

// wake has work look which chat is due.
func (b *Inbox) wake() {
	select {
	case b.changed <- struct{}{}:
	default:
	}
}

// conclude decides what comes after a visit: the chat is closed, or visited again.
func (b *Inbox) conclude(ctx context.Context, c *chat, read sight, err error) {
	_ = c.lock(context.WithoutCancel(ctx))
	defer c.unlock()
	if err == nil {
		due := b.dueAgain(ctx, c, read)
		if !due.IsZero() {
			c.failures = 0
			b.again(c, due, nil)
			return
		}
		if err = b.close(ctx, c); err == nil {
			return
		}
	}
	pause, text := judge(c.failures, err)
	c.failures++
	b.again(c, time.Now().Add(pause), err)
	if ctx.Err() == nil {
		b.log().WarnContext(ctx, "a chat could not be handled", "chatId", c.id, "failures", c.failures, "pause", pause,
			"error", text)
	}
}

// pausesBehind are the pauses after reads that lack what a notification has named.
var pausesBehind = []time.Duration{time.Second, 3 * time.Second, 7 * time.Second, 15 * time.Second, 30 * time.Second}

// dueAgain tells when a chat is to be visited again after a visit that has not failed; zero: it is to be closed.
func (b *Inbox) dueAgain(ctx context.Context, c *chat, read sight) time.Time {
	settles := latest(c.settles, c.replies.settle())
	lacks := read.missing && !c.gaveUp || c.lacks(read)
	if !lacks {
		c.behind = 0
	}
	switch {
	case read.began.Before(settles):
		return settles
	case c.notifiedAt.After(read.began):
		return time.Now()
	case lacks && c.behind < len(pausesBehind):
		c.behind++
		return time.Now().Add(pausesBehind[c.behind-1])
	case lacks:
		b.log().WarnContext(ctx, "a chat, or a message that a notification has named, is not there", "chatId", c.id)
		clear(c.expected)
		c.behind, c.gaveUp = 0, true
		return time.Now().Add(b.interval)
	case !read.missing && !c.showsListed(read):
		return c.listedAt.Add(readLag)
	}
	return time.Time{}
}

// close closes a chat in which there is no more to handle.
func (b *Inbox) close(ctx context.Context, c *chat) error {
	ctx, cancel := outlasting(ctx)
	defer cancel()
	if err := c.save(ctx, b.store, func(s *State) { s.Open = false }); err != nil {
		return &storeError{err}
	}
	c.gone = true
	b.mu.Lock()
	defer b.mu.Unlock()
	b.working--
	delete(b.chats, c.id)
	b.seen[c.id] = latest(c.newest, c.updatedAt)
	b.wake()
	return nil
}

// again ends a visit, and schedules the next.
func (b *Inbox) again(c *chat, due time.Time, failure error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.working--
	c.running, c.due, c.failure = false, due, failure
	c.later = failure != nil || c.gaveUp
	b.wake()
}

// judge gives how long something rests that has failed, and what is logged of the error. The methods of an error of
// the program's may panic, as those of a nil pointer do: then its type is all that is known.
func judge(failures int, err error) (pause time.Duration, text string) {
	pause = min(time.Second<<min(failures, 10), 5*time.Minute)
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("%T", err)
		}
	}()
	return lengthen(pause, err), loggable(err)
}

// lengthen gives a pause the length that an error asks for.
func lengthen(pause time.Duration, err error) time.Duration {
	var e *wrapper.Error
	if errors.As(err, &e) {
		pause = max(pause, time.Until(e.RetryAt))
	}
	if errors.Is(err, wrapper.ErrOutcomeUnknown) {
		pause = max(pause, inFlight)
	}
	return pause
}

// loggable is what is logged of an error: the text of those that never show what was written, of others the type.
func loggable(err error) string {
	var call *wrapper.Error
	var store *storeError
	var handler noReturn
	switch {
	case errors.As(err, &call):
		return call.Error()
	case errors.As(err, &store):
		return store.Error()
	case errors.As(err, &handler):
		return handler.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded.Error()
	}
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return fmt.Sprintf("%T", err)
}
