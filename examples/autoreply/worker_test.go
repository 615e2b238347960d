package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

func newWorker(t *testing.T, opts ...sandbox.Option) (*sandbox.Market, *worker) {
	market := sandbox.New(opts...)
	client, err := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(&http.Client{Transport: market.RoundTripper()}))
	require.NoError(t, err)
	inbox, err := openInbox(filepath.Join(t.TempDir(), "inbox.db"))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, inbox.close()) })
	return market, &worker{inbox, client, 0}
}

// lookAtAll looks at each message that is due, as run does, until none is.
func (w *worker) lookAtAll(t *testing.T) error {
	for {
		due, err := w.inbox.due()
		require.NoError(t, err)
		if len(due) == 0 {
			return nil
		}
		if err := w.look(t.Context(), due[0]); err != nil {
			return err
		}
	}
}

func onlyRow(t *testing.T, w *worker) message {
	rows, err := w.inbox.rows(`true`)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	return rows[0]
}

// The states that a message ends in, by what has happened in its chat and what the Market says.
func TestStates(t *testing.T) {
	for name, row := range map[string]struct {
		before  func(*testing.T, *sandbox.Market, *worker, int64)
		send    sandbox.Fault
		read    sandbox.Fault
		state   string
		error   string
		answers int
	}{
		"the buyer wrote":             {state: "answered", answers: 1},
		"the shop has answered":       {before: shopAnswers, state: "nothing", answers: 1},
		"the buyer wrote twice":       {before: buyerWrites, state: "answered", answers: 1},
		"refused":                     {send: sandbox.Fail(400, "BAD_REQUEST", "not like this"), state: "failed", error: "not like this"},
		"refused with a 200":          {send: sandbox.Answer(200, nil, `{"status":"ERROR","errors":[{"code":"CLOSED"}]}`), state: "failed", error: "CLOSED"},
		"a proxy's page":              {send: sandbox.Proxy(403, sandbox.ProxyPage(403)), state: "new", error: "403"},
		"the chat is gone":            {read: sandbox.Fail(404, "NOT_FOUND", "no chat"), state: "failed", error: "no chat"},
		"the quota is used up":        {send: sandbox.QuotaUsedUp(20 * time.Minute), state: "new", error: "420"},
		"the Market cannot be read":   {read: sandbox.Fail(503, "UNAVAILABLE", "later"), state: "new", error: "503"},
		"stored, and answered by 500": {send: sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "later")), state: "answered", answers: 1},
		"stored, and cut":             {send: sandbox.CommitThen(sandbox.Abort()), state: "answered", answers: 1},
		"not stored, and cut":         {send: sandbox.Abort(), state: "answered", answers: 1},
	} {
		t.Run(name, func(t *testing.T) {
			market, w := newWorker(t)
			chat, err := market.Direct(12345, "Is it red?")
			require.NoError(t, err)
			market.Advance(time.Minute)
			require.NoError(t, w.inbox.add(t.Context(), chat, "1"))
			if row.before != nil {
				row.before(t, market, w, chat)
			}
			w.client, err = wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(&http.Client{Transport: market.RoundTripper()}),
				wrapper.WithRetry(wrapper.RetryPolicy{MaxAttempts: 1, MaxDelay: time.Second}))
			require.NoError(t, err)
			market.Script("sendMessageToChat", row.send)
			market.Script("getChat", row.read)

			require.NoError(t, w.lookAtAll(t))

			m := onlyRow(t, w)
			assert.Equal(t, row.state, m.state)
			assert.Contains(t, m.error, row.error)
			assert.Equal(t, row.error == "", m.error == "", m.error)
			assert.Equal(t, row.answers, answers(market, chat))
		})
	}
}

func shopAnswers(t *testing.T, _ *sandbox.Market, w *worker, chat int64) {
	require.NoError(t, w.client.SendMessage(t.Context(), chat, "Yes."))
}

func buyerWrites(t *testing.T, market *sandbox.Market, _ *worker, chat int64) {
	require.NoError(t, market.Reply(chat, "Hello?"))
}

// answers counts the messages of the shop.
func answers(market *sandbox.Market, chat int64) int {
	count := 0
	for _, m := range market.Messages(chat) {
		if !m.FromBuyer {
			count++
		}
	}
	return count
}

// What a killed program has left in sending, by what has happened in the chat since.
func TestLeftInSending(t *testing.T) {
	for name, row := range map[string]struct {
		since   []string // who wrote
		state   string
		answers int
	}{
		"nothing":                         {nil, "answered", 1},
		"the answer arrived":              {[]string{"shop"}, "answered", 1},
		"the buyer wrote once more":       {[]string{"buyer"}, "in_doubt", 0},
		"it arrived, and the buyer wrote": {[]string{"shop", "buyer"}, "in_doubt", 1},
		"the buyer wrote, and it arrived": {[]string{"buyer", "shop"}, "answered", 1},
	} {
		t.Run(name, func(t *testing.T) {
			market, w := newWorker(t)
			chat, err := market.Direct(12345, "Is it red?")
			require.NoError(t, err)
			info, err := w.client.GetChat(t.Context(), chat)
			require.NoError(t, err)
			require.NoError(t, w.inbox.add(t.Context(), chat, "1"))
			m := onlyRow(t, w)
			m.state, m.updatedAt = "sending", info.UpdatedAt.UTC().Format(time.RFC3339Nano)
			require.NoError(t, w.inbox.set(m))
			for _, who := range row.since {
				market.Advance(time.Second)
				if who == "shop" {
					shopAnswers(t, market, w, chat)
				} else {
					buyerWrites(t, market, w, chat)
				}
			}
			require.NoError(t, w.waitForTheKilled())
			require.NoError(t, w.lookAtAll(t))
			assert.Equal(t, row.state, onlyRow(t, w).state)
			assert.Equal(t, row.answers, answers(market, chat))
		})
	}
}

// A key that is not valid is no reason to give up a message.
func TestWrongKey(t *testing.T) {
	market, w := newWorker(t, sandbox.WithAPIKey("another"))
	chat, err := market.Direct(12345, "Is it red?")
	require.NoError(t, err)
	require.NoError(t, w.inbox.add(t.Context(), chat, "1"))
	require.ErrorIs(t, w.run(t.Context()), wrapper.ErrUnauthorized)
	assert.Equal(t, "new", onlyRow(t, w).state)
}

// A program that starts gives the requests of a killed one their time.
func TestWaitsForTheKilled(t *testing.T) {
	_, w := newWorker(t)
	w.underWay = time.Hour
	require.NoError(t, w.inbox.add(t.Context(), 7, "1"))
	m := onlyRow(t, w)
	m.state = "sending"
	require.NoError(t, w.inbox.set(m))
	require.NoError(t, w.waitForTheKilled())
	due, err := w.inbox.due()
	require.NoError(t, err)
	assert.Empty(t, due)
}

// The same notification is one row, however often it comes, and keeps its state.
func TestInboxKnowsRepeats(t *testing.T) {
	_, w := newWorker(t)
	for range 3 {
		require.NoError(t, w.inbox.add(t.Context(), 7, "1"))
	}
	m := onlyRow(t, w)
	m.state = "answered"
	require.NoError(t, w.inbox.set(m))
	require.NoError(t, w.inbox.add(t.Context(), 7, "1"))
	assert.Equal(t, "answered", onlyRow(t, w).state)
	ctx, end := context.WithCancel(t.Context())
	end()
	assert.Error(t, w.inbox.add(ctx, 8, "1"), "what is not written down is not taken")
}

func TestOneProgramAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "inbox.db")
	first, err := openInbox(path)
	require.NoError(t, err)
	_, err = openInbox(path)
	require.ErrorContains(t, err, "another program has")
	require.NoError(t, first.close())
	second, err := openInbox(path)
	require.NoError(t, err)
	require.NoError(t, second.close())
}

func TestDemo(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, demo(t.Context(), &out))
	assert.Equal(t, 2, strings.Count(out.String(), fmt.Sprint("buyer false: ", answer)), out.String())
}
