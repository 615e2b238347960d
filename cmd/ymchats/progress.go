package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// progress tells why the client waits, and for how long. It reads the wrapper's log, which has a line at the
// beginning of each pause.
type progress struct {
	out      io.Writer
	terminal bool // there it counts down
	stop     func()
}

func (p *progress) Enabled(context.Context, slog.Level) bool { return true }
func (p *progress) WithAttrs([]slog.Attr) slog.Handler       { return p }
func (p *progress) WithGroup(string) slog.Handler            { return p }

func (p *progress) Handle(_ context.Context, r slog.Record) error {
	p.end()
	field := fields(r)
	pause, reason := field["pause"].Duration(), explain(field)
	if reason == "ok" {
		reason = "the answer broke off" // or no pause would follow
	}
	switch {
	case pause <= 0:
	case p.terminal:
		p.stop = countDown(p.out, reason, pause)
	default:
		fmt.Fprintln(p.out, waiting(reason, pause))
	}
	return nil
}

// end takes the countdown off the terminal, so that what is said next stands alone.
func (p *progress) end() {
	if p.stop != nil {
		p.stop()
		p.stop = nil
	}
}

// countDown rewrites one line of a terminal every second until it is stopped, and leaves none behind.
func countDown(out io.Writer, reason string, pause time.Duration) (stop func()) {
	over := time.Now().Add(pause)
	width := 0
	show := func(text string) {
		fmt.Fprintf(out, "\r%-*s\r%s", width, "", text)
		width = len(text)
	}
	show(waiting(reason, pause))
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				show(waiting(reason, time.Until(over)))
			case <-quit:
				show("")
				return
			}
		}
	}()
	return func() { close(quit); <-done }
}

// waiting tells a pause in whole seconds, rounded up: it is over when it says so.
func waiting(reason string, left time.Duration) string {
	when := "now"
	if left > 0 {
		when = "in " + (left + time.Second - 1).Truncate(time.Second).String()
	}
	return fmt.Sprintf("ymchats: %s, trying again %s", reason, when)
}
