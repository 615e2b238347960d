package tests

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

var sends = flag.Int("sends", 4_000, "messages of each setting in TestSoak")

const (
	cabinets = 50
	writers  = 4 // of each cabinet: the first half of them each in a chat of their own, the other half in one together
)

// As many messages as -sends says go to a sandbox that fails about a third of the requests, once with each setting of
// RetryPolicy.Resend. What the calls returned is compared with the messages that the sandbox has.
func TestSoak(t *testing.T) {
	t.Parallel()
	seed, total := seed(t, 1), soakSize()
	settings := []string{
		wrapper.ResendChecked: "ResendChecked",
		wrapper.ResendAlways:  "ResendAlways",
		wrapper.ResendNever:   "ResendNever",
	}
	results := make([]soakResult, len(settings))
	t.Run("settings", func(t *testing.T) {
		for resend, name := range settings {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				results[resend] = runSoak(t, wrapper.Resend(resend), seed, total)
			})
		}
	})
	if t.Failed() {
		return // what was not as promised is told already
	}
	for resend, r := range results {
		t.Logf("%-13s %v", settings[resend], r)
		assert.Equal(t, total, r.sent, settings[resend])
		assert.Greater(t, r.faulty*100, r.requests*30, "%s: about a third of the requests fail", settings[resend])
		assert.NotZero(t, r.unknownThere, "%s: some messages arrived although nobody said so", settings[resend])
	}
	checked, always, never := results[wrapper.ResendChecked], results[wrapper.ResendAlways], results[wrapper.ResendNever]
	assert.Zero(t, checked.twice, "ResendChecked")
	assert.NotZero(t, always.twice, "ResendAlways: the check is there to prevent this")
	assert.Zero(t, never.twice, "ResendNever")
	assert.Greater(t, checked.succeeded, never.succeeded, "the check saves messages that would be left unknown")
	assert.Less(t, checked.quietUnknown*5, never.quietUnknown, "in quiet chats it saves most of them")
}

// soakSize is a whole number of messages for each writer.
func soakSize() int { return max(*sends/(cabinets*writers), 1) * cabinets * writers }

// runSoak makes all sends with one setting, on virtual time, and compares what they returned with the ledger.
func runSoak(t *testing.T, resend wrapper.Resend, seed uint64, total int) (result soakResult) {
	synctest.Test(t, func(t *testing.T) {
		market := sandbox.New(sandbox.WithQuota(1<<30), sandbox.WithoutChecks(), sandbox.WithClock(slowClock))
		messages := newSoakMessages(t, market, resend, total)
		market.Every("sendMessageToChat", sandbox.Sometimes(0.37, seed, oneOf(seed+1, messageFaults()...)))
		market.Every("getChatHistory", sandbox.Sometimes(0.15, seed+2, oneOf(seed+3, readFaults()...)))
		began := time.Now()
		var all sync.WaitGroup
		for _, writer := range messages {
			all.Go(func() {
				for i := range writer {
					writer[i].run(t.Context())
				}
			})
		}
		all.Wait()
		result = judge(t, market, resend, messages)
		result.lasted = time.Since(began)
	})
	return result
}

// slowClock is the Market's: far enough behind this machine's that whoever compares the two takes every chat for quiet,
// and with seconds that begin at other moments.
func slowClock() time.Time { return time.Now().Add(-7*time.Minute - 300*time.Millisecond) }

// messageFaults are what messages meet. Some are committed all the same.
func messageFaults() []sandbox.Fault {
	fail, cut := sandbox.Fail(500, "INTERNAL_ERROR", "Try later"), sandbox.Abort()
	return []sandbox.Fault{
		fail, sandbox.CommitThen(fail),
		cut, sandbox.CommitThen(cut),
		sandbox.HTML(502), sandbox.CommitThen(sandbox.HTML(502)),
		sandbox.TooMany(), sandbox.TooMany(), sandbox.Refuse(),
		sandbox.Truncate(5),
		sandbox.Delay(2*time.Second, nil), sandbox.Delay(2*time.Second, fail),
		sandbox.Delay(3*time.Second, sandbox.CommitThen(cut)),
		sandbox.Delay(20*time.Second, nil), // longer than an attempt
		sandbox.CommitThen(sandbox.Delay(20*time.Second, nil)),
	}
}

// readFaults are what the reads of the resend check meet. The last two end the read.
func readFaults() []sandbox.Fault {
	return []sandbox.Fault{
		sandbox.Fail(500, "INTERNAL_ERROR", "Try later"), sandbox.Abort(), sandbox.TooMany(),
		sandbox.Truncate(20), sandbox.Delay(4*time.Second, nil),
		sandbox.Answer(200, nil, "null"), sandbox.HTML(403),
	}
}

// oneOf sets in one of several faults. Equal seeds give equal sequences.
func oneOf(seed uint64, faults ...sandbox.Fault) sandbox.Fault {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 0))
	return func(next http.Handler) http.Handler {
		mu.Lock()
		defer mu.Unlock()
		return faults[random.IntN(len(faults))](next)
	}
}

// soakMessage is one message on its way, and what it met as the client saw it.
type soakMessage struct {
	client *wrapper.Client
	chat   int64
	text   string
	quiet  bool          // nobody else writes into the chat, and it rests for long enough before each message
	rest   time.Duration // before it

	err      error
	requests int  // those of the message
	faulty   int  // of them
	doubts   int  // attempts that may have arrived without the Market having said so
	doubtful bool // the last one of them
	unread   bool // the last read of the chat gave none
}

// quietRest is longer than the slack of the resend check, and what a Date loses when it is cut to whole seconds, and a
// read that takes one.
const quietRest = 4100 * time.Millisecond

// newSoakMessages gives each writer its messages. Their texts are unique.
func newSoakMessages(t *testing.T, market *sandbox.Market, resend wrapper.Resend, total int) (messages [][]soakMessage) {
	transport := &http.Client{Transport: recordingTransport{market.RoundTripper()}}
	for cabinet := range int64(cabinets) {
		client, err := wrapper.New(cabinet+1, wrapper.APIKey("key"), wrapper.WithHTTPClient(transport),
			wrapper.WithRetry(wrapper.RetryPolicy{Resend: resend}))
		require.NoError(t, err)
		for writer := range int64(writers) {
			order := min(writer, writers/2) + 1
			chat, err := client.CreateChat(t.Context(), wrapper.Order(order))
			require.NoError(t, err)
			messages = append(messages, make([]soakMessage, total/(cabinets*writers)))
			for i := range messages[len(messages)-1] {
				e := soakMessage{client: client, chat: chat.ChatID, text: fmt.Sprintf("%d %d %d", cabinet, writer, i)}
				e.quiet = order <= writers/2
				e.rest = quietRest + time.Duration(writer*100+int64(i%10))*time.Millisecond
				if !e.quiet {
					e.rest = time.Duration(i%20) * 100 * time.Millisecond
				}
				messages[len(messages)-1][i] = e
			}
		}
	}
	return messages
}

func (e *soakMessage) run(ctx context.Context) {
	time.Sleep(e.rest)
	e.err = e.client.SendMessage(context.WithValue(ctx, soakMessageKey{}, e), e.chat, e.text)
}

type soakMessageKey struct{}

// recordingTransport is a transport that tells the soakMessage what the client is given.
type recordingTransport struct{ next http.RoundTripper }

func (w recordingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := w.next.RoundTrip(req)
	e, ok := req.Context().Value(soakMessageKey{}).(*soakMessage)
	if !ok {
		return resp, err
	}
	status, broken := 0, false
	if err == nil {
		status = resp.StatusCode
		body, readErr := io.ReadAll(resp.Body)
		broken = readErr != nil || !json.Valid(body) || string(body) == "null"
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), iotest.ErrReader(cmp.Or(readErr, io.EOF))))
	}
	if strings.HasSuffix(req.URL.Path, "/history") {
		e.unread = status != http.StatusOK || broken || time.Since(began) > time.Second // its Date is when it began
		return resp, err
	}
	e.requests++
	e.doubtful = false
	switch {
	case status == http.StatusOK && !broken:
	case status == statusMethodFailure || errors.Is(err, syscall.ECONNREFUSED):
		e.faulty++
	default:
		e.faulty++
		e.doubts++
		e.doubtful = true
	}
	return resp, err
}

// soakResult counts what came of the messages.
type soakResult struct {
	sent, succeeded, rejected     int
	unknownThere, unknownNotThere int // by the ledger
	quietUnknown, unread          int // of the latter: in quiet chats, and of these, those whose chat could not be read
	twice                         int
	requests, faulty              int // of the messages, without the reads
	lasted                        time.Duration
}

func (r soakResult) String() string {
	return fmt.Sprintf("%d sent: %d succeeded, %d rejected, unknown are %d that arrived and %d that did not "+
		"(%d of them in quiet chats: %d out of attempts, %d with a failed read); arrived twice: %d; "+
		"%d of %d requests failed; %v of virtual time",
		r.sent, r.succeeded, r.rejected, r.unknownThere, r.unknownNotThere, r.quietUnknown,
		r.quietUnknown-r.unread, r.unread, r.twice, r.faulty, r.requests, r.lasted.Round(time.Minute))
}

// judge holds each soakMessage against the ledger.
func judge(t *testing.T, market *sandbox.Market, resend wrapper.Resend, messages [][]soakMessage) (r soakResult) {
	ledger := map[string]int{}
	chats := map[int64]bool{}
	for _, writer := range messages {
		if chat := writer[0].chat; !chats[chat] {
			chats[chat] = true
			for _, message := range market.Messages(chat) {
				ledger[fmt.Sprint(chat, message.Text)]++
			}
		}
	}
	entries := 0
	for _, writer := range messages {
		for _, e := range writer {
			there := ledger[fmt.Sprint(e.chat, e.text)]
			entries += there
			r.count(&e, there)
			if wrong := e.wrong(there, resend); wrong != "" {
				require.Fail(t, wrong, "message %q: %d times in the ledger, %d requests, %d of them doubtful, "+
					"last read failed: %t; returned: %v", e.text, there, e.requests, e.doubts, e.unread, e.err)
			}
		}
	}
	total := 0
	for _, n := range ledger {
		total += n
	}
	assert.Equal(t, total, entries, "the ledger has nothing but the messages that were sent, each in its chat")
	return r
}

func (r *soakResult) count(e *soakMessage, there int) {
	r.sent++
	r.requests += e.requests
	r.faulty += e.faulty
	switch {
	case e.err == nil:
		r.succeeded++
	case !errors.Is(e.err, wrapper.ErrOutcomeUnknown):
		r.rejected++
	case there > 0:
		r.unknownThere++
	default:
		r.unknownNotThere++
		if e.quiet {
			r.quietUnknown++
			if e.unread {
				r.unread++
			}
		}
	}
	if there > 1 {
		r.twice++
	}
}

// wrong says what was not as promised.
func (e *soakMessage) wrong(there int, resend wrapper.Resend) string {
	unknown := errors.Is(e.err, wrapper.ErrOutcomeUnknown)
	switch {
	case e.err == nil && there == 0:
		return "it succeeded, and is not there"
	case e.err != nil && !unknown && there > 0:
		return "it failed for certain, and is there"
	case resend != wrapper.ResendAlways && there > 1:
		return "it is there twice"
	case unknown && e.doubts == 0:
		return "it is called unknown without cause"
	case resend == wrapper.ResendChecked && unknown && !e.doubtful:
		return "it is called unknown although the check had ended the doubt"
	case resend == wrapper.ResendChecked && e.quiet && unknown && there == 0 && e.requests < 4 && !e.unread:
		return "it was given up in a quiet chat"
	}
	return ""
}
