package fleet

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

// Option changes what New makes. Of an option that is given twice the last one holds. Every option refuses values that
// make no sense.
type Option func(*config) error

type config struct {
	policy   wrapper.RetryPolicy
	maxDelay time.Duration // of the policy, or its default
	newLease time.Duration // how long a lease lasts until its first renewal
	lease    time.Duration // and after it
	timeout  time.Duration
	slots    int // that this process allows its cabinets
	alone    int // 0: not set
	strict   bool
	prefix   string
	logger   *slog.Logger
	name     string
}

const (
	defaultLease    = 15 * time.Second
	shortestLease   = 12 * time.Second
	longestLease    = 24 * time.Hour
	defaultTimeout  = time.Second
	firstTimeout    = 3 * time.Second // before Redis has first answered, if the timeout is shorter
	longestTimeout  = 10 * time.Second
	mostSlots       = 4 // requests that the Market serves a cabinet at once
	defaultAlone    = 1
	defaultPrefix   = "ymchats:"
	longestPrefix   = 100
	longestName     = 64
	defaultMaxDelay = 30 * time.Second // that of wrapper.RetryPolicy
)

// WithRetry sets the policy that bounds the wait for a new window of the quota, and with WithStrict the wait for
// Redis: its MaxDelay, 0: 30 s. Give the one that the Client has. Without it all of RetryPolicy's defaults hold.
func WithRetry(p wrapper.RetryPolicy) Option {
	return func(c *config) error {
		if _, err := wrapper.NewLimiter(p); err != nil {
			return fmt.Errorf("WithRetry: %w", err)
		}
		c.policy, c.maxDelay = p, p.MaxDelay
		if p.MaxDelay == 0 {
			c.maxDelay = defaultMaxDelay
		}
		return nil
	}
}

// between refuses a value of an option that is out of its range.
func between[T cmp.Ordered](option string, given, least, most T) error {
	if given < least || given > most {
		return fmt.Errorf("%s is given %v, allowed is %v to %v", option, given, least, most)
	}
	return nil
}

// WithLease sets how long a lease lasts once it is renewed: 12 s to 24 h. So long the slots of a killed process stay
// taken. Less than 12 s would end while the Market, which takes up to 10 s, still works on the request. Until its first
// renewal, a second after the request began, every lease lasts 3 s. Without it: 15 s.
func WithLease(d time.Duration) Option {
	return func(c *config) error {
		c.lease = d
		return between("WithLease", d, shortestLease, longestLease)
	}
}

// WithTimeout sets how long a request waits for one answer of Redis before Redis counts as away: 1 ms to 10 s.
// Without it: 1 s. Until Redis has first answered this process a request waits for 3 s at least, as it may have to
// connect.
func WithTimeout(d time.Duration) Option {
	return func(c *config) error {
		c.timeout = d
		return between("WithTimeout", d, time.Millisecond, longestTimeout)
	}
}

// WithSlots sets how many requests of a cabinet run at once in all processes of the fleet: 1 to 4. Give less than 4 if
// a program outside of the fleet always uses the cabinet as well. If processes give different values, the lowest one
// that a process has used within the last minute holds for all. Without it: 4.
func WithSlots(n int) Option {
	return func(c *config) error {
		c.slots = n
		return between("WithSlots", n, 1, mostSlots)
	}
}

// WithAlone sets how many requests of a cabinet run at once in this process while Redis is away: 1 to 4, and no more
// than WithSlots allows. Without it: 1. It excludes WithStrict.
func WithAlone(n int) Option {
	return func(c *config) error {
		c.alone = n
		return between("WithAlone", n, 1, mostSlots)
	}
}

// WithStrict starts no request without Redis. Acquire waits for it within MaxDelay of the policy and the caller's
// deadline, and then fails with a *wrapper.Error that is ErrUnavailable, with nothing sent. It excludes WithAlone.
func WithStrict() Option {
	return func(c *config) error { c.strict = true; return nil }
}

// WithPrefix sets how the keys and channels in Redis begin, the same in all processes of a fleet: 1 to 100 printable
// ASCII characters without spaces and braces, as braces decide where a cluster keeps a key. Without it: "ymchats:".
func WithPrefix(prefix string) Option {
	return func(c *config) error {
		wrong := func(r rune) bool { return r <= ' ' || r > '~' || r == '{' || r == '}' }
		if prefix == "" || len(prefix) > longestPrefix || strings.ContainsFunc(prefix, wrong) {
			return fmt.Errorf("WithPrefix is given %.120q, allowed are 1 to %d printable ASCII characters but spaces and braces",
				prefix, longestPrefix)
		}
		c.prefix = prefix
		return nil
	}
}

// WithName sets how Status names this process: 1 to 64 letters, digits, hyphens and underscores. The name stands in
// Redis. Names need not differ, as some random characters follow each of them. Without it: the name of the host up to
// its first dot, a hyphen, and the id of the process.
func WithName(name string) Option {
	return func(c *config) error {
		if name == "" || len(name) > longestName || strings.ContainsFunc(name, isNoNameRune) {
			return fmt.Errorf("WithName is given %.120q, allowed are 1 to %d letters, digits, hyphens and underscores",
				name, longestName)
		}
		c.name = name
		return nil
	}
}

func isNoNameRune(r rune) bool {
	return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// defaultName is the name of a process without WithName.
func defaultName(host string, process int) string {
	host, _, _ = strings.Cut(host, ".")
	host = strings.Map(func(r rune) rune {
		if isNoNameRune(r) {
			return '_'
		}
		return r
	}, host)
	pid := "-" + strconv.Itoa(process)
	return host[:min(len(host), longestName-len(pid))] + pid
}

// WithLogger sets where lines go: one when Redis goes away (level Warn), with the cabinet whose request found that and
// what a connection of its own found to be wrong, and one when it is back (Info); the same where Redis refuses the
// messages between processes. Each is written at most once a minute. Without it they go to slog.Default.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		if l == nil {
			return errors.New("WithLogger is given nil, allowed is an *slog.Logger")
		}
		c.logger = l
		return nil
	}
}

func newConfig(opts []Option) (*config, error) {
	host, _ := os.Hostname()
	c := &config{
		maxDelay: defaultMaxDelay, newLease: firstLease, lease: defaultLease, timeout: defaultTimeout,
		slots: mostSlots, prefix: defaultPrefix, logger: slog.Default(), name: defaultName(host, os.Getpid()),
	}
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("option %d is nil", i+1)
		}
		if err := opt(c); err != nil {
			return nil, err
		}
	}
	if c.strict && c.alone > 0 {
		return nil, errors.New("WithStrict and WithAlone are given, allowed is one of them")
	}
	if c.alone > c.slots {
		const text = "WithAlone is given %d and WithSlots %d, allowed is no more alone than slots"
		return nil, fmt.Errorf(text, c.alone, c.slots)
	}
	if c.alone == 0 {
		c.alone = defaultAlone
	}
	return c, nil
}
