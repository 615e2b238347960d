package inbox_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/inbox"
)

// database stands in for one of another maker: it takes one form of placeholder, and keeps what is written down. What
// real ones make of the statements is tested with the examples.
type database struct {
	placeholder string
	broken      error
	unmakeable  error // the table cannot be made; it is there already

	mu   sync.Mutex
	rows map[int64][]driver.Value
	said []string
}

func (d *database) Connect(context.Context) (driver.Conn, error) { return conn{d}, nil }
func (d *database) Driver() driver.Driver                        { return nil }

type conn struct{ *database }

func (c conn) Close() error              { return nil }
func (c conn) Begin() (driver.Tx, error) { return nil, errors.New("no transactions") }
func (c conn) Prepare(query string) (driver.Stmt, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, query)
	if c.broken != nil {
		return nil, c.broken
	}
	if c.unmakeable != nil && strings.HasPrefix(query, "CREATE") {
		return nil, c.unmakeable
	}
	if strings.ContainsAny(query, "?$") && !strings.Contains(query, c.placeholder) {
		return nil, errors.New("syntax error")
	}
	return stmt{c.database, query}, nil
}

type stmt struct {
	*database
	query string
}

func (s stmt) Close() error  { return nil }
func (s stmt) NumInput() int { return strings.Count(s.query, s.placeholder) }

func (s stmt) Exec(args []driver.Value) (driver.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(args) > 0 {
		s.rows[args[0].(int64)] = args
	}
	return driver.RowsAffected(1), nil
}

func (s stmt) Query(args []driver.Value) (driver.Rows, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := &rowsOf{}
	for id, row := range s.rows {
		switch {
		case len(args) == 0 && row[5] == int64(1):
			found.rows = append(found.rows, []driver.Value{id})
		case len(args) == 1 && args[0] == id:
			found.rows = append(found.rows, row[1:])
		}
	}
	return found, nil
}

type rowsOf struct{ rows [][]driver.Value }

func (r *rowsOf) Columns() []string {
	if len(r.rows) == 0 {
		return make([]string, 5)
	}
	return make([]string, len(r.rows[0]))
}
func (r *rowsOf) Close() error { return nil }
func (r *rowsOf) Next(dest []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	copy(dest, r.rows[0])
	r.rows = r.rows[1:]
	return nil
}

func TestStores(t *testing.T) {
	fake := func(placeholder string, unmakeable error) inbox.Store {
		db := sql.OpenDB(&database{placeholder: placeholder, unmakeable: unmakeable, rows: map[int64][]driver.Value{}})
		t.Cleanup(func() { _ = db.Close() })
		store, err := inbox.SQL(t.Context(), db)
		require.NoError(t, err)
		return store
	}
	for what, store := range map[string]inbox.Store{
		"memory":         inbox.Memory(),
		"question marks": fake("?", nil),
		"dollars":        fake("$", nil),
		"a table that somebody else has made, with question marks": fake("?", errors.New("no right to make tables")),
		"a table that somebody else has made, with dollars":        fake("$", errors.New("it is there by now")),
	} {
		t.Run(what, func(t *testing.T) { keeps(t, store) })
	}
}

// keeps tests that a Store keeps what it is given.
func keeps(t *testing.T, store inbox.Store) {
	ctx := t.Context()
	state, err := store.Load(ctx, 7)
	require.NoError(t, err)
	assert.Equal(t, inbox.State{}, state)
	full := inbox.State{Started: true, Handled: 1 << 60, Begun: 3, BegunAt: time.UnixMilli(1_800_000_000_123), Open: true}
	for _, state := range []inbox.State{full, {Open: true}, {}, {Started: true}, full} {
		require.NoError(t, store.Save(ctx, 7, state))
		require.NoError(t, store.Save(ctx, 8, inbox.State{}))
		loaded, err := store.Load(ctx, 7)
		require.NoError(t, err)
		assert.Equal(t, state, loaded)
		open, err := store.Open(ctx)
		require.NoError(t, err)
		if state.Open {
			assert.Equal(t, []int64{7}, open)
		} else {
			assert.Empty(t, open)
		}
	}
}

func TestSQLRefuses(t *testing.T) {
	_, err := inbox.SQL(t.Context(), nil)
	require.ErrorContains(t, err, "inbox: SQL is given a nil DB")
	broken := &database{broken: errors.New("no such disk")}
	_, err = inbox.SQL(t.Context(), sql.OpenDB(broken))
	require.ErrorIs(t, err, broken.broken)
	require.ErrorContains(t, err, "could not be made")
	unknown := &database{placeholder: "@"}
	_, err = inbox.SQL(t.Context(), sql.OpenDB(unknown))
	require.ErrorContains(t, err, "could not be read: syntax error")

	later := &database{placeholder: "?", rows: map[int64][]driver.Value{}}
	store, err := inbox.SQL(t.Context(), sql.OpenDB(later))
	require.NoError(t, err)
	later.broken = errors.New("no such disk")
	_, err = store.Load(t.Context(), 7)
	require.ErrorIs(t, err, later.broken)
	_, err = store.Open(t.Context())
	require.ErrorIs(t, err, later.broken)
	require.ErrorIs(t, store.Save(t.Context(), 7, inbox.State{}), later.broken)
}
