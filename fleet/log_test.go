package fleet

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lines is what a logger wrote.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestOneLineEachWay(t *testing.T) {
	beside(t)
	s := onOne(t)
	var log lines
	shared, l := member(t, s, WithLogger(log.logger()))
	second, err := shared.Limiter(7)
	require.NoError(t, err)
	take(t, l, "getChat")(served)
	take(t, second, "getChat")(served)
	require.Empty(t, log.String())
	s.kill()
	take(t, l, "getChat")(served)
	take(t, second, "getChat")(served)
	eventually(t, "a line is written", func() bool { return log.String() != "" })
	s.run()
	eventually(t, "a second line is written", func() bool { return strings.Count(log.String(), "\n") == 2 })
	want := "^level=WARN msg=\"fleet: Redis is away\" businessId=(12345|7) error=.*\n" +
		"level=INFO msg=\"fleet: Redis is back\"\n$"
	assert.Regexp(t, want, log.String())
}

// Each line is written at most once a minute. In the end the last one says how it is.
func TestLinesAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text lines
		s := newStatusLog(text.logger(), "away", "back")
		ctx, stop := context.WithCancel(t.Context())
		go s.run(ctx)
		away, back := "level=WARN msg=away businessId=7 error=broken\n", "level=INFO msg=back\n"
		after := func(pause time.Duration, isAway bool) string {
			time.Sleep(pause)
			s.set(status{isAway, errors.New("broken"), 7})
			synctest.Wait()
			return text.String()
		}
		assert.Equal(t, away, after(0, true))
		assert.Equal(t, away+back, after(time.Second, false))
		for range 10 {
			assert.Equal(t, away+back, after(time.Second, true))
			assert.Equal(t, away+back, after(time.Second, false))
		}
		assert.Equal(t, away+back, after(time.Second, true))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, away+back+away, text.String(), "it is still away")
		assert.Equal(t, away+back+away+back, after(time.Minute, false))
		stop()
		synctest.Wait()
		assert.Equal(t, away+back+away+back, after(time.Hour, true), "nothing is written after Close")
	})
}
