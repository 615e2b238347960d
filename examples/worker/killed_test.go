package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/examples/internal/kill"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

const (
	oldOrders = 6             // their chats are there
	newOrder  = oldOrders + 1 // its chat is not
)

func TestMain(m *testing.M) { os.Exit(kill.Main(m)) }

// The worker is killed whenever the Market comes to a certain point in a certain request, and started again until it
// has nothing left to do.
func TestKilled(t *testing.T) {
	const create, send, read = "createChat", "sendMessageToChat", "getChatHistory"
	type point struct {
		operation string
		after     int // requests of the operation that go well before
		stored    bool
	}
	for name, points := range map[string][]point{
		"a chat is asked for":                {{create, 0, false}},
		"a chat is there":                    {{create, 3, true}},
		"the first message arrives":          {{send, 0, false}},
		"the first message is stored":        {{send, 0, true}},
		"a later message arrives":            {{send, 5, false}},
		"a later message is stored":          {{send, 5, true}},
		"the last message arrives":           {{send, 2*newOrder - 1, false}},
		"the last message is stored":         {{send, 2*newOrder - 1, true}},
		"again and again before":             {{send, 0, false}, {send, 0, false}, {send, 1, false}, {send, 2, false}},
		"again and again after":              {{send, 0, true}, {send, 0, true}, {send, 1, true}, {send, 2, true}},
		"while it looks after what was left": {{send, 2, false}, {read, 0, false}, {read, 0, true}, {send, 3, true}, {read, 0, true}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			for _, p := range points {
				reached := make(chan struct{}, 1)
				hold := kill.Before(reached)
				if p.stored {
					hold = kill.Within(reached)
				}
				kill.At(f.market, p.operation, p.after, hold)
				worker := f.start(t)
				select {
				case <-reached:
					worker.Kill(t)
				case err := <-worker.Ended:
					require.FailNow(t, "the worker ended before it could be killed", "%v\n%s", err, worker.Said())
				}
				f.market.Every(p.operation, nil)
			}
			f.toTheEnd(t, 2*newOrder)
			f.check(t)
		})
	}
}

var (
	kills    = flag.Int("kills", 4, "how often TestFreshOrders kills the worker")
	underWay = flag.Duration("under-way", 200*time.Millisecond, "how long its worker waits after a start")
	seed     = flag.Uint64("seed", 1, "of its faults and kills")
)

// First contacts, of whose requests 10 % are answered 500, carried out or not, and a worker that is killed at random
// moments: a quarter of them within its wait after the start. `go test -run TestFreshOrders -v -args -kills 40` is the
// long form, and with -under-way 13s the worker waits as it does in a shop.
func TestFreshOrders(t *testing.T) {
	orders := 5 * *kills
	var list strings.Builder
	for order := range orders {
		fmt.Fprintf(&list, "%d,\"%s\"\n", order+1, text(int64(order+1), "only"))
	}
	path := filepath.Join(t.TempDir(), "rows.csv")
	require.NoError(t, os.WriteFile(path, []byte(list.String()), 0o600))
	f := &fixture{db: filepath.Join(t.TempDir(), "updates.db"), market: sandbox.New()}
	f.args = []string{"-csv", path, "-under-way", underWay.String()}

	var requests, failures atomic.Int64
	operations := []string{"createChat", "sendMessageToChat", "getChatHistory"}
	for i, operation := range operations {
		fails := sandbox.Fault(func(http.Handler) http.Handler {
			failures.Add(1)
			return sandbox.Fail(500, "INTERNAL_ERROR", "try later")(nil)
		})
		notStored := sandbox.Sometimes(0.05, *seed+uint64(2*i), fails)
		stored := sandbox.Sometimes(0.05, *seed+uint64(2*i+1), sandbox.CommitThen(fails))
		f.market.Every(operation, func(next http.Handler) http.Handler {
			requests.Add(1)
			time.Sleep(10 * time.Millisecond)
			return notStored(stored(next))
		})
	}
	random, early := rand.New(rand.NewPCG(*seed, 0)), 0
	for range *kills {
		worker := f.start(t)
		if random.IntN(4) == 0 {
			early++
			time.Sleep(time.Duration(random.Int64N(int64(*underWay))))
		} else {
			last := requests.Load() + 1 + random.Int64N(16)
			require.Eventually(t, func() bool { return requests.Load() >= last }, time.Minute, time.Millisecond)
			time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
		}
		worker.Kill(t)
	}
	f.toTheEnd(t, orders)
	t.Logf("orders: %d, kills: %d, within the wait: %d, requests: %d, answered 500: %d", orders, *kills, early,
		requests.Load(), failures.Load())
	for _, operation := range operations {
		f.market.Every(operation, nil)
	}
	f.check(t)
}

// The exit code and the summary of a worker that could not send everything, and of one that cannot go on.
func TestExitCode(t *testing.T) {
	f := newFixture(t)
	f.market.Script("sendMessageToChat", sandbox.Fail(400, "BAD_REQUEST", "not like this"))
	worker := f.start(t)
	assert.EqualError(t, worker.Wait(), "exit status 1")
	assert.Contains(t, worker.Said(), fmt.Sprintf("sent %d, in doubt 0, failed 1, pending 0", 2*newOrder-1))
	f = newFixture(t)
	f.market.Script("sendMessageToChat", sandbox.Fail(403, "FORBIDDEN", "no access"))
	worker = f.start(t)
	assert.EqualError(t, worker.Wait(), "exit status 1")
	assert.Contains(t, worker.Said(), fmt.Sprintf("sent 0, in doubt 0, failed 0, pending %d", 2*newOrder))
	assert.Contains(t, worker.Said(), "no access")
	f.toTheEnd(t, 2*newOrder)
	f.check(t)
}

// A worker that is asked to end finishes the send in hand, and begins no other one.
func TestAskedToEnd(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		f := newFixture(t)
		held, goOn := make(chan struct{}, 1), make(chan struct{})
		f.market.Every("sendMessageToChat", func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				held <- struct{}{}
				<-goOn
				next.ServeHTTP(w, r)
			})
		})
		worker := f.start(t)
		<-held
		require.NoError(t, worker.Process.Signal(signal))
		worker.Await(t, "asked to end")
		close(goOn)
		require.NoError(t, worker.Wait(), signal)
		assert.Contains(t, worker.Said(), fmt.Sprintf("sent 1, in doubt 0, failed 0, pending %d", 2*newOrder-1), signal)
	}
}

// fixture is all that outlives a worker: the database and the sandbox.
type fixture struct {
	db     string
	args   []string
	market *sandbox.Market
}

// newFixture makes one with two updates to each order, and a clock of the sandbox that stands still.
func newFixture(t *testing.T) *fixture {
	now := time.Date(2026, 5, 1, 12, 10, 0, 0, time.UTC)
	f := &fixture{db: filepath.Join(t.TempDir(), "updates.db"), args: []string{"-under-way", "0"}}
	f.market = sandbox.New(sandbox.WithClock(func() time.Time { return now }))
	for order := range int64(oldOrders) {
		_, err := clientOf(t, f.market).CreateChat(t.Context(), wrapper.Order(order+1))
		require.NoError(t, err)
	}
	queue, err := open(f.db)
	require.NoError(t, err)
	for _, part := range []string{"first", "second"} {
		for order := range int64(newOrder) {
			add(t, queue, order+1, text(order+1, part))
		}
	}
	require.NoError(t, queue.close())
	return f
}

func text(order int64, part string) string { return fmt.Sprintf("order %d, %s update", order, part) }

func (f *fixture) start(t *testing.T) *kill.Program {
	return kill.Start(t, f.market, append(f.args, "-db", f.db)...)
}

// toTheEnd lets a worker send what is left: then all rows are sent, and its exit code is 0.
func (f *fixture) toTheEnd(t *testing.T, rows int) {
	worker := f.start(t)
	require.NoError(t, worker.Wait(), "%s", worker.Said())
	require.Contains(t, worker.Said(), fmt.Sprintf("sent %d, in doubt 0, failed 0, pending 0", rows))
}

// check holds the table against what the buyers see: every row is sent, once, and to its order.
func (f *fixture) check(t *testing.T) {
	queue, err := open(f.db)
	require.NoError(t, err)
	defer queue.close()
	due, seen := map[int64][]string{}, map[int64][]string{}
	for _, row := range rowsOf(t, queue) {
		assert.Equal(t, "sent", row.state, row.text)
		due[row.order] = append(due[row.order], row.text)
	}
	for order := range due {
		chat, err := clientOf(t, f.market).CreateChat(t.Context(), wrapper.Order(order))
		require.NoError(t, err)
		for _, message := range f.market.Messages(chat.ChatID) {
			seen[order] = append(seen[order], message.Text)
		}
	}
	assert.Equal(t, due, seen)
}
