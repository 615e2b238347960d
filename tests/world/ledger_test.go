package world

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// ledger is a sandbox that fails at random, and remembers what it did to which message.
type ledger struct {
	market *sandbox.Market
	unused []int64 // chats

	mu       sync.Mutex
	random   *rand.Rand
	arrivals map[string]int // requests to send, by the text of the message
	faults   int            // those of the Market and of what plays a proxy before it
	working  int            // on so many requests, also those whose client is gone
}

// newLedger makes a sandbox with chats. Its clock is this machine's, as proxies write a Date of their own. Of its sends
// about a fourth goes wrong, of its reads a seventh.
func newLedger(t *testing.T, seed uint64, chats int, sends, reads []sandbox.Fault) *ledger {
	t.Helper()
	l := &ledger{
		market:   sandbox.New(sandbox.WithQuota(1<<30), sandbox.WithParallel(1<<20), sandbox.WithoutChecks()),
		random:   rand.New(rand.NewPCG(seed, 0)),
		arrivals: map[string]int{},
	}
	l.open(t, chats)
	l.market.Every("sendMessageToChat", func(next http.Handler) http.Handler { return l.watched(l.pick(4, sends, next)) })
	l.market.Every("getChatHistory", func(next http.Handler) http.Handler { return l.pick(7, reads, next) })
	return l
}

// pick lets one of so many requests meet a fault.
func (l *ledger) pick(oneOf int, faults []sandbox.Fault, next http.Handler) http.Handler {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(faults) == 0 || l.random.IntN(oneOf) > 0 {
		return next
	}
	l.faults++
	return faults[l.random.IntN(len(faults))](next)
}

func (l *ledger) countFault() { l.count(func() { l.faults++ }) }

func (l *ledger) count(one func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one()
}

// settle waits for the requests whose clients are gone: those that the Market works on, and those on their way.
func (l *ledger) settle() {
	for working := 1; working > 0; {
		time.Sleep(2 * latest)
		l.count(func() { working = l.working })
	}
}

// arrived tells how many requests to send a message came.
func (l *ledger) arrived(text string) (n int) {
	l.count(func() { n = l.arrivals[text] })
	return n
}

// watched counts a message that arrives.
func (l *ledger) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.count(func() { l.working++ })
		defer l.count(func() { l.working-- })
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler) // the request did not come to its end
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var message struct{ Message string }
		_ = json.Unmarshal(body, &message)
		l.count(func() { l.arrivals[message.Message]++ })
		next.ServeHTTP(w, r)
	})
}

// open makes chats.
func (l *ledger) open(t *testing.T, n int) {
	t.Helper()
	hc := &http.Client{Transport: l.market.RoundTripper()}
	client, err := wrapper.New(cabinet, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	require.NoError(t, err)
	for order := range int64(n) {
		chat, err := client.CreateChat(t.Context(), wrapper.Order(order+1))
		require.NoError(t, err)
		l.unused = append(l.unused, chat.ChatID)
	}
}

// take gives chats that nobody has written into.
func (l *ledger) take(n int) (chats []int64) {
	chats, l.unused = l.unused[:n], l.unused[n:]
	return chats
}

// stored tells how often the buyer reads a message, and that nothing else is in its chat.
func (l *ledger) stored(t *testing.T, chat int64, text string) (n int) {
	for _, message := range l.market.Messages(chat) {
		require.Equal(t, text, message.Text, "a message in the chat of another order")
		n++
	}
	return n
}

// late stores the message after a while, whether its client still waits or not.
func late(by time.Duration) sandbox.Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(by)
			next.ServeHTTP(w, r.WithContext(context.WithoutCancel(r.Context())))
		})
	}
}

// cutWithoutLength stores, answers with half of an answer, and ends the connection as if that were all: over HTTP/1.0
// nothing tells how long an answer is.
func cutWithoutLength(answer string) sandbox.Fault {
	return func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(http.ErrAbortHandler) // HTTP/2 has no such answer
			}
			defer conn.Close()
			_, _ = fmt.Fprintf(conn, "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nDate: %s\r\n\r\n%s",
				time.Now().UTC().Format(http.TimeFormat), answer)
		})
	}
}

// sendFaults are what messages meet; half of them are stored all the same.
func sendFaults() []sandbox.Fault {
	fail := sandbox.Fail(500, "INTERNAL_ERROR", "try later")
	wrongKey := sandbox.Answer(200, nil, `{"error":{"code":403,"message":"Token is invalid"}}`)
	faults := []sandbox.Fault{
		sandbox.TooMany(), sandbox.Truncate(5), wrongKey, late(latest), late(latest),
		sandbox.CommitThen(sandbox.Delay(latest, nil)), sandbox.Fail(400, "BAD_REQUEST", "not like this"),
		sandbox.Proxy(403, sandbox.ProxyPage(403)), sandbox.Answer(200, nil, `{"status":"OK","errors":[{"code":"X"}]}`),
	}
	for _, either := range []sandbox.Fault{
		fail, sandbox.Abort(), sandbox.HTML(502), sandbox.HTML(500), sandbox.Answer(200, nil, "{}"),
		sandbox.Proxy(408, ""), sandbox.Proxy(499, ""), sandbox.Proxy(504, sandbox.ProxyPage(504)),
		sandbox.Proxy(502, ""), cutWithoutLength(`{"sta`),
	} {
		faults = append(faults, either, sandbox.CommitThen(either))
	}
	return faults
}

// readFaults are what the reads of the resend check meet.
func readFaults() []sandbox.Fault {
	return []sandbox.Fault{
		sandbox.Fail(500, "INTERNAL_ERROR", "try later"), sandbox.Abort(), sandbox.TooMany(), sandbox.Truncate(20),
		sandbox.Proxy(404, sandbox.ProxyPage(404)), sandbox.Proxy(404, ""),
		sandbox.Fail(404, "NOT_FOUND", "Resource not found"), sandbox.Cached(time.Minute), sandbox.HTML(403),
		sandbox.Delay(latest, nil), cutWithoutLength(`{"status":"OK","result":{"chatId"`),
	}
}

// streamFaults are what only HTTP/2 has.
func streamFaults() (faults []sandbox.Fault) {
	for _, either := range []sandbox.Fault{
		sandbox.ResetStream(sandbox.ProtocolError), sandbox.ResetStream(sandbox.RefusedStream),
		sandbox.ResetStream(sandbox.InternalError), sandbox.ResetStream(sandbox.Cancel),
		sandbox.ResetStream(sandbox.EnhanceYourCalm), sandbox.GoAway(),
	} {
		faults = append(faults, either, sandbox.CommitThen(either))
	}
	return faults
}
