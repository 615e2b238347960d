package wrapper

import (
	"context"
	"log/slog"
	"time"
)

// log writes one line for an attempt. Its fields are all that may ever stand in a log.
func (c *Client) log(ctx context.Context, call *call, a *attempt, pause time.Duration) {
	if c.logger == nil {
		return
	}
	codes := []string{}
	for _, e := range a.apiErrors(call) {
		codes = append(codes, e.Code)
	}
	level := slog.LevelWarn
	if a.is2xx() && a.err == nil && len(codes) == 0 {
		level = slog.LevelDebug
	}
	c.logger.Log(ctx, level, "attempt", "operation", call.id, "attempt", call.attempts, "status", a.StatusCode, "codes", codes,
		"pause", pause, "quota", a.Quota, "traceparent", a.TraceParent)
}
