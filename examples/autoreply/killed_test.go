package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/examples/internal/kill"
	"github.com/ymarket-go/chats/sandbox"
)

func TestMain(m *testing.M) { os.Exit(kill.Main(m)) }

// setup is all that outlives the program: the database, the Market, and the proxy in front of the program, which
// answers 502 while none runs.
type setup struct {
	db      string
	market  *sandbox.Market
	proxy   *httptest.Server
	program *kill.Program // the one that runs
	chats   []int64

	mu      sync.Mutex
	address string              // of the program that runs
	meet    func(pass) answered // what the next message meets on its way to the program; nil: it passes
}

// answered is what the program said to a notification, and pass asks it.
type (
	answered struct {
		status            int
		contentType, body string
	}
	pass func() answered
)

func newSetup(t *testing.T) *setup {
	s := &setup{db: t.TempDir(), market: sandbox.New(sandbox.WithQuota(1_000_000))}
	s.proxy = httptest.NewServer(http.HandlerFunc(s.forward))
	t.Cleanup(s.proxy.Close)
	s.start(t)
	require.NoError(t, s.market.Notify(t.Context(), s.proxy.URL, nil))
	return s
}

// forward hands a notification on, as a proxy does.
func (s *setup) forward(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	address, meet := s.address, s.meet
	if meet != nil && bytes.Contains(body, []byte("CHAT_MESSAGE_SENT")) {
		s.meet = nil
	} else {
		meet = func(p pass) answered { return p() }
	}
	s.mu.Unlock()
	said := meet(func() answered { return ask(r, address, body) })
	w.Header().Set("Content-Type", said.contentType)
	w.WriteHeader(said.status)
	_, _ = io.WriteString(w, said.body)
}

func ask(r *http.Request, address string, body []byte) answered {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, address, bytes.NewReader(body))
	if err != nil {
		return answered{status: http.StatusBadGateway}
	}
	req.Header = r.Header.Clone()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return answered{status: http.StatusBadGateway}
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err != nil {
		return answered{status: http.StatusBadGateway}
	}
	return answered{resp.StatusCode, resp.Header.Get("Content-Type"), string(said)}
}

func (s *setup) start(t *testing.T) {
	s.program = kill.Start(t, s.market, "-db", s.db, "-addr", "127.0.0.1:0")
	address := s.program.Await(t, "listening address=")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.address = address
}

// hold is a point where the program is killed: reached says so, and gone that it is done.
type hold struct{ reached, gone chan struct{} }

// trap sets up a hold for what the program does next.
type trap func(s *setup, h hold)

func onTheWay(meet func(h hold, p pass) answered) trap {
	return func(s *setup, h hold) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.meet = func(p pass) answered { return meet(h, p) }
	}
}

// at holds a request of the program, after some of that operation have gone well.
func at(operation string, after int, fault func(reached chan<- struct{}) sandbox.Fault) trap {
	return func(s *setup, h hold) { kill.At(s.market, operation, after, fault(h.reached)) }
}

// settle waits until each message is answered, and as long as a second answer might be on its way then.
func (s *setup) settle(t *testing.T) {
	require.Eventually(t, func() bool {
		s.market.Advance(time.Minute) // what the Market has to repeat is due
		answers, written := s.answers()
		return len(answers) == written
	}, 2*time.Minute, 50*time.Millisecond, "%s", s.program.Said())
	time.Sleep(15 * time.Second)
	answers, _ := s.answers()
	for text, n := range answers {
		assert.Equal(t, 1, n, text)
	}
}

// answers counts each answer, and the messages of buyers.
func (s *setup) answers() (answers map[string]int, written int) {
	answers = map[string]int{}
	for _, chat := range s.chats {
		for _, m := range s.market.Messages(chat) {
			if m.FromBuyer {
				written++
			} else {
				answers[fmt.Sprint(chat, m.Text)]++
			}
		}
	}
	return answers, written
}

func (s *setup) buyerBegins(t *testing.T) int64 {
	chat, err := s.market.Direct(12345, "Is it red?")
	require.NoError(t, err)
	s.chats = append(s.chats, chat)
	return chat
}

func (s *setup) buyersBegin(t *testing.T) {
	for range 5 {
		s.buyerBegins(t)
	}
}

// TestKilled kills the program with SIGKILL at every point of its way, and starts it again: each message is answered
// once.
func TestKilled(t *testing.T) {
	t.Parallel()
	const send, read = "sendMessageToChat", "getChatHistory"
	for _, row := range []struct {
		name   string
		traps  []trap
		writes bool // the buyer of the first chat writes once more while the program is dead
	}{
		{name: "a notification comes", traps: []trap{onTheWay(func(h hold, _ pass) answered {
			h.reached <- struct{}{}
			<-h.gone
			return answered{status: http.StatusBadGateway}
		})}},
		{name: "a notification is being taken", traps: []trap{onTheWay(func(h hold, p pass) answered {
			h.reached <- struct{}{} // the kill and the notification race
			return p()
		})}},
		{name: "a notification is taken, and the Market does not know", traps: []trap{onTheWay(func(h hold, p pass) answered {
			p()
			h.reached <- struct{}{}
			<-h.gone
			return answered{status: http.StatusBadGateway}
		})}},
		{name: "a chat is read", traps: []trap{at(read, 0, kill.Before)}},
		{name: "a chat has been read", traps: []trap{at(read, 1, kill.Behind)}},
		{name: "an answer leaves", traps: []trap{at(send, 0, kill.Before)}},
		{name: "an answer is stored", traps: []trap{at(send, 0, kill.Within)}},
		{name: "the program knows that it is stored", traps: []trap{at(send, 0, kill.Behind)}},
		{name: "the last answer is stored", traps: []trap{at(send, 4, kill.Within)}},
		{name: "it looks after what was left", traps: []trap{at(send, 1, kill.Within), at(read, 0, kill.Before)}},
		{name: "it sends what was left", traps: []trap{at(send, 1, kill.Before), at(send, 0, kill.Within)}},
		{name: "stored, and the buyer writes", traps: []trap{at(send, 0, kill.Within)}, writes: true},
		{name: "not stored, and the buyer writes", traps: []trap{at(send, 0, kill.Before)}, writes: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t)
			for i, set := range row.traps {
				h := hold{make(chan struct{}, 1), make(chan struct{})}
				set(s, h)
				if i == 0 {
					s.buyersBegin(t)
				} else {
					s.start(t)
				}
				s.await(t, h)
				s.program.Kill(t)
				close(h.gone)
				for _, operation := range []string{send, read} {
					s.market.Every(operation, nil)
				}
			}
			if row.writes {
				require.NoError(t, s.market.Reply(s.chats[0], "Hello?"))
			}
			s.start(t)
			s.settle(t)
			s.program.Kill(t)
		})
	}
}

// await waits for the program to come to a hold. What the Market has to repeat is brought meanwhile.
func (s *setup) await(t *testing.T, h hold) {
	bound := time.After(time.Minute)
	for {
		select {
		case <-h.reached:
			return
		case <-time.After(20 * time.Millisecond):
			s.market.Advance(time.Minute)
		case <-bound:
			require.FailNow(t, "the program did not come to the hold", "%s", s.program.Said())
		}
	}
}

// TestKilledAtRandom kills it at random moments, while buyers write.
func TestKilledAtRandom(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	random := rand.New(rand.NewPCG(1, 2))
	kills := 60
	if testing.Short() {
		kills = 10
	}
	for i := range kills {
		if i < kills/2 {
			s.buyerBegins(t)
		} else { // each buyer writes once more
			require.NoError(t, s.market.Reply(s.chats[i-kills/2], "And in blue?"))
		}
		time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
		s.program.Kill(t)
		s.start(t)
	}
	s.settle(t)
	s.program.Kill(t)
	t.Logf("kills: %d, messages of buyers: %d", kills, kills)
}

// Another program must wait until the first one has ended.
func TestOneProgramAtATime(t *testing.T) {
	s := newSetup(t)
	second := kill.Start(t, s.market, "-db", s.db, "-addr", "127.0.0.1:0")
	second.Await(t, "another program may have it")
	require.EqualError(t, second.Wait(), "exit status 1")
	s.program.Kill(t)
	s.start(t)
	s.program.Kill(t)
}

// Each cabinet has a key, a database and an Inbox of its own. What is said of others is left alone, and what the Market
// refuses is given up. The program says at its end how it went.
func TestCabinets(t *testing.T) {
	market := sandbox.New()
	program := kill.Start(t, market, "-db", t.TempDir(), "-addr", "127.0.0.1:0", "-business", "67890,12345")
	require.NoError(t, market.Notify(t.Context(), program.Await(t, "listening address="), nil))
	calls := func(operation string) (n int) {
		for _, call := range market.Calls() {
			if call.Operation == operation {
				n++
			}
		}
		return n
	}
	require.Eventually(t, func() bool { return calls("getChats") == 2 }, time.Minute, 10*time.Millisecond) // no more lists
	market.Script("sendMessageToChat", sandbox.Fail(400, "BAD_REQUEST", "not like this"))
	for _, cabinet := range []int64{1, 12345, 67890} {
		_, err := market.Direct(cabinet, "Is it red?")
		require.NoError(t, err)
	}
	program.Await(t, "a message cannot be answered")
	// It knows of its answer when it reads that chat again.
	require.Eventually(t, func() bool { return calls("getChatHistory") == 4 }, time.Minute, 10*time.Millisecond)
	require.NoError(t, program.Process.Signal(syscall.SIGTERM))
	require.NoError(t, program.Wait())
	said := program.Said()
	assert.Equal(t, 1, strings.Count(said, "of another cabinet"), said)
	assert.Contains(t, said, "answered=1 refused=1")
	assert.NotContains(t, said, "Is it red?")
}

// What is wrong with its arguments the program says before it begins.
func TestArguments(t *testing.T) {
	for argument, says := range map[string]string{"none": "none", "": "no businessId", "0": "businessID"} {
		program := kill.Start(t, sandbox.New(), "-db", t.TempDir(), "-business", argument)
		program.Await(t, says)
		require.EqualError(t, program.Wait(), "exit status 1")
	}
}
