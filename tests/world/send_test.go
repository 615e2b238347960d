package world

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

const cabinet = 12345

// send is one message on its way, and what its attempts met.
type send struct {
	chat int64
	text string

	mu       sync.Mutex
	attempts int
	failed   int // attempts without the Market's OK
	doubtful int // of these: the message may have arrived
	err      error
}

type sendKey struct{}

// witness tells a send what became of its attempts, as the client sees it.
func witness(next wrapper.Doer) wrapper.Doer { return witnessDoer{next} }

type witnessDoer struct{ next wrapper.Doer }

func (w witnessDoer) Do(req *http.Request) (*http.Response, error) {
	resp, err := w.next.Do(req)
	s, ok := req.Context().Value(sendKey{}).(*send)
	if !ok || req.Method != http.MethodPost {
		return resp, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts++
	if err != nil {
		s.failed++
		if !neverLeft(err) {
			s.doubtful++
		}
		return resp, err
	}
	body, readErr := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), iotest.ErrReader(eof(readErr))))
	if !isOK(resp, body, readErr) {
		s.failed++
	}
	if isDoubtful(resp, body, readErr) {
		s.doubtful++
	}
	return resp, nil
}

func eof(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

func isOK(resp *http.Response, body []byte, readErr error) bool {
	text := strings.TrimSpace(string(body))
	return resp.StatusCode == http.StatusOK && readErr == nil && (text == "" || text == `{"status":"OK"}`)
}

// isDoubtful: nobody who must know has said what became of the message.
func isDoubtful(resp *http.Response, body []byte, readErr error) bool {
	switch {
	case resp.StatusCode >= 500 || resp.StatusCode == 408 || resp.StatusCode == 499:
		return true
	case resp.StatusCode != http.StatusOK:
		return resp.StatusCode < 300
	}
	return readErr != nil || !isOK(resp, body, nil) && !bytes.Contains(body, []byte(`"error":`))
}

// neverLeft tells what fails before a request is written, in the words of net and net/http.
func neverLeft(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}

// setting is how one part of the sends through a path is made.
type setting struct {
	resend     wrapper.Resend
	goroutines int
}

var resendNames = map[wrapper.Resend]string{
	wrapper.ResendChecked: "checked", wrapper.ResendAlways: "always", wrapper.ResendNever: "never",
}

func settings() (list []setting) {
	for _, resend := range []wrapper.Resend{wrapper.ResendChecked, wrapper.ResendNever, wrapper.ResendAlways} {
		for _, goroutines := range []int{1, 16} {
			list = append(list, setting{resend, goroutines})
		}
	}
	return list
}

// gate is where a client enters a path.
type gate struct {
	url       string
	transport *http.Transport
	attempt   time.Duration // the limit of one attempt
}

func (g gate) client(t *testing.T, resend wrapper.Resend) *wrapper.Client {
	t.Helper()
	client, err := wrapper.New(cabinet, wrapper.APIKey("any"), wrapper.WithBaseURL(g.url+"/v2"),
		wrapper.WithHTTPClient(&http.Client{Transport: g.transport, Timeout: g.attempt}), wrapper.WithMiddleware(witness),
		wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: 4 * time.Millisecond, MaxDelay: 2 * marketGivesUp, Resend: resend}))
	require.NoError(t, err)
	shorten(client)
	return client
}

// sendAll makes the sends of a setting, each into a chat of its own.
func sendAll(t *testing.T, l *ledger, g gate, s setting, warm bool, n int) []*send {
	t.Helper()
	client := g.client(t, s.resend)
	queue := make(chan *send, n)
	var sends []*send
	for i, chat := range l.take(n) {
		text := fmt.Sprintf("message %d of %s/%d into %d", i, resendNames[s.resend], s.goroutines, chat)
		one := &send{chat: chat, text: text}
		sends = append(sends, one)
		queue <- one
	}
	close(queue)
	var all sync.WaitGroup
	for range s.goroutines {
		all.Go(func() {
			for one := range queue {
				ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), sendKey{}, one), time.Minute)
				if warm {
					_, _ = client.GetChat(ctx, one.chat)
				}
				one.err = client.SendMessage(ctx, one.chat, one.text)
				cancel()
			}
		})
	}
	all.Wait()
	return sends
}

// count is what came of the sends through a path. The five in the middle must be 0.
type count struct {
	sends, faults, failed                    int // failed: attempts without the Market's OK
	twice, lost, deniedButStored, causeless  int // twice: without ResendAlways; lost: success without a message
	resentBelow                              int // requests to send that arrived beyond the client's attempts
	unknown, unknownNotStored, twiceByAlways int
	told                                     int // things that were wrong
}

// tell logs what went wrong, the first times.
func (c *count) tell(t *testing.T, format string, args ...any) {
	if c.told++; c.told <= 10 {
		t.Logf(format, args...)
	}
}

// judge holds the sends against the ledger.
func judge(t *testing.T, l *ledger, s setting, sends []*send, into *count) {
	t.Helper()
	l.settle()
	for _, one := range sends {
		stored := l.stored(t, one.chat, one.text)
		into.sends++
		into.failed += one.failed
		if arrived := l.arrived(one.text); arrived > one.attempts {
			into.resentBelow += arrived - one.attempts
			into.tell(t, "%s: %d requests arrived, of %d attempts", one.text, arrived, one.attempts)
		}
		into.messages(t, s, one, stored)
		into.outcome(t, one, stored)
	}
}

// messages counts what the buyer reads.
func (c *count) messages(t *testing.T, s setting, one *send, stored int) {
	switch {
	case stored > 1 && s.resend == wrapper.ResendAlways:
		c.twiceByAlways++
	case stored > 1:
		c.twice++
		c.tell(t, "%s: stored %d times, %d attempts, returned: %v", one.text, stored, one.attempts, one.err)
	case one.err == nil && stored == 0:
		c.lost++
		c.tell(t, "%s: success, and it is not stored", one.text)
	}
}

// outcome counts what the error said of it.
func (c *count) outcome(t *testing.T, one *send, stored int) {
	unknown := errors.Is(one.err, wrapper.ErrOutcomeUnknown)
	switch {
	case unknown && one.doubtful == 0:
		c.causeless++
		c.tell(t, "%s: unknown without a cause: %v", one.text, one.err)
	case !unknown && one.err != nil && stored > 0:
		c.deniedButStored++
		c.tell(t, "%s: it is stored, and the error denies it: %v", one.text, one.err)
	}
	if unknown {
		c.unknown++
	}
	if unknown && stored == 0 {
		c.unknownNotStored++
	}
}
