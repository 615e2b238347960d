package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// market is the sandbox over HTTP, and what it has seen.
type market struct {
	url    string
	chatID int64
	close  func()

	mu sync.Mutex
	counts
	running int
}

// counts is what the Market saw.
type counts struct{ sent, refused, most int }

// openMarket starts a sandbox with a chat. Its first window ends soon after the beginning.
func openMarket(s settings, begin time.Time) (*market, error) {
	hour := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return hour.Add(-s.window).Add(time.Since(begin)) }
	box := sandbox.New(sandbox.WithClock(clock), sandbox.WithQuota(s.quota), sandbox.WithoutChecks())
	server := httptest.NewServer(box)
	m := &market{url: server.URL + "/v2", close: server.Close}
	client, err := wrapper.New(cabinet, wrapper.APIKey("any"), wrapper.WithBaseURL(m.url))
	if err != nil {
		return nil, err
	}
	chat, err := client.CreateChat(context.Background(), wrapper.Order(67890))
	if err != nil {
		return nil, err
	}
	m.chatID = chat.ChatID
	box.Every("sendMessageToChat", m.watch(s.takes))
	box.Observe(m.see)
	return m, nil
}

// watch lets each request take its time, and counts those that run.
func (m *market) watch(takes time.Duration) sandbox.Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			m.count(1)
			defer m.count(-1)
			time.Sleep(takes)
			next.ServeHTTP(w, r)
		})
	}
}

func (m *market) count(by int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.running += by
	m.most = max(m.most, m.running)
}

func (m *market) see(c sandbox.Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch c.Status {
	case http.StatusOK:
		m.sent++
	case wrapper.StatusMethodFailure:
		m.refused++
	}
}
