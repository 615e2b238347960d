package wrapper

import (
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Option changes what New makes. Their order does not matter, but for middleware; of an option that is given twice
// the last one holds. Every option refuses values that make no sense.
type Option func(*config) error

// config is what the options set, and what all calls of a Client go by.
type config struct {
	server        string // the base URL, ending in a slash
	plainHTTP     bool
	product       string // "name/version", or empty
	transport     http.RoundTripper
	middleware    []func(Doer) Doer
	doer          Doer          // the middleware around the authorization around the transport
	timeout       time.Duration // of one attempt
	retry         RetryPolicy
	marketGivesUp time.Duration // how long the Market works on a request
	readsLag      time.Duration // how far a read of a chat may be behind
	limiter       Limiter
	logger        *slog.Logger   // nil: nothing is logged
	random        func() float64 // [0, 1)
}

// WithBaseURL sets where the Market is: an absolute https URL with the version, without query, fragment and user
// info. The default is gen.ServerURL; gen.ServerURLUzbekistan is the other one. http:// is allowed for loopback
// hosts: localhost, 127.0.0.0/8 and ::1.
func WithBaseURL(rawURL string) Option {
	return func(c *config) error {
		c.server = rawURL
		return nil
	}
}

// WithPlainHTTP allows a base URL with http:// and any host. The token can then be read everywhere on its way.
func WithPlainHTTP() Option {
	return func(c *config) error {
		c.plainHTTP = true
		return nil
	}
}

// WithHTTPClient sets what sends each attempt: its Transport (nil: http.DefaultTransport), and its Timeout as the
// limit of one attempt (0: 15 s). It is not changed, and later changes of it do not matter. Its CheckRedirect and Jar
// are not used: redirects are never followed, as net/http would hand the key to another host.
//
// Without this option TLS sessions are resumed: the Market closes each connection, so every call pays for a handshake.
// No connection is kept for a later request, a dead connection of HTTP/2 is left after 8 s, and a connection is closed
// without lingering (net.TCPConn.SetLinger(0)): the kernel sends nothing more of an attempt that was given up. A
// transport of your own does the last two only if you make it so; without them a message may arrive long after its
// attempt has ended, and twice. Its idle connections are closed before a repeat if it has the method
// CloseIdleConnections, as *http.Transport has.
func WithHTTPClient(hc *http.Client) Option {
	return func(c *config) error {
		if hc == nil {
			return &OptionError{"WithHTTPClient", "nil", "an *http.Client"}
		}
		c.transport = hc.Transport
		if c.transport == nil {
			c.transport = http.DefaultTransport
		}
		c.timeout = attemptTimeout
		if hc.Timeout > 0 {
			c.timeout = hc.Timeout
		}
		return nil
	}
}

// WithRetry sets how often calls are tried, and how long they pause. Without it all of RetryPolicy's defaults hold.
func WithRetry(p RetryPolicy) Option {
	return func(c *config) error {
		c.retry = p
		_, err := p.withDefaults()
		return err
	}
}

// WithLimiter replaces the limits that a Client has by default, which are described at Limiter.
func WithLimiter(l Limiter) Option {
	return func(c *config) error {
		if l == nil {
			return &OptionError{"WithLimiter", "nil", "a Limiter"}
		}
		c.limiter = l
		return nil
	}
}

// WithLogger writes a line for every attempt, at level Debug for 2xx that brought no error of the API and was read to
// its end, and Warn for anything else: operation, attempt, status (0: no answer came), the API's codes, quota,
// traceparent, and the pause that follows with what it is for. Where no answer came, or not to its end, it has the
// reason too: an error with the text that it has in an Error, in which errors.As finds the cause. Any other wait of
// more than a second, for the second look into a chat, for the Limiter, before Once reads, is a line "wait" at Debug
// with what is waited for, and until when if that is known. A line "found" at Info tells of a message that needs no
// attempt more, as it is in its chat. Without this option nothing is logged.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) error {
		if l == nil {
			return &OptionError{"WithLogger", "nil", "an *slog.Logger"}
		}
		c.logger = l
		return nil
	}
}

// WithUserAgent sets the headers User-Agent and X-Market-Integration; the second one labels the caller in the
// seller's log of requests. product is written name/version: printable ASCII, 1 to 100 characters. Without it
// User-Agent is "ymarket-go-chats", and X-Market-Integration is not sent.
func WithUserAgent(product string) Option {
	return func(c *config) error {
		if len(product) > 100 || !nameVersion().MatchString(product) {
			const allowed = "name/version in printable ASCII, 1 to 100 characters"
			return &OptionError{"WithUserAgent", fmt.Sprintf("%.100q", product), allowed}
		}
		c.product = product
		return nil
	}
}

var nameVersion = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[!-~]([ -~]*[!-~])?/[!-~]([ -~]*[!-~])?$`)
})

// WithMiddleware puts Doers around each attempt, the first one outermost: tracing belongs here. A middleware sees the
// request without its key. It keeps the context of the request, or gives one made from it, must not send a request
// twice or come back before the Doer that it wraps, and wraps errors so that errors.As still finds them. Given twice,
// the option adds: the later ones stand further inside.
func WithMiddleware(mw ...func(Doer) Doer) Option {
	return func(c *config) error {
		if slices.ContainsFunc(mw, func(m func(Doer) Doer) bool { return m == nil }) {
			return &OptionError{"WithMiddleware", "nil", "a function"}
		}
		c.middleware = append(c.middleware, mw...)
		return nil
	}
}

// CallOption changes one call. A value that is not allowed fails the call with ErrInvalidRequest; nothing is sent.
type CallOption func(*call) error

// Attempts sets how often this call may be tried, the first time included: 1 or more, 1 means no second try.
// Without it RetryPolicy.MaxAttempts holds.
func Attempts(n int) CallOption {
	return func(c *call) error {
		if n < 1 {
			return &OptionError{"Attempts", strconv.Itoa(n), "1 and above"}
		}
		c.maxAttempts = n
		return nil
	}
}

// Capture fills dst when the call ends, with success or without. A nil dst fails the call with ErrInvalidRequest.
func Capture(dst *Response) CallOption {
	return func(c *call) error {
		if dst == nil {
			return &OptionError{"Capture", "nil", "a pointer to a Response"}
		}
		c.capture = dst
		return nil
	}
}
