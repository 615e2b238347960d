package wrapper

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxAnswer is how many bytes of an answer are read.
const maxAnswer = 1 << 20

var (
	errAttemptTimeout = error(attemptTimeoutError{})
	errAnswerTooLarge = errors.New("the answer is larger than 1 MiB")
	errNothingCame    = errors.New("neither an answer nor an error came")
)

// attemptTimeoutError is a net.Error with Timeout() true, but not the end of the caller's context.
type attemptTimeoutError struct{}

func (attemptTimeoutError) Error() string   { return "the attempt ran out of time" }
func (attemptTimeoutError) Timeout() bool   { return true }
func (attemptTimeoutError) Temporary() bool { return true }

// outgoing is what each attempt of a call sends.
type outgoing struct {
	operation operation
	request   *http.Request // without query and body; attempts send copies
	query     string
	body      []byte
}

// newRequest makes the request of an attempt, whose body can be sent again by whoever calls GetBody.
func (o *outgoing) newRequest(ctx context.Context) *http.Request {
	req := o.request.Clone(ctx)
	req.URL.RawQuery = o.query
	req.Body, req.GetBody, req.ContentLength = nil, nil, int64(len(o.body))
	if len(o.body) > 0 {
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(o.body)), nil }
		req.Body, _ = req.GetBody()
	}
	return req
}

// attempt is what came of one request: an answer, read to its end or as far as it came, or none.
type attempt struct {
	Response           // StatusCode 0: no answer
	date     time.Time // of the answer, by the server's clock; zero: it carried none
	body     []byte
	err      error // why there is no answer, or why it was not read to its end
	reached  reach
	trace    trace
	retryAt  time.Time      // as the Limiter says
	response *http.Response // its body is closed
}

func (a *attempt) answered() bool { return a.StatusCode != 0 }

// sender sends the requests of attempts.
type sender struct {
	limiter Limiter
	doer    Doer          // the middleware around the authorization around the transport
	timeout time.Duration // of one attempt
}

// attempt sends a request once the limiter lets it, and reads the answer.
func (s *sender) attempt(ctx context.Context, out *outgoing) *attempt {
	a := &attempt{}
	release, err := s.limiter.Acquire(ctx, out.operation.id)
	if err != nil {
		a.retryAt, a.err = limiterError(err)
		return a
	}
	if release != nil {
		defer func() { release(a.Response) }() // deferred, as a middleware may panic
	}
	if a.err = ctx.Err(); a.err != nil { // it may have ended in the same moment
		return a
	}
	began := time.Now()
	ctx, cancel := context.WithDeadlineCause(ctx, began.Add(s.timeout), errAttemptTimeout)
	defer cancel()
	a.trace.start(began, cancel)
	a.trace.given = credentials{out.request.Header, out.query}
	resp, err := s.doer.Do(out.newRequest(withTrace(ctx, &a.trace)))
	if resp != nil && resp.Body != nil {
		defer resp.Body.Close()
	} else if err == nil {
		err = errNothingCame
	}
	a.reached = a.trace.reach(ctx.Err() != nil)
	if err != nil {
		a.err = a.explain(ctx, err)
		return a
	}
	a.read(ctx, resp)
	return a
}

// read reads an answer.
func (a *attempt) read(ctx context.Context, resp *http.Response) {
	a.response = resp
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		a.date = date
	}
	a.Response = Response{
		StatusCode:  resp.StatusCode,
		Header:      resp.Header,
		Quota:       readQuota(resp.Header, a.date, time.Now()),
		TraceParent: traceParent(resp.Header),
	}
	if resp.StatusCode < 200 {
		return // the body of a 101 is a connection, which has no end
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	a.body = body[:min(len(body), maxAnswer)]
	switch {
	case err != nil:
		a.err = a.explain(ctx, err)
	case len(body) > maxAnswer:
		a.err = errAnswerTooLarge
	}
}

// traceParent reads the id of a request. A header that is none could hold anything, so it is passed over. A real one
// has 55 characters; a later form of it may be longer.
func traceParent(h http.Header) string {
	id := h.Get("Traceparent")
	if len(id) > 100 || strings.Trim(id, "0123456789abcdef-") != "" {
		return ""
	}
	return id
}

// explain tells what ended an attempt from the end of the caller's context: net/http says the same of both.
func (a *attempt) explain(ctx context.Context, err error) error {
	switch {
	case a.trace.wouldResend.Load():
		return errWouldResend
	case context.Cause(ctx) == errAttemptTimeout:
		return errAttemptTimeout
	}
	return err
}
