package sandbox_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

var each = flag.Int("each", 200, "messages of each writer in TestLedgerUnderLoad")

// Each of many goroutines numbers its messages. The ledger has every one of them once, in the order in which its
// goroutine wrote them, and the counters are exact.
func TestLedgerUnderLoad(t *testing.T) {
	const writers = 64
	each := *each
	m := newMarket(sandbox.WithParallel(writers), sandbox.WithQuota(writers*each+10), sandbox.WithoutChecks())
	chat := startChat(t, m, order5)
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			for n := range each {
				body := fmt.Sprintf(`{"message":"%d %d"}`, writer, n)
				m.ServeHTTP(discard{}, newRequest("POST", messageTo(chat), body))
			}
		})
	}
	all.Wait()
	next := map[int]int{}
	messages := m.Messages(chat)
	assert.Len(t, messages, writers*each)
	for _, message := range messages {
		var writer, n int
		_, err := fmt.Sscanf(message.Text, "%d %d", &writer, &n)
		require.NoError(t, err)
		require.Equal(t, next[writer], n, "message of writer %d", writer)
		next[writer]++
	}
	assert.Len(t, m.Calls(), writers*each+1)
	a := rawAsk(m, "POST", messageTo(chat))
	assert.Equal(t, "9", a.Header().Get("X-RateLimit-Resource-Remaining"))
}

// discard is a ResponseWriter that forgets.
type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) WriteHeader(int)             {}
func (discard) Write(p []byte) (int, error) { return len(p), nil }

// Of a thousand chats each one is found.
func TestManyChats(t *testing.T) {
	m := newMarket(sandbox.WithQuota(10_000))
	ids := map[int64]bool{}
	for order := range 1000 {
		ids[startChat(t, m, fmt.Sprintf(`{"context":{"type":"ORDER","id":%d}}`, order+1))] = true
	}
	assert.Len(t, ids, 1000)
	for id := range ids {
		require.EqualValues(t, id, readChat(t, m, id).ChatID)
	}
	page := pageOf(t, m, "")
	assert.Equal(t, 30, strings.Count(page, `<li id="chat-`), "the page shows the newest ones")
	assert.Contains(t, page, "<b>Order 1000</b>")
}

func BenchmarkLoopback(b *testing.B) {
	for name, opts := range map[string][]sandbox.Option{"checked": nil, "unchecked": {sandbox.WithoutChecks()}} {
		b.Run(name, func(b *testing.B) {
			opts = append(opts, sandbox.WithQuota(math.MaxInt), sandbox.WithParallel(1<<20), sandbox.WithKeepAlive())
			m := sandbox.New(opts...)
			server := httptest.NewServer(m)
			defer server.Close()
			transport := &http.Transport{MaxIdleConnsPerHost: 64}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			post := func(path, body string) {
				req, _ := http.NewRequest("POST", server.URL+path, bytes.NewReader([]byte(body)))
				req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
				resp, err := client.Do(req)
				if err != nil || resp.StatusCode != 200 {
					b.Error(err, resp)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			post(newChat, order5)
			b.SetParallelism(8)
			b.ResetTimer()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					post(messageTo(7000001), hello)
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
		})
	}
}

// What a request costs with 1,000 cabinets and with 40,000, each of which asks for the first time.
func BenchmarkCabinets(b *testing.B) {
	for _, cabinets := range []int{1_000, 40_000} {
		b.Run(fmt.Sprint(cabinets), func(b *testing.B) {
			for b.Loop() {
				m := newMarket(sandbox.WithoutChecks())
				for cabinet := range cabinets {
					m.ServeHTTP(discard{}, newRequest("GET", fmt.Sprintf("/v2/businesses/%d/chat?chatId=1", cabinet+1), ""))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(cabinets), "µs/request")
		})
	}
}
