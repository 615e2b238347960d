package wrapper

import (
	"bytes"
	"errors"
	"time"
)

// history is what has come of a call so far.
type history struct {
	text string // of the message, which no error may show

	attempts   int       // requests handed to the transport
	last       *attempt  // nil: there was none yet
	verdict    verdict   // on the last attempt
	answered   *attempt  // the last one that was answered; nil: none was
	accepted   bool      // the call succeeded
	ended      bool      // by something else than its last attempt
	outcome    Outcome   // should it fail
	doubtSince time.Time // when the first attempt began that may have been carried out; zero: none may
	cause      error     // why it ended, where the answer alone does not say it
	retryAt    time.Time
}

// add takes in an attempt. From now on its error shows no secret.
func (h *history) add(a *attempt) {
	h.last = a
	if a.reached != notHandedOver {
		h.attempts++
	}
	if a.answered() {
		h.answered = a
	}
	h.retryAt = a.retryAt
	if a.err != nil {
		a.err = withoutSecrets(a.err, h.secrets())
	}
}

// apply takes in what the rule says of the last attempt.
func (h *history) apply(v verdict) {
	h.verdict, h.accepted = v, v.accepted
	if v.outcome == Unknown && h.doubtSince.IsZero() {
		h.doubtSince = h.last.trace.began
	}
	// A later attempt does not settle the doubt of an earlier one, and one that was not sent does not unsend another.
	if h.outcome != Unknown && v.outcome != NotSent {
		h.outcome = v.outcome
	}
	h.cause = v.problem
	if h.cause == nil {
		h.cause = h.last.err
	}
}

// clear ends the doubt: the message is not in the chat.
func (h *history) clear() { h.outcome, h.doubtSince = Rejected, time.Time{} }

// stop ends a call that would otherwise be tried again, for a reason besides what came of its last attempt.
func (h *history) stop(reason error) { h.cause = errors.Join(h.cause, reason) }

// end ends a call for a reason that matters more than what came of its last attempt.
func (h *history) end(reason error) { h.accepted, h.ended, h.cause = false, true, reason }

// report fills the Response that the caller asked for.
func (h *history) report(to *Response) {
	if to == nil {
		return
	}
	*to = Response{}
	if h.answered != nil {
		*to = h.answered.Response
	}
	to.Attempts = h.attempts
}

// secrets are what no text may repeat: the text of the message, and what Auth has put into the requests.
func (h *history) secrets() *secrets {
	texts := []string{h.text}
	if h.last != nil {
		texts = append(texts, h.last.trace.authValues()...)
	}
	if h.answered != nil && h.answered != h.last {
		texts = append(texts, h.answered.trace.authValues()...)
	}
	return newSecrets(texts...)
}

// failure makes the error of a call. It tells of the last answer that came, and why the call ended.
func (h *history) failure(op operation) *Error {
	e := &Error{Operation: op.id, Attempts: h.attempts, Outcome: h.outcome, RetryAt: h.retryAt, Err: h.cause}
	a := h.answered
	if a == nil {
		return e
	}
	e.StatusCode, e.Quota, e.TraceParent = a.StatusCode, a.Quota, a.TraceParent
	e.Errors = apiErrors(a.body, h.secrets())
	if said := describe(a.Header.Get("Content-Type"), a.body); said != "" {
		e.Err = errors.Join(errors.New(said), e.Err)
	}
	e.Body = bytes.Clone(a.body[:min(len(a.body), maxErrorBody)])
	if a.QuotaUsedUp() && e.RetryAt.IsZero() {
		e.RetryAt = a.Quota.Until
	}
	return e
}
