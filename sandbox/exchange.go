package sandbox

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// statusMethodFailure is the Market's answer to a request beyond one of its limits.
const statusMethodFailure = 420

// Call is a request that the Market got, and what became of it.
type Call struct {
	At          time.Time // by the Market's clock
	Operation   string    // operationId; empty when the request fits none
	Method      string    // GET or POST, or what else was tried
	Path        string    // its first 256 bytes
	Status      int       // 0: the connection was cut before an answer
	Verdict     error     // nil when the request keeps the contract; api.Violations lists what it does not keep
	TraceParent string    // the header of the answer
}

// maxCalls bounds what a Market remembers.
const maxCalls = 1_000_000

// Calls gives a copy of every request so far, in the order in which they were finished; of more than a million, the
// newest ones.
func (m *Market) Calls() []Call {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Call(nil), m.calls...)
}

// Observe calls see after each request from now on, in the order in which they are finished; the Market waits for it,
// so it must neither call the Market nor wait. It takes the place of the one before. A nil see ends that.
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
}

func (x *exchange) begin() {
	x.at = x.market.now()
	var id [24]byte
	_, _ = rand.Read(id[:]) // it cannot fail
	x.Header().Set("Traceparent", fmt.Sprintf("00-%x-%x-01", id[:16], id[16:]))
	x.Header().Set("Date", x.at.UTC().Format(http.TimeFormat))
	x.Header().Set("Content-Type", "application/json")
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
		"X-Ratelimit-Resource-Until":     x.ticket.until.UTC().Format(http.TimeFormat),
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
	return x.ResponseWriter.Write(p)
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
		Method:      r.Method,
		Path:        r.URL.Path[:min(len(r.URL.Path), 256)],
		Status:      x.status,
		Verdict:     x.verdict,
		TraceParent: x.Header().Get("Traceparent"),
	})
}

func (m *Market) record(c Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.calls) == maxCalls {
		m.calls = append([]Call(nil), m.calls[maxCalls/10:]...)
	}
	m.calls = append(m.calls, c)
	if m.observer != nil {
		m.observer(c)
	}
}
