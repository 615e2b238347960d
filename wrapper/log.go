package wrapper

import (
	"context"
	"log/slog"
	"time"
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
		"traceparent", a.TraceParent,
	}
	if a.err != nil {
		fields = append(fields, "reason", a.err) // without secrets, as the call has taken it in
	}
	c.logger.Log(ctx, level, "attempt", fields...)
}

// longWait is how long a request waits for the Limiter before that is told.
const longWait = time.Second

// logLongWait tells of a wait for the Limiter that lasts, unless done is called before: what is waited for, and until
// when where that is known. Other Limiters than that of NewLimiter are waited for without more being known.
func (c *Client) logLongWait(ctx context.Context, operation string) (done func() bool) {
	if c.logger == nil || !c.logger.Enabled(ctx, slog.LevelDebug) {
		return func() bool { return false }
	}
	return time.AfterFunc(longWait, func() {
		what, until := "the Limiter", time.Time{}
		if l, ok := c.limiter.(*limiter); ok {
			what, until = l.waitsFor(operation)
		}
		c.logger.DebugContext(ctx, "wait", "operation", operation, "for", what, "until", until)
	}).Stop
}

// logFound writes the line of a message that needs no attempt more, as it is in the chat.
func (c *Client) logFound(ctx context.Context, call *call) {
	c.logger.Log(ctx, slog.LevelInfo, "found", "operation", call.operation.ID, "attempt", call.attempts)
}
