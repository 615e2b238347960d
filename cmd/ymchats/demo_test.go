package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// The demo tells its story over real HTTP; ports, pauses and times differ from run to run.
func TestDemo(t *testing.T) {
	t.Parallel()
	code, out, complaint := run(t, "demo")
	require.Zero(t, code, complaint)
	story := regexp.MustCompile(`\d+:\d+:\d+`).ReplaceAllString(out, "TIME")
	story = regexp.MustCompile(`waits [0-9.]+m?s`).ReplaceAllString(story, "waits PAUSE")
	story = regexp.MustCompile(`127.0.0.1:\d+`).ReplaceAllString(story, "HOST")
	assert.Equal(t, strings.TrimPrefix(`
A sandbox, which stands in for the Market, listens on http://HOST/v2

Start a chat about order 31000001
  → POST /v2/businesses/4200/chats/new
  ← 420 METHOD_FAILURE: Hit rate limit of '1000' requests per 'hour' for resource 'createChat' for businessId 4200
    createChat, attempt 1: quota used up; the client waits PAUSE, then tries again
  → POST /v2/businesses/4200/chats/new
  ← 200
    createChat, attempt 2: ok

Send a message into chat 7000001
  → POST /v2/businesses/4200/chats/message?chatId=7000001
  ← 500 INTERNAL_ERROR: Something went wrong, try again later
    sendMessageToChat, attempt 1: server error; the client waits PAUSE, then reads the chat, as the message may have arrived
  → POST /v2/businesses/4200/chats/history?chatId=7000001&limit=100
  ← 200
    getChatHistory, attempt 1: ok
  → POST /v2/businesses/4200/chats/history?chatId=7000001&limit=100
  ← 200
    getChatHistory, attempt 1: ok
  → POST /v2/businesses/4200/chats/message?chatId=7000001
  ← 200
    sendMessageToChat, attempt 2: ok

Read chat 7000001
  → GET /v2/businesses/4200/chat?chatId=7000001
  ← 200
    getChat, attempt 1: ok
  about ORDER 31000001, status WAITING_FOR_CUSTOMER, last message at TIME

What the buyer sees
  TIME  Your order leaves our warehouse tomorrow.
`, "\n"), story)
}

func TestDemoFailsUnlessTheBuyerSeesOneMessage(t *testing.T) {
	right := sandbox.Message{Text: demoText}
	for _, seen := range [][]sandbox.Message{nil, {right, right}, {{Text: "another"}}} {
		assert.Error(t, showBuyer(&bytes.Buffer{}, seen))
	}
	assert.NoError(t, showBuyer(&bytes.Buffer{}, []sandbox.Message{right}))
}

// Ctrl-C stops the program in the middle of a pause, and it says so.
func TestInterrupt(t *testing.T) {
	needSignals(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := program(t, "demo")
	out := &textWatcher{seen: "quota used up", found: make(chan struct{})}
	var complaint bytes.Buffer
	command.Stdout, command.Stderr = out, &complaint
	require.NoError(t, command.Start())
	select {
	case <-out.found:
	case <-ctx.Done():
		t.Fatal("the demo did not get to its first pause")
	}
	require.NoError(t, command.Process.Signal(os.Interrupt))
	var exit *exec.ExitError
	require.ErrorAs(t, command.Wait(), &exit)
	assert.Equal(t, 1, exit.ExitCode())
	assert.Contains(t, complaint.String(), "context canceled")
	assert.NotContains(t, out.text.String(), "attempt 2", "it stopped at once")
}

// textWatcher is a Writer that tells when it has seen a text.
type textWatcher struct {
	seen  string
	found chan struct{}
	text  bytes.Buffer
	done  bool
}

func (n *textWatcher) Write(p []byte) (int, error) {
	n.text.Write(p)
	if !n.done && strings.Contains(n.text.String(), n.seen) {
		n.done = true
		close(n.found)
	}
	return len(p), nil
}

// Each of the three calls ends the demo when it fails.
func TestConverseFails(t *testing.T) {
	for operation, story := range map[string]string{"createChat": "Start", "sendMessageToChat": "Send a message", "getChat": "Read"} {
		market := sandbox.New()
		market.Script(operation, sandbox.Fail(403, "FORBIDDEN", "no"))
		client, err := wrapper.New(demoBusiness, wrapper.APIKey("k"), wrapper.WithHTTPClient(&http.Client{Transport: market.RoundTripper()}))
		require.NoError(t, err)
		var out bytes.Buffer
		_, err = converse(t.Context(), &out, client)
		assert.ErrorIs(t, err, wrapper.ErrForbidden)
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		assert.Contains(t, lines[len(lines)-1], story)
	}
	assert.EqualError(t, showBuyer(io.Discard, nil), "the buyer should see exactly the one message that was sent")
}

func TestServeStops(t *testing.T) {
	var served atomic.Int32
	url, stop, err := serve(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) }))
	require.NoError(t, err)
	resp, err := http.Get(url)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	stop()
	if resp, err = http.Get(url); err == nil { // another process may have taken the port
		require.NoError(t, resp.Body.Close())
	}
	assert.EqualValues(t, 1, served.Load())
}

// The story goes on when there is less to tell: no answer, no message, half a body. The client reads what there is.
func TestOverhear(t *testing.T) {
	broken := errors.New("broken")
	for what, row := range map[string]struct {
		body    io.Reader // nil: no answer comes
		read    string
		err     error
		printed string
	}{
		"no answer":      {nil, "", broken, "← no answer: broken"},
		"errors":         {strings.NewReader(`{"errors":[{"code":"A"},{"code":"B","message":"b"}]}`), `{"errors":[{"code":"A"},{"code":"B","message":"b"}]}`, nil, "← 403 A B: b"},
		"half of a body": {io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)), "half", broken, "← 403"},
	} {
		var out bytes.Buffer
		closed := 0
		next := doer(func(*http.Request) (*http.Response, error) {
			if row.body == nil {
				return nil, broken
			}
			return &http.Response{StatusCode: 403, Body: countingCloser{row.body, &closed}}, nil
		})
		req, err := http.NewRequest("GET", "http://host/v2/a?b=1", nil)
		require.NoError(t, err)
		var read []byte
		resp, err := story{&out}.overhear(next).Do(req)
		if row.body != nil {
			require.NoError(t, err)
			read, err = io.ReadAll(resp.Body)
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, 1, closed, what)
		}
		assert.Equal(t, row.err, err, what)
		assert.Equal(t, row.read, string(read), what)
		assert.Equal(t, "  → GET /v2/a?b=1\n  "+row.printed+"\n", out.String(), what)
	}
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(req *http.Request) (*http.Response, error) { return d(req) }

type countingCloser struct {
	io.Reader
	closed *int
}

func (c countingCloser) Close() error { *c.closed++; return nil }

// After a 420 nothing has arrived: the story tells of no look at the chat.
func TestStoryOfA420(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(logHandler(story{&out}.tell))
	log.Warn("attempt", "operation", "sendMessageToChat", "attempt", 1, "status", 420, "pause", time.Second,
		"for", "the next attempt")
	log.Warn("attempt", "operation", "sendMessageToChat", "attempt", 2, "status", 500, "pause", time.Second,
		"for", "the first look into the chat")
	assert.Equal(t, "    sendMessageToChat, attempt 1: too many requests at once; the client waits 1s, then tries again\n"+
		"    sendMessageToChat, attempt 2: server error; the client waits 1s, then reads the chat, as the message may have arrived\n", out.String())
}
