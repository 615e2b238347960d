package wrapper

import (
	"errors"
	"fmt"
	"net/http"
)

// findings are what the rule goes by: what came of an attempt.
type findings struct {
	reached     reach
	expected    bool    // the request said Expect: 100-continue
	status      int     // 0: no answer came
	quotaUsedUp bool    // a 420 that ends with a window; any other ends within milliseconds
	endUnknown  bool    // of that window
	body        content // of the answer
	wantsResult bool    // the contract promises one
	problem     error   // what is wrong with the body, where it is cutOff or foreign
}

// verdict is what the rule says of an attempt.
type verdict struct {
	repeat          bool // after a pause, if there is an attempt left
	untilWindowEnds bool // how long the pause lasts; otherwise it is a backoff
	look            bool // before that, or before the call ends, read the chat: the message may be in it
	marketMayGoOn   bool // the Market has not answered, so it may be at the message for a while
	mayComeLater    bool // and store it at any time: a message that is not in the chat is no proof

	accepted bool    // the call succeeds
	outcome  Outcome // of the call, if it ends here without success
	problem  error   // what is wrong with an answer that the contract does not know
}

// judge is the rule: the table of the package documentation, in its order. Nothing else decides what is repeated, and
// what the outcome is. An answer that came is looked at alone: how far its request came is only inferred.
func judge(op operation, resend Resend, f findings) verdict {
	is2xx := f.status >= 200 && f.status < 300
	switch {
	case f.status == 0:
		return judgeWithoutAnswer(op, resend, f.reached)
	case f.status == StatusMethodFailure && f.quotaUsedUp && f.endUnknown: // a repeat would cost quota again
		return verdict{outcome: Rejected}
	case f.status == StatusMethodFailure && f.quotaUsedUp: // the Market has done nothing
		return verdict{repeat: true, untilWindowEnds: true, outcome: Rejected}
	case f.status == StatusMethodFailure: // too many ran at once: it has done nothing either
		return verdict{repeat: true, outcome: Rejected}
	case f.status == http.StatusInternalServerError && f.body.fromMarket(): // the Market has ended, perhaps after storing
		return inDoubt(op, resend, verdict{repeat: true})
	case f.status >= 500: // a gateway says so: the Market may be at it still
		return inDoubt(op, resend, verdict{repeat: true, marketMayGoOn: true})
	case f.status == http.StatusRequestTimeout, f.status == statusClientClosedRequest: // proxies say so, too
		return inDoubt(op, resend, verdict{repeat: true, marketMayGoOn: true})
	case f.status == http.StatusExpectationFailed && f.expected: // the next attempt does not ask first
		return verdict{repeat: true, outcome: Rejected}
	case is2xx && f.body == cutOff && op.repeatable: // it is done, but the result is lost
		return verdict{repeat: true, outcome: Rejected, problem: f.problem}
	case is2xx && f.body == cutOff: // most likely sent
		return inDoubt(op, resend, verdict{marketMayGoOn: true, mayComeLater: f.status != http.StatusOK, problem: f.problem})
	case f.status >= 400: // the request is at fault: a second one would be refused as well
		return verdict{outcome: Rejected}
	case f.status >= 300: // the API has no redirects, so this is not the Market
		return verdict{outcome: Rejected, problem: errUnknownStatus}
	case f.status != http.StatusOK: // it sounds like success, and the contract knows nothing of it
		return inDoubt(op, resend, verdict{marketMayGoOn: true, mayComeLater: true, problem: errUnknownStatus})
	case f.body == apiError: // the Market refused, though the status says otherwise
		return verdict{outcome: Rejected}
	case f.body == blank && !f.wantsResult: // integrators met an empty 200 after a send
		return verdict{accepted: true}
	case f.body == promised:
		return verdict{accepted: true}
	}
	// The contract does not say what it means.
	return inDoubt(op, resend, verdict{marketMayGoOn: true, problem: f.problem})
}

// judgeWithoutAnswer is the rule where no answer came: all that is known is how far the request came.
func judgeWithoutAnswer(op operation, resend Resend, reached reach) verdict {
	switch reached {
	case notHandedOver: // Auth, the Limiter or the context was against it
		return verdict{outcome: NotSent}
	case neverLeft: // the Market knows nothing of it
		return verdict{repeat: true, outcome: NotSent}
	case leftInPart: // nobody has the whole of it
		return verdict{repeat: true, outcome: Rejected}
	}
	return inDoubt(op, resend, verdict{repeat: true, marketMayGoOn: true}) // it may have arrived, and be in progress
}

// inDoubt is the verdict on an attempt that may have been carried out. v says what is special about it.
func inDoubt(op operation, resend Resend, v verdict) verdict {
	switch {
	case op.repeatable:
		return verdict{repeat: v.repeat, outcome: Rejected, problem: v.problem}
	case resend == ResendNever:
		return verdict{outcome: Unknown, problem: v.problem}
	case resend == ResendAlways:
		return verdict{repeat: v.repeat, outcome: Unknown, problem: v.problem}
	}
	v.look, v.outcome = true, Unknown
	return v
}

// findingsOf reads what an attempt of a call brought. The result of a 200 goes where the call wants it.
func findingsOf(a *attempt, call *call) findings {
	f := findings{
		reached:     a.reached,
		expected:    a.expected,
		status:      a.StatusCode,
		quotaUsedUp: a.QuotaUsedUp(),
		endUnknown:  a.Quota.Until.IsZero(),
		wantsResult: call.result != nil,
	}
	if a.brokenOff && a.reached == mayHaveLeft {
		f.reached = leftInPart
	}
	switch {
	case a.StatusCode == 0:
	case errors.Is(a.err, errAnswerTooLarge):
		f.body, f.problem = foreign, fmt.Errorf("%w: %w", ErrInvalidResponse, a.err)
	case a.err != nil:
		f.body, f.problem = cutOff, fmt.Errorf("%w: %w", ErrInvalidResponse, a.err)
	default:
		f.body, f.problem = openEnvelope(a.body, call.result, call.promised)
	}
	return f
}
