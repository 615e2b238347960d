package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	_ "modernc.org/sqlite"
)

// A row goes from pending to sending, and from there to one of the other three, or back.
//
//	pending   to be sent, not before the time in not_before
//	sending   SendMessage may have been called
//	sent      the Market has said so
//	in_doubt  the buyer may have it: a person looks into the chat, and sets it to sent or pending
//	failed    the Market will not have it: error says why
const schema = `CREATE TABLE IF NOT EXISTS updates (
	id         INTEGER PRIMARY KEY,
	order_id   INTEGER NOT NULL,
	text       TEXT    NOT NULL,
	state      TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sending', 'sent', 'in_doubt', 'failed')),
	chat_id    INTEGER NOT NULL DEFAULT 0,
	started_at INTEGER NOT NULL DEFAULT 0,  -- of sending, in Unix seconds by the Market's clock; 0: it told none
	not_before INTEGER NOT NULL DEFAULT 0,  -- in Unix milliseconds by this machine's clock
	error      TEXT    NOT NULL DEFAULT ''
)`

// update is a row.
type update struct {
	id, order, chat      int64
	startedAt, notBefore int64
	text, state, error   string
}

// queue is the table.
type queue struct{ db, lock *sql.DB }

// open opens the table, for one worker at a time: what is in sending when it starts must not be in the hands of another
// one. The lock is that of a file beside the database, and ends with the process, however that ends.
func open(path string) (*queue, error) {
	lock, err := sql.Open("sqlite", "file:"+url.PathEscape(path+".lock")+"?_pragma=locking_mode(EXCLUSIVE)")
	if err != nil {
		return nil, err
	}
	if _, err = lock.Exec(`BEGIN EXCLUSIVE; COMMIT`); err != nil { // in this mode the lock stays
		return nil, fmt.Errorf("another worker has %s: %w", path, errors.Join(err, lock.Close()))
	}
	// FULL: what is committed is on the disk, even if the power fails.
	const pragmas = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)"
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(path)+pragmas)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	db.SetMaxOpenConns(1)
	_, err = db.Exec(schema)
	return &queue{db, lock}, err
}

func (q *queue) close() error { return errors.Join(q.db.Close(), q.lock.Close()) }

// add is what the shop does: best of all in the transaction that changes the order.
func (q *queue) add(order int64, text string) error {
	_, err := q.db.Exec(`INSERT INTO updates (order_id, text) VALUES (?, ?)`, order, text)
	return err
}

// next gives the row that is due first, if there is one, of one share of the orders out of several. The updates of an
// order go out one after the other, so a row waits for those before it; in_doubt and failed do not hold it up.
func (q *queue) next(share, shares int) ([]update, error) {
	return q.rows(`state = 'pending' AND order_id % ? = ? AND NOT EXISTS (
		SELECT 1 FROM updates AS earlier
		WHERE earlier.order_id = updates.order_id AND earlier.id < updates.id AND earlier.state = 'pending')
		ORDER BY max(not_before, ?), id LIMIT 1`, shares, share, time.Now().UnixMilli())
}

// rows gives the rows for which a condition holds.
func (q *queue) rows(where string, args ...any) (list []update, err error) {
	rows, err := q.db.Query(`SELECT id, order_id, text, state, chat_id, started_at, not_before, error FROM updates WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var u update
		err = errors.Join(err, rows.Scan(&u.id, &u.order, &u.text, &u.state, &u.chat, &u.startedAt, &u.notBefore, &u.error))
		list = append(list, u)
	}
	return list, errors.Join(err, rows.Err())
}

// set changes columns of a row.
func (q *queue) set(u update, columns string, values ...any) error {
	_, err := q.db.Exec(`UPDATE updates SET `+columns+` WHERE id = ?`, append(values, u.id)...)
	return err
}
