package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	_ "modernc.org/sqlite"
)

// A row is a message that the Market has told of. It goes from new to sending, and from there to one of the others, or
// back.
//
//	new       nobody has looked at the chat yet; to be done not before the time in not_before
//	sending   SendMessage may have been called
//	answered  the buyer has the answer
//	nothing   the chat does not wait for the shop: the message was the shop's own, or is answered already
//	in_doubt  the buyer may have the answer: a person looks into the chat
//	failed    the Market will not have it: error says why
//
// The key makes a notification that comes twice one row.
const schema = `CREATE TABLE IF NOT EXISTS inbox (
	chat_id    INTEGER NOT NULL,
	message_id TEXT    NOT NULL,
	state      TEXT    NOT NULL DEFAULT 'new'
	           CHECK (state IN ('new', 'sending', 'answered', 'nothing', 'in_doubt', 'failed')),
	updated_at TEXT    NOT NULL DEFAULT '',  -- of the chat, when the answer to it was decided on
	not_before INTEGER NOT NULL DEFAULT 0,   -- in Unix milliseconds
	error      TEXT    NOT NULL DEFAULT '',
	PRIMARY KEY (chat_id, message_id)
)`

// message is a row.
type message struct {
	chat             int64
	id               string
	state, updatedAt string
	notBefore        int64
	error            string
}

// inbox is the table.
type inbox struct {
	db, lock *sql.DB
	added    chan struct{} // holds something when there is a new row
}

// openInbox opens the table for one program at a time: what is in sending when it starts must not be in the hands of
// another one. The lock is that of a file beside the database, and ends with the process, however that ends.
func openInbox(path string) (*inbox, error) {
	lock, err := sql.Open("sqlite", "file:"+url.PathEscape(path+".lock")+"?_pragma=locking_mode(EXCLUSIVE)")
	if err != nil {
		return nil, err
	}
	if _, err = lock.Exec(`BEGIN EXCLUSIVE; COMMIT`); err != nil { // in this mode the lock stays
		return nil, fmt.Errorf("another program has %s: %w", path, errors.Join(err, lock.Close()))
	}
	// FULL: what is committed is on the disk, even if the power fails. The Market is told 200 after that.
	const pragmas = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)"
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(path)+pragmas)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	db.SetMaxOpenConns(1)
	_, err = db.Exec(schema)
	return &inbox{db, lock, make(chan struct{}, 1)}, err
}

func (i *inbox) close() error { return errors.Join(i.db.Close(), i.lock.Close()) }

// add writes a message down. One that is there already stays as it is.
func (i *inbox) add(ctx context.Context, chat int64, id string) error {
	const insert = `INSERT INTO inbox (chat_id, message_id) VALUES (?, ?) ON CONFLICT DO NOTHING`
	_, err := i.db.ExecContext(ctx, insert, chat, id)
	select {
	case i.added <- struct{}{}:
	default: // somebody was told already
	}
	return err
}

// due gives the message that is to be looked at next, if there is one.
func (i *inbox) due() ([]message, error) {
	return i.rows(`state IN ('new', 'sending') AND not_before <= ? ORDER BY not_before, rowid LIMIT 1`,
		time.Now().UnixMilli())
}

// rows gives the rows for which a condition holds.
func (i *inbox) rows(where string, args ...any) (list []message, err error) {
	const columns = `chat_id, message_id, state, updated_at, not_before, error`
	rows, err := i.db.Query(`SELECT `+columns+` FROM inbox WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m message
		err = errors.Join(err, rows.Scan(&m.chat, &m.id, &m.state, &m.updatedAt, &m.notBefore, &m.error))
		list = append(list, m)
	}
	return list, errors.Join(err, rows.Err())
}

// set writes down how far a message has come.
func (i *inbox) set(m message) error {
	const update = `UPDATE inbox SET state = ?, updated_at = ?, not_before = ?, error = ?
		WHERE chat_id = ? AND message_id = ?`
	_, err := i.db.Exec(update, m.state, m.updatedAt, m.notBefore, m.error, m.chat, m.id)
	return err
}
