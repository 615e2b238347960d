package inbox

import (
	"context"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// keepListing brings the chats that may wait: those that are open, and then what the Market lists, now and again.
func (b *Inbox) keepListing(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; failures++ {
		err := b.reopen(ctx)
		if err == nil {
			break
		}
		b.pause(ctx, "the open chats could not be loaded from the Store", failures, err)
	}
	for failures := 0; ctx.Err() == nil; {
		pages, err := b.list(ctx)
		if err != nil {
			b.pause(ctx, "the chats could not be listed", failures, err)
			failures++
			continue
		}
		failures = 0
		_ = sleepUntil(ctx, time.Now().Add(max(b.interval, time.Duration(pages)*timeOfPage)))
	}
}

func (b *Inbox) pause(ctx context.Context, what string, failures int, err error) {
	if ctx.Err() != nil {
		return
	}
	pause, text := judge(failures, err)
	b.log().ErrorContext(ctx, what, "pause", pause, "error", text)
	_ = sleepUntil(ctx, time.Now().Add(pause))
}

// reopen schedules the chats that the Store has as open.
func (b *Inbox) reopen(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	open, err := b.store.Open(limited)
	if err != nil {
		return &storeError{err}
	}
	for _, chatID := range open {
		c, err := b.take(ctx, chatID)
		if err != nil {
			return err
		}
		b.schedule(c, time.Now())
		c.unlock()
	}
	return nil
}

const (
	chatsPage  = 20                      // chats of a page of getChats
	timeOfPage = 7200 * time.Millisecond // between two pages, a tenth of the quota of 5,000 an hour is used
)

// list schedules the chats that the Market lists as waiting for the shop, unless they have not changed since they were
// read. All are collected before any is read. It gives how many pages it has read.
func (b *Inbox) list(ctx context.Context) (pages int, err error) {
	waiting := gen.GetChatsRequest{
		Statuses: []gen.ChatStatusType{gen.ChatStatusTypeNew, gen.ChatStatusTypeWaitingForPartner},
	}
	updatedAt := map[int64]time.Time{}
	for listed, err := range b.client.Chats(ctx, waiting) {
		if err != nil {
			return 0, err
		}
		updatedAt[listed.ChatID] = listed.UpdatedAt
	}
	listedAt := time.Now()
	b.forget(updatedAt)
	for chatID, updatedAt := range updatedAt {
		if b.hasSeen(chatID, updatedAt) {
			continue
		}
		c, err := b.take(ctx, chatID)
		if err != nil {
			return 0, err
		}
		c.listedAt, c.updatedAt = listedAt, updatedAt
		b.schedule(c, listedAt)
		c.unlock()
	}
	return len(updatedAt)/chatsPage + 1, nil
}

// forget forgets what was seen of chats that do not wait.
func (b *Inbox) forget(waiting map[int64]time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for chatID := range b.seen {
		if _, waits := waiting[chatID]; !waits {
			delete(b.seen, chatID)
		}
	}
}

func (b *Inbox) hasSeen(chatID int64, updatedAt time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	seen, ok := b.seen[chatID]
	return ok && !updatedAt.After(seen)
}
