package wrapper

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"
)

// findings are what the rule goes by: what came of an attempt.
type findings struct {
	reached     reach
	status      int     // 0: no answer came
	quotaUsedUp bool    // a 420 that ends with a window; any other ends within milliseconds
	body        content // of the answer
	wantsResult bool    // the contract promises one
	problem     error   // what is wrong with the body, where it is cutOff or foreign
}

// verdict is what the rule says of an attempt.
type verdict struct {
	repeat          bool // after a pause, if there is an attempt left
	untilWindowEnds bool // how long the pause lasts; otherwise it is a backoff
	look            bool // before that, read the chat: the message may be in it
	marketMayGoOn   bool // the Market has not answered, so the chat is not read before it has given up

	accepted bool    // the call succeeds
	outcome  Outcome // of the call, if it ends here without success
	problem  error   // what is wrong with an answer that the contract does not know
}

// judge is the rule: the table of the package documentation, in its order. Nothing else decides what is repeated, and
// what the outcome is.
func judge(op operation, resend Resend, f findings) verdict {
	is2xx := f.status >= 200 && f.status < 300
	switch {
	case f.reached == notHandedOver: // Auth, the Limiter or the context was against it
		return verdict{outcome: NotSent}
	case f.status == StatusMethodFailure && f.quotaUsedUp: // the Market has done nothing
		return verdict{repeat: true, untilWindowEnds: true, outcome: Rejected}
	case f.status == StatusMethodFailure: // too many ran at once: it has done nothing either
		return verdict{repeat: true, outcome: Rejected}
	case f.status == http.StatusInternalServerError && f.body.fromMarket(): // the Market has ended, perhaps after storing
		return inDoubt(op, resend, false)
	case f.status >= 500: // a gateway says so: the Market may be at it still
		return inDoubt(op, resend, true)
	case f.status == http.StatusRequestTimeout, f.status == statusClientClosedRequest: // proxies say so, too
		return inDoubt(op, resend, true)
	case f.reached == neverLeft: // the Market knows nothing of it
		return verdict{repeat: true, outcome: NotSent}
	case f.status == 0: // it may have arrived, and be in progress
		return inDoubt(op, resend, true)
	case is2xx && f.body == cutOff && op.repeatable: // it is done, but the result is lost
		return verdict{repeat: true, outcome: Rejected, problem: f.problem}
	case is2xx && f.body == cutOff: // most likely sent
		return verdict{outcome: Unknown, problem: f.problem}
	case f.status >= 400: // the request is at fault: a second one would be refused as well
		return verdict{outcome: Rejected}
	case f.status >= 300: // the API has no redirects: whoever sends one is not the Market
		return verdict{outcome: Rejected, problem: errUnknownStatus}
	case f.status != http.StatusOK: // it sounds like success, and the contract knows nothing of it
		return verdict{outcome: mayBeDone(op), problem: errUnknownStatus}
	case f.body == apiError: // the Market refused, whatever the status says
		return verdict{outcome: Rejected}
	case f.body == blank && !f.wantsResult: // integrators met an empty 200 after a send
		return verdict{accepted: true}
	case f.body == promised:
		return verdict{accepted: true}
	}
	return verdict{outcome: mayBeDone(op), problem: f.problem} // nobody knows what it means
}

// inDoubt is the verdict on an attempt that may have been carried out.
func inDoubt(op operation, resend Resend, marketMayGoOn bool) verdict {
	switch {
	case op.repeatable:
		return verdict{repeat: true, outcome: Rejected}
	case resend == ResendNever:
		return verdict{outcome: Unknown}
	case resend == ResendAlways:
		return verdict{repeat: true, outcome: Unknown}
	}
	return verdict{repeat: true, look: true, marketMayGoOn: marketMayGoOn, outcome: Unknown}
}

// mayBeDone is the outcome of an attempt whose answer does not tell.
func mayBeDone(op operation) Outcome {
	if op.repeatable {
		return Rejected
	}
	return Unknown
}

// findingsOf reads what an attempt brought. The result of a 200 goes into result.
func findingsOf(a *attempt, result any, asPromised func() bool) findings {
	f := findings{
		reached:     a.reached,
		status:      a.StatusCode,
		quotaUsedUp: a.QuotaUsedUp(),
		wantsResult: result != nil,
	}
	switch {
	case !a.answered():
	case errors.Is(a.err, errAnswerTooLarge):
		f.body, f.problem = foreign, fmt.Errorf("%w: %w", ErrInvalidResponse, a.err)
	case a.err != nil:
		f.body, f.problem = cutOff, fmt.Errorf("%w: %w", ErrInvalidResponse, a.err)
	default:
		f.body, f.problem = openEnvelope(a.body, result, asPromised)
	}
	return f
}

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
	ResendChecked Resend = iota // read the chat, and repeat only if nobody has written into it since
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

// windowJitter spreads those who wait for the same window over a quarter of a second after its end.
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

// PauseError says that the next pause of a call would be longer than RetryPolicy.MaxDelay. errors.As finds it in an Error.
type PauseError struct {
	Until    string // what would be waited for: "the quota is used up for"
	Pause    time.Duration
	MaxDelay time.Duration
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
