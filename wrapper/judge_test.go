package wrapper

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

var (
	errProblem = errors.New("what is wrong with the body")

	ends     = verdict{outcome: Rejected}
	again    = verdict{repeat: true, outcome: Rejected}
	accepted = verdict{accepted: true}

	looksSoon   = verdict{repeat: true, look: true, outcome: Unknown}
	looksLate   = verdict{repeat: true, look: true, marketMayGoOn: true, outcome: Unknown}
	looksOnly   = verdict{look: true, marketMayGoOn: true, outcome: Unknown}
	looksInVain = verdict{look: true, marketMayGoOn: true, mayComeLater: true, outcome: Unknown}
)

func problem(v verdict, err error) verdict {
	v.problem = err
	return v
}

// The rule, row by row in its order: what it says of an operation that can be repeated, and of a send.
var ruleRows = []struct {
	happened   string
	found      findings
	repeatable verdict
	send       verdict // with ResendChecked
	why        string
}{
	{"refused here", findings{reached: notHandedOver}, verdict{}, verdict{},
		"whoever refused knows why, and nothing was sent"},
	{"420, the quota", findings{status: 420, quotaUsedUp: true},
		verdict{repeat: true, untilWindowEnds: true, outcome: Rejected},
		verdict{repeat: true, untilWindowEnds: true, outcome: Rejected},
		"the Market has not looked at the request, and tells when it will"},
	{"420, the quota, for an unknown time", findings{status: 420, quotaUsedUp: true, endUnknown: true}, ends, ends,
		"each repeat would cost quota again"},
	{"420, too many", findings{status: 420}, again, again,
		"it clears within milliseconds"},
	{"500 with its errors", findings{status: 500, body: apiError}, again, looksSoon,
		"the Market has ended, perhaps after it stored the message"},
	{"500 with OK and errors", findings{status: 500, body: mixed}, again, looksSoon,
		"the pages print OK in the examples of errors"},
	{"500 in HTML", findings{status: 500, body: foreign}, again, looksLate,
		"somebody in between says so: the Market may be at it"},
	{"500 with a result", findings{status: 500, body: promised}, again, looksLate,
		"the Market does not answer like that"},
	{"500 without a body", findings{status: 500}, again, looksLate, "nor like that"},
	{"500, cut off", findings{status: 500, body: cutOff}, again, looksLate, "what was cut off may be anything"},
	{"501", findings{status: 501, body: apiError}, again, looksLate, "the Market's own status is 500"},
	{"502", findings{status: 502}, again, looksLate, "gateways say so"},
	{"503 in the form of the Market", findings{status: 503, body: apiError}, again, looksLate, "gateways say so"},
	{"504", findings{status: 504}, again, looksLate, "gateways say so while the Market goes on"},
	{"599", findings{status: 599}, again, looksLate, "whatever it means, it may be done"},
	{"408", findings{status: 408}, again, looksLate, "a proxy did not get all of the request, or says so of an answer"},
	{"499", findings{status: 499}, again, looksLate, "a proxy thinks that the client has gone: it may be done"},
	{"never left", findings{reached: neverLeft}, verdict{repeat: true}, verdict{repeat: true},
		"the Market knows nothing of it"},
	{"left in part", findings{reached: leftInPart}, again, again, "nobody has the whole of it"},
	{"417 to a request that asked first", findings{status: 417, expected: true}, again, again,
		"something in between does not know Expect, and has not taken the body"},
	{"417 to one that did not", findings{status: 417}, ends, ends, "the same request would be refused again"},
	{"left, no answer", findings{reached: mayHaveLeft}, again, looksLate, "the Market may be at it"},
	{"200, cut off", findings{status: 200, body: cutOff, problem: errProblem},
		problem(again, errProblem), problem(looksOnly, errProblem), "it is done, most likely: a message is not sent twice"},
	{"202, cut off", findings{status: 202, body: cutOff, problem: errProblem},
		problem(again, errProblem), problem(looksInVain, errProblem), "as a 200 that is cut off"},
	{"400", findings{status: 400, body: apiError}, ends, ends, "the same request would be refused again"},
	{"404 in HTML", findings{status: 404, body: foreign, problem: errProblem}, ends, ends, "a wrong base URL, say"},
	{"404, cut off", findings{status: 404, body: cutOff, problem: errProblem}, ends, ends, "the status says enough"},
	{"429", findings{status: 429}, ends, ends, "the Market knows no such status"},
	{"302", findings{status: 302}, problem(ends, errUnknownStatus), problem(ends, errUnknownStatus),
		"the API has no redirects, so this is not the Market"},
	{"202", findings{status: 202, body: promised}, problem(ends, errUnknownStatus), problem(looksInVain, errUnknownStatus),
		"it sounds like success, and the contract knows nothing of it"},
	{"101", findings{status: 101}, problem(ends, errUnknownStatus), problem(looksInVain, errUnknownStatus),
		"nobody knows what it means"},
	{"200 with ERROR", findings{status: 200, body: apiError}, ends, ends, "the Market refused"},
	{"200, empty", findings{status: 200, problem: errProblem}, problem(ends, errProblem), accepted,
		"integrators met it after a send; where a result is promised, it is missing"},
	{"200 as promised", findings{status: 200, body: promised}, accepted, accepted, "done"},
	{"200 with OK and errors", findings{status: 200, body: mixed, problem: errProblem},
		problem(ends, errProblem), problem(looksOnly, errProblem), "it says both"},
	{"200 in HTML", findings{status: 200, body: foreign, problem: errProblem},
		problem(ends, errProblem), problem(looksOnly, errProblem), "nobody knows what it means"},
}

func TestJudge(t *testing.T) {
	send := operation{}
	for _, row := range ruleRows {
		if row.found.status > 0 {
			row.found.reached = mayHaveLeft
		}
		for reached := notHandedOver; row.found.status > 0 && reached < mayHaveLeft; reached++ {
			inferred := row.found
			inferred.reached = reached
			assert.Equal(t, judge(send, ResendChecked, row.found), judge(send, ResendChecked, inferred), row.happened)
		}
		read := row.found
		read.wantsResult = true
		for _, resend := range []Resend{ResendChecked, ResendAlways, ResendNever} {
			got := judge(operation{repeatable: true}, resend, read)
			assert.Equal(t, row.repeatable, got, "%s: %s", row.happened, row.why)

			want := row.send
			if want.look && resend == ResendAlways {
				want = verdict{repeat: want.repeat, outcome: Unknown, problem: want.problem}
			}
			if want.look && resend == ResendNever {
				want = verdict{outcome: Unknown, problem: want.problem}
			}
			got = judge(send, resend, row.found)
			assert.Equal(t, want, got, "%s, Resend %d: %s", row.happened, resend, row.why)
		}
	}
}

// Whatever is found: a doubt is never taken for a certainty, and only what may be repeated is.
func TestJudgeKeepsToItsPrinciples(t *testing.T) {
	send, read := operation{}, operation{repeatable: true}
	for status := range 1000 {
		for body := blank; body <= foreign; body++ {
			for _, reached := range []reach{notHandedOver, neverLeft, mayHaveLeft} {
				for _, resend := range []Resend{ResendChecked, ResendAlways, ResendNever} {
					f := findings{reached: reached, status: status, body: body, problem: errProblem}
					what := fmt.Sprintf("%+v, Resend %d", f, resend)
					v := judge(send, resend, f)
					if v.outcome == Unknown {
						assert.False(t, resend == ResendNever && v.repeat, what)
						assert.Equal(t, resend == ResendChecked, v.look, what)
					} else {
						assert.False(t, v.look, what)
					}
					assert.False(t, v.accepted && (v.repeat || status != 200), what)
					refused := status == 420 || status >= 300 && status < 500 && status != 408 && status != 499 ||
						status == 200 && body == apiError
					certain := refused || v.accepted || status == 0 && reached != mayHaveLeft
					assert.Equal(t, certain, v.outcome != Unknown, what)
					assert.NotEqual(t, Unknown, judge(read, resend, f).outcome, what)
				}
			}
		}
	}
}
