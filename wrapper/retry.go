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
		return p, fmt.Errorf("RetryPolicy is %+v, allowed is 0 (the default) and above, and for Resend one of its constants", p)
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

// repeats is the table of the package documentation.
func (p RetryPolicy) repeats(op *operation, a *attempt) bool {
	switch {
	case isRefusal(a.err):
		return false
	case a.neverLeft || a.StatusCode == statusMethodFailure:
		return true
	case !a.answered() || a.StatusCode >= 500:
		return op.repeatable || p.Resend != ResendNever
	}
	return op.repeatable && a.is2xx() && a.brokeOff()
}

// pause says whether the call goes on after an attempt, and after what time. It does not when no attempts are left, the
// quota is gone for longer than MaxDelay, or the caller's deadline comes first.
func (c *Client) pause(ctx context.Context, call *call, a *attempt) (pause time.Duration, again bool) {
	switch {
	case ctx.Err() != nil:
		return 0, a.err != nil || c.retry.repeats(call.operation, a) // and finds that its context has ended
	case call.attempts >= call.maxAttempts || !c.retry.repeats(call.operation, a):
		return 0, false
	}
	pause = c.retry.backoff(call.attempts, c.random())
	if left := time.Until(a.Quota.Until); a.quotaUsedUp() && left > 0 {
		pause = max(left, min(left+time.Duration(c.random()*float64(windowJitter)), c.retry.MaxDelay))
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
	ctx, cancel := context.WithTimeout(ctx, pause)
	defer cancel()
	<-ctx.Done()
}

// Resend says what to do with a message that may have arrived: the attempt may have left this machine, and 500 or above
// came back, or nothing.
type Resend int

const (
	ResendChecked Resend = iota // read the chat, and repeat only if nobody has written into it since
	ResendAlways                // repeat: the buyer may see the text twice
	ResendNever                 // stop with ErrOutcomeUnknown
)

// clockSlack is a second because the Market may cut Date and updatedAt to whole ones, and a second because its machines
// may differ.
const clockSlack = 2 * time.Second

// resolve reads the chat of a message that may have arrived with an attempt that began then. It ends the doubt, or gives
// the reason why it cannot. Only the Market's clock tells when; of this machine's clock only the time that has passed
// since counts.
func (c *Client) resolve(ctx context.Context, sent *call, began time.Time) error {
	if sent.outcome != Unknown || c.retry.Resend != ResendChecked {
		return nil
	}
	var read Response
	chat, err := c.GetChat(ctx, sent.chatID, Capture(&read), func(r *call) error { r.text = sent.text; return nil })
	date, undated := http.ParseTime(read.Header.Get("Date"))
	switch {
	case errors.Is(err, ErrNotFound): // nor is the message
	case err != nil:
		said := cut(err.Error(), sent.last.secrets(sent))
		return errors.New("the chat could not be read: " + said) // its class is not that of this call
	case undated != nil || chat.UpdatedAt.IsZero():
		return errors.New("the chat did not tell when it was last written into")
	case date.Sub(chat.UpdatedAt) <= passed(began, time.Now())+clockSlack:
		return errors.New("the chat has been written into since, or in the 2 s before, and it cannot be told by whom")
	}
	sent.outcome = Rejected
	return nil
}

// passed is the larger of monotonic and wall time: the first one stands while a machine sleeps, the second one can be set.
func passed(began, now time.Time) time.Duration {
	return max(now.Sub(began), now.Round(0).Sub(began.Round(0)))
}
