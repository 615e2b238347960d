package bulk

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// Values of --changed: what becomes of an order that has been sent a text which the file does not have any more.
// Without one of them the file is refused.
const (
	ChangedSkip = "skip" // its new text is not sent
	ChangedSend = "send" // it is
)

// Plan says what there is to do with the rows of a file, as a journal has them.
type Plan struct {
	Kind    string
	New     []*Row // was never sent
	Open    []*Row // may have been sent
	Done    []*Row // has been sent, or was there
	Changed []*Row // the order was sent another text
	Again   bool   // a text that stands in the chat already is sent once more

	Findings []Finding // if there are any, nothing may be sent

	delimiter rune
}

// NewPlan compares a file with its journal. again has texts sent that stood in their chats.
func NewPlan(s *Sheet, j *Journal, changed string, again bool) *Plan {
	p := &Plan{Kind: s.Kind, Again: again, Findings: slices.Clone(s.Findings), delimiter: s.delimiter}
	inFile := map[string]bool{}
	for _, row := range s.Rows {
		inFile[row.Key] = true
	}
	old := map[string]*entry{} // of orders, by what they are about: a text that the file does not have any more
	for key, e := range j.entries {
		if inFile[key] {
			continue
		}
		row := &Row{Kind: e.last.Kind, ID: e.last.ID, Text: e.begin.Text, Key: key, gone: true}
		if e.isOpen() {
			p.Open = append(p.Open, row)
		}
		if e.isOpen() || e.isDone() {
			old[row.About()] = e
		}
	}
	for _, row := range s.Rows {
		before := old[row.About()]
		switch e := j.entries[row.Key]; {
		case e.isDone() && !(again && e.last.What == Already):
			p.Done = append(p.Done, row)
		case e.isOpen():
			p.Open = append(p.Open, row)
		case before == nil || changed == ChangedSend:
			p.New = append(p.New, row)
		case changed == ChangedSkip:
			p.Changed = append(p.Changed, row)
		default:
			p.Changed = append(p.Changed, row)
			p.Findings = append(p.Findings, Finding{row.place, fmt.Sprintf("%s was sent another text at %s (line %d of the "+
				"journal); --changed skip leaves it at that, --changed send sends this one, too",
				row.About(), before.last.At.Local().Format(time.DateTime), before.number)})
		}
	}
	slices.SortFunc(p.Findings, func(a, b Finding) int { return cmp.Compare(a.line, b.line) })
	return p
}

// Todo is how many rows may have to be sent.
func (p *Plan) Todo() int { return len(p.New) + len(p.Open) }

// perRow is about how long a row takes, with four at once.
const perRow = 250 * time.Millisecond

// Estimate is about when so many rows are at their end, if all requests of an hour but some are used for them: windows
// of the quota end with the hours of the clock.
func Estimate(rows int, now time.Time, leave int) time.Time {
	perHour := max(Quota()-leave, 1)
	windows, rest := rows/perHour, rows%perHour
	if windows == 0 || windows == 1 && rest == 0 {
		return now.Add(time.Duration(rows) * perRow)
	}
	return now.Truncate(time.Hour).Add(time.Duration(windows)*time.Hour + time.Duration(rest)*perRow)
}

// Quota is how many rows the contract lets an hour have: each needs a chat and a message, which have a quota each.
func Quota() int {
	quota := 0
	for _, op := range gen.Operations {
		if op.ID == gen.OperationCreateChat || op.ID == gen.OperationSendMessageToChat {
			quota = max(quota, op.Quota)
		}
	}
	return quota
}
