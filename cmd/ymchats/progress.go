package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"
)

// minColumns is the narrowest screen on which it is counted down.
const minColumns = 20

// progress shows why the client waits, and for how long. It reads the wrapper's log, which has a line at the
// beginning of each pause.
type progress struct {
	out     io.Writer
	columns func() int   // of a screen on which it counts down; 0: there is none
	quiet   bool         // waits are not shown
	log     slog.Handler // nil, or takes each line of the wrapper's log as it is
	stop    func()
}

func (p *progress) handle(ctx context.Context, line slog.Record) error {
	p.end()
	if p.log != nil {
		if err := p.log.Handle(ctx, line); err != nil {
			return err
		}
	}
	a := readAttempt(line)
	if a.pause <= 0 || p.quiet {
		return nil
	}
	if p.columns() >= minColumns {
		p.stop = countDown(p.out, p.columns, a.whyAgain(), a.pause)
		return nil
	}
	fmt.Fprintln(p.out, "ymchats: "+waiting(a.whyAgain(), a.pause))
	return nil
}

// end takes the countdown off the terminal, so that what is said next stands alone.
func (p *progress) end() {
	if p.stop != nil {
		p.stop()
		p.stop = nil
	}
}

// countDown shows a pause on one line of a terminal until it is stopped.
func countDown(out io.Writer, columns func() int, reason string, pause time.Duration) (stop func()) {
	over := time.Now().Add(pause)
	return rewrite(out, columns, func(room int) string { return fit(reason, time.Until(over), room) })
}

// rewrite rewrites one line of a terminal every second until it is stopped, and leaves none behind. text has no more
// characters than there is room.
func rewrite(out io.Writer, columns func() int, text func(room int) string) (stop func()) {
	width := 0
	show := func(text string) {
		fmt.Fprintf(out, "\r%-*s\r%s", width, "", text)
		width = utf8.RuneCountInString(text)
	}
	tell := func() {
		room := max(columns(), minColumns) - 1 // a text that reaches the edge may go on in the next line
		width = min(width, room)               // the window may have become narrower
		show(text(room))
	}
	tell()
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				tell()
			case <-quit:
				show("")
				return
			}
		}
	}()
	return func() { close(quit); <-done }
}

// waiting writes a pause in whole seconds, rounded up: it is over when the line says so.
func waiting(reason string, left time.Duration) string {
	return reason + ", trying again " + when(left)
}

func when(left time.Duration) string {
	if left <= 0 {
		return "now"
	}
	return "in " + (left + time.Second - 1).Truncate(time.Second).String()
}

// fit writes a pause in at most so many characters. Where not all of it fits, the time stays longest.
func fit(reason string, left time.Duration, room int) string {
	long := "ymchats: " + waiting(reason, left)
	short := reason + ", again " + when(left)
	for _, text := range []string{long, short} {
		if utf8.RuneCountInString(text) <= room {
			return text
		}
	}
	end := "…, again " + when(left)
	if letters := room - utf8.RuneCountInString(end); letters > 0 {
		return strings.TrimSpace(string([]rune(reason)[:letters])) + end
	}
	return string([]rune(when(left))[:min(len(when(left)), room)])
}
