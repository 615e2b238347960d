package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// minColumns is the narrowest screen on which it is counted down.
const minColumns = 20

// progress shows why the client waits, and for how long. It reads the wrapper's log, which has a line at the
// beginning of each wait.
type progress struct {
	out     io.Writer
	columns func() int   // of a screen on which it counts down; 0: there is none
	quiet   bool         // waits are not shown
	log     slog.Handler // nil, or takes each line of the wrapper's log as it is

	mu   sync.Mutex // a timer of the wrapper writes lines, too
	stop func()
}

func (p *progress) handle(ctx context.Context, line slog.Record) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	if p.log != nil {
		if err := p.log.Handle(ctx, line); err != nil {
			return err
		}
	}
	w, pause := readWait(line)
	if pause <= 0 || p.quiet {
		return nil
	}
	if p.columns() >= minColumns {
		p.stop = countDown(p.out, p.columns, w, pause)
		return nil
	}
	fmt.Fprintln(p.out, "ymchats: "+w.text(pause))
	return nil
}

// waiting is what the client waits for.
type waiting struct {
	reason string // "server error"
	next   string // "trying again"
	short  string // "again"
}

// readWait reads a line of an attempt that a pause follows, or of a wait. A pause of 0: it is neither, or it is not
// known how long the wait lasts.
func readWait(line slog.Record) (w waiting, pause time.Duration) {
	a := readAttempt(line)
	w = waiting{a.whyAgain(), "trying again", "again"}
	if line.Message == "wait" {
		w = waiting{"waiting for " + a.waitsFor, "going on", "on"}
		a.pause = a.until.Sub(line.Time)
	}
	switch a.waitsFor {
	case firstLook:
		w.next, w.short = "looking into the chat", "looking"
	case secondLook:
		w = waiting{"the message may have arrived", "looking into the chat", "looking"}
	}
	return w, a.pause
}

// end takes the countdown off the terminal, so that what is said next stands alone.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *progress) clear() {
	if p.stop != nil {
		p.stop()
		p.stop = nil
	}
}

// countDown shows a pause on one line of a terminal until it is stopped.
func countDown(out io.Writer, columns func() int, w waiting, pause time.Duration) (stop func()) {
	over := time.Now().Add(pause)
	return rewrite(out, columns, func(room int) string { return w.fit(time.Until(over), room) })
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

// text writes a wait in whole seconds, rounded up: it is over when the line says so.
func (w waiting) text(left time.Duration) string { return w.reason + ", " + w.next + " " + when(left) }

func when(left time.Duration) string {
	if left <= 0 {
		return "now"
	}
	return "in " + (left + time.Second - 1).Truncate(time.Second).String()
}

// fit writes a wait in at most so many characters. Where not all of it fits, the time stays longest.
func (w waiting) fit(left time.Duration, room int) string {
	end := ", " + w.short + " " + when(left)
	for _, text := range []string{"ymchats: " + w.text(left), w.reason + end} {
		if utf8.RuneCountInString(text) <= room {
			return text
		}
	}
	end = "…" + end
	if letters := room - utf8.RuneCountInString(end); letters > 0 {
		return strings.TrimSpace(string([]rune(w.reason)[:letters])) + end
	}
	return string([]rune(when(left))[:min(len(when(left)), room)])
}
