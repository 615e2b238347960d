package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

const (
	oldOrders = 6             // their chats are there
	newOrder  = oldOrders + 1 // its chat is not
)

// The worker is killed whenever the Market comes to a certain point in a certain request, and started again until it
// has nothing left to do.
func TestKilled(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "worker")
	out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)

	const create, send, read = "createChat", "sendMessageToChat", "getChatHistory"
	type kill struct {
		operation string
		after     int // requests of the operation that go well before
		stored    bool
	}
	for name, kills := range map[string][]kill{
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
			h := newFixture(t, binary)
			for _, k := range kills {
				held := make(chan struct{}, 1)
				hold := sandbox.Fault(func(http.Handler) http.Handler {
					return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
						held <- struct{}{}
						<-r.Context().Done() // the worker is no more
						panic(http.ErrAbortHandler)
					})
				})
				if k.stored {
					hold = sandbox.CommitThen(hold)
				}
				h.market.Every(k.operation, sandbox.After(k.after, once(hold)))
				h.runUntil(t, held)
				h.market.Every(k.operation, nil)
			}
			h.runToTheEnd(t)
			h.check(t)
		})
	}
}

// A worker that is asked to end finishes the send in hand, and begins no other one.
func TestAskedToEnd(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "worker")
	out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		h := newFixture(t, binary)
		held, goOn := make(chan struct{}, senders), make(chan struct{})
		h.market.Every("sendMessageToChat", func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				held <- struct{}{}
				<-goOn
				next.ServeHTTP(w, r)
			})
		})
		server := httptest.NewServer(h.market)
		worker := h.command(server)
		said, err := worker.StderrPipe()
		require.NoError(t, err)
		require.NoError(t, worker.Start())
		for range senders {
			<-held
		}
		require.NoError(t, worker.Process.Signal(signal))
		line, err := bufio.NewReader(said).ReadString('\n')
		require.NoError(t, err, "%v: %s", signal, line)
		assert.Contains(t, line, "asked to end")
		close(goOn)
		require.NoError(t, worker.Wait(), signal)
		server.Close()
		count := map[string]int{}
		for _, u := range h.rows(t) {
			count[u.state]++
		}
		assert.Equal(t, map[string]int{"sent": senders, "pending": 2*newOrder - senders}, count, signal)
	}
}

// once sets a fault in for one request.
func once(fault sandbox.Fault) sandbox.Fault {
	used := make(chan struct{}, 1)
	return func(next http.Handler) http.Handler {
		select {
		case used <- struct{}{}:
			return fault(next)
		default:
			return next
		}
	}
}

// fixture is all that outlives a worker: the database and the sandbox, whose clock stands still.
type fixture struct {
	binary, db string
	market     *sandbox.Market
	chats      map[int64]int64
}

func newFixture(t *testing.T, binary string) *fixture {
	now := time.Date(2026, 5, 1, 12, 10, 0, 0, time.UTC)
	h := &fixture{binary: binary, db: filepath.Join(t.TempDir(), "updates.db"), chats: map[int64]int64{}}
	h.market = sandbox.New(sandbox.WithClock(func() time.Time { return now }))
	for order := range int64(oldOrders) {
		h.chats[order+1] = h.chat(t, order+1)
	}
	queue, err := open(h.db)
	require.NoError(t, err)
	for _, part := range []string{"first", "second"} {
		for order := range int64(newOrder) {
			require.NoError(t, queue.add(order+1, text(order+1, part)))
		}
	}
	require.NoError(t, queue.close())
	return h
}

func text(order int64, part string) string { return fmt.Sprintf("order %d, %s update", order, part) }

func (h *fixture) chat(t *testing.T, order int64) int64 {
	client, err := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(&http.Client{Transport: h.market.RoundTripper()}))
	require.NoError(t, err)
	chat, err := client.CreateChat(t.Context(), wrapper.Order(order))
	require.NoError(t, err)
	return chat.ChatID
}

// start starts a worker on a server of its own: when that is closed, nothing the worker has sent is under way any
// more.
func (h *fixture) start(t *testing.T) (*exec.Cmd, *httptest.Server, *bytes.Buffer) {
	server := httptest.NewServer(h.market)
	worker := h.command(server)
	var said bytes.Buffer
	worker.Stderr = &said
	require.NoError(t, worker.Start())
	return worker, server, &said
}

func (h *fixture) command(server *httptest.Server) *exec.Cmd {
	worker := exec.Command(h.binary, "-db", h.db, "-market", server.URL, "-under-way", "0")
	worker.Env = append(os.Environ(), "YM_API_KEY=any")
	return worker
}

// runUntil kills a worker when the Market holds its request.
func (h *fixture) runUntil(t *testing.T, held <-chan struct{}) {
	worker, server, said := h.start(t)
	ended := make(chan error, 1)
	go func() { ended <- worker.Wait() }()
	select {
	case <-held:
		require.NoError(t, worker.Process.Kill()) // SIGKILL
		<-ended
		server.Close()
	case err := <-ended:
		server.Close()
		require.FailNow(t, "the worker ended before it could be killed", "%v\n%s", err, said)
	}
}

func (h *fixture) runToTheEnd(t *testing.T) {
	worker, server, said := h.start(t)
	err := worker.Wait()
	server.Close()
	require.NoError(t, err, "%s", said)
}

func (h *fixture) rows(t *testing.T) []update {
	queue, err := open(h.db)
	require.NoError(t, err)
	defer queue.close()
	rows, err := queue.rows(`true ORDER BY id`)
	require.NoError(t, err)
	return rows
}

// check holds the table against what the buyers see.
func (h *fixture) check(t *testing.T) {
	h.chats[newOrder] = h.chat(t, newOrder)
	seen := map[string]int{}
	for order, chat := range h.chats {
		for _, message := range h.market.Messages(chat) {
			assert.Contains(t, message.Text, fmt.Sprintf("order %d,", order), "it is in the chat of another order")
			seen[message.Text]++
		}
	}
	rows := h.rows(t)
	require.Len(t, rows, 2*newOrder, "a row is lost")
	for _, u := range rows {
		assert.Equal(t, "sent", u.state, u.text)
		assert.Equal(t, 1, seen[u.text], u.text)
	}
}
