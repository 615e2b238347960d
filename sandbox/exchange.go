package sandbox

import (
	"crypto/rand"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ymarket-go/chats/api"
)

// statusMethodFailure is the Market's answer to a request beyond one of its limits.
const statusMethodFailure = 420

// Call is a request that the sandbox got, and what became of it.
type Call struct {
	At          time.Time // by the sandbox's clock
	Operation   string    // operationId; empty when the request fits none
	Method      string    // GET or POST, or what else was tried: its first 16 bytes
	Path        string    // its first 256 bytes
	Query       string    // what the contract declares of it, where it is a number: "chatId=7000001"; no secret is
	Status      int       // 0: the connection was cut before an answer
	Verdict     error     // nil when the request keeps the contract; else api.Violations lists up to 100 breaches
	TraceParent string    // the header of the answer
}

// maxViolations bounds how many violations are remembered of one call.
const maxViolations = 100

// Calls gives a copy of every request so far, in the order in which they were finished; of more than fit into 256 MiB,
// about a million, the newest ones.
func (m *Market) Calls() []Call {
	calls, _ := m.newestCalls(math.MaxInt)
	return calls
}

// newestCalls gives a copy of the last n calls, and how many there were in all.
func (m *Market) newestCalls(n int) (calls []Call, total int) {
	m.mu.Lock()
	parts, total := m.calls.newest(n), m.calls.total
	m.mu.Unlock()
	return tail(slices.Concat(parts...), n), total
}

// Observe calls see after each request from now on, in the order in which they are finished; the sandbox waits for it,
// so it must neither call the sandbox nor wait. It takes the place of the one before. A nil see ends that.
func (m *Market) Observe(see func(Call)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.observer = see
}

// exchange is a request and its answer in progress. It adds the headers that every answer of the Market carries, unless
// a fault has set others.
type exchange struct {
	http.ResponseWriter
	market    *Market
	operation string
	verdict   error
	ticket    *ticket // nil until the request is routed
	at        time.Time
	status    int
	request   keptBody
	answer    keptBody
}

type exchangeKey struct{}

// exchangeOf gives the exchange of a request, or nil where a Fault is used without a sandbox.
func exchangeOf(r *http.Request) *exchange {
	x, _ := r.Context().Value(exchangeKey{}).(*exchange)
	return x
}

func (x *exchange) begin() {
	var id [24]byte
	_, _ = rand.Read(id[:]) // it cannot fail
	x.Header().Set("Traceparent", fmt.Sprintf("00-%x-%x-01", id[:16], id[16:]))
	x.Header().Set("Date", x.at.UTC().Format(http.TimeFormat))
	x.Header().Set("Content-Type", "application/json")
	if !x.market.keepAlive {
		x.Header().Set("Connection", "close")
	}
}

// WriteHeader settles what the request costs.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= 200 {
		x.status = status
		x.tellQuota()
	}
	x.ResponseWriter.WriteHeader(status)
}

func (x *exchange) tellQuota() {
	if x.ticket == nil {
		return
	}
	remaining := x.ticket.settle(x.status)
	for name, value := range map[string]string{
		"X-Ratelimit-Resource-Limit":     strconv.Itoa(x.market.limits.perHour),
		"X-Ratelimit-Resource-Remaining": strconv.Itoa(remaining),
		"X-Ratelimit-Resource-Until":     x.ticket.window.until.UTC().Format(http.TimeFormat),
	} {
		if _, given := x.Header()[name]; !given {
			x.Header().Set(name, value)
		}
	}
}

func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	n, err := x.ResponseWriter.Write(p)
	_, _ = x.answer.Write(p[:n]) // it cannot fail
	return n, err
}

// Unwrap is for http.ResponseController.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// end runs when a fault has cut the connection, too.
func (x *exchange) end(r *http.Request) {
	if x.ticket != nil {
		if x.status == 0 {
			x.ticket.settle(0)
		}
		x.ticket.release()
	}
	x.market.record(Call{
		At:          x.at,
		Operation:   x.operation,
		Method:      cut(r.Method, 16),
		Path:        cut(r.URL.Path, maxPath),
		Query:       x.declaredQuery(r),
		Status:      x.status,
		Verdict:     bounded(x.verdict),
		TraceParent: x.Header().Get("Traceparent"),
	}, x.details(r))
}

// maxPath is how much of a path is kept, in bytes.
const maxPath = 256

// cut copies the beginning of a text, so that the rest of it can be forgotten.
func cut(text string, size int) string { return strings.Clone(text[:min(len(text), size)]) }

var number = regexp.MustCompile(`^-?[0-9]{1,20}$`)

// declaredQuery is the part of the query that says which chat a request is about.
func (x *exchange) declaredQuery(r *http.Request) string {
	var shown []string
	query := r.URL.Query()
	for _, name := range contractOperations()[x.operation].query {
		if value := query.Get(name); number.MatchString(value) {
			shown = append(shown, name+"="+value)
		}
	}
	return strings.Join(shown, "&")
}

// verdictOn is what the contract says of a request. A body that cannot be read to its end is a violation, too.
func (m *Market) verdictOn(r *http.Request) error {
	verdict := m.contract.Request(r)
	if verdict != nil && len(api.Violations(verdict)) == 0 {
		return &api.Violation{Operation: m.contract.Operation(r), Where: "body", Rule: "cannot be read"}
	}
	return verdict
}

// bounded leaves a verdict's first violations.
func bounded(verdict error) error {
	violations := api.Violations(verdict)
	if len(violations) <= maxViolations {
		return verdict
	}
	return verdictOf(violations[:maxViolations])
}

func (m *Market) record(c Call, d callDetails) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls.add(c)
	m.details.add(d)
	if m.observer != nil {
		m.observer(c)
	}
}

// arrival is when a request came, by the clock of its Market.
func arrival(r *http.Request) time.Time {
	if x := exchangeOf(r); x != nil {
		return x.at
	}
	return time.Now()
}
