package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Option changes what New makes. Every option refuses values that make no sense.
type Option func(*Market) error

// WithAPIKey sets the only key that the Market knows, not an empty one; it is good as an OAuth token, too. Without it
// every key is good, as long as there is one.
func WithAPIKey(token string) Option {
	return func(m *Market) error {
		if token == "" {
			return errors.New("WithAPIKey is given an empty token")
		}
		m.key = token
		return nil
	}
}

// WithBusiness sets the cabinets that the key may use, by their ids of 1 and above; requests for others get 403.
// Without it the key may use all.
func WithBusiness(ids ...int64) Option {
	return func(m *Market) error {
		if len(ids) == 0 || slices.Min(ids) < 1 {
			return fmt.Errorf("WithBusiness is given %v, allowed is at least one id of 1 and above", ids)
		}
		m.cabinets = slices.Clone(ids)
		return nil
	}
}

// WithOrders sets which orders there are, by their numbers; a chat about another one gets 404. Of no numbers it makes a
// Market without orders. Without it there are all, as there are all returns.
func WithOrders(ids ...int64) Option {
	return func(m *Market) error {
		m.orders = append([]int64{}, ids...)
		return nil
	}
}

// WithQuota sets how many requests an hour each operation of a cabinet has, 1 or more. Without it: 1,000.
func WithQuota(perHour int) Option {
	return func(m *Market) error {
		if perHour < 1 {
			return fmt.Errorf("WithQuota is given %d, allowed is 1 and above", perHour)
		}
		m.limits.perHour = perHour
		return nil
	}
}

// WithParallel sets how many requests of a cabinet may be in progress at once, over all operations, 1 or more; one more
// gets 420. Without it: 4.
func WithParallel(n int) Option {
	return func(m *Market) error {
		if n < 1 {
			return fmt.Errorf("WithParallel is given %d, allowed is 1 and above", n)
		}
		m.limits.parallel = n
		return nil
	}
}

// WithScopes sets what the key may do, in the words of the Market: "communication", "all-methods",
// "all-methods:read-only". A request for anything else gets 403. Of no scopes it makes a key that may do nothing.
// Without it the key may do all.
func WithScopes(scopes ...string) Option {
	return func(m *Market) error {
		for _, s := range scopes {
			if !slices.Contains(allScopes, s) {
				return fmt.Errorf("WithScopes is given %q, allowed are %v", s, allScopes)
			}
		}
		m.scopes = append([]string{}, scopes...)
		return nil
	}
}

// WithoutChecks leaves requests unchecked, for load tests: Calls has no verdicts then, and what the generated code can
// read is taken as it is.
func WithoutChecks() Option {
	return func(m *Market) error { m.unchecked = true; return nil }
}

// WithClock sets the Market's clock, which Advance moves further. now must not call the Market. Without it: time.Now.
func WithClock(now func() time.Time) Option {
	return func(m *Market) error {
		if now == nil {
			return errors.New("WithClock is given nil")
		}
		m.clock = now
		return nil
	}
}
