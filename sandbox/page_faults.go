package sandbox

import (
	"fmt"

	"github.com/ymarket-go/chats/sandbox/internal/control"
)

// pageFaults are the faults of an operation as the page shows them.
type pageFaults struct {
	Operation string
	Rows      []pageFault
	More      int // that wait beyond those that are shown
}

type pageFault struct {
	When string // which requests meet it
	Kind string
	Text string // JSON, as the control API takes it
}

// briefFault is how much of the description of a fault is shown, in bytes.
const briefFault = 500

func (m *Market) pageFaults() []pageFaults {
	var list []pageFaults
	for _, set := range m.setFaults() {
		p := pageFaults{Operation: set.Operation, More: set.Waiting - len(set.Next)}
		p.addNext(set.Next)
		if set.Every != nil {
			f := newPageFault(*set.Every)
			f.When = "each request"
			if set.Waiting > 0 {
				f.When = "each request after those"
			}
			p.Rows = append(p.Rows, f)
		}
		list = append(list, p)
	}
	return list
}

// addNext makes one row of equal faults that follow each other.
func (p *pageFaults) addNext(next []control.SetFault) {
	first := 0
	for i := range next {
		f := newPageFault(next[i])
		if i+1 < len(next) && newPageFault(next[i+1]) == f {
			continue
		}
		f.When = fmt.Sprintf("the next %d requests", i+1-first)
		if i == first {
			f.When = "the next request"
		}
		if first > 0 {
			f.When = "after that, " + f.When
		}
		p.Rows = append(p.Rows, f)
		first = i + 1
	}
}

func newPageFault(f control.SetFault) pageFault {
	if f.Fault == nil {
		return pageFault{Kind: "set by a program", Text: "in Go"}
	}
	return pageFault{Kind: string(f.Fault.Kind), Text: shorten(string(encode(f.Fault)), briefFault)}
}
