package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/sandbox"
)

func build(t *testing.T) string {
	binary := filepath.Join(t.TempDir(), "autoreply")
	out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return binary
}

// setup is all that outlives the program: the database, the Market, and the proxy in front of the program, which
// answers 502 while none runs.
type setup struct {
	binary, db string
	market     *sandbox.Market
	proxy      *httptest.Server
	api        *httptest.Server // of the program that runs: when it is closed, nothing of that program is under way
	program    *exec.Cmd
	said       *bytes.Buffer
	chats      []int64

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

func newSetup(t *testing.T, binary string) *setup {
	s := &setup{binary: binary, db: t.TempDir(), market: sandbox.New(sandbox.WithQuota(1_000_000))}
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
	s.api = httptest.NewServer(s.market)
	s.program = exec.Command(s.binary, "-db", s.db, "-market", s.api.URL, "-addr", "127.0.0.1:0")
	s.program.Env = append(os.Environ(), "YM_API_KEY=any")
	s.said = &bytes.Buffer{}
	s.program.Stderr = s.said
	out, err := s.program.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, s.program.Start())
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan(), "%s", s.said)
	_, address, ok := strings.Cut(lines.Text(), "listening on ")
	require.True(t, ok, lines.Text())
	go func() { _, _ = io.Copy(io.Discard, out) }()
	s.mu.Lock()
	s.address = address
	s.mu.Unlock()
}

// kill is SIGKILL. When it is done, nothing of the program is under way any more.
func (s *setup) kill(t *testing.T) {
	require.NoError(t, s.program.Process.Kill())
	_ = s.program.Wait()
	s.api.Close()
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
func at(operation string, after int, fault func(h hold) sandbox.Fault) trap {
	return func(s *setup, h hold) {
		var once sync.Once
		only := func(next http.Handler) http.Handler {
			handler := next
			once.Do(func() { handler = fault(h)(next) })
			return handler
		}
		s.market.Every(operation, sandbox.After(after, only))
	}
}

// before holds a request before it happens in the Market.
func before(h hold) sandbox.Fault {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			h.reached <- struct{}{}
			<-r.Context().Done() // the program is no more
			panic(http.ErrAbortHandler)
		})
	}
}

// within holds its answer.
func within(h hold) sandbox.Fault { return sandbox.CommitThen(before(h)) }

// behind lets the answer through, and the program is killed when it has it, or is about to.
func behind(h hold) sandbox.Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			h.reached <- struct{}{}
		})
	}
}

// settle waits until each message is answered, and as long as a second answer might be on its way then.
func (s *setup) settle(t *testing.T) {
	require.Eventually(t, func() bool {
		s.market.Advance(time.Minute) // what the Market has to repeat is due
		answers, written := s.answers()
		return len(answers) == written
	}, 2*time.Minute, 50*time.Millisecond, "%s", s.said)
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
	binary := build(t)
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
		{name: "a chat is read", traps: []trap{at(read, 0, before)}},
		{name: "a chat has been read", traps: []trap{at(read, 1, behind)}},
		{name: "an answer leaves", traps: []trap{at(send, 0, before)}},
		{name: "an answer is stored", traps: []trap{at(send, 0, within)}},
		{name: "the program knows that it is stored", traps: []trap{at(send, 0, behind)}},
		{name: "the last answer is stored", traps: []trap{at(send, 4, within)}},
		{name: "it looks after what was left", traps: []trap{at(send, 1, within), at(read, 0, before)}},
		{name: "it sends what was left", traps: []trap{at(send, 1, before), at(send, 0, within)}},
		{name: "stored, and the buyer writes", traps: []trap{at(send, 0, within)}, writes: true},
		{name: "not stored, and the buyer writes", traps: []trap{at(send, 0, before)}, writes: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := newSetup(t, binary)
			for i, set := range row.traps {
				h := hold{make(chan struct{}, 1), make(chan struct{})}
				set(s, h)
				if i == 0 {
					s.buyersBegin(t)
				} else {
					s.start(t)
				}
				s.await(t, h)
				s.kill(t)
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
			s.kill(t)
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
			require.FailNow(t, "the program did not come to the hold", "%s", s.said)
		}
	}
}

// TestKilledAtRandom kills it at random moments, while buyers write.
func TestKilledAtRandom(t *testing.T) {
	t.Parallel()
	s := newSetup(t, build(t))
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
		s.kill(t)
		s.start(t)
	}
	s.settle(t)
	s.kill(t)
	t.Logf("kills: %d, messages of buyers: %d", kills, kills)
}

// Another program must wait until the first one has ended.
func TestOneProgramAtATime(t *testing.T) {
	dir := t.TempDir()
	first, err := openShop(dir)
	require.NoError(t, err)
	_, err = openShop(dir)
	require.ErrorContains(t, err, "another program has")
	first.close()
	second, err := openShop(dir)
	require.NoError(t, err)
	second.close()
}

func TestDemo(t *testing.T) {
	require.NoError(t, demo(t.Context()))
}

// Each cabinet has a key, a database and an Inbox of its own. What is said of others is left alone, and what the Market
// refuses is given up.
func TestCabinets(t *testing.T) {
	market := sandbox.New()
	server := httptest.NewServer(market)
	defer server.Close()
	s, err := openShop(t.TempDir())
	require.NoError(t, err)
	defer s.close()
	for _, cabinet := range []string{"12345", "67890"} {
		require.NoError(t, s.open(t.Context(), cabinet, "any", server.URL))
	}
	require.Error(t, s.open(t.Context(), "none", "any", server.URL))
	require.NoError(t, s.notified(t.Context(), notify.ChatMessageSentNotificationDTO{BusinessID: 1, ChatID: 1, MessageID: "1"}))
	market.Script("sendMessageToChat", sandbox.Fail(400, "BAD_REQUEST", "not like this"))
	for _, cabinet := range []int64{12345, 67890} {
		_, err := market.Direct(cabinet, "Is it red?")
		require.NoError(t, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		for s.answered.Load() == 0 || s.failed.Load() == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		stop()
	}()
	s.run(ctx)
}
