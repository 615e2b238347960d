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
	dir              string
	lock             *sql.DB
	boxes            map[int64]*inbox.Inbox // by cabinet
	answered, failed atomic.Int64
}

// openShop takes the directory of the databases for one program at a time: two would answer twice. The lock is that of
// a database of its own, and ends with the process, however that ends.
func openShop(dir string) (*shop, error) {
	lock, err := openSQLite(filepath.Join(dir, "lock"), "?_pragma=locking_mode(EXCLUSIVE)")
	if err != nil {
		return nil, err
	}
	if _, err = lock.Exec(`BEGIN EXCLUSIVE; COMMIT`); err != nil { // in this mode the lock stays
		return nil, fmt.Errorf("another program has %s: %w", dir, errors.Join(err, lock.Close()))
	}
	return &shop{dir: dir, lock: lock, boxes: map[int64]*inbox.Inbox{}}, nil
}

func openSQLite(path, options string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(path)+options)
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

func (s *shop) close() { _ = s.lock.Close() }

// open adds a cabinet.
func (s *shop) open(ctx context.Context, cabinet, key, market string) error {
	id, invalid := strconv.ParseInt(cabinet, 10, 64)
	client, err := wrapper.New(id, wrapper.APIKey(key), wrapper.WithBaseURL(market))
	if err = errors.Join(invalid, err); err != nil {
		return err
	}
	// FULL: what is committed is on the disk, even if the power fails. The Market is told 200 after that.
	db, err := openSQLite(filepath.Join(s.dir, cabinet+".db"),
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	store, err := inbox.SQL(ctx, db)
	if err != nil {
		return err
	}
	s.boxes[id], err = inbox.New(client, store, s.handle)
	return err
}

// notified takes note that a message has come; answering takes longer than the Market waits.
func (s *shop) notified(ctx context.Context, n notify.ChatMessageSentNotificationDTO) error {
	if box := s.boxes[n.BusinessID]; box != nil {
		return box.Notified(ctx, n)
	}
	slog.Warn("a notification of another cabinet", "businessId", n.BusinessID)
	return nil // an error would hold up all other notifications
}

// handle answers a message. One that the Market refuses for good is given up.
func (s *shop) handle(ctx context.Context, m *inbox.Message) error {
	err := m.Reply(ctx, fmt.Sprintf("Thank you for your message %.100q! We answer within an hour.", m.Text()))
	var e *wrapper.Error
	switch {
	case err == nil:
		s.answered.Add(1)
	case errors.As(err, &e) && e.Advice() == wrapper.GiveUp:
		s.failed.Add(1)
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
	slog.Info("the end", "answered", s.answered.Load(), "failed", s.failed.Load())
}
