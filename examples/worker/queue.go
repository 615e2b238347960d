package main

import (
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"time"

	_ "modernc.org/sqlite"

	"github.com/ymarket-go/chats/wrapper"
)

// A row goes from pending to one of the other three.
//
//	pending   to be sent: it may have been already, when a worker was killed, and the chat tells
//	sent      it is in the chat
//	in_doubt  the buyer may have it: a person looks into the chat, and sets it to sent or pending
//	failed    the Market will not have it: error says why
const schema = `CREATE TABLE IF NOT EXISTS updates (
	id         INTEGER PRIMARY KEY,
	order_id   INTEGER NOT NULL,
	text       TEXT    NOT NULL,
	state      TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'in_doubt', 'failed')),
	not_before INTEGER NOT NULL DEFAULT 0,  -- in milliseconds since the worker's start; of no meaning to the next worker
	error      TEXT    NOT NULL DEFAULT ''
)`

// update is a row.
type update struct {
	id, order, notBefore int64
	text, state, error   string
	times                int // how often the text is due to the order, up to this row
}

// queue is the table.
type queue struct {
	db      *sql.DB
	lock    *os.File
	started time.Time
}

// now is the time that not_before is told in. It goes by the monotonic clock: a clock that is set holds no row.
func (q *queue) now() int64 { return time.Since(q.started).Milliseconds() }

// open opens the table, for one worker at a time: two that ask the chat at once would both send.
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

// begin forgets the times that an earlier worker has set.
func (q *queue) begin() error {
	_, err := q.db.Exec(`UPDATE updates SET not_before = 0`)
	return err
}

// load brings in rows of a CSV file: order, text. It takes all of them or none.
func (q *queue) load(file io.Reader) error {
	records := csv.NewReader(file)
	records.FieldsPerRecord = 2
	lines, err := records.ReadAll()
	if err != nil {
		return err
	}
	tx, err := q.db.Begin()
	if err != nil {
		return err
	}
	for n, line := range lines {
		order, err := strconv.ParseInt(line[0], 10, 64)
		if err == nil {
			err = wrapper.CheckMessage(line[1])
		}
		if err == nil {
			_, err = tx.Exec(`INSERT INTO updates (order_id, text) VALUES (?, ?)`, order, line[1])
		}
		if err != nil {
			return errors.Join(fmt.Errorf("record %d: %w", n+1, err), tx.Rollback())
		}
	}
	return tx.Commit()
}

// next gives the row that is due first, if there is one, of one share of the orders out of several. The updates of an
// order go out one after the other, so a row waits for those before it; in_doubt and failed do not hold it up.
func (q *queue) next(share, shares int) ([]update, error) {
	return q.rows(`state = 'pending' AND order_id % ? = ? AND NOT EXISTS (
		SELECT 1 FROM updates AS earlier
		WHERE earlier.order_id = updates.order_id AND earlier.id < updates.id AND earlier.state = 'pending')
		ORDER BY max(not_before, ?), id LIMIT 1`, shares, share, q.now())
}

// rows gives the rows for which a condition holds.
func (q *queue) rows(where string, args ...any) (list []update, err error) {
	const columns = `id, order_id, text, state, not_before, error, (SELECT count(*) FROM updates AS same
		WHERE same.order_id = updates.order_id AND same.text = updates.text AND same.id <= updates.id
		AND same.state != 'failed')`
	rows, err := q.db.Query(`SELECT `+columns+` FROM updates WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var u update
		err = errors.Join(err, rows.Scan(&u.id, &u.order, &u.text, &u.state, &u.notBefore, &u.error, &u.times))
		list = append(list, u)
	}
	return list, errors.Join(err, rows.Err())
}

// summary tells how many rows are in which state, and whether all of them were sent.
func (q *queue) summary() (text string, done bool, err error) {
	count := map[string]int{}
	rows, err := q.rows(`true`)
	for _, u := range rows {
		count[u.state]++
	}
	return fmt.Sprintf("sent %d, in doubt %d, failed %d, pending %d", count["sent"], count["in_doubt"], count["failed"],
		count["pending"]), count["in_doubt"]+count["failed"] == 0, err
}

// set changes columns of a row.
func (q *queue) set(u update, columns string, values ...any) error {
	_, err := q.db.Exec(`UPDATE updates SET `+columns+` WHERE id = ?`, append(values, u.id)...)
	return err
}
