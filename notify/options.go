package notify

import (
	"errors"
	"log/slog"
)

// Option changes what New makes. Every option refuses values that make no sense.
type Option func(*handler) error

// WithSeen keeps an event that was processed from being processed once more: Has is asked before a function is called,
// Add is told after it has returned nil. Without it each notification calls its function, however often it comes; only
// equal ones at the same moment call it once. Recent is one in memory; a table with a unique key outlives the process.
func WithSeen(s Seen) Option {
	return func(h *handler) error {
		if s == nil {
			return errors.New("notify: WithSeen is given nil")
		}
		h.seen = s
		return nil
	}
}

// WithLogger writes a line for each request: its type, the status of the answer, the header traceparent, and for a
// failure what failed and the type of the function's error. Never the body, the text of an error, or who sent it. 200
// is slog.LevelInfo, 500 slog.LevelError, the others are slog.LevelWarn. Without it nothing is logged.
func WithLogger(l *slog.Logger) Option {
	return func(h *handler) error {
		if l == nil {
			return errors.New("notify: WithLogger is given nil")
		}
		h.logger = l
		return nil
	}
}
