package wrapper_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

func TestLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		refused := quotaUsedUp(10 * time.Second)
		refused.header.Set("Traceparent", "00-1-2-01")
		echo := failure(500, "E", "(rejected value: "+text+")")
		s := newScript(t, refused, echo, ok("getChatHistory"), ok("getChatHistory"), ok("sendMessageToChat"))
		began := time.Now()
		require.NoError(t, newClient(t, s, wrapper.WithLogger(logger)).SendMessage(t.Context(), chatID, text))

		var lines []map[string]any
		for decoder := json.NewDecoder(&log); decoder.More(); {
			var line map[string]any
			require.NoError(t, decoder.Decode(&line))
			delete(line, "time")
			lines = append(lines, line)
		}
		none := map[string]any{"limit": 0.0, "remaining": 0.0, "until": "0001-01-01T00:00:00Z"}
		until := lines[0]["quota"].(map[string]any)["until"]
		assert.Equal(t, []map[string]any{
			{"level": "WARN", "msg": "attempt", "operation": "sendMessageToChat", "attempt": 1.0, "status": 420.0,
				"codes": []any{"METHOD_FAILURE"}, "pause": float64(10*time.Second + 125*ms), "traceparent": "00-1-2-01",
				"for":   "a new window of the quota",
				"quota": map[string]any{"limit": 1000.0, "remaining": 0.0, "until": until}},
			{"level": "WARN", "msg": "attempt", "operation": "sendMessageToChat", "attempt": 2.0, "status": 500.0,
				"codes": []any{"E"}, "pause": float64(500 * ms), "traceparent": "", "quota": none,
				"for": "the first look into the chat"},
			{"level": "DEBUG", "msg": "attempt", "operation": "getChatHistory", "attempt": 1.0, "status": 200.0,
				"codes": []any{}, "pause": 0.0, "traceparent": "", "quota": none},
			{"level": "DEBUG", "msg": "wait", "operation": "sendMessageToChat", "for": "the second look into the chat",
				"until": began.Add(13*time.Second + 125*ms).Format(time.RFC3339Nano)},
			{"level": "DEBUG", "msg": "attempt", "operation": "getChatHistory", "attempt": 1.0, "status": 200.0,
				"codes": []any{}, "pause": 0.0, "traceparent": "", "quota": none},
			{"level": "DEBUG", "msg": "attempt", "operation": "sendMessageToChat", "attempt": 3.0, "status": 200.0,
				"codes": []any{}, "pause": 0.0, "traceparent": "", "quota": none},
		}, lines)
	})
}

// What goes wrong is not hidden at level Debug.
func TestLogLevels(t *testing.T) {
	for what, row := range map[string]struct {
		reply reply
		level string
	}{
		"sent":         {ok("sendMessageToChat"), "DEBUG"},
		"status ERROR": {failure(200, "CLOSED", "The chat is closed"), "WARN"},
		"broke off":    {reply{status: 200, body: "{", readErr: io.ErrUnexpectedEOF}, "WARN"},
		"404":          {failure(404, "NOT_FOUND", "x"), "WARN"},
		"no answer":    {reply{err: io.EOF}, "WARN"},
	} {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		_ = newClient(t, newScript(t, row.reply), wrapper.WithLogger(logger), resending(wrapper.ResendNever)).SendMessage(t.Context(), chatID, text)
		assert.Contains(t, log.String(), "level="+row.level, what)
	}
}

// Where no answer came the line says why, without what the other side has sent; a program finds the cause.
func TestLogReason(t *testing.T) {
	var log bytes.Buffer
	var reason error
	broken := &net.OpError{Op: "read", Err: errors.New(`malformed HTTP response "canary"`)}
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "reason" {
			reason = a.Value.Any().(error)
		}
		return a
	}}))
	_, _ = newClient(t, newScript(t, reply{err: broken}), wrapper.WithLogger(logger)).GetChat(t.Context(), chatID, wrapper.Attempts(1))
	assert.Contains(t, log.String(), `malformed HTTP response \"…\"`)
	assert.NotContains(t, log.String(), "canary")
	var op *net.OpError
	require.ErrorAs(t, reason, &op)
	assert.Equal(t, "read", op.Op)
}

func TestLogDoesNotShowTheText(t *testing.T) {
	var log bytes.Buffer
	echo := failure(400, "cannot send "+text, "no")
	_ = newClient(t, newScript(t, echo), newLog(&log, slog.LevelDebug)).SendMessage(t.Context(), chatID, text)
	assert.NotContains(t, log.String(), text)
}

func TestLogWhenTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_ = newClient(t, newScript(t, reply{hang: true}), newLog(&log, slog.LevelDebug)).SendMessage(ctx, chatID, text)
		assert.Contains(t, log.String(), "attempt=1 status=0 codes=[] pause=0s ")
	})
}

func TestContextValuesReachAuthAndLog(t *testing.T) {
	ctx := context.WithValue(t.Context(), key{}, "mine")
	s := newScript(t, ok("getChat"))
	var inAuth, inLog any
	client, err := wrapper.New(business, func(ctx context.Context, req *http.Request) error {
		inAuth = ctx.Value(key{})
		req.Header.Set("Api-Key", "k")
		return nil
	},
		wrapper.WithHTTPClient(&http.Client{Transport: s}), wrapper.WithLogger(slog.New(noting{slog.DiscardHandler, &inLog})))
	require.NoError(t, err)
	_, err = client.GetChat(ctx, chatID)
	require.NoError(t, err)
	assert.Equal(t, "mine", inAuth)
	assert.Equal(t, "mine", inLog)
}

type key struct{}

// noting is a Handler that keeps a value of the context.
type noting struct {
	slog.Handler
	seen *any
}

func (n noting) Enabled(context.Context, slog.Level) bool { return true }
func (n noting) Handle(ctx context.Context, _ slog.Record) error {
	*n.seen = ctx.Value(key{})
	return nil
}

func newLog(buf *bytes.Buffer, level slog.Level) wrapper.Option {
	return wrapper.WithLogger(slog.New(slog.NewTextHandler(buf, &slog.HandlerOptions{Level: level})))
}
