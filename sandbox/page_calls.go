package sandbox

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
)

// pageCalls is what the page shows of calls.
type pageCalls struct {
	List      []pageCall // the newest first
	Pager     pager      // of those that the filter lets through
	Chips     []chip
	Shown     int // of the chat that is chosen, or of all
	Total     int // so far
	Breaches  int // violations in all calls that are kept
	Forgotten int // calls that are no longer kept
}

// chip leads to calls that have something in common.
type chip struct {
	Text    string
	Count   int
	Address string
	Chosen  bool
}

type pageCall struct {
	Call
	Number     int    // of all calls, from 1
	Of         string // "chat", "order", "return" or empty
	About      string // its number, or the address of what is no operation
	Badges     []badge
	Breaches   []pageBreach
	More       int // violations that are not shown
	Remembered bool
	Sent       pageBody
	Answered   pageBody
	Curl       string
	NoCurl     string // why there is no curl
}

// badge is a word or two about a call; Tone is ok, warn or bad.
type badge struct{ Tone, Text string }

// Of each call the page shows so many violations, and so many bytes of a body where it does not show the call alone.
const (
	pageViolations = 10
	briefBody      = 2 << 10
)

// pageCalls tells the talk which calls have stored its messages.
func (m *Market) pageCalls(v pageView, base string, talk *pageTalk) pageCalls {
	parts, total := m.callParts(math.MaxInt)
	shown := pageCalls{Total: total, Forgotten: total}
	for _, part := range parts {
		shown.Forgotten -= len(part)
	}
	counts, fitting := callCounts{operations: make([]int, len(gen.Operations))}, 0
	for number, c := range eachCall(parts, total) {
		if c.Verdict != nil {
			shown.Breaches += len(api.Violations(c.Verdict))
		}
		if v.letsChat(c) {
			counts.add(c)
			talk.stored(number, c)
		}
		if v.lets(number, c) {
			fitting++
		}
	}
	shown.Shown, shown.Chips = counts.all, counts.chips(v)
	pager, skip := newPager(v, "calls", fitting)
	shown.Pager = pager
	for number, c := range eachCall(parts, total) {
		if !v.lets(number, c) {
			continue
		}
		if skip--; skip >= 0 {
			continue
		}
		if len(shown.List) == pageRows {
			break
		}
		shown.List = append(shown.List, m.pageCall(v, number, *c, base))
	}
	return shown
}

// eachCall goes through calls, the newest first, each with its number.
func eachCall(parts [][]Call, total int) iter.Seq2[int, *Call] {
	return func(yield func(int, *Call) bool) {
		number := total
		for _, part := range slices.Backward(parts) {
			for i := len(part) - 1; i >= 0; i-- {
				if !yield(number, &part[i]) {
					return
				}
				number--
			}
		}
	}
}

func (v pageView) letsChat(c *Call) bool { return v.Chat == 0 || v.Chat == c.ChatID }

// lets is true for a call that is shown. A view of one call shows it, whatever else is chosen.
func (v pageView) lets(number int, c *Call) bool {
	switch {
	case v.Call != 0:
		return number == v.Call
	case !v.letsChat(c), v.Violations && c.Verdict == nil, v.Failed && c.good():
		return false
	case v.Operation == noOperation:
		return c.Operation == ""
	default:
		return v.Operation == "" || v.Operation == c.Operation
	}
}

// good is true when the answer is a success.
func (c *Call) good() bool { return c.Status >= 200 && c.Status < 300 }

// callCounts counts calls for the chips.
type callCounts struct {
	all, violations, failed, noOperation int
	operations                           []int // in the order of the contract
}

func (n *callCounts) add(c *Call) {
	n.all++
	if c.Verdict != nil {
		n.violations++
	}
	if !c.good() {
		n.failed++
	}
	if c.Operation == "" {
		n.noOperation++
		return
	}
	for i := range gen.Operations {
		if gen.Operations[i].ID == c.Operation {
			n.operations[i]++
			return
		}
	}
}

// chips leads to all calls, to those that break the contract, to those that failed, and to each operation.
func (n *callCounts) chips(v pageView) []chip {
	all := v.Call == 0 && !v.Filtered()
	chips := []chip{
		{"All", n.all, v.OfCalls(), all},
		{"Violations", n.violations, v.OfCalls("violations", "only"), v.Violations},
		{"Failed", n.failed, v.OfCalls("failed", "only"), v.Failed},
	}
	for i, op := range gen.Operations {
		if count := n.operations[i]; count > 0 || op.ID == v.Operation {
			chips = append(chips, chip{op.ID, count, v.OfCalls("operation", op.ID), op.ID == v.Operation})
		}
	}
	if none := v.Operation == noOperation; none || n.noOperation > 0 {
		chips = append(chips, chip{"No operation", n.noOperation, v.OfCalls("operation", noOperation), none})
	}
	return chips
}

func (m *Market) pageCall(v pageView, number int, c Call, base string) pageCall {
	p := pageCall{Call: c, Number: number}
	details, ok := m.detailsOf(number)
	p.Of, p.About = m.subjectOf(c, details)
	all := api.Violations(c.Verdict)
	p.Badges = badgesOf(c, details, len(all))
	shown := all[:min(len(all), pageViolations)]
	p.More = len(all) - len(shown)
	for _, violation := range shown {
		p.Breaches = append(p.Breaches, newPageBreach(violation, details.request.text))
	}
	if !ok {
		return p
	}
	p.Remembered = true
	size := briefBody
	if v.Call != 0 {
		size = maxKeptBody
	}
	address := c.Path
	if details.query != "" {
		address += "?" + details.query
	}
	p.Sent = newPageBody(details.request, size, shown)
	p.Sent.Head = headOf(c.Method+" "+address, details.requestType)
	p.Answered = newPageBody(details.answer, size, nil)
	p.Answered.Head = headOf(meaningOf(c.Status)+" · "+took(details.took), "")
	if p.Sent.Cut {
		p.NoCurl = "the request is long: open the link to this call"
		return p
	}
	p.Curl, p.NoCurl = curlOf(base, c, details)
	return p
}

// Broken is true for a call that breaks the contract.
func (p pageCall) Broken() bool { return p.Verdict != nil }

// FirstWord is what the row names a call by.
func (p pageCall) FirstWord() string {
	if p.Operation == "" {
		return p.Method
	}
	return p.Operation
}

// subjectOf is what a call is about: of createChat the order or the return, of others the chat.
func (m *Market) subjectOf(c Call, details callDetails) (of, about string) {
	switch {
	case c.Operation == "":
		return "", c.Path
	case c.Operation != OperationCreateChat && c.ChatID != 0:
		return "chat", strconv.FormatInt(c.ChatID, 10)
	case c.Operation != OperationCreateChat:
		return "", ""
	}
	var request gen.CreateChatRequest
	_ = json.Unmarshal(details.request.text, &request) // of what is no request nothing is known
	context, violation := contextOf(request)
	if opened, ok := m.store.chat(c.ChatID); ok {
		context, violation = opened.about.context, nil
	}
	if violation != nil || !context.Type.Valid() || context.ID == 0 {
		return "", ""
	}
	return strings.ToLower(string(context.Type)), strconv.FormatInt(context.ID, 10)
}

func badgesOf(c Call, details callDetails, violations int) (badges []badge) {
	if violations > 0 {
		badges = append(badges, badge{"bad", counted(violations, "violation")})
	}
	switch {
	case c.Fault == "":
	case c.MessageID != 0 && !c.good():
		badges = append(badges, badge{"warn", "fault: stored anyway"})
	default:
		badges = append(badges, badge{"warn", "fault"})
	}
	switch {
	case c.good():
		return append(badges, badge{"ok", strconv.Itoa(c.Status)})
	case c.Status == 0:
		return append(badges, badge{"bad", "connection cut"})
	case c.Status == statusMethodFailure && details.usedUp:
		return append(badges, badge{"warn", "420 quota used up"})
	case c.Status == statusMethodFailure && details.answer.size > 0:
		return append(badges, badge{"warn", "420 too many at once"})
	default:
		return append(badges, badge{"bad", strconv.Itoa(c.Status)})
	}
}

// meaningOf is a status with what it means.
func meaningOf(status int) string {
	switch status {
	case 0:
		return "Connection cut before an answer"
	case statusMethodFailure:
		return "420 Limit Reached"
	default:
		return strings.TrimSpace(fmt.Sprint(status, " ", http.StatusText(status)))
	}
}

// took is how long an answer took, in whole milliseconds.
func took(d time.Duration) string {
	if d < time.Millisecond {
		return "less than 1 ms"
	}
	return spoken(d.Truncate(time.Millisecond))
}

// InCalls is how many calls there were.
func (p pageCalls) InCalls() string { return counted(p.Total, "call") }
