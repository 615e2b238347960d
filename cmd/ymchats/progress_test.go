package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ymarket-go/chats/wrapper"
)

// On a terminal one line is rewritten every second, and the last thing said about it is nothing.
func TestCountDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		stop := countDown(&out, "quota used up", 2500*time.Millisecond)
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
	p := &progress{out: &out}
	log := slog.New(p).With("a", 1).WithGroup("g")
	log.WarnContext(context.Background(), "attempt", "status", 500, "pause", 300*time.Millisecond)
	log.WarnContext(context.Background(), "attempt", "status", 420, "quota", usedUp, "pause", 90*time.Second+time.Millisecond)
	log.WarnContext(context.Background(), "attempt", "status", 200, "pause", time.Second)
	log.DebugContext(context.Background(), "attempt", "status", 200, "pause", time.Duration(0))
	p.end()
	assert.Equal(t, "ymchats: server error, trying again in 1s\n"+
		"ymchats: quota used up, trying again in 1m31s\n"+
		"ymchats: the answer broke off, trying again in 1s\n", out.String())
}

// The next line of the log ends a countdown, and so does the end of the call.
func TestProgressEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := &progress{out: &out, terminal: true}
		log := slog.New(p)
		log.Warn("attempt", "status", 500, "pause", time.Minute)
		log.Warn("attempt", "status", 0, "pause", time.Minute)
		p.end()
		p.end()
		assert.Equal(t, 1, strings.Count(out.String(), "server error, trying again in 1m0s"))
		assert.Equal(t, 1, strings.Count(out.String(), "no answer, trying again in 1m0s"))
		assert.True(t, strings.HasSuffix(out.String(), " \r"))
	})
}
