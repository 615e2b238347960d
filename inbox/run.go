package inbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Run handles what is written into the chats until ctx ends. It gives the error of ctx then, once all that it has begun
// has ended: a handler that does not heed its context holds it up. It works without notifications, too; then messages
// are found when chats are listed.
//
// Failures of the Market and the Store are logged, and tried again. There is one Run or CatchUp of an Inbox at a time;
// another gives an error.
func (b *Inbox) Run(ctx context.Context) error {
	if err := b.begin(ctx); err != nil {
		return err
	}
	defer b.end()
	var lists sync.WaitGroup
	lists.Go(func() { b.keepListing(ctx) })
	b.work(ctx, func() bool { return false })
	lists.Wait()
	return ctx.Err()
}

// CatchUp handles what waits, and returns: for tests, and for programs that are started now and then. It lists the
// chats once, and is done when each is closed, some seconds after the last answer, or has failed. The error joins
// those of the list and of ten chats at most; these stay open for the next time.
func (b *Inbox) CatchUp(ctx context.Context) error {
	if err := b.begin(ctx); err != nil {
		return err
	}
	defer b.end()
	if err := b.reopen(ctx); err != nil {
		return fmt.Errorf("inbox: %w", err)
	}
	_, listing := b.list(ctx)
	b.work(ctx, b.isCaughtUp)
	return errors.Join(append(b.failures(), listing, ctx.Err())...)
}

// failures gives the errors of ten chats at most that have failed.
func (b *Inbox) failures() (failures []error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.chats {
		if c.failure != nil && len(failures) < 10 {
			failures = append(failures, fmt.Errorf("inbox: chat %d: %w", c.id, c.failure))
		}
	}
	return failures
}

var errNilContext = errors.New("inbox: ctx is nil")

func (b *Inbox) begin(ctx context.Context) error {
	if ctx == nil {
		return errNilContext
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.runs {
		return errors.New("inbox: Run or CatchUp is running already")
	}
	b.runs, b.began = true, time.Now()
	for _, c := range b.chats {
		c.later = false
	}
	return nil
}

func (b *Inbox) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.runs = false
}

// sole is since when no other process changes the Store: since Run began. While it does not run, another one may.
func (b *Inbox) sole() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.runs {
		return b.began
	}
	return time.Now()
}

// beginning is where chats begin that are unknown.
func (b *Inbox) beginning() time.Time {
	if !b.since.IsZero() {
		return b.since
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.began.Add(-defaultSince)
}

// landed is when nothing that an earlier process sent is on its way any more.
func (b *Inbox) landed() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.began.Add(inFlight)
}

// isCaughtUp tells that all that waited is handled, or has failed.
func (b *Inbox) isCaughtUp() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.chats {
		if c.running || c.scheduled && !c.later {
			return false
		}
	}
	return true
}

// work visits chats as they are due, until ctx ends or it is done, and waits for the visits then.
func (b *Inbox) work(ctx context.Context, done func() bool) {
	var visits sync.WaitGroup
	defer visits.Wait()
	for ctx.Err() == nil && !done() {
		c, wait := b.next()
		if c != nil {
			visits.Go(func() {
				read, err := b.visit(ctx, c)
				b.conclude(ctx, c, read, err)
			})
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-b.changed:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// next gives the chat that is due first, or how long none is.
func (b *Inbox) next() (first *chat, wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.working >= b.workers {
		return nil, time.Hour
	}
	for _, c := range b.chats {
		if c.scheduled && !c.running && (first == nil || c.due.Before(first.due)) {
			first = c
		}
	}
	if first == nil {
		return nil, time.Hour
	}
	if wait := time.Until(first.due); wait > 0 {
		return nil, wait
	}
	first.running = true
	b.working++
	return first, 0
}
