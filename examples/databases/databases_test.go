// Package databases_test tries inbox.SQL with real databases, and counts what two programs that share one answer twice.
package databases_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/lib/pq"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/ymarket-go/chats/inbox"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// database is one of a maker, and how it is locked.
type database struct {
	driver, source string
	lockSource     string // where the lock is, if it has a place of its own
	lock           string
}

// databases gives those that there are: SQLite, and the servers that environment variables name. The table inbox_chats
// of these is dropped.
func databases(t *testing.T) []database {
	path := filepath.Join(t.TempDir(), "inbox.db")
	found := []database{{
		driver:     "sqlite",
		source:     "file:" + url.PathEscape(path) + "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)",
		lockSource: "file:" + url.PathEscape(path+"-lock") + "?_pragma=locking_mode(EXCLUSIVE)&_pragma=busy_timeout(600000)",
		lock:       "BEGIN EXCLUSIVE; COMMIT", // in this mode the lock stays
	}}
	for _, server := range []struct{ driver, variable, like, lock string }{
		{"postgres", "CHATS_POSTGRES", "postgres://user@127.0.0.1/chats?sslmode=disable", "SELECT pg_advisory_lock(12345)"},
		{"mysql", "CHATS_MYSQL", "root@tcp(127.0.0.1)/chats", "SELECT GET_LOCK('inbox 12345', 600)"},
	} {
		if source := os.Getenv(server.variable); source != "" {
			found = append(found, database{driver: server.driver, source: source, lockSource: source, lock: server.lock})
		} else {
			t.Logf("%s is left out: %s is not set, to %s for example", server.driver, server.variable, server.like)
		}
	}
	return found
}

func (d database) empty(t *testing.T) *sql.DB {
	db, err := sql.Open(d.driver, d.source)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.Exec(`DROP TABLE IF EXISTS inbox_chats`)
	require.NoError(t, err)
	return db
}

// A Store keeps what it is given, for the next program, too.
func TestStore(t *testing.T) {
	full := inbox.State{Started: true, Handled: 1 << 60, Begun: 3, BegunAt: time.UnixMilli(1_800_000_000_123), Open: true}
	for _, d := range databases(t) {
		t.Run(d.driver, func(t *testing.T) {
			db := d.empty(t)
			for range 2 { // the second one finds the table
				for _, state := range []inbox.State{{}, {Open: true}, {Started: true}, full} {
					store, err := inbox.SQL(t.Context(), db)
					require.NoError(t, err)
					require.NoError(t, store.Save(t.Context(), 7, state))
					require.NoError(t, store.Save(t.Context(), 8, inbox.State{}))
					require.NoError(t, store.Save(t.Context(), 7, state), "the same once more")
					store, err = inbox.SQL(t.Context(), db)
					require.NoError(t, err)
					loaded, err := store.Load(t.Context(), 7)
					require.NoError(t, err)
					assert.Equal(t, state, loaded)
					open, err := store.Open(t.Context())
					require.NoError(t, err)
					assert.Equal(t, state.Open, len(open) == 1, open)
				}
				unknown, err := d.store(t).Load(t.Context(), 9)
				require.NoError(t, err)
				assert.Zero(t, unknown)
			}
		})
	}
}

// Programs that start at once make the table once, and all of them have it.
func TestTableMadeAtOnce(t *testing.T) {
	for _, d := range databases(t) {
		t.Run(d.driver, func(t *testing.T) {
			for range 10 {
				d.empty(t)
				var programs sync.WaitGroup
				for range 4 {
					programs.Go(func() {
						db, err := sql.Open(d.driver, d.source)
						if assert.NoError(t, err) {
							_, err = inbox.SQL(t.Context(), db)
							assert.NoError(t, err)
							assert.NoError(t, db.Close())
						}
					})
				}
				programs.Wait()
			}
		})
	}
}

func (d database) store(t *testing.T) inbox.Store {
	db, err := sql.Open(d.driver, d.source)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	store, err := inbox.SQL(t.Context(), db)
	require.NoError(t, err)
	return store
}

var messages = flag.Int("messages", 40, "how many messages the two programs of TestTwoPrograms answer")

// Two programs with one Store, in processes of their own. Without a lock they double answers. With the lock that the
// documentation of inbox names the second one waits until the first one is killed, and goes on: none is doubled.
func TestTwoPrograms(t *testing.T) {
	for _, d := range databases(t) {
		t.Run(d.driver, func(t *testing.T) {
			t.Parallel()
			doubled := d.twoPrograms(t)
			assert.Zero(t, doubled, "with the lock")
			d.lock = ""
			d.twoPrograms(t)
		})
	}
}

// twoPrograms lets buyers write one after another, and counts those that two programs have answered twice. With a lock
// the program that has it is killed halfway.
func (d database) twoPrograms(t *testing.T) (doubled int) {
	_ = d.empty(t).Close()
	market := sandbox.New(sandbox.WithQuota(1_000_000), sandbox.WithParallel(8))
	server := httptest.NewServer(market)
	defer server.Close()
	var chats []int64
	write := func() {
		chat, err := market.Direct(12345, fmt.Sprintf("Is number %d red?", len(chats)))
		require.NoError(t, err)
		chats = append(chats, chat)
	}
	count := func() (doubled, unanswered int) {
		for _, chat := range chats {
			switch answers := len(market.Messages(chat)) - 1; {
			case answers == 0:
				unanswered++
			case answers > 1:
				doubled++
			}
		}
		return doubled, unanswered
	}
	answered := func() bool {
		_, unanswered := count()
		return unanswered == 0
	}

	write()
	kill := d.start(t, server.URL)
	require.Eventually(t, answered, time.Minute, 10*time.Millisecond)
	defer d.start(t, server.URL)()
	for len(chats) < *messages {
		write()
		time.Sleep(50 * time.Millisecond)
		if len(chats) == *messages/2 && d.lock != "" {
			kill()
		}
	}
	require.Eventually(t, answered, 2*time.Minute, 100*time.Millisecond)
	time.Sleep(15 * time.Second) // as long as a second answer might be on its way
	if d.lock == "" {
		kill()
	}
	doubled, _ = count()
	t.Logf("lock: %q, messages: %d, doubled: %d", d.lock, *messages, doubled)
	return doubled
}

// start starts a process that runs program, and gives what kills it.
func (d database) start(t *testing.T, market string) (kill func()) {
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), "CHATS_MARKET="+market, "CHATS_DRIVER="+d.driver, "CHATS_SOURCE="+d.source,
		"CHATS_LOCK_SOURCE="+d.lockSource, "CHATS_LOCK="+d.lock)
	process.Stderr = os.Stderr
	require.NoError(t, process.Start())
	return func() {
		require.NoError(t, process.Process.Kill())
		_ = process.Wait()
	}
}

func TestMain(m *testing.M) {
	if os.Getenv("CHATS_MARKET") == "" {
		os.Exit(m.Run())
	}
	if err := program(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// program is one of the two.
func program(ctx context.Context) error {
	if lock := os.Getenv("CHATS_LOCK"); lock != "" {
		db, err := sql.Open(os.Getenv("CHATS_DRIVER"), os.Getenv("CHATS_LOCK_SOURCE"))
		if err != nil {
			return err
		}
		conn, err := db.Conn(ctx) // the lock is that of a connection, which is kept
		if err != nil {
			return err
		}
		defer conn.Close()
		if _, err := conn.ExecContext(ctx, lock); err != nil {
			return err
		}
	}
	db, err := sql.Open(os.Getenv("CHATS_DRIVER"), os.Getenv("CHATS_SOURCE"))
	if err != nil {
		return err
	}
	store, err := inbox.SQL(ctx, db)
	if err != nil {
		return err
	}
	client, err := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithBaseURL(os.Getenv("CHATS_MARKET")))
	if err != nil {
		return err
	}
	answer := func(ctx context.Context, m *inbox.Message) error { return m.Reply(ctx, "Yes: "+m.Text()) }
	box, err := inbox.New(client, store, answer, inbox.WithInterval(time.Second))
	if err != nil {
		return err
	}
	return box.Run(ctx)
}
