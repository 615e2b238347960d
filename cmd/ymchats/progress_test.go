package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// On a terminal one line is rewritten every second, and the last thing said about it is nothing.
func TestCountDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		stop := countDown(&out, func() int { return 80 }, waiting{"quota used up", "trying again", "again"}, 2500*time.Millisecond)
		time.Sleep(3100 * time.Millisecond) // the pause, and an answer that takes its time
		synctest.Wait()
		stop()
		wipe := "\r" + strings.Repeat(" ", 42) + "\r"
		assert.Equal(t, "\r\rymchats: quota used up, trying again in 3s"+
			wipe+"ymchats: quota used up, trying again in 2s"+
			wipe+"ymchats: quota used up, trying again in 1s"+
			wipe+"ymchats: quota used up, trying again now"+
			"\r"+strings.Repeat(" ", 40)+"\r", out.String())
	})
}

// Elsewhere there is one line for each pause, and none for attempts that no pause follows.
func TestProgress(t *testing.T) {
	var out bytes.Buffer
	usedUp := wrapper.Quota{Limit: 1000, Until: time.Now()}
	p := &progress{out: &out, columns: func() int { return 0 }}
	log := slog.New(logHandler(p.handle)).With("a", 1).WithGroup("g")
	log.WarnContext(context.Background(), "attempt", "status", 500, "pause", 300*time.Millisecond)
	log.WarnContext(context.Background(), "attempt", "status", 420, "quota", usedUp, "pause", 90*time.Second+time.Millisecond)
	log.WarnContext(context.Background(), "attempt", "status", 200, "pause", time.Second)
	log.DebugContext(context.Background(), "attempt", "status", 200, "pause", time.Duration(0))
	p.end()
	assert.Equal(t, "ymchats: server error, trying again in 1s\n"+
		"ymchats: quota used up, trying again in 1m31s\n"+
		"ymchats: the answer broke off, trying again in 1s\n", out.String())
}

// A send in doubt waits for looks into the chat, and a request for the Limiter. Where nobody knows how long, nothing is
// shown.
func TestProgressOfLooks(t *testing.T) {
	var out bytes.Buffer
	p := &progress{out: &out, columns: func() int { return 0 }}
	log := slog.New(logHandler(p.handle))
	soon := time.Now().Add(13 * time.Second)
	log.Warn("attempt", "status", 500, "pause", 300*time.Millisecond, "for", "the first look into the chat")
	log.Debug("wait", "for", "the second look into the chat", "until", soon)
	log.Debug("wait", "for", "a new window of the quota", "until", soon)
	log.Debug("wait", "for", "a request to end", "until", time.Time{})
	assert.Equal(t, "ymchats: server error, looking into the chat in 1s\n"+
		"ymchats: the message may have arrived, looking into the chat in 13s\n"+
		"ymchats: waiting for a new window of the quota, going on in 13s\n", out.String())
}

// The next line of the log ends a countdown, and so does the end of the call.
func TestProgressEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := &progress{out: &out, columns: func() int { return 80 }}
		log := slog.New(logHandler(p.handle))
		log.Warn("attempt", "status", 500, "pause", time.Minute)
		log.Warn("attempt", "status", 0, "pause", time.Minute)
		p.end()
		p.end()
		assert.Equal(t, 1, strings.Count(out.String(), "server error, trying again in 1m0s"))
		assert.Equal(t, 1, strings.Count(out.String(), "no answer, trying again in 1m0s"))
		assert.True(t, strings.HasSuffix(out.String(), " \r"))
	})
}

// A line of the countdown fits into the screen, so that the next one is written over it. The time stays readable.
func TestFit(t *testing.T) {
	const reason = "no answer (connection refused)"
	for room, want := range map[int]string{
		99: "ymchats: no answer (connection refused), trying again in 29m59s",
		62: "no answer (connection refused), again in 29m59s",
		47: "no answer (connection refused), again in 29m59s",
		39: "no answer (connection…, again in 29m59s",
		19: "n…, again in 29m59s",
		17: "in 29m59s",
		4:  "in 2",
	} {
		got := waiting{reason, "trying again", "again"}.fit(30*time.Minute-time.Second, room)
		assert.Equal(t, want, got, room)
		assert.LessOrEqual(t, utf8.RuneCountInString(got), room)
	}
	assert.Equal(t, "quota used up, again now", waiting{"quota used up", "trying again", "again"}.fit(0, 30))
}

// Whatever the width, and however it changes, no line reaches the edge of the screen.
func TestCountDownStaysOnItsLine(t *testing.T) {
	for _, columns := range []int{minColumns, 40, 100} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			var now atomic.Int32
			now.Store(100)
			stop := countDown(&out, func() int { return int(now.Load()) }, waiting{"no answer (there is no host api.partner.market.yandex.example)", "trying again", "again"}, time.Hour)
			now.Store(int32(columns))
			time.Sleep(3500 * time.Millisecond)
			synctest.Wait()
			stop()
			_, later, found := strings.Cut(out.String(), "trying again in 1h0m0s") // while the window was wide
			assert.True(t, found)
			for _, line := range strings.Split(later, "\r") {
				assert.Less(t, utf8.RuneCountInString(line), columns, line)
			}
			assert.Contains(t, out.String(), "in 59m5")
			assert.NotContains(t, out.String(), "\n")
		})
	}
}

// Where the width is unknown, or too small for a countdown, there is one line for a pause, and no carriage return.
func TestProgressOnAScreenOfNoWidth(t *testing.T) {
	for _, columns := range []int{0, 1, minColumns - 1} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			p := &progress{out: &out, columns: func() int { return columns }}
			slog.New(logHandler(p.handle)).Warn("attempt", "status", 500, "pause", time.Minute)
			time.Sleep(5 * time.Second)
			p.end()
			assert.Equal(t, "ymchats: server error, trying again in 1m0s\n", out.String())
		})
	}
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := &progress{out: &out, columns: func() int { return minColumns }}
		slog.New(logHandler(p.handle)).Warn("attempt", "status", 500, "pause", time.Minute)
		p.end()
		assert.True(t, strings.HasPrefix(out.String(), "\r"), "the narrowest screen of all counts down")
	})
}

// --verbose writes the client's own lines, each on a line of its own beside the countdown; --quiet leaves out the waits.
func TestVerbose(t *testing.T) {
	market := newSandbox(t)
	line := `time=\S+ level=WARN msg=attempt operation=createChat attempt=1 status=420 codes=\[METHOD_FAILURE\] pause=\S+ quota=.*\n`
	last := `time=\S+ level=DEBUG msg=attempt operation=createChat attempt=2 status=200 .*\n`
	for want, s := range map[string]struct {
		shell
		args []string
	}{
		"^" + line + "ymchats: quota used up, trying again in 1s\n" + last + "$":           {shell{}, nil},
		"^" + line + "\r\rymchats: quota used up, trying again in 1s.*\r +\r" + last + "$": {shell{onTerminal: allTerminals, columns: 80}, nil},
		"^" + line + last + "$": {shell{onTerminal: allTerminals, columns: 80}, []string{"--quiet"}},
	} {
		market.Script("createChat", sandbox.TooMany())
		code, out, complaint := s.run(t, append([]string{"new", "--order", order, "--verbose"}, s.args...)...)
		assert.Zero(t, code)
		assert.Equal(t, "Chat 7000001, about order 31000001\n", out)
		assert.Regexp(t, strings.ReplaceAll(want, "quota used up", "too many requests at once"), complaint)
	}
	code, _, complaint := run(t, "send", "--chat", chat, testText, "--verbose")
	assert.Zero(t, code)
	assert.Equal(t, 1, strings.Count(complaint, "\n"), complaint)
}

// What is no terminal has no columns, so that no line is rewritten there.
func TestNoColumnsWithoutATerminal(t *testing.T) {
	t.Setenv("TERM", "xterm")
	assert.Zero(t, columnsOf(new(bytes.Buffer)))
}
