package fleet

import (
	"log/slog"
	"sync"
	"time"
)

// quietTime is how long a line is not written again.
const quietTime = time.Minute

// statusLog writes when Redis goes away and when it is back. A change that comes too early after the last one of its
// kind is written later, if it still holds then. Lines are written by a goroutine of their own, as a logger may wait.
type statusLog struct {
	logger *slog.Logger
	quiet  time.Duration

	mu         sync.Mutex
	away, said bool // how it is, and what was written last
	cause      error
	last       map[bool]time.Time // when it was written, by what was said
	next       *time.Timer
	stopped    bool

	writing sync.Mutex // keeps the lines in order
}

func (s *statusLog) set(away bool, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away, s.cause = away, cause
	if away != s.said && !s.stopped {
		s.schedule()
	}
}

func (s *statusLog) schedule() {
	if s.next != nil {
		s.next.Stop()
	}
	s.next = time.AfterFunc(time.Until(s.last[s.away].Add(s.quiet)), s.say)
}

func (s *statusLog) say() {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	away, cause, nothingNew := s.away, s.cause, s.away == s.said || s.stopped
	early := time.Since(s.last[away]) < s.quiet
	switch {
	case nothingNew:
	case early: // it changed since the timer was set
		s.schedule()
	default:
		s.said, s.last[away] = away, time.Now()
	}
	s.mu.Unlock()
	switch {
	case nothingNew || early:
	case away:
		s.logger.Warn("fleet: Redis is away", "error", cause.Error())
	default:
		s.logger.Info("fleet: Redis is back")
	}
}

func (s *statusLog) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	if s.next != nil {
		s.next.Stop()
	}
}
