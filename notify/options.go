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

// WithLogger writes a line for each request: its type, the status of the answer, the header traceparent, for a failure
// what failed and the type of the function's error, for a refusal the address that was refused (sender) and whether
// X-Forwarded-For was there (forwarded). Never the body or the text of an error. 200 is slog.LevelInfo, or
// slog.LevelWarn where an id could not be read; 500 is slog.LevelError, the others are slog.LevelWarn.
//
// Without it everything above slog.LevelInfo goes to slog.Default().
func WithLogger(l *slog.Logger) Option {
	return func(h *handler) error {
		if l == nil {
			return errors.New("notify: WithLogger is given nil")
		}
		h.logger = l
		return nil
	}
}
