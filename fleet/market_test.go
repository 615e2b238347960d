package fleet

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

const cabinet = 12345

func contains(text, part string) bool { return strings.Contains(text, part) }

// judge is the sandbox over HTTP. It sees how many requests are in progress at once, and what was answered.
type judge struct {
	*sandbox.Market
	url    string
	chatID int64

	mu      sync.Mutex
	running int
	most    int
	sent    int // since the start
	refused int // with 420
	when    []time.Time
	busy    time.Duration // what requests took, in all
	changed time.Time     // when running changed last
}

// newJudge makes a sandbox whose requests take that long, with a window that ends after so long and an hour after that.
func newJudge(t *testing.T, takes, left time.Duration, quota int) *judge {
	t.Helper()
	began := time.Now()
	hour := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return hour.Add(-left).Add(time.Since(began)) }
	j := &judge{changed: began}
	j.Market = sandbox.New(sandbox.WithClock(clock), sandbox.WithQuota(quota), sandbox.WithoutChecks())
	server := httptest.NewServer(j.Market)
	t.Cleanup(server.Close)
	j.url = server.URL + "/v2"
	client, err := wrapper.New(cabinet, wrapper.APIKey("any"), wrapper.WithBaseURL(j.url))
	require.NoError(t, err)
	chat, err := client.CreateChat(context.Background(), wrapper.Order(67890))
	require.NoError(t, err)
	j.chatID = chat.ChatID
	for _, operation := range gen.Operations {
		j.Every(operation.ID, j.watch(takes))
	}
	j.Observe(j.see)
	return j
}

func (j *judge) watch(takes time.Duration) sandbox.Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			j.change(1)
			defer j.change(-1)
			time.Sleep(takes)
			next.ServeHTTP(w, r)
		})
	}
}

func (j *judge) change(by int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.addBusy()
	j.running += by
	j.most = max(j.most, j.running)
}

func (j *judge) addBusy() {
	now := time.Now()
	j.busy += time.Duration(j.running) * now.Sub(j.changed)
	j.changed = now
}

// busyTime is what all requests have taken so far.
func (j *judge) busyTime() time.Duration {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.addBusy()
	return j.busy
}

func (j *judge) see(c sandbox.Call) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch c.Status {
	case 200:
		j.sent++
		j.when = append(j.when, time.Now())
	case wrapper.StatusMethodFailure:
		j.refused++
	}
}

func (j *judge) counts() (sent, refused, most int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.sent, j.refused, j.most
}

func (j *judge) sentSoFar() int {
	sent, _, _ := j.counts()
	return sent
}

func (j *judge) atWork() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.running
}

// rate is how many calls were answered in a time.
func (j *judge) between(from, to time.Time) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	count := 0
	for _, at := range j.when {
		if !at.Before(from) && at.Before(to) {
			count++
		}
	}
	return count
}

// longestPause is the longest time without an answer since then.
func (j *judge) longestPause(since time.Time) (pause time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, at := range j.when {
		if at.After(since) {
			pause, since = max(pause, at.Sub(since)), at
		}
	}
	return pause
}

// checkMessages checks that what the workers count as sent is there once each, and nothing else.
func (j *judge) checkMessages(t *testing.T, done []result) {
	t.Helper()
	there := map[string]int{}
	for _, m := range j.Messages(j.chatID) {
		there[m.Text]++
	}
	total := 0
	for _, r := range done {
		for _, text := range r.Sent {
			require.Equal(t, 1, there[text], "how often %s arrived", text)
		}
		total += len(r.Sent)
	}
	require.Len(t, there, total, "messages that nobody counts as sent")
}
