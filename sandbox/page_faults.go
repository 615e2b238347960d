package sandbox

import (
	"fmt"
	"math"

	"github.com/ymarket-go/chats/sandbox/internal/control"
)

// pageFaults are the faults that are set, a row each.
type pageFaults struct {
	Rows  []pageFault
	Total int
}

// More is how many faults are not shown.
func (p pageFaults) More() int { return p.Total - len(p.Rows) }

type pageFault struct {
	Operation string
	ID        int64
	When      string // which requests meet it
	What      string // what it does
}

// pageFaultRows is how many faults the page shows.
const pageFaultRows = 10

func (m *Market) pageFaults() (p pageFaults) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, operation := range allOperations() {
		waiting, every := m.faults.next[operation], m.faults.every[operation]
		for first := 0; first < len(waiting); {
			set, count := waiting[first], 1
			for first+count < len(waiting) && waiting[first+count].id == set.id {
				count++
			}
			when := "next request"
			if count > 1 {
				when = fmt.Sprintf("next %d requests", count)
			}
			if first > 0 {
				when = "then the " + when
			}
			p.add(pageFault{operation, set.id, when, set.consequence(operation)})
			first += count
		}
		if every.fault != nil {
			when := whenOf(orElse(every.described, control.Fault{}))
			if len(waiting) > 0 {
				when = "then " + when
			}
			p.add(pageFault{operation, every.id, when, every.consequence(operation)})
		}
	}
	return p
}

func (p *pageFaults) add(f pageFault) {
	if p.Total++; len(p.Rows) < pageFaultRows {
		p.Rows = append(p.Rows, f)
	}
}

// whenOf says which requests meet a fault that stands for each.
func whenOf(f control.Fault) string {
	when := "every request"
	if f.Probability != nil {
		when = shareOf(*f.Probability) + " requests"
	}
	if after := orElse(f.After, 0); after > 0 {
		when += fmt.Sprintf(" after the first %d", after)
	}
	return when
}

// shareOf writes a probability as a share of ten, if it is one, else of a hundred.
func shareOf(probability float64) string {
	if tenths := probability * 10; math.Abs(tenths-math.Round(tenths)) < 1e-9 {
		return fmt.Sprintf("%.0f of 10", tenths)
	}
	return fmt.Sprintf("%.3g of 100", probability*100)
}

// faultGroup are faults for the form of the page, by what causes them.
type faultGroup struct {
	Name    string
	Choices []faultChoice
}

// faultChoice is a fault in words, and as the control API takes it.
type faultChoice struct{ Label, JSON string }

// faultChoices has each kind of fault.
var faultChoices = []faultGroup{
	{"The Market", []faultChoice{
		{"Answers 500, nothing is stored", `{"kind":"fail"}`},
		{"Answers 500, but the message is stored", `{"kind":"fail","commit":true}`},
		{"420: quota used up", `{"kind":"quota"}`},
		{"420: too many at once", `{"kind":"parallel"}`},
		{"Unknown values in the answer", `{"kind":"unknown"}`},
		{"Every name of the answer twice", `{"kind":"duplicateKeys"}`},
		{"Message stored with another text", `{"kind":"changed"}`},
		{"Answer of your own", `{"kind":"answer"}`},
	}},
	{"The connection", []faultChoice{
		{"Cut before the answer", `{"kind":"abort"}`},
		{"Cut before the answer, but the message is stored", `{"kind":"abort","commit":true}`},
		{"Cut in the middle of the answer", `{"kind":"truncate"}`},
		{"Answer comes late, after 5 s", `{"kind":"none","delayMs":5000}`},
		{"Answer comes byte by byte", `{"kind":"drip"}`},
		{"Closed after the answer", `{"kind":"closeAfter"}`},
		{"Closed silently after the answer", `{"kind":"closeSilently"}`},
		{"HTTP/2 stream reset", `{"kind":"resetStream"}`},
		{"HTTP/2 connection ended", `{"kind":"goAway"}`},
	}},
	{"Something in between", []faultChoice{
		{"HTML page with 502", `{"kind":"html","status":502}`},
		{"Proxy’s page with 502", `{"kind":"proxy"}`},
		{"Proxy’s page with 502, but the message is stored", `{"kind":"proxy","commit":true}`},
		{"Old answer from a cache", `{"kind":"cached"}`},
		{"Old answer, with no sign of it", `{"kind":"lagging"}`},
		{"Redirect to another address", `{"kind":"redirect"}`},
		{"Answer as text/plain", `{"kind":"contentType"}`},
		{"Answer that unpacks to 64 MiB", `{"kind":"gzipBomb"}`},
	}},
}
