package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	_ "modernc.org/sqlite"

	"github.com/ymarket-go/chats/inbox"
	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/wrapper"
)

// shop answers in its cabinets.
type shop struct {
	boxes             map[int64]*inbox.Inbox // by businessId
	answered, refused atomic.Int64
}

func newShop() *shop { return &shop{boxes: map[int64]*inbox.Inbox{}} }

// EXCLUSIVE is the lock that keeps a second program out, which would answer twice; it ends with the process. FULL: what
// is committed is on the disk, even if the power fails.
const pragmas = "?_pragma=locking_mode(EXCLUSIVE)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"

// open adds a cabinet, with a client and a database of its own.
func (s *shop) open(ctx context.Context, cabinet, key, market, dir string) error {
	id, err := strconv.ParseInt(cabinet, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is no businessId", cabinet)
	}
	client, err := wrapper.New(id, wrapper.APIKey(key), wrapper.WithBaseURL(market))
	if err != nil {
		return err
	}
	path := filepath.Join(dir, fmt.Sprint(id, ".db"))
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(path)+pragmas)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	store, err := inbox.SQL(ctx, db)
	if err != nil {
		return fmt.Errorf("%s cannot be used, another program may have it: %w", path, err)
	}
	s.boxes[id], err = inbox.New(client, store, s.answer, inbox.WithLogger(slog.With("businessId", id)))
	return err
}

// notified notes that there is something to answer. The Market waits for it, and not for the answer.
func (s *shop) notified(ctx context.Context, n notify.ChatMessageSentNotificationDTO) error {
	if box := s.boxes[n.BusinessID]; box != nil {
		return box.Notified(ctx, n)
	}
	slog.Warn("a notification of another cabinet", "businessId", n.BusinessID)
	return nil // an error would hold up all other notifications
}

// answer answers a message. If the Market refuses the answer for good, the message is given up.
func (s *shop) answer(ctx context.Context, m *inbox.Message) error {
	err := m.Reply(ctx, fmt.Sprintf("Thank you for your message %.100q! We answer within an hour.", m.Text()))
	var e *wrapper.Error
	switch {
	case err == nil:
		s.answered.Add(1)
	case errors.As(err, &e) && e.Advice() == wrapper.GiveUp:
		s.refused.Add(1)
		slog.Error("a message cannot be answered", "message", m, "error", err)
		return nil
	}
	return err
}

// run answers until ctx ends, and says how it went.
func (s *shop) run(ctx context.Context) {
	var running sync.WaitGroup
	for _, box := range s.boxes {
		running.Go(func() { _ = box.Run(ctx) })
	}
	running.Wait()
	slog.Info("the end", "answered", s.answered.Load(), "refused", s.refused.Load())
}
