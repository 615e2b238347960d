package wrapper

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/internal/fast"
)

const maxAnswer = 1 << 20 // bytes of an answer that are read

// attempt is what became of one request: an answer, read to its end or as far as it came, or none.
type attempt struct {
	Response  // StatusCode 0: no answer
	began     time.Time
	body      []byte
	signed    *http.Request  // as Auth left it
	err       error          // why there is no answer, or why it was not read to its end
	neverLeft bool           // known for certain; silence reads as "it may have left"
	response  *http.Response // its body is closed

	wanted, connected, left atomic.Bool // how far the request came: to a connection, onto one, and away
	trace                   httptrace.ClientTrace
}

// attempt sends the request once the limiter lets it, with a time limit and a body of its own.
func (c *Client) attempt(ctx context.Context, call *call) *attempt {
	a := &attempt{signed: call.request.Request}
	release, err := c.limiter.Acquire(ctx, call.id)
	if err == nil {
		defer func() { release(a.Response) }() // deferred, as a middleware may panic
		err = ctx.Err()                     // it may have ended in the same moment
	}
	if err != nil {
		limit := &Error{}
		errors.As(err, &limit)
		call.retryAt = limit.RetryAt
		a.err = &refusal{attemptError(ctx, cmp.Or(limit.Err, err), call.last.secrets(call))}
		return a
	}
	a.began = time.Now()
	ctx, cancel := context.WithDeadlineCause(ctx, a.began.Add(c.timeout), errAttemptTimeout)
	defer cancel()
	a.trace.GetConn = func(string) { a.wanted.Store(true) }
	a.trace.GotConn = func(httptrace.GotConnInfo) { a.connected.Store(true) }
	a.trace.WroteHeaders = func() { a.left.Store(true) }
	if len(c.middleware) > 0 { // Auth is given a copy then
		ctx = context.WithValue(ctx, attemptKey{}, a)
	}
	a.signed = call.request.Copy(httptrace.WithClientTrace(ctx, &a.trace), call.query, call.body)
	resp, err := c.doer.Do(a.signed)
	if resp != nil && resp.Body != nil {
		defer resp.Body.Close()
	} else if err == nil {
		err = errors.New("neither an answer nor an error came")
	}
	if err != nil {
		a.err = attemptError(ctx, err, a.secrets(call))
		// A transport that wants no connection tells nothing, and one that gives up with the context may still be writing.
		a.neverLeft = a.wanted.Load() && !a.left.Load() && !(a.connected.Load() && ctx.Err() != nil)
		return a
	}
	a.response = resp
	a.Response = Response{resp.StatusCode, resp.Header, readQuota(resp.Header, time.Now()), 0, fast.Get(resp.Header, "Traceparent")}
	// What is no trace id could hold anything. A real one has 55 characters; a later form of it may be longer.
	if len(a.TraceParent) > 100 || strings.Trim(a.TraceParent, "0123456789abcdef-") != "" {
		a.TraceParent = ""
	}
	if a.StatusCode >= 200 { // 101 has a connection for a body, and that has no end
		a.body, err = fast.ReadAll(resp.Body, resp.ContentLength, maxAnswer+1)
	}
	if err != nil {
		a.err = attemptError(ctx, err, a.secrets(call))
	}
	if len(a.body) > maxAnswer {
		a.body, a.err = a.body[:maxAnswer], errAnswerTooLarge
	}
	return a
}

// refusal ends a call before its request is handed to the transport.
type refusal struct{ error }

func (e *refusal) Unwrap() error { return e.error }

func isRefusal(err error) bool { return err != nil && errors.As(err, new(*refusal)) }

func (a *attempt) answered() bool { return a.StatusCode != 0 }

func (a *attempt) is2xx() bool { return a.StatusCode >= 200 && a.StatusCode < 300 }

// brokeOff tells an answer that ended too early from one that was too large to read.
func (a *attempt) brokeOff() bool { return a.answered() && a.err != nil && a.err != errAnswerTooLarge }

// inDoubt: the Market may have done what it was asked for without having said so.
func (a *attempt) inDoubt() bool {
	return !a.neverLeft && (!a.answered() || a.StatusCode >= 500 || a.is2xx() && a.brokeOff())
}

// quotaUsedUp tells the 420 that ends with a window from the one that ends within milliseconds.
func (a *attempt) quotaUsedUp() bool {
	return a.StatusCode == statusMethodFailure && a.Quota.Remaining == 0 && !a.Quota.Until.IsZero()
}

// apiErrors reads the API's own errors. What does not fit the contract is passed over: half an error text is worth more
// than none.
func (a *attempt) apiErrors(c *call) []gen.APIErrorDTO {
	var body gen.APIErrorResponse
	_ = json.Unmarshal(a.body, &body)
	return redact(body.Errors, a.secrets(c))
}

// attemptError hides what would look like the end of the caller's context: net/http says context.DeadlineExceeded for
// the limit of the attempt, and for timeouts of its own. Its text quotes what it could not read; that is left out.
func attemptError(ctx context.Context, err error, secrets []string) error {
	if context.Cause(ctx) == errAttemptTimeout && !isRefusal(err) {
		return errAttemptTimeout
	}
	return &attemptFailure{&err, quoted().ReplaceAllString(cut(err.Error(), secrets), `"…"`)}
}

type attemptFailure struct {
	cause *error // a pointer, as %#v would print what it quotes
	text  string
}

func (e *attemptFailure) Error() string      { return e.text }
func (e *attemptFailure) As(target any) bool { return errors.As(*e.cause, target) }
func (e *attemptFailure) Is(target error) bool {
	return target != context.Canceled && target != context.DeadlineExceeded && errors.Is(*e.cause, target)
}

// log writes one line for an attempt. Its fields are all that may ever stand in a log.
func (c *Client) log(ctx context.Context, call *call, a *attempt, pause time.Duration) {
	if c.logger == nil {
		return
	}
	codes := []string{}
	for _, e := range a.apiErrors(call) {
		codes = append(codes, e.Code)
	}
	asPromised := a.is2xx() && a.err == nil && len(codes) == 0
	level := map[bool]slog.Level{true: slog.LevelDebug, false: slog.LevelWarn}[asPromised]
	c.logger.Log(ctx, level, "attempt", "operation", call.id, "attempt", call.attempts, "status", a.StatusCode,
		"codes", codes, "pause", pause, "quota", a.Quota, "traceparent", a.TraceParent)
}
