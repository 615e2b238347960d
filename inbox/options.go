package inbox

import (
	"fmt"
	"log/slog"
	"time"
)

// Option changes what New makes. Every option refuses values that make no sense.
type Option func(*Inbox) error

const (
	defaultInterval = 5 * time.Minute
	defaultWorkers  = 16
	defaultTimeout  = 5 * time.Minute
	defaultSince    = 7 * 24 * time.Hour
)

// WithInterval sets how often Run lists the chats that wait for the shop; 0: every 5 min. A list of many chats comes
// later, so that it takes no more than a tenth of the quota of getChats.
func WithInterval(d time.Duration) Option {
	return func(b *Inbox) (err error) {
		b.interval, err = positive("WithInterval", d, defaultInterval)
		return err
	}
}

// WithWorkers sets how many chats are in work at once; 0: 16. The messages of one chat are handled one after another.
func WithWorkers(n int) Option {
	return func(b *Inbox) (err error) {
		b.workers, err = positive("WithWorkers", n, defaultWorkers)
		return err
	}
}

// WithTimeout sets after what time the context of a handler ends; 0: 5 min.
func WithTimeout(d time.Duration) Option {
	return func(b *Inbox) (err error) {
		b.timeout, err = positive("WithTimeout", d, defaultTimeout)
		return err
	}
}

func positive[T time.Duration | int](option string, value, otherwise T) (T, error) {
	switch {
	case value < 0:
		return 0, fmt.Errorf("%s is given %v, allowed is 0, for %v, and above", option, value, otherwise)
	case value == 0:
		return otherwise, nil
	}
	return value, nil
}

// WithSince sets where chats begin that the Store does not know: no message that was written before is handed over.
// Without it, and with the zero Time, that is 7 days before Run or CatchUp began.
func WithSince(t time.Time) Option {
	return func(b *Inbox) error {
		b.since = t
		return nil
	}
}

// WithEverything hands over the messages of the shop, the Market and its support, too. The shop's own answers are
// among them: a handler that answers has to look at FromBuyer first.
func WithEverything() Option {
	return func(b *Inbox) error {
		b.everything = true
		return nil
	}
}

// WithLogger sets where failures and what was given up are logged: ids, operations and pauses, never a text, nor the
// text of a handler's error, of which its type is logged. Without it that is slog.Default().
func WithLogger(l *slog.Logger) Option {
	return func(b *Inbox) error {
		if l == nil {
			return fmt.Errorf("WithLogger is given nil, allowed is a Logger")
		}
		b.logger = l
		return nil
	}
}
