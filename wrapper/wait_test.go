package wrapper_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
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

// The log has one line for each wait, with what it is for and until when: the line of the attempt before it, or one of
// its own if the wait is longer than a second.
func TestWaitsAreTold(t *testing.T) {
	patient := wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: 6 * time.Second})
	behind := func() reply { return history() }
	again := func(client *wrapper.Client) {
		_ = client.SendMessage(context.Background(), chatID, text, wrapper.Once(0))
	}
	for what, row := range map[string]struct {
		replies []reply
		history func() reply
		option  wrapper.Option
		then    func(*wrapper.Client) // nil: nothing
		once    int64                 // after which message; 0: the first call is without Once
		waits   []string
	}{
		"all goes well": {replies: []reply{ok("sendMessageToChat")}},
		"an attempt": {replies: []reply{refusedDial(), ok("sendMessageToChat")},
			waits: []string{"the next attempt until 250ms"}},
		"looks after 500": {replies: []reply{serverError(), ok("sendMessageToChat")}, history: behind,
			waits: []string{"the first look into the chat until 250ms", "the second look into the chat until 3s"}},
		"looks after a cut": {replies: []reply{{err: io.EOF}, ok("sendMessageToChat")}, history: behind,
			waits: []string{"the first look into the chat until 250ms", "the second look into the chat until 13s"}},
		"Once": {replies: []reply{ok("sendMessageToChat")}, history: shows("PARTNER", text, 0), then: again,
			waits: []string{"this Client's last send of the text to show in the chat until 3s"}},
		"a read that is behind": {history: behind, option: patient, once: 9, waits: []string{
			"a read that is not behind until 3s", "a read that is not behind until 9s", "a read that is not behind until 21s"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			s := newScript(t, row.replies...)
			s.history = row.history
			options := []wrapper.Option{wrapper.WithLogger(slog.New(slog.NewJSONHandler(&log,
				&slog.HandlerOptions{Level: slog.LevelDebug})))}
			if row.option != nil {
				options = append(options, row.option)
			}
			client := newClient(t, s, options...)
			var once []wrapper.CallOption
			if row.once > 0 {
				once = append(once, wrapper.Once(row.once))
			}
			_ = client.SendMessage(t.Context(), chatID, text, once...)
			if row.then != nil {
				row.then(client)
			}
			assert.Equal(t, row.waits, loggedWaits(t, &log, s.began), what)
		})
	}
}

// loggedWaits gives what the lines of a log say of waits.
func loggedWaits(t *testing.T, log io.Reader, began time.Time) (waits []string) {
	for decoder := json.NewDecoder(log); decoder.More(); {
		var line struct {
			Time, Until time.Time
			Pause       time.Duration
			For         string
		}
		require.NoError(t, decoder.Decode(&line))
		if line.Pause > 0 {
			line.Until = line.Time.Add(line.Pause)
		}
		if line.For != "" {
			waits = append(waits, line.For+" until "+line.Until.Sub(began).String())
		}
	}
	return waits
}

// A send that waits for another one of the same text tells so, and not for how long, as nobody knows.
func TestAWaitForATurnIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log lockedBuffer
		slow := ok("sendMessageToChat")
		slow.slow = 2 * time.Second
		client := newClient(t, newScript(t, slow, ok("sendMessageToChat")), wrapper.WithLogger(slog.New(
			slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
		go func() { _ = client.SendMessage(t.Context(), chatID, text) }()
		synctest.Wait()
		require.NoError(t, client.SendMessage(t.Context(), chatID, text))
		assert.Contains(t, log.String(), `msg=wait operation=sendMessageToChat for="another send of the text to end"`+
			" until=0001-01-01T00:00:00.000Z")
	})
}
