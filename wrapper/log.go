package wrapper

import (
	"context"
	"log/slog"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// attemptLine is all of an attempt that may ever stand in a log.
type attemptLine struct {
	operation string
	attempt   int
	response  Response
	errors    []gen.APIErrorDTO
	err       error // why no answer came, or why it was not read to its end; it shows no secret
	pause     time.Duration
}

// logAttempt writes the line of an attempt.
func logAttempt(ctx context.Context, logger *slog.Logger, line attemptLine) {
	status := line.response.StatusCode
	codes := make([]string, len(line.errors))
	for i, e := range line.errors {
		codes[i] = e.Code
	}
	level := slog.LevelWarn
	if status >= 200 && status < 300 && line.err == nil && len(codes) == 0 {
		level = slog.LevelDebug
	}
	fields := []any{
		"operation", line.operation,
		"attempt", line.attempt,
		"status", status,
		"codes", codes,
		"pause", line.pause,
		"quota", line.response.Quota,
		"traceparent", line.response.TraceParent,
	}
	if line.err != nil {
		fields = append(fields, "reason", line.err)
	}
	logger.Log(ctx, level, "attempt", fields...)
}
