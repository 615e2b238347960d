package wrapper

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ymarket-go/chats/internal/fast"
)

// CallOption changes one call. A value that is not allowed fails the call with ErrInvalidRequest; nothing is sent.
type CallOption func(*call) error

// Attempts sets how often this call may be tried, the first time included: 1 or more, 1 means no second try.
// Without it RetryPolicy.MaxAttempts holds.
func Attempts(n int) CallOption {
	return given(n >= 1, fmt.Sprintf("Attempts is %d, allowed is 1 and above", n), func(c *call) { c.maxAttempts = n })
}

// Capture fills dst when the call ends, with success or without. dst is not nil.
func Capture(dst *Response) CallOption {
	return given(dst != nil, "Capture is given nil, allowed is a pointer to a Response", func(c *call) { c.capture = dst })
}

// Response is what Capture tells of the last answer that a call got; where none came, only Attempts is set.
type Response struct {
	StatusCode  int         // 0: no answer came
	Header      http.Header // as it came: nothing is cut out that a server has put there, so keep it out of logs
	Quota       Quota       // zero: the answer told of none
	Attempts    int         // requests handed to the transport
	TraceParent string      // what the Market's support asks for
}

// call is a call in progress.
type call struct {
	*operation
	chatID      int64
	query       string
	body        []byte
	invalid     error // why it must not be sent
	maxAttempts int
	capture     *Response

	attempts int
	outcome  Outcome   // as it stands, should the call fail
	last     *attempt  // the last one that was answered
	stopped  error     // why an attempt that could be repeated was not
	retryAt  time.Time // as the limiter says
	text     string    // of the message
}

// newCall applies the options. The first thing that is not allowed makes the call invalid.
func (c *Client) newCall(op *operation, chatID int64, body any, opts []CallOption, invalid error) *call {
	call := &call{operation: op, chatID: chatID, maxAttempts: c.retry.MaxAttempts, last: unanswered}
	call.query = strings.Replace(op.request.URL.RawQuery, "1", strconv.FormatInt(chatID, 10), 1) // it was made for chat 1
	if body != nil {
		call.body, _ = fast.Marshal(body) // of strings and numbers: it cannot fail
	}
	call.invalid = cmp.Or(invalid, apply(call, opts))
	return call
}

var unanswered = &attempt{signed: &http.Request{}}

// do makes attempts until one settles the call. It gives back the answer, of whatever status; an error means that none
// came, that the caller's context ended, or that the request was refused before it was sent.
func (c *Client) do(ctx context.Context, call *call) (*attempt, error) {
	defer call.report()
	if ctx == nil {
		call.invalid = errors.New("ctx is nil")
	}
	if call.invalid != nil {
		return nil, &Error{Operation: call.id, Err: fmt.Errorf("%w: %w", ErrInvalidRequest, call.invalid)}
	}
	for ctx.Err() == nil {
		attempt := c.attempt(ctx, call)
		call.note(attempt)
		pause, again := c.pause(ctx, call, attempt)
		c.log(ctx, call, attempt, pause)
		switch {
		case again:
			wait(ctx, pause)
			if doubt := c.resolve(ctx, call, attempt.began); doubt != nil && ctx.Err() == nil {
				call.stopped = doubt
				return nil, call.fail(call.last, attempt.err)
			}
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
	if isRefusal(a.err) {
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
		*c.capture = c.last.Response
		c.capture.Attempts = c.attempts
	}
}

// fail makes the error of a call. It tells of the last answer that came, and why the call ended.
func (c *call) fail(a *attempt, cause error) *Error {
	if c.stopped != nil {
		cause = errors.Join(cause, c.stopped)
	}
	e := &Error{
		Operation: c.id, StatusCode: a.StatusCode, Errors: a.apiErrors(c), Quota: a.Quota,
		RetryAt: c.retryAt, Attempts: c.attempts, Outcome: c.outcome, TraceParent: a.TraceParent,
		Body: bytes.Clone(a.body[:min(len(a.body), 4<<10)]), Err: cause,
	}
	if a.quotaUsedUp() && e.RetryAt.IsZero() {
		e.RetryAt = a.Quota.Until
	}
	return e
}
