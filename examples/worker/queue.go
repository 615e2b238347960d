package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"html"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"unicode"

	_ "modernc.org/sqlite"

	"github.com/ymarket-go/chats/wrapper"
)

const schema = `CREATE TABLE IF NOT EXISTS updates (
	id       INTEGER PRIMARY KEY,
	order_id INTEGER NOT NULL CHECK (order_id > 0),
	text     TEXT    NOT NULL,
	key      TEXT    UNIQUE, -- if the row has one: it is not added twice
	state    TEXT    NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'in_doubt', 'failed')),
	error    TEXT    NOT NULL DEFAULT ''
) STRICT`

// update is a pending row.
type update struct {
	id, order int64
	text      string
	times     int // how often this text is due to the order, up to this row
}

// queue is the table.
type queue struct {
	db   *sql.DB
	lock *os.File
}

// open opens the database for one worker at a time: two would both send. The lock is one of the file itself, so no link
// leads past it, and ends with the process. SQLite has locks of another kind. It needs Linux, macOS or a BSD.
func open(path string) (*queue, error) {
	lock, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("another worker has %s: %w", path, errors.Join(err, lock.Close()))
	}
	// FULL: what is committed is on the disk, even if the power fails.
	const pragmas = "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)"
	db, err := sql.Open("sqlite", "file:"+url.PathEscape(path)+pragmas)
	if err == nil {
		_, err = db.Exec(schema)
	}
	return &queue{db, lock}, err
}

func (q *queue) close() error { return errors.Join(q.db.Close(), q.lock.Close()) }

// load brings in a CSV file: all of its rows or none, and once, as a killed worker is started with the same arguments.
func (q *queue) load(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	records := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte("\ufeff")))) // Excel begins with this mark
	records.FieldsPerRecord = 2
	rows, err := records.ReadAll()
	if err != nil {
		return fmt.Errorf("%s: %w; a row is order,text", path, err)
	}
	tx, err := q.db.Begin()
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	sum := sha256.Sum256(content)
	for n, row := range rows {
		order, err := strconv.ParseInt(strings.TrimSpace(row[0]), 10, 64) // SQLite would take 1.2346E+11, too
		if err != nil || order < 1 {
			err = errors.New("the order is not a number of 1 and above in digits") // what it is may be a text
		} else if err = wrapper.CheckMessage(row[1]); err == nil {
			_, err = tx.Exec(`INSERT INTO updates (order_id, text, key) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING`,
				order, row[1], fmt.Sprintf("%x:%d", sum, n+1))
		}
		if err != nil {
			return fmt.Errorf("%s: row %d: %w", path, n+1, err)
		}
	}
	return tx.Commit()
}

// pending gives the rows that are to be sent.
func (q *queue) pending() (list []update, err error) {
	rows, err := q.db.Query(`SELECT id, order_id, text, state = 'pending' FROM updates
		WHERE state != 'failed' ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	times := map[string]int{} // by order and text
	for rows.Next() {
		var u update
		var pending bool
		err = errors.Join(err, rows.Scan(&u.id, &u.order, &u.text, &pending))
		due := fmt.Sprint(u.order, " ", fold(u.text))
		times[due]++
		if u.times = times[due]; pending {
			list = append(list, u)
		}
	}
	return list, errors.Join(err, rows.Err())
}

// fold gives what counts of a text where the client compares texts: the letters and digits, or, if there are none, all
// but white space. The client undoes more escapes than those of HTML.
func fold(text string) string {
	text = html.UnescapeString(text)
	folded := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(unicode.ToUpper(r))
		}
		return -1
	}, text)
	return cmp.Or(folded, strings.Join(strings.Fields(text), ""))
}

// set writes down what became of a row.
func (q *queue) set(u update, state, reason string) error {
	_, err := q.db.Exec(`UPDATE updates SET state = ?, error = ? WHERE id = ?`, state, reason, u.id)
	return err
}

// count tells how many rows are in which state.
func (q *queue) count() (sent, inDoubt, failed, pending int, err error) {
	err = q.db.QueryRow(`SELECT count(*) FILTER (WHERE state = 'sent'), count(*) FILTER (WHERE state = 'in_doubt'),
		count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'pending') FROM updates`).
		Scan(&sent, &inDoubt, &failed, &pending)
	return sent, inDoubt, failed, pending, err
}
