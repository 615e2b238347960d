package wrapper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

var (
	errAttemptTimeout = error(attemptTimeoutError{})
	errAnswerTooLarge = errors.New("the answer is larger than")
	errNoStatus       = errors.New("the answer has the status 000")
	errNothingCame    = errors.New("neither an answer nor an error came")
)

// attemptTimeoutError is a net.Error with Timeout() true, but not the end of the caller's context.
type attemptTimeoutError struct{}

func (attemptTimeoutError) Error() string   { return "the attempt ran out of time" }
func (attemptTimeoutError) Timeout() bool   { return true }
func (attemptTimeoutError) Temporary() bool { return true }

// attempt is what came of one request: an answer, read to its end or as far as it came, or none.
type attempt struct {
	Response            // StatusCode 0: no answer
	date      time.Time // of the answer, by the server's clock; zero: it carried none
	body      []byte
	err       error // why there is no answer, or why it was not read to its end
	reached   reach
	givenUp   bool // by this side, while the Market may be at it
	trace     trace
	left      time.Time      // the latest moment at which the request may have left
	brokenOff bool           // a file could not be written to its end
	expected  bool           // the request said Expect: 100-continue
	retryAt   time.Time      // as the Limiter says
	response  *http.Response // its body is closed
}

// attempt sends a request once the limiter lets it, and reads the answer.
func (c *Client) attempt(ctx context.Context, call *call) *attempt {
	a := &attempt{}
	done := c.logLongWait(ctx, call, func() (string, time.Time) { return c.limiterWaitsFor(call.operation.ID) })
	release, err := c.limiter.Acquire(ctx, call.operation.ID)
	done()
	if err != nil {
		a.retryAt, a.err = limiterError(err)
		return a
	}
	if release != nil {
		defer func() { c.giveBack(release, a) }() // deferred, as a middleware may panic
	}
	if a.err = ctx.Err(); a.err != nil { // it may have ended in the same moment
		return a
	}
	began, callers := time.Now(), ctx
	ctx, cancel := context.WithDeadlineCause(ctx, began.Add(c.timeout+onTheWay(call.body.size())), errAttemptTimeout)
	defer cancel()
	a.trace.began, a.trace.giveUp = began, cancel
	defer a.trace.end()
	resp, err := c.doer.Do(a.request(ctx, call))
	if resp != nil && resp.Body != nil {
		defer resp.Body.Close()
	} else if err == nil {
		err = errNothingCame
	}
	if call.sendsFile() && err != nil { // of a file that nobody has read nothing has left: it asked first
		a.brokenOff = !a.trace.end() || a.trace.couldNotWrite(callers)
	}
	a.reached = a.trace.reach(ctx.Err() != nil)
	a.givenUp = resp == nil && a.reached == mayHaveLeft && ctx.Err() != nil && !a.trace.wouldResend.Load()
	if err == nil {
		err = a.read(resp, call.operation.maxAnswer, c.market)
	}
	a.left = a.trace.sentAt()
	if call.sendsFile() { // what the kernel has taken counts as written, and may still be on its way
		a.left = time.Now()
	}
	// net/http says the same of an attempt that it ends itself, of one whose time is over, and of the caller's context.
	switch {
	case err != nil && a.trace.wouldResend.Load():
		err = errWouldResend
	case err != nil && context.Cause(ctx) == errAttemptTimeout:
		err = errAttemptTimeout
	}
	a.err = err
	return a
}

// request makes the request of an attempt, which the trace follows.
func (a *attempt) request(ctx context.Context, call *call) *http.Request {
	a.trace.before = credentials{call.request.Header, call.query}
	req := call.request.Clone(context.WithValue(ctx, traceKey{}, &a.trace))
	req.URL.RawQuery = call.query
	req.Body, req.GetBody, req.ContentLength = nil, nil, call.body.size()
	if req.ContentLength > 0 {
		req.GetBody = func() (io.ReadCloser, error) { return watchedBody{call.body.reader(), &a.trace}, nil }
		req.Body, _ = req.GetBody()
	}
	if call.sendsFile() {
		a.trace.wrote = make(chan error, 1)
	}
	if a.expected = call.asksFirst(); a.expected {
		req.Header.Set("Expect", "100-continue")
	}
	return req
}

// giveBack gives back the slot of an attempt. The Market goes on with a request that this side gave up, and counts it
// until it gives up, too.
func (c *Client) giveBack(release func(Response), a *attempt) {
	rest := time.Until(a.left.Add(c.marketGivesUp))
	if !a.givenUp || rest <= 0 {
		release(a.Response)
		return
	}
	time.AfterFunc(rest, func() { release(a.Response) })
}

// read reads an answer, and of its body so many bytes at most.
func (a *attempt) read(resp *http.Response, maxAnswer int, m *market) error {
	a.response = resp
	if a.trace.signed == nil && resp.Request != nil { // what Auth added to a request whose context was replaced
		t, _ := traceOf(resp.Request)
		a.trace.before, a.trace.signed = t.before, t.signed
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		a.date = date
	}
	if resp.StatusCode == 0 {
		return errNoStatus
	}
	a.StatusCode, a.Header = resp.StatusCode, resp.Header
	a.Quota = m.readQuota(resp.Header, a.date, time.Now())
	if resp.StatusCode < 200 {
		return nil // the body of a 101 is a connection, which has no end
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(maxAnswer)+1))
	a.body = body[:min(len(body), maxAnswer)]
	if err == nil && len(body) > maxAnswer {
		return fmt.Errorf("%w %d MiB", errAnswerTooLarge, maxAnswer>>20)
	}
	return err
}

// traceParent is that of the answer, where it is shown. A header that is no traceparent could hold anything, also what
// Auth has sent. A real one has 55 characters; a later form may be longer.
func (a *attempt) traceParent() string {
	id := a.Header.Get("Traceparent")
	isTraceParent := len(id) <= 100 && strings.Trim(id, "0123456789abcdef-") == ""
	if !isTraceParent || newSecrets(a.trace.authValues()...).in(id) {
		return ""
	}
	return id
}

// leadsTo gives the host to which a redirect leads; empty: it is none, or leads nowhere.
func (a *attempt) leadsTo() string {
	if a.StatusCode < 300 || a.StatusCode >= 400 {
		return ""
	}
	location, err := a.response.Location()
	if err != nil {
		return ""
	}
	return location.Host
}

// limiterError takes apart the error of a Limiter: when to come back, and why.
func limiterError(err error) (retryAt time.Time, cause error) {
	var e *Error
	if !errors.As(err, &e) || e == nil {
		return time.Time{}, err
	}
	if e.Err == nil {
		return e.RetryAt, err
	}
	return e.RetryAt, e.Err
}
