package wrapper

import (
	"cmp"
	"context"
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
}

func (p RetryPolicy) withDefaults() (RetryPolicy, error) {
	if p.MaxAttempts < 0 || p.BaseDelay < 0 || p.MaxDelay < 0 {
		return p, fmt.Errorf("WithRetry is given %+v, allowed is 0 (the default) and above", p)
	}
	return RetryPolicy{
		MaxAttempts: cmp.Or(p.MaxAttempts, 4),
		BaseDelay:   cmp.Or(p.BaseDelay, 500*time.Millisecond),
		MaxDelay:    cmp.Or(p.MaxDelay, 30*time.Second),
	}, nil
}

// backoff is the pause after so many attempts. In floating point the doubling cannot overflow.
func (p RetryPolicy) backoff(attempts int, random float64) time.Duration {
	bound := min(math.Ldexp(float64(p.BaseDelay), attempts-1), float64(p.MaxDelay))
	return time.Duration(random * bound)
}

// react is the table of the package documentation: what happened, whether the client tries again, and a name for the log.
func react(op operation, a *attempt) (again bool, why string) {
	switch {
	case isAuthError(a.err):
		return false, "not authorized"
	case a.neverLeft:
		return true, "never left this machine"
	case !a.answered():
		return op.repeatable, "no answer"
	case a.quotaUsedUp():
		return true, "quota used up"
	case a.status == statusMethodFailure:
		return true, "too many requests at once"
	case a.status >= 500:
		return true, "server error"
	case a.is2xx() && a.brokeOff():
		return op.repeatable, "the answer broke off"
	case a.status == http.StatusOK:
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
	if left := time.Until(a.quota.Until); a.quotaUsedUp() && left > 0 {
		if left > c.retry.MaxDelay {
			call.stopped = fmt.Errorf("the quota is used up for %v, MaxDelay is %v", left.Round(time.Second), c.retry.MaxDelay)
			return 0, false
		}
		pause = min(left+time.Duration(c.random()*float64(windowJitter)), c.retry.MaxDelay)
	}
	if deadline, ok := ctx.Deadline(); ok && pause >= time.Until(deadline) {
		call.stopped = fmt.Errorf("the next pause of %v would outlast the caller's deadline", pause.Round(time.Millisecond))
		return 0, false
	}
	return pause, true
}

func wait(ctx context.Context, pause time.Duration) {
	select {
	case <-time.After(pause):
	case <-ctx.Done():
	}
}
