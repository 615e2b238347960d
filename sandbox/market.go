package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
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
	scopes    []string // nil: all
	cabinets  []int64  // nil: all
	orders    []int64  // nil: all
	hosts     []string // names of this machine that Control answers to
	clock     func() time.Time
	unchecked bool
	keepAlive bool
	pages     pages

	changeFile func(name string, size int) (string, int) // of files that are kept; nil: none

	contract *api.Validator
	mux      *http.ServeMux
	store    store
	limits   limits
	notifier notifier
	buyers   atomic.Int64 // that began chats: see Direct

	mu       sync.Mutex
	faults   faults
	calls    recent[Call]
	details  recent[callDetails] // of the newest calls
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
	m := &Market{
		contract: contract,
		clock:    time.Now,
		mux:      http.NewServeMux(),
		store:    store{maxBytes: maxStoreBytes, nextID: firstChatID},
		faults:   faults{maxBytes: maxWaiting},
		calls:    recent[Call]{maxBytes: maxCallBytes, sizeOf: Call.size},
		details:  recent[callDetails]{maxBytes: maxDetailsBytes, sizeOf: callDetails.size},
	}
	m.store.contents.newest = recent[fileContent]{
		maxBytes: maxContentBytes, sizeOf: func(c fileContent) int { return fileBytes + c.size },
	}
	m.notifier.deliveries = recent[Delivery]{maxBytes: maxDeliveryBytes, sizeOf: Delivery.size}
	m.limits.parallel, m.limits.inProgress = 4, map[int64]int{}
	m.limits.recent = recent[*window]{maxBytes: maxWindowBytes, sizeOf: func(*window) int { return windowBytes }}
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
// what Advance did. Options, Observe and the shops of Notify stay, notifications that were off are on, and ids are not
// given again.
func (m *Market) Reset() {
	m.store.reset()
	m.limits.reset()
	m.notifier.reset()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults.reset()
	m.calls.reset()
	m.details.reset()
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

// resetClock takes back what Advance did.
func (m *Market) resetClock() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.moved = 0
}

// ahead is how far the clock was moved.
func (m *Market) ahead() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.moved
}

func (m *Market) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.clock().Add(m.moved)
}

// ServeHTTP answers a request, and keeps a record of it for Calls. Files are fetched from it too, without a record.
func (m *Market) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, filePath) {
		m.serveFile(w, r)
		return
	}
	x, r := m.begin(w, r)
	defer x.end(r)
	if x.operation != "" && path.Clean(r.URL.Path) == r.URL.Path { // the mux would redirect
		m.mux.ServeHTTP(x, r)
		return
	}
	x.read(r)
	x.ticket = m.limits.take(noCabinet, "", m.now)
	if slices.ContainsFunc(api.Violations(x.verdict), func(v *api.Violation) bool { return v.Where == "method" }) {
		fail(x, http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "Request method is not supported")
		return
	}
	fail(x, http.StatusNotFound, "NOT_FOUND", "Resource not found")
}

// verdictOn is what the contract says of a request. A body that cannot be read to its end is a violation, too.
func (m *Market) verdictOn(r *http.Request) error {
	verdict := m.contract.Request(r)
	if verdict != nil && len(api.Violations(verdict)) == 0 {
		return &api.Violation{Operation: m.contract.Operation(r), Where: "body", Rule: "cannot be read"}
	}
	return verdict
}

// router is where the generated code registers its operations; each is put behind the sandbox's rules.
type router struct{ *Market }

func (m router) HandleFunc(pattern string, operation func(http.ResponseWriter, *http.Request)) {
	m.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r)
		x.ticket = m.limits.take(cabinetOf(r), x.operation, m.now)
		set, truth := m.nextFault(x.operation), http.Handler(&trueAnswer{x, operation})
		handler := set.fault.or(truth)
		if handler != truth { // another Fault may let it through: Sometimes, After
			x.fault = set.consequence(x.operation)
		}
		if _, ok := handler.(refusal); !ok { // where nothing listens, nobody reads the request
			x.read(r)
		}
		handler.ServeHTTP(w, r)
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
