package main

import (
	"database/sql"
	"errors"
	"net/url"
	"os"
	"time"

	_ "modernc.org/sqlite"
)

// A row goes from pending to sending, and from there to one of the other three, or back. A row that stands in sending
// is in the hands of a sender, or was left there: then the chat tells whether it has arrived.
//
//	pending   to be sent
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
	not_before INTEGER NOT NULL DEFAULT 0,  -- in milliseconds since the worker's start; of no meaning to the next worker
	error      TEXT    NOT NULL DEFAULT ''
)`

// update is a row.
type update struct {
	id, order, chat      int64
	startedAt, notBefore int64
	text, state, error   string
}

// queue is the table.
type queue struct {
	db      *sql.DB
	lock    *os.File
	started time.Time
}

// now is the time that not_before is told in. It goes by the monotonic clock: a clock that is set holds no row.
func (q *queue) now() int64 { return time.Since(q.started).Milliseconds() }

// open opens the table, for one worker at a time: what stands in sending must not be in the hands of another one.
func open(path string) (*queue, error) {
	lock, err := lockFile(path)
	if err != nil {
		return nil, err
	}
	// FULL: what is committed is on the disk, even if the power fails.
	const pragmas = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)"
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(path)+pragmas)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	db.SetMaxOpenConns(1)
	if _, err = db.Exec(schema); err != nil {
		return nil, errors.Join(err, db.Close(), lock.Close())
	}
	return &queue{db, lock, time.Now()}, nil
}

func (q *queue) close() error { return errors.Join(q.db.Close(), q.lock.Close()) }

// add is what the shop does: best of all in the transaction that changes the order.
func (q *queue) add(order int64, text string) error {
	_, err := q.db.Exec(`INSERT INTO updates (order_id, text) VALUES (?, ?)`, order, text)
	return err
}

// begin forgets the times that an earlier worker has set. What it left in sending waits for so long.
func (q *queue) begin(underWay time.Duration) error {
	_, err := q.db.Exec(`UPDATE updates SET not_before = CASE state WHEN 'sending' THEN ? ELSE 0 END
		WHERE state IN ('pending', 'sending')`, q.now()+underWay.Milliseconds())
	return err
}

// next gives the row that is due first, if there is one, of one share of the orders out of several. The updates of an
// order go out one after the other, so a row waits for those before it; in_doubt and failed do not hold it up.
func (q *queue) next(share, shares int) ([]update, error) {
	return q.rows(`state IN ('pending', 'sending') AND order_id % ? = ? AND NOT EXISTS (
		SELECT 1 FROM updates AS earlier
		WHERE earlier.order_id = updates.order_id AND earlier.id < updates.id AND earlier.state IN ('pending', 'sending'))
		ORDER BY max(not_before, ?), id LIMIT 1`, shares, share, q.now())
}

// rows gives the rows for which a condition holds.
func (q *queue) rows(where string, args ...any) (list []update, err error) {
	const columns = `id, order_id, text, state, chat_id, started_at, not_before, error`
	rows, err := q.db.Query(`SELECT `+columns+` FROM updates WHERE `+where, args...)
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
