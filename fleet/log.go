package fleet

import (
	"context"
	"log/slog"
	"time"
)

// quietTime is how long a line is not written again.
const quietTime = time.Minute

// statusLog writes a line when something goes wrong and one when it is well again. A change that comes too early after
// the last line of its kind is written later, if it still holds then.
type statusLog struct {
	logger    *slog.Logger
	bad, good string
	explain   func(context.Context, error) error // finds the cause behind an error; nil: the error says it
	changes   chan status                        // has room for the newest one
}

type status struct {
	bad     bool
	cause   error
	cabinet int64 // whose request met the cause; 0: no request did
}

func newStatusLog(logger *slog.Logger, bad, good string) *statusLog {
	return &statusLog{logger: logger, bad: bad, good: good, changes: make(chan status, 1)}
}

// set replaces a change that is not written yet. Callers take turns.
func (s *statusLog) set(now status) {
	select {
	case <-s.changes:
	default:
	}
	s.changes <- now
}

// run writes until the context ends. It has a goroutine of its own, as a logger may block.
func (s *statusLog) run(ctx context.Context) {
	var now status
	written := false // what the last line says of bad
	last := map[bool]time.Time{}
	for {
		var due <-chan time.Time
		if now.bad != written {
			due = time.After(time.Until(last[now.bad].Add(quietTime)))
		}
		select {
		case <-ctx.Done():
			return
		case now = <-s.changes:
		case <-due:
			written, last[now.bad] = now.bad, time.Now()
			s.write(ctx, now)
		}
	}
}

func (s *statusLog) write(ctx context.Context, now status) {
	if !now.bad {
		s.logger.Info(s.good)
		return
	}
	cause := now.cause
	if s.explain != nil {
		cause = s.explain(ctx, cause)
	}
	attributes := []any{"error", cause.Error()}
	if now.cabinet != 0 {
		attributes = append([]any{"businessId", now.cabinet}, attributes...)
	}
	s.logger.Warn(s.bad, attributes...)
}
