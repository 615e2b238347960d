package sandbox

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"time"
)

// Option changes what New and Open make. Every option refuses values that make no sense, with an *OptionError.
type Option func(*Market) error

// OptionError says that an option has refused its value.
type OptionError struct {
	Option  string // the name of the option: "WithQuota"
	Value   string // the value as Go prints it; of a key it says only what is wrong
	Allowed string // what the option takes; empty where the value says it
}

func (e *OptionError) Error() string {
	text := "sandbox: " + e.Option + " is given " + e.Value
	if e.Allowed != "" {
		text += ", allowed is " + e.Allowed
	}
	return text
}

// WithAPIKey sets the only key that the sandbox knows; it is good as an OAuth token, too. It must be one that a header
// can carry: not empty, printable ASCII, without spaces at its ends. Without it every key is good, as long as there is
// one.
func WithAPIKey(token string) Option {
	return func(m *Market) error {
		if token == "" {
			return &OptionError{Option: "WithAPIKey", Value: "an empty token"}
		}
		if !fitsHeader.MatchString(token) {
			return &OptionError{"WithAPIKey", "a token that no header can carry",
				"printable ASCII without spaces at its ends"}
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
			return &OptionError{"WithBusiness", fmt.Sprint(ids), "at least one id of 1 and above"}
		}
		m.cabinets = slices.Clone(ids)
		return nil
	}
}

// WithOrders sets which orders there are, by their numbers of 1 and above; a chat about another one gets 404. Of no
// numbers it makes a sandbox without orders. Without this option there are all orders, as there are all returns.
func WithOrders(ids ...int64) Option {
	return func(m *Market) error {
		if len(ids) > 0 && slices.Min(ids) < 1 {
			return &OptionError{"WithOrders", fmt.Sprint(ids), "a list of numbers of 1 and above"}
		}
		m.orders = append([]int64{}, ids...)
		return nil
	}
}

// WithQuota sets how many requests an hour each operation of a cabinet has, 1 or more. Without it: what
// the contract says of each.
func WithQuota(perHour int) Option {
	return func(m *Market) error {
		if perHour < 1 {
			return &OptionError{"WithQuota", fmt.Sprint(perHour), "1 and above"}
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
			return &OptionError{"WithParallel", fmt.Sprint(n), "1 and above"}
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
			if scopes := allScopes(); !slices.Contains(scopes, s) {
				return &OptionError{"WithScopes", fmt.Sprintf("%.40q", s), fmt.Sprintf("one of %v", scopes)}
			}
		}
		m.scopes = append([]string{}, scopes...)
		return nil
	}
}

// WithPageSize sets how many rows a page of getChats or getChatHistory has at most, 1 or more, whatever its limit asks
// for. Without it pages are as long as they are asked to be.
func WithPageSize(most int) Option {
	return func(m *Market) error {
		if most < 1 {
			return &OptionError{"WithPageSize", fmt.Sprint(most), "1 and above"}
		}
		m.pages.most = most
		return nil
	}
}

// WithTokenLife sets how long a page token is good, by the sandbox's clock; then it gets 400. It is more than 0.
// Without it tokens are good for ever.
func WithTokenLife(life time.Duration) Option {
	return func(m *Market) error {
		if life <= 0 {
			return &OptionError{"WithTokenLife", life.String(), "more than 0"}
		}
		m.pages.life = life
		return nil
	}
}

// WithOldestFirst lets getChatHistory give the oldest messages first. Without it the newest come first; the order of
// the Market is not documented.
func WithOldestFirst() Option {
	return func(m *Market) error { m.pages.order = messageOrder{oldestFirst: true}; return nil }
}

// WithShuffle lets getChatHistory give messages in an order that means nothing. Equal seeds give equal orders.
func WithShuffle(seed uint64) Option {
	return func(m *Market) error { m.pages.order = messageOrder{shuffled: true, seed: seed}; return nil }
}

// WithFirstID sets the id of the first chat, 1 to 9,000,000,000; the next ones follow. Those of messages are a million
// times as large, and more. Without it: 7000001. A number that was never used keeps a shop that remembers messages from
// taking those of another sandbox for them.
func WithFirstID(id int64) Option {
	return func(m *Market) error {
		if id < 1 || id > maxFirstID {
			return &OptionError{"WithFirstID", fmt.Sprint(id), "1 to 9000000000"}
		}
		m.store.nextID = id
		return nil
	}
}

// WithFiles changes the name and the size with which the Market keeps a file, as nothing promises that it keeps those
// that were sent: change gets these, and is called once for each file, at times for several at once. The content stays.
// Without it both are kept.
func WithFiles(change func(name string, size int) (string, int)) Option {
	return func(m *Market) error {
		if change == nil {
			return &OptionError{Option: "WithFiles", Value: "nil", Allowed: "a function"}
		}
		m.changeFile = change
		return nil
	}
}

// WithKeepAlive keeps connections open after an answer, for load tests. Without it the sandbox closes each, as the
// Market does.
func WithKeepAlive() Option {
	return func(m *Market) error { m.keepAlive = true; return nil }
}

// WithHost sets names of the machine, without a port, that Control answers to besides localhost and loopback
// addresses: "sandbox.internal", or an address that others reach. A request by any other name gets 403, as it may be a
// page's whose own name was made to lead here.
func WithHost(names ...string) Option {
	return func(m *Market) error {
		for _, name := range names {
			if !hostName.MatchString(name) && net.ParseIP(name) == nil {
				return &OptionError{"WithHost", fmt.Sprintf("%.40q", name), "a name or an address, without a port"}
			}
		}
		m.hosts = append(m.hosts, names...)
		return nil
	}
}

var (
	fitsHeader = regexp.MustCompile(`^[!-~]([ -~]*[!-~])?$`)
	hostName   = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
)

// WithoutChecks leaves requests unchecked, for load tests: what the generated code can read is taken as it is. Calls
// has verdicts only for requests that cannot be read, or that are no operation.
func WithoutChecks() Option {
	return func(m *Market) error { m.unchecked = true; return nil }
}

// WithClock sets the sandbox's clock, which Advance moves further. now must not call the sandbox. Without it: time.Now.
func WithClock(now func() time.Time) Option {
	return func(m *Market) error {
		if now == nil {
			return &OptionError{Option: "WithClock", Value: "nil"}
		}
		m.clock = now
		return nil
	}
}
