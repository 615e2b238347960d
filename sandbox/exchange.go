package sandbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ymarket-go/chats/api"
)

// exchange is a request and its answer in progress. It adds the headers that every answer of the Market carries, unless
// a fault has set others.
type exchange struct {
	http.ResponseWriter
	market    *Market
	operation string
	at        time.Time
	began     time.Time // by this machine's clock, for how long the answer took
	body      []byte    // of the request, as far as it is read: see maxBody()
	broken    error     // why it could not be read further
	verdict   error
	ticket    *ticket                  // nil until the request is routed
	reached   http.HandlerFunc         // its operation, once nothing has kept the request from it
	asOf      time.Time                // what the operation reads was true then; zero: it is true now
	change    func(text string) string // of the message that is sent; nil: none
	chat      int64                    // that the request has opened; 0: none
	message   int64                    // that the request has stored; 0: none
	fault     string                   // what the fault does that acts on the request; empty: none does
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

// maxBody is how many bytes the body of a request may have. One byte more is read, so that a larger body is noticed.
func (x *exchange) maxBody() int64 {
	return max(contractOperations()[x.operation].MaxRequest, maxOtherBody)
}

// maxOtherBody is maxBody of a request that fits no operation. It is the Market's limit for most operations.
const maxOtherBody = 512 << 10

// unread is whether the body broke off or is too large.
func (x *exchange) unread() bool { return x.broken != nil || int64(len(x.body)) > x.maxBody() }

// begin starts the exchange of a request, and sets the headers that the answer has.
func (m *Market) begin(w http.ResponseWriter, r *http.Request) (*exchange, *http.Request) {
	x := &exchange{
		ResponseWriter: w,
		market:         m,
		operation:      m.contract.Operation(r),
		at:             m.now(),
		began:          time.Now(),
	}
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	x.Header().Set("Traceparent", newTraceParent())
	x.Header().Set("Date", x.at.UTC().Format(http.TimeFormat))
	x.Header().Set("Content-Type", "application/json")
	if !m.keepAlive {
		x.Header().Set("Connection", "close")
	}
	return x, r
}

// read reads the body of the request, and checks all of it.
func (x *exchange) read(r *http.Request) {
	if r.Body != nil && r.Body != http.NoBody {
		x.body, x.broken = io.ReadAll(io.LimitReader(r.Body, x.maxBody()+1))
		_, _ = x.request.Write(x.body) // it cannot fail
		rest := io.Reader(r.Body)
		if x.broken != nil {
			rest = brokenOff{}
		}
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(x.body), rest)) // as it was
	}
	if !x.market.unchecked || x.operation == "" {
		x.verdict = x.market.verdictOn(r)
	}
}

func newTraceParent() string {
	var id [24]byte
	_, _ = rand.Read(id[:]) // it cannot fail
	return fmt.Sprintf("00-%x-%x-01", id[:16], id[16:])
}

// WriteHeader settles what the request costs.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= 200 {
		x.status = status
		x.settle()
	}
	x.ResponseWriter.WriteHeader(status)
}

// settle adds the headers of the quota.
func (x *exchange) settle() {
	if x.ticket == nil {
		return
	}
	remaining := x.ticket.settle(x.status)
	for name, value := range map[string]string{
		"X-Ratelimit-Resource-Limit":     strconv.Itoa(x.ticket.window.limit),
		"X-Ratelimit-Resource-Remaining": strconv.Itoa(remaining),
		"X-Ratelimit-Resource-Until":     x.ticket.window.until.UTC().Format(http.TimeFormat),
	} {
		if _, set := x.Header()[name]; !set {
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

// end keeps a record of the exchange. It runs when a fault has cut the connection, too.
func (x *exchange) end(r *http.Request) {
	if x.ticket != nil {
		if x.status == 0 {
			x.ticket.settle(0)
		}
		x.ticket.release()
	}
	call, details, m := x.call(r), x.details(r), x.market
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls.add(call)
	m.details.add(details)
	if m.observer != nil {
		m.observer(call)
	}
}

// call is what stays of the exchange for Calls.
func (x *exchange) call(r *http.Request) Call {
	verdict := x.verdict
	if violations := api.Violations(verdict); len(violations) > maxViolations {
		verdict = verdictOf(violations[:maxViolations])
	}
	var query []string
	sent := r.URL.Query()
	for _, name := range contractOperations()[x.operation].query {
		if value := sent.Get(name); number.MatchString(value) {
			query = append(query, name+"="+value)
		}
	}
	chat := x.chat
	if id, err := strconv.ParseInt(sent.Get("chatId"), 10, 64); chat == 0 && err == nil {
		chat = id
	}
	return Call{
		At:          x.at,
		Operation:   x.operation,
		Method:      cut(r.Method, maxMethod),
		Path:        cut(r.URL.Path, maxPath),
		Query:       strings.Join(query, "&"),
		Status:      x.status,
		Verdict:     verdict,
		TraceParent: x.Header().Get("Traceparent"),
		ChatID:      chat,
		MessageID:   x.message,
		Fault:       x.fault,
	}
}

var number = regexp.MustCompile(`^-?[0-9]{1,20}$`)

// cut copies the beginning of a text, so that the rest of it can be forgotten.
func cut(text string, size int) string { return strings.Clone(text[:min(len(text), size)]) }

// verdictOf is the error that api.Violations takes apart again.
func verdictOf(violations []*api.Violation) error {
	errs := make([]error, len(violations))
	for i, v := range violations {
		errs[i] = v
	}
	return errors.Join(errs...)
}

// shortestHidden is how long a secret must be to be hidden in a body, in bytes. A key of a test, such as "k", would
// hide each k of a message.
const shortestHidden = 6

// details are what stays of the exchange for the page.
func (x *exchange) details(r *http.Request) callDetails {
	query, secrets := shownQuery(r.URL.RawQuery, contractOperations()[x.operation].query)
	d := callDetails{
		query:       query,
		requestType: mediaType(r.Header),
		answerType:  mediaType(x.Header()),
		request:     x.request,
		answer:      x.answer,
		usedUp:      x.Header().Get("X-Ratelimit-Resource-Remaining") == "0",
		took:        time.Since(x.began),
	}
	key, token := r.Header.Get("Api-Key"), bearer(r.Header)
	switch {
	case key != "":
		d.keyHeader = "Api-Key"
	case token != "":
		d.keyHeader = "Authorization"
	}
	for _, secret := range append(secrets, key, token) {
		if len(secret) >= shortestHidden {
			d.request.text = bytes.ReplaceAll(d.request.text, []byte(secret), []byte("…"))
			d.answer.text = bytes.ReplaceAll(d.answer.text, []byte(secret), []byte("…")) // a refusal cites the value
		}
	}
	return d
}

// mediaType is the type in the header Content-Type without its parameters, and empty where there is none.
func mediaType(header http.Header) string {
	name, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	return cut(name, 100)
}

// maxShownQuery bounds a query on the page, in bytes, and the number of its parameters.
const maxShownQuery = 256

// shownQuery is a query with the names of its parameters. Of their values it has the numbers of those that the contract
// declares. Others may be a secret: they are shown as "…", and returned as secrets.
func shownQuery(query string, declared []string) (shown string, secrets []string) {
	var parts []string
	for part := range strings.SplitSeq(query, "&") {
		if len(parts) == maxShownQuery {
			break
		}
		name, value, hasValue := strings.Cut(part, "=")
		name, value = unescaped(name), unescaped(value)
		switch {
		case part == "":
			continue
		case slices.Contains(declared, name) && number.MatchString(value):
			name += "=" + value
		case hasValue:
			name += "=…"
			secrets = append(secrets, value)
		}
		parts = append(parts, name)
	}
	return strings.Clone(shorten(strings.Join(parts, "&"), maxShownQuery)), secrets
}

// unescaped is a part of a query without its escapes, or as it is where they are wrong.
func unescaped(part string) string {
	if plain, err := url.QueryUnescape(part); err == nil {
		return plain
	}
	return part
}
