package wrapper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// call is one call of an operation.
type call struct {
	outgoing
	args        arguments
	refused     error     // why it must not be sent
	maxAttempts int       // 0: as the RetryPolicy says
	capture     *Response // nil: nobody asks for it
}

// arguments are what a method of the Client gives to its call.
type arguments struct {
	invalid  error // the constraint that they break
	query    string
	body     any    // nil: none
	text     string // of the message, which no error may show
	result   any    // where the result goes; nil: the contract promises none
	promised func() bool
	fresh    bool                          // caches are asked not to answer
	read     func(context.Context) reading // of the chat, for the resend check
}

// newCall makes a call of what is prepared for its operation.
func newCall(prepared *outgoing, args arguments) *call {
	c := &call{outgoing: *prepared, args: args, refused: args.invalid}
	c.query = args.query
	if args.fresh {
		c.request = c.request.Clone(context.Background())
		c.request.Header.Set("Cache-Control", "no-cache")
	}
	if args.body != nil && c.refused == nil {
		c.body, c.refused = json.Marshal(args.body)
	}
	return c
}

// caller makes calls.
type caller struct {
	sender sender
	policy RetryPolicy
	random func() float64 // [0, 1)
	logger *slog.Logger   // nil: nothing is logged
	market *market
}

// do makes attempts until the rule says that no further one is needed, or something forbids a further one.
func (c *caller) do(ctx context.Context, call *call) *history {
	h := &history{text: call.args.text}
	defer func() { h.report(call.capture) }()
	if ctx == nil {
		call.refused = errors.New("ctx is nil")
	}
	if call.refused != nil {
		h.end(fmt.Errorf("%w: %w", ErrInvalidRequest, call.refused))
		return h
	}
	for ctx.Err() == nil {
		a := c.sender.attempt(ctx, &call.outgoing)
		h.add(a)
		f := findingsOf(a, call.args.result, call.args.promised)
		h.apply(judge(call.operation, c.policy.Resend, f))
		if h.verdict.look || f.body == promised || f.body.fromMarket() {
			c.market.learnDate(a.date, time.Now())
		}
		pause, goOn := c.next(ctx, call, h)
		c.log(ctx, call, h, pause)
		if !goOn {
			return h
		}
		wait(ctx, pause)
		if h.verdict.look && ctx.Err() == nil && !c.look(ctx, call, h) {
			return h
		}
	}
	h.end(ctx.Err())
	return h
}

// next says how long to pause, and whether the call goes on then. Where it does not, the history has the reason.
func (c *caller) next(ctx context.Context, call *call, h *history) (pause time.Duration, goOn bool) {
	if err := ctx.Err(); err != nil && (h.verdict.repeat || h.last.err != nil) {
		h.end(err)
		return 0, false
	}
	maxAttempts := c.policy.MaxAttempts
	if call.maxAttempts > 0 {
		maxAttempts = call.maxAttempts
	}
	if !h.verdict.repeat || h.attempts >= maxAttempts {
		return 0, false
	}
	pause = c.policy.backoff(h.attempts, c.random())
	until := "the next pause is"
	switch {
	case h.verdict.untilWindowEnds:
		pause = c.policy.untilWindowEnds(time.Until(h.last.Quota.Until), pause, c.random())
		until = "the quota is used up for"
	case h.verdict.marketMayGoOn:
		pause = max(pause, time.Until(h.last.trace.sentAt().Add(marketGivesUp)))
		until = "the Market may be at the message for another"
	}
	if refused := c.policy.refuse(ctx, pause, until); refused != nil {
		h.stop(refused)
		return 0, false
	}
	return pause, true
}

// look reads the chat of a message that may be in it, and tells whether the call goes on. Where it does not, the
// history has the reason.
func (c *caller) look(ctx context.Context, call *call, h *history) (goOn bool) {
	d := doubt{began: h.doubtSince, told: c.market.told()}
	seen, err := call.args.read(ctx).sighting()
	if ctx.Err() != nil {
		return true // do ends the call with the context's error
	}
	if now := time.Now(); err == nil {
		why := d.check(seen, now)
		if why == certain {
			h.clear()
			return true
		}
		err = d.explain(why, now)
	}
	h.stop(withoutSecrets(err, h.secrets()))
	return false
}

// log writes the line of the last attempt.
func (c *caller) log(ctx context.Context, call *call, h *history, pause time.Duration) {
	if c.logger == nil {
		return
	}
	logAttempt(ctx, c.logger, attemptLine{
		operation: call.operation.id,
		attempt:   h.attempts,
		response:  h.last.Response,
		errors:    apiErrors(h.last.body, h.secrets()),
		err:       h.last.err,
		pause:     pause,
	})
}

func wait(ctx context.Context, pause time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, pause)
	defer cancel()
	<-ctx.Done()
}
