package fleet

import (
	"context"
	"log/slog"
	"time"
)

// quietTime is how long a line is not written again.
const quietTime = time.Minute

// statusLog writes a line when Redis goes away and one when it is back. A change that comes too early after the last
// line of its kind is written later, if it still holds then.
type statusLog struct {
	logger  *slog.Logger
	changes chan status // has room for the newest one
}

type status struct {
	away  bool
	cause error
}

func newStatusLog(logger *slog.Logger) *statusLog {
	return &statusLog{logger: logger, changes: make(chan status, 1)}
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
	written := false // what the last line says of away
	last := map[bool]time.Time{}
	for {
		var due <-chan time.Time
		if now.away != written {
			due = time.After(time.Until(last[now.away].Add(quietTime)))
		}
		select {
		case <-ctx.Done():
			return
		case now = <-s.changes:
		case <-due:
			written, last[now.away] = now.away, time.Now()
			if now.away {
				s.logger.Warn("fleet: Redis is away", "error", now.cause.Error())
			} else {
				s.logger.Info("fleet: Redis is back")
			}
		}
	}
}
