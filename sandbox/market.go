package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/sandbox/internal/routes"
)

// Market is the sandbox: an http.Handler that behaves as the Market's chat API does. New makes one. It is safe for
// concurrent use.
type Market struct {
	key       string
	scopes    []string
	cabinets  []int64
	orders    []int64  // nil: all
	hosts     []string // names that Control may be asked by
	clock     func() time.Time
	unchecked bool
	keepAlive bool

	contract *api.Validator
	mux      *http.ServeMux
	store    store
	limits   limits
	notifier notifier
	buyers   atomic.Int64 // who began chats: see Direct

	mu       sync.Mutex
	scripts  map[string][]setFault
	standing map[string]setFault
	waiting  int // bytes of scripts that came by HTTP
	calls    journal
	details  detailsLog // of the newest calls
	observer func(Call)
	moved    time.Duration // what Advance has added to the clock
}

// New is Open for a test, which cannot go on when it is set up wrong: New panics with the error.
func New(opts ...Option) *Market {
	m, err := Open(opts...)
	if err != nil {
		panic(err)
	}
	return m
}

// Open makes an empty sandbox. An option that refuses its value gives an *OptionError.
func Open(opts ...Option) (*Market, error) {
	contract, err := api.NewValidator()
	if err != nil {
		return nil, err
	}
	m := &Market{contract: contract, clock: time.Now, mux: http.NewServeMux(), scopes: allScopes()}
	m.limits.perHour, m.limits.parallel, m.limits.inProgress = 1000, 4, map[int64]int{}
	m.store.maxBytes = maxStoreBytes
	m.Reset()
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("sandbox: an option is nil")
		}
		if err := opt(m); err != nil {
			return nil, err
		}
	}
	for _, base := range []string{"/v2", ""} {
		routes.HandlerWithOptions(operations{m}, routes.StdHTTPServerOptions{
			BaseURL: base, BaseRouter: router{m}, ErrorHandlerFunc: m.unreadable,
		})
	}
	return m, nil
}

// Reset forgets chats, messages, calls, faults, used quota, deliveries and what waits to be delivered, and takes back
// what Advance did. Options, Observe and the shops of Notify stay.
func (m *Market) Reset() {
	m.store.reset()
	m.limits.reset()
	m.notifier.reset()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.scripts, m.standing, m.waiting = map[string][]setFault{}, map[string]setFault{}, 0
	m.calls, m.details = journal{maxBytes: maxCallBytes}, detailsLog{maxBytes: maxDetailsBytes}
	m.moved = 0
}

// farthest is how far the clock can be moved in all: a hundred years.
const farthest = 100 * 365 * 24 * time.Hour

// Advance moves the sandbox's clock forward, so that a window of a quota ends, say. It stops at a hundred years of 365
// days in all, and panics when by is below 0 or more than that.
func (m *Market) Advance(by time.Duration) {
	if by < 0 || by > farthest {
		panic(fmt.Sprintf("sandbox: Advance is given %v, allowed is 0 to %v", by, farthest))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.moved = min(m.moved, farthest-by) + by
	m.notifier.wake()
}

func (m *Market) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.clock().Add(m.moved)
}

// ServeHTTP answers a request, and keeps a record of it for Calls.
func (m *Market) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{ResponseWriter: w, market: m, operation: m.contract.Operation(r), at: m.now()}
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	x.watch(r)
	if !m.unchecked || x.operation == "" {
		x.verdict = m.verdictOn(r)
	}
	known := x.operation != "" && path.Clean(r.URL.Path) == r.URL.Path // the mux would redirect
	if !known {
		x.ticket = m.limits.take(noCabinet, "", m.now) // what is no operation has a quota too: every answer tells of one
	}
	x.begin()
	defer x.end(r)
	switch {
	case known:
		m.mux.ServeHTTP(x, r)
	case slices.ContainsFunc(api.Violations(x.verdict), func(v *api.Violation) bool { return v.Where == "method" }):
		fail(x, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "Request method is not supported")
	default:
		fail(x, http.StatusNotFound, "NOT_FOUND", "Resource not found")
	}
}

// router is where the generated code registers its operations; each is put behind the sandbox's rules.
type router struct{ *Market }

func (m router) HandleFunc(pattern string, operation func(http.ResponseWriter, *http.Request)) {
	m.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r)
		x.ticket = m.limits.take(cabinetOf(r), x.operation, m.now)
		handler := m.guarded(x, operation)
		m.nextFault(x.operation).or(handler).ServeHTTP(w, r)
	})
}

// cabinetOf is noCabinet when businessId is no number; such a request is refused, but it has a quota as any other.
func cabinetOf(r *http.Request) int64 {
	id, err := strconv.ParseInt(r.PathValue("businessId"), 10, 64)
	if err != nil {
		return noCabinet
	}
	return id
}
