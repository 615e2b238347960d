package wrapper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// call is one call of an operation: what is sent, and what has come of it so far.
type call struct {
	operation operation
	request   *http.Request // without query and body; attempts send copies of it
	query     string
	body      body
	message   *message    // nil: the call sends none
	private   *private    // nil: there is nothing to hide yet
	result    any         // where the result goes; nil: the contract promises none
	promised  func() bool // the result is the one of this call

	refused     error // why it must not be sent
	maxAttempts int
	capture     *Response // nil: the caller does not want it

	attempts   int       // requests handed to the transport
	last       *attempt  // nil: there was none yet
	answered   *attempt  // the last one that was answered; nil: none was
	verdict    verdict   // on the last attempt
	found      bool      // the message of a doubtful attempt is in the chat
	ended      bool      // by something else than the last attempt
	outcome    Outcome   // should the call fail
	doubtSince time.Time // when the first attempt began that may have been carried out; zero: none may
	noAsking   bool      // an answer was 417: something in between does not know Expect
	cause      error     // why it ended, where the answer alone does not say it
	retryAt    time.Time // as the Limiter says
}

// newCall makes a call of an operation. invalid is the constraint that its arguments break. A nil body is none.
func (c *Client) newCall(operationID, query string, body any, invalid error, opts []CallOption) *call {
	call := c.prepared[operationID]
	call.query, call.refused, call.maxAttempts = query, invalid, c.retry.MaxAttempts
	if body != nil && invalid == nil {
		encoded, err := json.Marshal(body)
		call.body, call.refused = [][]byte{encoded}, err
	}
	if !call.operation.repeatable {
		call.message = &message{}
	}
	for i, opt := range opts {
		var err error
		if opt == nil {
			err = fmt.Errorf("option %d is nil", i+1)
		} else {
			err = opt(&call)
		}
		if call.refused == nil {
			call.refused = err
		}
	}
	return &call
}

// do makes a call, unless it is refused. The error is nil or an *Error.
func (c *Client) do(ctx context.Context, call *call) error {
	if call.capture != nil {
		defer call.report()
	}
	if ctx == nil {
		call.refused = errors.New("ctx is nil")
	}
	if call.refused != nil {
		call.end(fmt.Errorf("%w: %w", ErrInvalidRequest, call.refused))
		return call.failure()
	}
	if call.message != nil {
		return c.send(ctx, call)
	}
	return c.try(ctx, call)
}

// send makes the call of a message.
func (c *Client) send(ctx context.Context, call *call) (err error) {
	m := call.message
	m.key = m.content.key()
	call.hideMessage()
	done := c.logLongWait(ctx, call, func() (string, time.Time) { return forTurn, time.Time{} })
	m.own, err = c.sends.begin(ctx, m.chatID, m.key)
	done()
	if err != nil {
		call.end(call.whyEnded(ctx))
		return call.failure()
	}
	defer func() { m.own.end(call, err) }()
	if m.times > 0 {
		if call.found, err = c.isThere(ctx, call); err != nil {
			return err
		}
	}
	if !call.found {
		err = c.try(ctx, call)
	}
	if call.found && c.logger != nil {
		c.logFound(ctx, call)
	}
	return err
}

// sendsFile tells whether the call sends a file.
func (c *call) sendsFile() bool { return c.message != nil && c.message.content.isFile }

// try makes attempts until the rule says that no further one is needed, or something forbids a further one.
func (c *Client) try(ctx context.Context, call *call) error {
	for ctx.Err() == nil {
		c.take(call, c.attempt(ctx, call))
		pause, again := c.next(ctx, call)
		if c.logger != nil {
			c.log(ctx, call, pause)
		}
		if call.verdict.accepted {
			return nil
		}
		switch {
		case !again:
		case call.verdict.look:
			again = c.settle(ctx, call, pause)
		default:
			c.pause(ctx, pause)
		}
		if call.found {
			return nil
		}
		if !again {
			return call.failure()
		}
	}
	call.end(call.whyEnded(ctx))
	return call.failure()
}

// take takes in what came of an attempt, and what the rule says of it.
func (c *Client) take(call *call, a *attempt) {
	call.last = a
	call.retryAt = a.retryAt
	if a.reached != notHandedOver || a.StatusCode != 0 {
		call.attempts++
	}
	if a.StatusCode != 0 {
		call.answered = a
	}
	if a.StatusCode == http.StatusExpectationFailed {
		call.noAsking = true
	}
	if a.err != nil {
		a.err = withoutSecrets(a.err, call.secrets())
	}
	found := findingsOf(a, call)
	call.hide(textsOf(call.result)...)
	rule := judge(call.operation, c.retry.Resend, found)
	call.verdict = rule
	if rule.outcome == Unknown && call.doubtSince.IsZero() {
		call.doubtSince = a.trace.began
	}
	// The doubt of an earlier attempt is settled neither by the answer to a later one, nor by one that was not sent.
	if call.outcome != Unknown && rule.outcome != NotSent {
		call.outcome = rule.outcome
	}
	call.cause = rule.problem
	if call.cause == nil {
		call.cause = a.err
	}
	if rule.accepted {
		c.market.learnDate(a.date, time.Now())
	}
}

// next says how long to pause before the next attempt, or before the chat is read, and whether there is to be one.
// Where not, the call has the reason.
func (c *Client) next(ctx context.Context, call *call) (pause time.Duration, again bool) {
	rule := call.verdict
	if !rule.repeat && !rule.look && call.last.err == nil {
		return 0, false // the answer settles the call, even if the context has ended since
	}
	if ctx.Err() != nil {
		call.end(call.whyEnded(ctx))
		return 0, false
	}
	if !rule.look && (!rule.repeat || call.attempts >= call.maxAttempts) {
		return 0, false
	}
	pause = c.retry.backoff(call.attempts, c.random())
	if rule.look {
		return pause, true
	}
	until := "the next pause is"
	if rule.untilWindowEnds {
		pause = c.retry.untilWindowEnds(time.Until(call.last.Quota.Until), pause, c.random())
		until = "the quota is used up for"
	}
	if refused := c.retry.refuse(ctx, pause, until); refused != nil {
		call.stop(refused)
		return 0, false
	}
	return pause, true
}

// pause waits before what follows a failure.
func (c *Client) pause(ctx context.Context, pause time.Duration) {
	wait(ctx, pause)
	c.closeIdle()
}

// closeIdle closes the idle connections of a transport that can: what follows a failure must not meet a connection in
// the state of the one that failed.
func (c *Client) closeIdle() {
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

func wait(ctx context.Context, pause time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, pause)
	defer cancel()
	<-ctx.Done()
}
