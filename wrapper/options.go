package wrapper

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// Doer sends a request and gives back its answer, as *http.Client does.
type Doer = gen.HttpRequestDoer

// Option changes what New makes. Their order does not matter, but for middleware; of an option that is given twice the
// last one holds. Every option refuses values that make no sense.
type Option func(*config) error

type config struct {
	server     string // the base URL, ending in a slash
	plainHTTP  bool
	transport  http.RoundTripper
	timeout    time.Duration // of one attempt
	middleware []func(Doer) Doer
	doer       Doer // one attempt: the middleware around the authorization around the transport
	retry      RetryPolicy
	limiter    Limiter
	logger     *slog.Logger
	product    string
	random     func() float64 // [0, 1)
}

// WithBaseURL sets where the Market is: an absolute https URL with the version, without query, fragment and user info.
// The default is gen.ServerURL; gen.ServerURLUzbekistan is the other one. http:// is allowed for loopback hosts:
// localhost, 127.0.0.0/8 and ::1.
func WithBaseURL(rawURL string) Option {
	return func(c *config) error { c.server = rawURL; return nil }
}

// WithPlainHTTP allows a base URL with http:// and any host. The token can then be read everywhere on its way.
func WithPlainHTTP() Option { return func(c *config) error { c.plainHTTP = true; return nil } }

// WithHTTPClient sets what sends each attempt: its Transport (nil: http.DefaultTransport), and its Timeout as the limit
// of one attempt (0: 15 s). It is not changed, and later changes of it do not matter. Its CheckRedirect and Jar are not
// used: redirects are never followed, as net/http would hand the key to another host.
//
// Without this option TLS sessions are resumed: the Market closes each connection, so every call pays for a handshake.
func WithHTTPClient(hc *http.Client) Option {
	return given(hc != nil, "WithHTTPClient is given nil, allowed is an *http.Client", func(c *config) {
		c.transport = cmp.Or(hc.Transport, http.DefaultTransport)
		c.timeout = cmp.Or(max(hc.Timeout, 0), attemptTimeout)
	})
}

// WithRetry sets how often calls are tried, and how long they pause. Without it all of RetryPolicy's defaults hold.
func WithRetry(p RetryPolicy) Option {
	return func(c *config) (err error) { c.retry, err = p.withDefaults(); return err }
}

// WithLogger writes a line for every attempt, at level Debug for 2xx that brought no error of the API and
// was read to its end, and Warn for anything else: operation, attempt, status (0: no answer came), the API's codes,
// quota, traceparent, and the pause that follows. Without it nothing is logged.
func WithLogger(l *slog.Logger) Option {
	return given(l != nil, "WithLogger is given nil, allowed is an *slog.Logger", func(c *config) { c.logger = l })
}

// WithUserAgent sets the headers User-Agent and X-Market-Integration; the second one labels the caller in the seller's
// log of requests. product is written name/version: printable ASCII, 1 to 100 characters.
// Without it User-Agent is "ymarket-go-chats", and X-Market-Integration is not sent.
func WithUserAgent(product string) Option {
	refused := fmt.Sprintf("WithUserAgent is given %.100q, allowed is name/version in printable ASCII, 1 to 100 characters", product)
	return given(len(product) <= 100 && nameVersion().MatchString(product), refused, func(c *config) { c.product = product })
}

var nameVersion = lazily(`^[!-~]([ -~]*[!-~])?/[!-~]([ -~]*[!-~])?$`)

// WithMiddleware puts Doers around each attempt, the first one outermost: tracing belongs here. A middleware sees the
// request without its key. It keeps the context of the request, or gives one made from it, must not send a request twice
// or come back before the Doer that it wraps, and wraps errors so that errors.As still finds them. Given twice, the
// option adds: the later ones stand further inside.
func WithMiddleware(mw ...func(Doer) Doer) Option {
	missing := slices.ContainsFunc(mw, func(m func(Doer) Doer) bool { return m == nil })
	return given(!missing, "WithMiddleware is given nil", func(c *config) { c.middleware = append(c.middleware, mw...) })
}

// given is an option of a client or a call, with a value that may not be allowed.
func given[T any](allowed bool, refused string, set func(*T)) func(*T) error {
	return func(to *T) error {
		if !allowed {
			return errors.New(refused)
		}
		set(to)
		return nil
	}
}

// apply applies all options, and gives the first error.
func apply[O ~func(*T) error, T any](to *T, opts []O) (first error) {
	for i, opt := range opts {
		if opt == nil {
			opt = func(*T) error { return fmt.Errorf("option %d is nil", i+1) }
		}
		first = cmp.Or(first, opt(to))
	}
	return first
}

func newConfig(auth Auth, opts []Option) (c *config, err error) {
	if auth == nil {
		return nil, errors.New("auth is nil, give APIKey or OAuth")
	}
	c = &config{server: gen.ServerURL, random: rand.Float64}
	defaults := []Option{WithHTTPClient(&http.Client{Transport: newTransport()}), WithRetry(RetryPolicy{})}
	if err = cmp.Or(apply(c, defaults), apply(c, opts)); err != nil {
		return nil, err
	}
	c.limiter = cmp.Or[Limiter](c.limiter, newLimiter(c.retry))
	c.doer = authorized{auth, c.transport, len(c.middleware) > 0}
	for i, middleware := range slices.Backward(c.middleware) {
		if c.doer = middleware(c.doer); c.doer == nil {
			return nil, fmt.Errorf("middleware %d gave back a nil Doer", i+1)
		}
	}
	c.server, err = checkBaseURL(c.server, c.plainHTTP)
	return c, err
}

// label sets the headers that do not depend on the operation, unless a request editor has set them.
func (c *config) label(req *http.Request) {
	agent := cmp.Or(c.product, "ymarket-go-chats")
	for name, value := range map[string]string{"Accept": contentType, "User-Agent": agent, "X-Market-Integration": c.product} {
		if value != "" && req.Header.Get(name) == "" {
			req.Header.Set(name, value)
		}
	}
}
