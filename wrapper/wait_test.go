package wrapper_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// A wait for the Limiter that lasts longer than a second is told, with what is waited for and until when.
func TestLongWaitIsTold(t *testing.T) {
	for what, row := range map[string]struct {
		left      time.Duration // of the window; 0: all slots are taken
		remaining int           // requests in that window, all of which run
		level     slog.Level
		waits     string // empty: nothing is told
	}{
		"a window":                     {10 * time.Second, 0, slog.LevelDebug, "a new window of the quota"},
		"the last request of a window": {10 * time.Second, 1, slog.LevelDebug, "a request to end"},
		"a slot":                       {0, 0, slog.LevelDebug, "a request to end"},
		"nobody listens":               {10 * time.Second, 0, slog.LevelInfo, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			var log lockedBuffer
			logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: row.level}))
			h := newHoldingMarket(t, wrapper.WithLogger(logger))
			h.call(t.Context(), "getChat")
			end := time.Now().Add(row.left)
			if row.left > 0 {
				h.serve(1, quota(row.remaining, row.left))
				h.call(t.Context(), slices.Repeat([]string{"getChat"}, row.remaining)...)
			} else {
				h.call(t.Context(), "createChat", "createChat", "createChat")
			}
			log.Reset()
			h.call(t.Context(), "getChat")
			h.later(900 * ms)
			assert.Empty(t, log.String(), what)
			h.later(600 * ms)
			if row.waits == "" {
				assert.NotContains(t, log.String(), "wait", what)
				return
			}
			var line struct {
				Level, Msg, Operation, For string
				Until                      time.Time
			}
			require.NoError(t, json.Unmarshal([]byte(log.String()), &line), "%s: %s", what, log.String())
			assert.Equal(t, []string{"DEBUG", "wait", "getChat", row.waits}, []string{line.Level, line.Msg, line.Operation, line.For})
			assert.Equal(t, row.left > 0 && row.remaining == 0, line.Until.Equal(end), "%s: %v", what, line.Until)
		})
	}
}

// lockedBuffer is read while a timer may write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *lockedBuffer) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf.Reset()
}

// Of a Limiter of the user's own nothing is known but that it is waited for.
func TestLongWaitForAnotherLimiterIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := limiterFunc(func(ctx context.Context, _ string) (func(wrapper.Response), error) {
			return nil, sleep(ctx, 2*time.Second)
		})
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		_, err := newClient(t, newScript(t, ok("getChat")), wrapper.WithLimiter(slow), wrapper.WithLogger(logger)).GetChat(t.Context(), chatID)
		require.NoError(t, err)
		assert.Contains(t, log.String(), "msg=wait operation=getChat for=\"the Limiter\"")
	})
}
