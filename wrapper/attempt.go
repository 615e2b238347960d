package wrapper

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/ymarket-go/chats/gen"
)

const (
	maxAnswer    = 1 << 20 // bytes of an answer that are read
	maxErrorBody = 4 << 10 // bytes of it that an Error keeps
)

// attempt is what became of one request: an answer, read to its end or as far as it came, or none.
type attempt struct {
	status    int // 0: no answer
	header    http.Header
	body      []byte
	quota     Quota
	err       error          // why there is no answer, or why it was not read to its end
	neverLeft bool           // known for certain; silence reads as "it may have left"
	response  *http.Response // its body is closed
}

// attempt sends the request once, with a time limit and a body of its own.
func (c *Client) attempt(ctx context.Context, call *call, req *http.Request) *attempt {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errAttemptTimeout)
	defer cancel()
	var way departure
	ctx = httptrace.WithClientTrace(context.WithValue(ctx, secretsKey{}, &call.secrets), &httptrace.ClientTrace{
		GetConn:      func(string) { way.wanted.Store(true) },
		GotConn:      func(httptrace.GotConnInfo) { way.connected.Store(true) },
		WroteHeaders: func() { way.left.Store(true) },
	})
	req = req.Clone(ctx)
	if req.GetBody != nil {
		req.Body, _ = req.GetBody() // of a bytes.Reader: it cannot fail
	}
	resp, err := c.doer.Do(req)
	if resp != nil && resp.Body != nil {
		defer resp.Body.Close()
	} else if err == nil {
		err = errors.New("neither an answer nor an error came")
	}
	if err != nil {
		return &attempt{err: attemptError(ctx, err, call.secrets), neverLeft: way.neverLeft(ctx)}
	}
	a := &attempt{status: resp.StatusCode, header: resp.Header, quota: readQuota(resp.Header, time.Now()), response: resp}
	if a.status >= 200 { // 101 has a connection for a body, and that has no end
		a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	}
	if err != nil {
		a.err = attemptError(ctx, err, call.secrets)
	}
	if len(a.body) > maxAnswer {
		a.body, a.err = a.body[:maxAnswer], errAnswerTooLarge
	}
	return a
}

// departure follows a request to its connection and onto it.
type departure struct{ wanted, connected, left atomic.Bool }

// neverLeft is sure of it. A transport that wants no connection tells nothing, and one that gives up with the context may
// still be writing to its connection.
func (d *departure) neverLeft(ctx context.Context) bool {
	return d.wanted.Load() && !d.left.Load() && !(d.connected.Load() && ctx.Err() != nil)
}

func (a *attempt) answered() bool { return a.status != 0 }

func (a *attempt) is2xx() bool { return a.status >= 200 && a.status < 300 }

// brokeOff tells an answer that ended too early from one that was too large to read.
func (a *attempt) brokeOff() bool { return a.answered() && a.err != nil && a.err != errAnswerTooLarge }

// inDoubt: the Market may have done what it was asked for without having said so.
func (a *attempt) inDoubt() bool {
	return !a.neverLeft && (!a.answered() || a.status >= 500 || a.is2xx() && a.brokeOff())
}

// quotaUsedUp tells the 420 that ends with a window from the one that ends within milliseconds.
func (a *attempt) quotaUsedUp() bool {
	return a.status == statusMethodFailure && a.quota.Remaining == 0 && !a.quota.Until.IsZero()
}

func (a *attempt) traceParent() string { return a.header.Get("Traceparent") }

// apiErrors reads the API's own errors. What does not fit the contract is passed over: half an error text is worth more
// than none.
func (a *attempt) apiErrors(secrets []string) []gen.APIErrorDTO {
	var body gen.APIErrorResponse
	_ = json.Unmarshal(a.body, &body)
	return redact(body.Errors, secrets)
}

// attemptError hides what would look like the end of the caller's context: net/http says context.DeadlineExceeded for
// the limit of the attempt, and for timeouts of its own. Its text quotes what it could not read; that is left out.
func attemptError(ctx context.Context, err error, secrets []string) error {
	if context.Cause(ctx) == errAttemptTimeout && !isAuthError(err) {
		return errAttemptTimeout
	}
	return &attemptFailure{err, quoted.ReplaceAllString(cut(err.Error(), secrets), `"…"`)}
}

type attemptFailure struct {
	cause error
	text  string
}

func (e *attemptFailure) Error() string      { return e.text }
func (e *attemptFailure) As(target any) bool { return errors.As(e.cause, target) }
func (e *attemptFailure) Is(target error) bool {
	return target != context.Canceled && target != context.DeadlineExceeded && errors.Is(e.cause, target)
}
