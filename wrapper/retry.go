package wrapper

import (
	"context"
	"fmt"
	"math"
	"time"
)

// RetryPolicy says how often a call is tried, and how long it pauses in between. What is tried again stands in the
// package documentation. A field that is 0 takes its default; negative values are refused.
type RetryPolicy struct {
	MaxAttempts int           // all tries, the first included; 0: 4
	BaseDelay   time.Duration // upper bound of the first pause, doubling with each; 0: 500 ms. Full jitter
	MaxDelay    time.Duration // longest single pause; 0: 30 s. A longer wait for the server ends the call at once
	Resend      Resend        // what to do with a message that may have arrived; 0: ResendChecked
}

// Resend says what to do with a message that may have arrived: the attempt may have left this machine, and no answer
// of the Market settled what became of it.
type Resend int

const (
	ResendChecked Resend = iota // look for the message in the chat, and repeat only if it is not there
	ResendAlways                // repeat: the buyer may see the text twice
	ResendNever                 // stop with ErrOutcomeUnknown
)

func (p RetryPolicy) withDefaults() (RetryPolicy, error) {
	if p.MaxAttempts < 0 || p.BaseDelay < 0 || p.MaxDelay < 0 || p.Resend < ResendChecked || p.Resend > ResendNever {
		const allowed = "0 (the default) and above, and for Resend one of its constants"
		return p, &OptionError{"RetryPolicy", fmt.Sprintf("%+v", p), allowed}
	}
	if p.MaxAttempts == 0 {
		p.MaxAttempts = 4
	}
	if p.BaseDelay == 0 {
		p.BaseDelay = 500 * time.Millisecond
	}
	if p.MaxDelay == 0 {
		p.MaxDelay = 30 * time.Second
	}
	return p, nil
}

// backoff is the pause after so many attempts, with full jitter. In floating point the doubling cannot overflow.
func (p RetryPolicy) backoff(attempts int, random float64) time.Duration {
	bound := min(math.Ldexp(float64(p.BaseDelay), attempts-1), float64(p.MaxDelay))
	return time.Duration(random * bound)
}

// windowJitter spreads the calls that wait for the same window over a quarter of a second after its end.
const windowJitter = 250 * time.Millisecond

// untilWindowEnds is the pause until a window ends that has so much time left, with a little jitter within MaxDelay.
// A window that has ended already leaves the backoff.
func (p RetryPolicy) untilWindowEnds(left, backoff time.Duration, random float64) time.Duration {
	if left <= 0 {
		return backoff
	}
	jittered := left + time.Duration(random*float64(windowJitter))
	return max(left, min(jittered, p.MaxDelay))
}

// PauseError says that the next pause of a call would be longer than RetryPolicy.MaxDelay. errors.As finds it in an
// Error.
type PauseError struct {
	Until    string        // what would be waited for: "the quota is used up for"
	Pause    time.Duration // the one that was due
	MaxDelay time.Duration // that of the policy
}

// Error tells both times: "the quota is used up for 59m50s, MaxDelay is 30s".
func (e *PauseError) Error() string {
	return fmt.Sprintf("%s %v, MaxDelay is %v", e.Until, e.Pause, e.MaxDelay)
}

// refuse tells why a pause is not begun, which lasts until that happens: nothing is waited for longer than MaxDelay,
// and no pause outlasts the deadline.
func (p RetryPolicy) refuse(ctx context.Context, pause time.Duration, until string) error {
	if pause > p.MaxDelay {
		return &PauseError{Until: until, Pause: pause.Round(time.Second), MaxDelay: p.MaxDelay}
	}
	if deadline, ok := ctx.Deadline(); ok && pause >= time.Until(deadline) {
		return fmt.Errorf("the next pause of %v would outlast the caller's deadline", pause.Round(time.Millisecond))
	}
	return nil
}
