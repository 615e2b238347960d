package bulk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// shop is a shop with a file and a journal, beside a sandbox.
type shop struct {
	market  *sandbox.Market
	path    string // of the journal
	rules   Rules
	changed string
	leave   int
	again   bool
}

func newShop(t *testing.T, opts ...sandbox.Option) *shop {
	t.Helper()
	return &shop{
		market: sandbox.New(opts...), path: filepath.Join(t.TempDir(), "orders.csv.ymchats"),
		rules: Rules{Check: wrapper.CheckMessage},
	}
}

// plan reads a file and the journal.
func (s *shop) plan(t *testing.T, file string) (*Plan, *Journal) {
	t.Helper()
	sheet, err := ReadSheet([]byte(file), s.rules)
	require.NoError(t, err)
	journal, err := OpenJournal(s.path, "host", 1)
	require.NoError(t, err)
	plan := NewPlan(sheet, journal, s.changed, s.again)
	return plan, journal
}

// ended is how a run has ended.
type ended struct {
	err     error
	results []Result
	counts  map[string]int
}

// run sends a file. prepare may change the run before it begins.
func (s *shop) run(ctx context.Context, t *testing.T, file string, prepare ...func(*Run)) ended {
	t.Helper()
	plan, journal := s.plan(t, file)
	defer func() { assert.NoError(t, journal.Close()) }()
	require.Empty(t, plan.Findings)
	run := s.newRun(t, plan, journal)
	for _, p := range prepare {
		p(run)
	}
	err := run.Do(ctx)
	results := plan.Results(journal)
	return ended{err, results, Count(results)}
}

func (s *shop) newRun(t *testing.T, plan *Plan, journal *Journal) *Run {
	t.Helper()
	brake := NewBrake()
	client, err := wrapper.New(1, wrapper.APIKey("any"), wrapper.WithMiddleware(brake.Middleware),
		wrapper.WithHTTPClient(&http.Client{Transport: goesOn{s.market.RoundTripper()}}))
	require.NoError(t, err)
	return NewRun(client, plan, journal, brake, s.leave)
}

// orders is a file with a text for each of so many orders.
func orders(n int) string {
	var file strings.Builder
	file.WriteString("order;text\n")
	for i := range n {
		fmt.Fprintf(&file, "%d;Your order %[1]d is late, sorry.\n", 31000001+i)
	}
	return file.String()
}

// seen tells how often buyers have each text.
func (s *shop) seen() map[string]int {
	texts := map[string]int{}
	const first, most = 7000001, 6000 // chats
	for chat := int64(first); chat < first+most; chat++ {
		for _, m := range s.market.Messages(chat) {
			texts[m.Text]++
		}
	}
	return texts
}

// assertOnce asserts that each text of a file is with its buyer, once.
func (s *shop) assertOnce(t *testing.T, n int) {
	t.Helper()
	seen := s.seen()
	assert.Len(t, seen, n)
	for text, times := range seen {
		assert.Equal(t, 1, times, text)
	}
}

// goesOn is a way to a server that goes on with a request when its client has gone.
type goesOn struct{ http.RoundTripper }

func (g goesOn) RoundTrip(r *http.Request) (*http.Response, error) {
	type result struct {
		answer *http.Response
		err    error
	}
	done := make(chan result, 1)
	go func() {
		answer, err := g.RoundTripper.RoundTrip(r.WithContext(context.WithoutCancel(r.Context())))
		done <- result{answer, err}
	}()
	select {
	case d := <-done:
		return d.answer, d.err
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

var errKilled = errors.New("killed")

// kill ends a run as SIGKILL does: nothing more is written, and nobody waits for what is in flight.
func kill(r *Run) {
	r.Journal.mu.Lock()
	r.Journal.broken = errKilled
	r.Journal.mu.Unlock()
	r.Brake.stop(errKilled)
	r.Brake.cancel()
}
