package inbox_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/inbox"
	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

const cabinet = 12345

var worlds = flag.Int("worlds", 5, "how many seeds each world of TestWorlds has")

// world is a Market with buyers, and a shop whose process answers each message once. The process may be killed, and
// another takes its place; the Store outlives it.
type world struct {
	*testing.T
	random *rand.Rand
	market *sandbox.Market
	store  *failingStore
	opts   []inbox.Option
	handle func(p *process, ctx context.Context, m *inbox.Message) error
	log    *logged

	mu      sync.Mutex
	process *process
	left    int // requests until the next kill; 0: none
	kills   int
}

// process is one that runs an Inbox.
type process struct {
	world   *world
	inbox   *inbox.Inbox
	ctx     context.Context // ends when it is killed
	kill    context.CancelFunc
	running context.Context // of Run
	stop    context.CancelFunc
	ended   chan struct{}
}

var errKilled = errors.New("the process is no more")

func newWorld(t *testing.T, seed uint64, opts ...inbox.Option) *world {
	w := &world{T: t, random: rand.New(rand.NewPCG(seed, 1)), market: sandbox.New(), log: &logged{}}
	w.store = &failingStore{Store: inbox.Memory()}
	w.handle = func(_ *process, ctx context.Context, m *inbox.Message) error { return m.Reply(ctx, answerTo(m.Text())) }
	logger := slog.New(slog.NewTextHandler(w.log, nil))
	w.opts = append([]inbox.Option{inbox.WithLogger(logger)}, opts...)
	return w
}

// logged is what was logged.
type logged struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

func (w *world) seed() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.random.Uint64()
}

func answerTo(text string) string { return "answer to " + text }

// start begins a process that runs its Inbox.
func (w *world) start() { w.begin().run() }

// begin begins a process: notifications reach it from now on, before it runs its Inbox.
func (w *world) begin() *process {
	ctx, kill := context.WithCancel(w.Context())
	run, stop := context.WithCancel(ctx)
	p := &process{world: w, ctx: ctx, kill: kill, running: run, stop: stop, ended: make(chan struct{})}
	client, err := wrapper.New(cabinet, wrapper.APIKey("any"), wrapper.WithHTTPClient(&http.Client{Transport: p}))
	require.NoError(w, err)
	p.inbox, err = inbox.New(client, processStore{w.store, p}, func(ctx context.Context, m *inbox.Message) error {
		return w.handle(p, ctx, m)
	}, w.opts...)
	require.NoError(w, err)
	w.mu.Lock()
	w.process = p
	w.mu.Unlock()
	return p
}

func (p *process) run() {
	go func() {
		_ = p.inbox.Run(p.running)
		close(p.ended)
	}()
}

// end ends the process in good order.
func (p *process) end() {
	p.stop()
	<-p.ended
	p.kill()
}

// stop ends the process in good order.
func (w *world) stop() { w.current().end() }

func (w *world) current() *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.process
}

// RoundTrip brings a request to the Market in some time, and the answer back in some more. What a killed process has
// sent arrives all the same.
func (p *process) RoundTrip(req *http.Request) (*http.Response, error) {
	w := p.world
	w.mu.Lock()
	there, back := w.delay(), w.delay()
	dies := false
	if w.left > 0 && p == w.process && p.ctx.Err() == nil {
		w.left--
		dies = w.left == 0
	}
	if dies {
		there = time.Duration(w.random.Int64N(int64(9 * time.Second)))
		w.kills++
	}
	w.mu.Unlock()
	if p.ctx.Err() != nil {
		return nil, errKilled
	}
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	sent := req.Clone(context.WithoutCancel(req.Context()))
	sent.Body = io.NopCloser(bytes.NewReader(body))
	if dies {
		w.arrivesIn(there, sent)
		p.kill()
		w.start()
		return nil, errKilled
	}
	select {
	case <-time.After(there):
	case <-req.Context().Done():
		w.arrivesIn(9*time.Second, sent)
		return nil, req.Context().Err()
	}
	resp, err := w.market.RoundTripper().RoundTrip(sent)
	time.Sleep(back)
	if p.ctx.Err() != nil {
		return nil, errKilled
	}
	return resp, err
}

// arrivesIn lets a request arrive that nobody waits for.
func (w *world) arrivesIn(d time.Duration, req *http.Request) {
	time.AfterFunc(d, func() { _, _ = w.market.RoundTripper().RoundTrip(req) })
}

// delay is how long a request or an answer takes. The world is locked.
func (w *world) delay() time.Duration { return time.Duration(20+w.random.IntN(200)) * time.Millisecond }

// notified switches notifications on: they reach the process that runs.
func (w *world) notified() {
	handler, err := notify.New("shop/1.0", notify.Anywhere(), notify.Events{
		MessageSent: func(ctx context.Context, n notify.ChatMessageSentNotificationDTO) error {
			p := w.current()
			if err := p.inbox.Notified(ctx, n); err != nil {
				return err
			}
			if p.ctx.Err() != nil {
				return errKilled
			}
			return nil
		},
	}, notify.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(w, err)
	shop := &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, req)
		return answer.Result(), nil
	})}
	require.NoError(w, w.market.Notify(w.Context(), "http://shop.example", shop))
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// buyers write into chats of their own for a minute, some within half a second of each other.
func (w *world) buyers(n, messages int) (chats []int64) {
	var done sync.WaitGroup
	for buyer := range n {
		chatID, err := w.market.Direct(cabinet, fmt.Sprint("question 0 of buyer ", buyer))
		require.NoError(w, err)
		chats = append(chats, chatID)
		random := rand.New(rand.NewPCG(w.seed(), 2))
		done.Go(func() {
			for i := 1; i < messages; i++ {
				pause := time.Duration(random.Int64N(int64(500 * time.Millisecond)))
				if random.IntN(2) == 0 {
					pause += time.Duration(random.Int64N(int64(20 * time.Second)))
				}
				time.Sleep(pause)
				_ = w.market.Reply(chatID, fmt.Sprint("question ", i, " of buyer ", buyer))
			}
		})
	}
	done.Wait()
	return chats
}

// count counts the messages of buyers that have no answer, and the answers that are too many.
func (w *world) count(chats []int64) (unanswered, doubled int) {
	for _, chatID := range chats {
		answers := map[string]int{}
		messages := w.market.Messages(chatID)
		for _, m := range messages {
			if !m.FromBuyer {
				answers[m.Text]++
			}
		}
		for _, m := range messages {
			if !m.FromBuyer {
				continue
			}
			switch n := answers[answerTo(m.Text)]; {
			case n == 0:
				unanswered++
			case n > 1:
				doubled += n - 1
			}
		}
	}
	return unanswered, doubled
}

// every sets what meets a share of the requests of an operation; the others are behind.
func (w *world) every(operation string, share float64, behind time.Duration, faults ...sandbox.Fault) {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(w.seed(), 3))
	w.market.Every(operation, func(next http.Handler) http.Handler {
		mu.Lock()
		defer mu.Unlock()
		if share > 0 && random.Float64() < share {
			return faults[random.IntN(len(faults))](next)
		}
		if behind > 0 && operation != sandbox.OperationSendMessageToChat {
			return sandbox.Lagging(behind)(next)
		}
		return next
	})
}

// weather sets the faults and the lag of all that an Inbox calls.
func (w *world) weather(share float64, behind time.Duration) {
	read := []sandbox.Fault{sandbox.Fail(500, "INTERNAL_ERROR", "later"), sandbox.Proxy(404, sandbox.ProxyPage(404))}
	send := append([]sandbox.Fault{
		sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "later")),
		sandbox.CommitThen(sandbox.Proxy(404, sandbox.ProxyPage(404))),
	}, read...)
	w.every(sandbox.OperationGetChats, share, behind, read...)
	w.every(sandbox.OperationGetChatHistory, share, behind, read...)
	w.every(sandbox.OperationSendMessageToChat, share, behind, send...)
}

// failingStore is a Store that fails, or is slow, when it is told to.
type failingStore struct {
	inbox.Store
	before func() error // a Save; nil: nothing
	after  func() error // it has saved
}

func (s *failingStore) Save(ctx context.Context, chatID int64, state inbox.State) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if s.before != nil {
		if err := s.before(); err != nil {
			return err
		}
	}
	if err := s.Store.Save(ctx, chatID, state); err != nil {
		return err
	}
	if s.after != nil {
		return s.after()
	}
	return nil
}

// processStore is the Store in the hands of a process: once that is killed, it does nothing.
type processStore struct {
	inbox.Store
	process *process
}

func (s processStore) Save(ctx context.Context, chatID int64, state inbox.State) error {
	if s.process.ctx.Err() != nil {
		return errKilled
	}
	return s.Store.Save(ctx, chatID, state)
}

// calls counts the requests of an operation.
func (w *world) calls(operation string) (n int) {
	for _, call := range w.market.Calls() {
		if call.Operation == operation {
			n++
		}
	}
	return n
}

// row is a kind of world.
type row struct {
	name     string
	faults   float64
	behind   time.Duration
	kills    int           // after how many requests at most a process is killed; 0: never
	restarts time.Duration // how often a process is stopped in good order; 0: never
	prepare  func(w *world)
}

var rows = []row{
	{name: "no faults"},
	{name: "reads 1 s behind", behind: time.Second},
	{name: "reads 2 s behind", behind: 2 * time.Second},
	{name: "reads 3 s behind", behind: 3 * time.Second},
	{name: "reads 5 s behind", behind: 5 * time.Second},
	{name: "faults", faults: 0.25},
	{name: "faults, 1 s behind", faults: 0.25, behind: time.Second},
	{name: "faults, 2 s behind", faults: 0.25, behind: 2 * time.Second},
	{name: "faults, 3 s behind", faults: 0.25, behind: 3 * time.Second},
	{name: "kills", kills: 12},
	{name: "kills, 2 s behind", kills: 12, behind: 2 * time.Second},
	{name: "kills, faults", kills: 12, faults: 0.25},
	{name: "restarts", restarts: 8 * time.Second},
	{name: "restarts, 2 s behind", restarts: 8 * time.Second, behind: 2 * time.Second},
	{name: "restarts, faults", restarts: 8 * time.Second, faults: 0.25},
	{name: "a Store that fails before", prepare: func(w *world) { w.store.before = w.sometimes(errors.New("no disk")) }},
	{name: "a Store that fails after", prepare: func(w *world) { w.store.after = w.sometimes(errors.New("no answer")) }},
	{name: "a Store that is slow", prepare: func(w *world) {
		w.store.before = func() error { time.Sleep(2 * time.Second); return nil }
	}},
	{name: "kills, a Store that is slow", kills: 12, prepare: func(w *world) {
		w.store.before = func() error { time.Sleep(2 * time.Second); return nil }
	}},
	{name: "a handler of 60 s", prepare: func(w *world) {
		w.handle = func(_ *process, ctx context.Context, m *inbox.Message) error {
			select {
			case <-time.After(time.Minute):
				return m.Reply(ctx, answerTo(m.Text()))
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}},
	{name: "a handler that fails", prepare: func(w *world) {
		fails := w.sometimes(errors.New("no luck"))
		w.handle = func(_ *process, ctx context.Context, m *inbox.Message) error {
			return errors.Join(m.Reply(ctx, answerTo(m.Text())), fails())
		}
	}},
	{name: "a handler that panics", prepare: func(w *world) {
		fails := w.sometimes(errors.New("no luck"))
		w.handle = func(_ *process, ctx context.Context, m *inbox.Message) error {
			if err := m.Reply(ctx, answerTo(m.Text())); err != nil {
				return err
			}
			if fails() != nil {
				panic("what the buyer wrote: " + m.Text())
			}
			return nil
		}
	}},
}

// sometimes gives an error a third of the time.
func (w *world) sometimes(err error) func() error {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(w.seed(), 4))
	return func() error {
		mu.Lock()
		defer mu.Unlock()
		if random.IntN(3) == 0 {
			return err
		}
		return nil
	}
}

// Each message of a buyer is answered once.
func TestWorlds(t *testing.T) {
	for _, row := range rows {
		for _, notified := range []bool{false, true} {
			name := row.name
			if notified {
				name += ", notified"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				unanswered, doubled, kills, reads, answers := 0, 0, 0, 0, 0
				for seed := range *worlds {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t, uint64(seed))
						if !notified {
							w.opts = append(w.opts, inbox.WithInterval(5*time.Second))
						}
						u, d := w.live(row, notified)
						if u+d > 0 && unanswered+doubled == 0 {
							t.Logf("seed %d: %d unanswered, %d doubled\n%.4000s", seed, u, d, w.log)
						}
						unanswered, doubled, kills = unanswered+u, doubled+d, kills+w.kills
						reads += w.calls(sandbox.OperationGetChatHistory)
						answers += 24
						assert.NotContains(t, w.log.String(), "question")
					})
				}
				assert.Zero(t, unanswered, "unanswered")
				assert.Zero(t, doubled, "doubled")
				t.Logf("unanswered %d, doubled %d of %d; kills %d; %.2f reads of an answer", unanswered, doubled, answers, kills,
					float64(reads)/float64(answers))
			})
		}
	}
}

// A process takes notifications while the one before it runs, and waits with Run until that has ended, as the lock of
// the documentation has it.
func TestRollingDeploys(t *testing.T) {
	for _, behind := range []time.Duration{0, 2 * time.Second} {
		t.Run(behind.String(), func(t *testing.T) {
			unanswered, doubled := 0, 0
			for seed := range *worlds {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, uint64(seed))
					w.weather(0, behind)
					w.start()
					w.notified()
					var deploys sync.WaitGroup
					deploys.Go(func() {
						for range 6 {
							time.Sleep(time.Duration(1+w.seed()%10) * time.Second)
							before, after := w.current(), w.begin()
							time.Sleep(time.Duration(w.seed()%8) * time.Second)
							before.end()
							after.run()
						}
					})
					chats := w.buyers(6, 4)
					deploys.Wait()
					time.Sleep(40 * time.Minute)
					w.stop()
					u, d := w.count(chats)
					unanswered, doubled = unanswered+u, doubled+d
				})
			}
			assert.Zero(t, unanswered, "unanswered")
			assert.Zero(t, doubled, "doubled")
			t.Logf("unanswered %d, doubled %d of %d", unanswered, doubled, *worlds*24)
		})
	}
}

// live lets buyers write and the shop answer, and counts what came of it.
func (w *world) live(row row, notified bool) (unanswered, doubled int) {
	if row.prepare != nil {
		row.prepare(w)
	}
	w.weather(row.faults, row.behind)
	if row.kills > 0 {
		w.left = 1 + w.random.IntN(row.kills)
	}
	w.start()
	if notified {
		w.notified()
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for began := time.Now(); time.Since(began) < 90*time.Second; time.Sleep(time.Second) {
			w.mu.Lock()
			if row.kills > 0 && w.left == 0 {
				w.left = 1 + w.random.IntN(row.kills)
			}
			w.mu.Unlock()
			if row.restarts > 0 && time.Since(began)%row.restarts == 0 {
				w.stop()
				w.start()
			}
		}
	}()
	chats := w.buyers(6, 4)
	<-over
	w.mu.Lock()
	w.left = 0
	w.mu.Unlock()
	time.Sleep(40 * time.Minute)
	if unanswered, _ = w.count(chats); unanswered > 0 {
		time.Sleep(6 * time.Hour) // the pauses of what fails again and again are 5 min
	}
	w.stop()
	return w.count(chats)
}

func httpClient(market *sandbox.Market) *http.Client {
	return &http.Client{Transport: market.RoundTripper()}
}
