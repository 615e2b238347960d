package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// SQL is a Store in a table of a database, inbox_chats, which is made if it is not there. It works with SQLite,
// PostgreSQL and MySQL, by any driver. Where inbox_chats is there, no right to make tables is needed. The table is for
// one cabinet: give each cabinet a database or a schema of its own.
//
// Saves last as long as the database keeps what is committed. SQLite in WAL mode does so with synchronous(FULL). Give a
// database of SQLite one connection, by SetMaxOpenConns(1): otherwise Saves of two chats at once may find it locked.
func SQL(ctx context.Context, db *sql.DB) (Store, error) {
	switch {
	case ctx == nil:
		return nil, errNilContext
	case db == nil:
		return nil, errors.New("inbox: SQL is given a nil DB")
	}
	// Another process may make the table at the same moment, and a program need not have the right to make one: where it
	// can be read, all is well.
	_, makingFailed := db.ExecContext(ctx, createTable)
	questionMarksFailed := probe(ctx, db, questionMarks.load)
	if questionMarksFailed == nil {
		return &table{db, questionMarks}, nil
	}
	dollarsFailed := probe(ctx, db, dollars.load)
	switch {
	case dollarsFailed == nil:
		return &table{db, dollars}, nil
	case makingFailed != nil:
		return nil, fmt.Errorf("inbox: the table inbox_chats could not be made: %w", makingFailed)
	}
	failed := errors.Join(questionMarksFailed, dollarsFailed)
	return nil, fmt.Errorf("inbox: the table inbox_chats could not be read: %w", failed)
}

// probe tells whether a database understands a query.
func probe(ctx context.Context, db *sql.DB, query string) error {
	rows, err := db.QueryContext(ctx, query, 0)
	if err != nil {
		return err
	}
	defer rows.Close()
	rows.Next()
	return rows.Err()
}

const createTable = `CREATE TABLE IF NOT EXISTS inbox_chats (
	chat_id  BIGINT   NOT NULL PRIMARY KEY,
	started  SMALLINT NOT NULL,
	handled  BIGINT   NOT NULL,
	begun    BIGINT   NOT NULL,
	begun_at BIGINT   NOT NULL,
	is_open  SMALLINT NOT NULL
)`

// dialect is what the databases do not have in common.
type dialect struct{ load, save string }

var (
	questionMarks = dialect{ // SQLite, MySQL
		load: `SELECT started, handled, begun, begun_at, is_open FROM inbox_chats WHERE chat_id = ?`,
		save: `REPLACE INTO inbox_chats (chat_id, started, handled, begun, begun_at, is_open) VALUES (?, ?, ?, ?, ?, ?)`,
	}
	dollars = dialect{ // PostgreSQL
		load: `SELECT started, handled, begun, begun_at, is_open FROM inbox_chats WHERE chat_id = $1`,
		save: `INSERT INTO inbox_chats (chat_id, started, handled, begun, begun_at, is_open)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (chat_id) DO UPDATE SET started = excluded.started,
			handled = excluded.handled, begun = excluded.begun, begun_at = excluded.begun_at, is_open = excluded.is_open`,
	}
)

type table struct {
	db *sql.DB
	dialect
}

func (t *table) Load(ctx context.Context, chatID int64) (s State, err error) {
	var started, open int
	var begunAt int64 // in Unix milliseconds; 0: never
	row := t.db.QueryRowContext(ctx, t.load, chatID)
	err = row.Scan(&started, &s.Handled, &s.Begun, &begunAt, &open)
	if errors.Is(err, sql.ErrNoRows) {
		return State{}, nil
	}
	if begunAt != 0 {
		s.BegunAt = time.UnixMilli(begunAt)
	}
	s.Started, s.Open = started != 0, open != 0
	return s, err
}

func (t *table) Save(ctx context.Context, chatID int64, s State) error {
	var begunAt int64
	if !s.BegunAt.IsZero() {
		begunAt = s.BegunAt.UnixMilli()
	}
	_, err := t.db.ExecContext(ctx, t.save, chatID, integer(s.Started), s.Handled, s.Begun, begunAt, integer(s.Open))
	return err
}

func integer(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (t *table) Open(ctx context.Context) (open []int64, err error) {
	rows, err := t.db.QueryContext(ctx, `SELECT chat_id FROM inbox_chats WHERE is_open = 1`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var chatID int64
		if err := rows.Scan(&chatID); err != nil {
			return nil, err
		}
		open = append(open, chatID)
	}
	return open, rows.Err()
}
