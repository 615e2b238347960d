package wrapper

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// CallOption changes one call. A value that is not allowed fails the call with ErrInvalidRequest; nothing is sent.
type CallOption func(*call) error

// Attempts sets how often this call may be tried, the first time included: 1 or more, 1 means no second try.
// Without it RetryPolicy.MaxAttempts holds.
func Attempts(n int) CallOption {
	return func(c *call) error {
		if n < 1 {
			return fmt.Errorf("Attempts is %d, allowed is 1 and above", n)
		}
		c.maxAttempts = n
		return nil
	}
}

// Capture fills dst when the call ends, with success or without. dst is not nil.
func Capture(dst *Response) CallOption {
	return func(c *call) error {
		if dst == nil {
			return errors.New("Capture is given nil, allowed is a pointer to a Response")
		}
		c.capture = dst
		return nil
	}
}

// Response is what Capture tells of the last answer that a call got; where none came, only Attempts is set.
type Response struct {
	StatusCode  int
	Header      http.Header
	Quota       Quota
	Attempts    int    // requests handed to the transport
	TraceParent string // what the Market's support asks for
}

// call is a call in progress.
type call struct {
	operation
	opts        []CallOption
	invalid     error // why it must not be sent
	maxAttempts int
	capture     *Response

	attempts int
	outcome  Outcome  // as it stands, should the call fail
	last     *attempt // the last one that was answered
	stopped  error    // why an attempt that could be repeated was not
	secrets  []string // what must not be shown
}

func newCall(op operation, opts []CallOption, invalid error) *call {
	return &call{operation: op, opts: opts, invalid: invalid, last: &attempt{}}
}

// begin applies all options and builds the request, unless there is a reason not to send it; it gives the first one.
func (c *call) begin(ctx context.Context, build func() (*http.Request, error)) (*http.Request, error) {
	if ctx == nil {
		c.invalid = errors.New("ctx is nil")
	}
	for _, opt := range c.opts {
		err := errors.New("a CallOption is nil")
		if opt != nil {
			err = opt(c)
		}
		c.invalid = cmp.Or(c.invalid, err)
	}
	if c.invalid != nil {
		return nil, c.invalid
	}
	return build()
}

// do makes attempts until one settles the call. It gives back the answer, of whatever status; an error means that none
// came, that the caller's context ended, or that the request was refused before it was sent.
func (c *Client) do(ctx context.Context, call *call, build func() (*http.Request, error)) (*attempt, error) {
	call.maxAttempts = c.retry.MaxAttempts
	defer call.report()
	req, err := call.begin(ctx, build)
	if err != nil {
		return nil, &Error{Operation: call.id, Err: fmt.Errorf("%w: %w", ErrInvalidRequest, err)}
	}
	c.label(req)
	for ctx.Err() == nil {
		attempt := c.attempt(ctx, call, req)
		call.note(attempt)
		again, why := react(call.operation, attempt)
		if ctx.Err() != nil && (again || attempt.err != nil) {
			c.log(ctx, call, attempt, "the caller's context ended", 0)
			break
		}
		var pause time.Duration
		if again {
			pause, again = c.pause(ctx, call, attempt)
		}
		c.log(ctx, call, attempt, why, pause)
		switch {
		case again:
			wait(ctx, pause)
		case attempt.answered():
			return attempt, nil
		default:
			return nil, call.fail(call.last, attempt.err)
		}
	}
	return nil, call.fail(call.last, ctx.Err())
}

// note keeps of an attempt what the call must remember.
func (c *call) note(a *attempt) {
	if isAuthError(a.err) {
		return
	}
	c.attempts++
	if !c.repeatable && a.inDoubt() {
		c.outcome = Unknown
	} else if !a.neverLeft && c.outcome == NotSent {
		c.outcome = Rejected
	}
	if a.answered() {
		c.last = a
	}
}

// report fills the Response that the caller asked for.
func (c *call) report() {
	if c.capture != nil {
		*c.capture = Response{c.last.status, c.last.header, c.last.quota, c.attempts, c.last.traceParent()}
	}
}

// fail makes the error of a call. It tells of the last answer that came, and why the call ended.
func (c *call) fail(a *attempt, cause error) *Error {
	if c.stopped != nil {
		cause = errors.Join(cause, c.stopped)
	}
	e := &Error{
		Operation: c.id, StatusCode: a.status, Errors: a.apiErrors(c.secrets), Quota: a.quota,
		Attempts: c.attempts, Outcome: c.outcome, TraceParent: a.traceParent(),
		Body: bytes.Clone(a.body[:min(len(a.body), maxErrorBody)]), Err: cause,
	}
	if a.quotaUsedUp() {
		e.RetryAt = a.quota.Until
	}
	return e
}
