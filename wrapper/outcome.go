package wrapper

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
)

// stop ends a call that would otherwise be tried again, for a reason besides what came of its last attempt.
func (c *call) stop(reason error) { c.cause = errors.Join(c.cause, reason) }

// end ends a call for a reason that matters more than what came of its last attempt.
func (c *call) end(reason error) { c.ended, c.cause = true, reason }

// reject ends a call whose answer is the Market's, and not one that the caller can have.
func (c *call) reject(reason error) *Error {
	c.end(reason)
	c.outcome = Rejected
	return c.failure()
}

// report fills the Response of Capture.
func (c *call) report() {
	*c.capture = Response{}
	if c.answered != nil {
		*c.capture = c.answered.Response
		c.capture.TraceParent = c.answered.traceParent()
	}
	c.capture.Attempts = c.attempts
}

// whyEnded gives the error of the caller's context, and beside it the cause that the caller has given.
func (c *call) whyEnded(ctx context.Context) error {
	cause := context.Cause(ctx)
	if cause == ctx.Err() {
		return cause
	}
	return errors.Join(ctx.Err(), withoutSecrets(cause, c.secrets()))
}

// secrets are what no text may repeat: what was sent and read, and what Auth has put into the requests.
func (c *call) secrets() *secrets {
	sent := &secrets{}
	if c.private != nil {
		known := c.private.asSecrets()
		sent = &secrets{slices.Clone(known.long), slices.Clone(known.short)}
	}
	for _, a := range []*attempt{c.last, c.answered} {
		if a == nil {
			continue
		}
		for _, value := range a.trace.authValues() {
			sent.add(value)
		}
	}
	return sent
}

// failure makes the error of a call, of the last answer that came and of the reason why the call ended.
func (c *call) failure() *Error {
	e := &Error{Operation: c.operation.ID, Attempts: c.attempts, Outcome: c.outcome, RetryAt: c.retryAt, Err: c.cause}
	a := c.answered
	if a == nil {
		return e
	}
	e.StatusCode, e.Quota, e.TraceParent = a.StatusCode, a.Quota, a.traceParent()
	sent := c.secrets()
	e.Errors = redact(parseErrors(a.body), sent)
	if host := a.leadsTo(); host != "" {
		sent.hide(&host)
		e.Err = errors.Join(e.Err, errors.New("it leads to "+host))
	}
	if a.StatusCode == http.StatusRequestEntityTooLarge {
		e.Err = errors.Join(e.Err, errors.New("a proxy between here and the Market may limit the size of requests"))
	}
	contentType := a.Header.Get("Content-Type")
	sent.hide(&contentType)
	if form := describe(contentType, a.body); form != "" {
		e.Err = errors.Join(errors.New(form), e.Err)
	}
	e.Body = bytes.Clone(a.body[:min(len(a.body), maxErrorBody)])
	if a.QuotaUsedUp() && e.RetryAt.IsZero() {
		e.RetryAt = a.Quota.Until
	}
	return e
}
