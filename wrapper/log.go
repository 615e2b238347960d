package wrapper

import (
	"context"
	"log/slog"
	"time"
)

// What a wait is for, as the log tells it.
const (
	forAttempt    = "the next attempt"
	forWindow     = "a new window of the quota"
	forSlot       = "a request to end"
	forLimiter    = "the Limiter"
	forFirstLook  = "the first look into the chat"
	forSecondLook = "the second look into the chat"
	forFreshRead  = "a read that is not behind"
	forOwnText    = "this Client's last send of the text to show in the chat"
	forTurn       = "another send of the text to end"
)

// log writes the line of the last attempt. What stands here is all of an attempt that may ever stand in a log.
func (c *Client) log(ctx context.Context, call *call, pause time.Duration) {
	a := call.last
	codes := []string{}
	for _, e := range call.apiErrors(a.body) {
		codes = append(codes, e.Code)
	}
	level := slog.LevelWarn
	if a.StatusCode >= 200 && a.StatusCode < 300 && a.err == nil && len(codes) == 0 {
		level = slog.LevelDebug
	}
	fields := []any{
		"operation", call.operation.ID,
		"attempt", call.attempts,
		"status", a.StatusCode,
		"codes", codes,
		"pause", pause,
		"quota", a.Quota,
		"traceparent", a.traceParent(),
	}
	if pause > 0 {
		fields = append(fields, "for", call.verdict.waitsFor())
	}
	if a.err != nil {
		fields = append(fields, "reason", a.err) // without secrets, as the call has taken it in
	}
	c.logger.Log(ctx, level, "attempt", fields...)
}

// waitsFor tells what the pause after an attempt is for.
func (v verdict) waitsFor() string {
	switch {
	case v.look:
		return forFirstLook
	case v.untilWindowEnds:
		return forWindow
	}
	return forAttempt
}

// longWait is how long a wait may be without being told.
const longWait = time.Second

// waitFor waits, and tells of a wait that lasts.
func (c *Client) waitFor(ctx context.Context, call *call, pause time.Duration, what string) {
	if c.logger != nil && pause > longWait {
		c.logWait(ctx, call, what, time.Now().Add(pause))
	}
	wait(ctx, pause)
}

// logWait writes the line of a wait. until is zero where it is not known when the wait ends.
func (c *Client) logWait(ctx context.Context, call *call, what string, until time.Time) {
	c.logger.DebugContext(ctx, "wait", "operation", call.operation.ID, "for", what, "until", until)
}

// logLongWait tells of a wait of unknown length that lasts, unless done is called before.
func (c *Client) logLongWait(
	ctx context.Context, call *call, waitsFor func() (what string, until time.Time),
) (done func() bool) {
	if c.logger == nil || !c.logger.Enabled(ctx, slog.LevelDebug) {
		return func() bool { return false }
	}
	return time.AfterFunc(longWait, func() {
		what, until := waitsFor()
		c.logWait(ctx, call, what, until)
	}).Stop
}

// limiterWaitsFor tells what a request waits for, and until when. Of other Limiters than that of NewLimiter no more is
// known.
func (c *Client) limiterWaitsFor(operation string) (what string, until time.Time) {
	if l, ok := c.limiter.(*limiter); ok {
		return l.waitsFor(operation)
	}
	return forLimiter, time.Time{}
}

// logFound writes the line of a message that needs no attempt more, as it is in the chat.
func (c *Client) logFound(ctx context.Context, call *call) {
	c.logger.Log(ctx, slog.LevelInfo, "found", "operation", call.operation.ID, "attempt", call.attempts)
}
