package wrapper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"
)

// statusMethodFailure is the Market's answer to a request beyond one of its limits.
const statusMethodFailure = 420

// windowJitter spreads those who wait for the same window over a quarter of a second after its end.
const windowJitter = 250 * time.Millisecond

// RetryPolicy says how often a call is tried, and how long it pauses in between. What is tried again stands in the
// package documentation. A field that is 0 takes its default; negative values are refused.
type RetryPolicy struct {
	MaxAttempts int           // all tries, the first included; 0: 4
	BaseDelay   time.Duration // upper bound of the first pause, doubling with each; 0: 500 ms. Full jitter
	MaxDelay    time.Duration // longest single pause; 0: 30 s. A longer wait for the server ends the call at once
	Resend      Resend        // what to do with a message that may have arrived; 0: ResendChecked
}

func (p RetryPolicy) withDefaults() (RetryPolicy, error) {
	if p.MaxAttempts < 0 || p.BaseDelay < 0 || p.MaxDelay < 0 || p.Resend < ResendChecked || p.Resend > ResendNever {
		return p, fmt.Errorf("WithRetry is given %+v, allowed is 0 (the default) and above, and for Resend one of its constants", p)
	}
	p.MaxAttempts = cmp.Or(p.MaxAttempts, 4)
	p.BaseDelay = cmp.Or(p.BaseDelay, 500*time.Millisecond)
	p.MaxDelay = cmp.Or(p.MaxDelay, 30*time.Second)
	return p, nil
}

// backoff is the pause after so many attempts. In floating point the doubling cannot overflow.
func (p RetryPolicy) backoff(attempts int, random float64) time.Duration {
	bound := min(math.Ldexp(float64(p.BaseDelay), attempts-1), float64(p.MaxDelay))
	return time.Duration(random * bound)
}

// react is the table of the package documentation: what happened, whether the client tries again, and a name for the log.
func (p RetryPolicy) react(op operation, a *attempt) (again bool, why string) {
	mayRepeat := op.repeatable || p.Resend != ResendNever
	var refused *refusal
	switch {
	case errors.As(a.err, &refused):
		return false, refused.why
	case a.neverLeft:
		return true, "never left this machine"
	case !a.answered():
		return mayRepeat, "no answer"
	case a.quotaUsedUp():
		return true, "quota used up"
	case a.StatusCode == statusMethodFailure:
		return true, "too many requests at once"
	case a.StatusCode >= 500:
		return mayRepeat, "server error"
	case a.is2xx() && a.brokeOff():
		return op.repeatable, "the answer broke off"
	case a.StatusCode == http.StatusOK:
		return false, "answered"
	default:
		return false, "refused"
	}
}

// pause says how long to wait before the next attempt. There is none when no attempts are left, the quota is gone for
// longer than MaxDelay, or the caller's deadline comes first.
func (c *Client) pause(ctx context.Context, call *call, a *attempt) (pause time.Duration, again bool) {
	if call.attempts >= call.maxAttempts {
		return 0, false
	}
	pause = c.retry.backoff(call.attempts, c.random())
	if left := time.Until(a.Quota.Until); a.quotaUsedUp() && left > 0 {
		jitter := time.Duration(c.random() * float64(windowJitter))
		pause = max(left, min(left+jitter, c.retry.MaxDelay))
	}
	if call.stopped = c.retry.refuse(ctx, pause); call.stopped != nil {
		return 0, false
	}
	return pause, true
}

// refuse tells why a pause is not begun: only a window can last longer than MaxDelay, and no pause outlasts the deadline.
func (p RetryPolicy) refuse(ctx context.Context, pause time.Duration) error {
	if pause > p.MaxDelay {
		return fmt.Errorf("the quota is used up for %v, MaxDelay is %v", pause.Round(time.Second), p.MaxDelay)
	}
	if deadline, ok := ctx.Deadline(); ok && pause >= time.Until(deadline) {
		return fmt.Errorf("the next pause of %v would outlast the caller's deadline", pause.Round(time.Millisecond))
	}
	return nil
}

func wait(ctx context.Context, pause time.Duration) {
	select {
	case <-time.After(pause):
	case <-ctx.Done():
	}
}
