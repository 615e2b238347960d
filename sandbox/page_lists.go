package sandbox

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ymarket-go/chats/sandbox/internal/control"
)

// pageQuotas is what the page shows of quotas.
type pageQuotas struct {
	List  []quota
	Pager pager
}

// pageQuotas shows the quotas that were used last, sorted by cabinet and operation.
func (m *Market) pageQuotas(v pageView) pageQuotas {
	list := m.limits.list(m.now)
	pager, skip := newPager(v, "quotas", len(list))
	slices.SortFunc(list, func(a, b quota) int { return cmp.Compare(b.lastUse, a.lastUse) })
	list = list[skip:min(skip+pageRows, len(list))]
	slices.SortFunc(list, func(a, b quota) int {
		return cmp.Or(cmp.Compare(a.Cabinet, b.Cabinet), cmp.Compare(a.Operation, b.Operation))
	})
	return pageQuotas{list, pager}
}

// UsedUp is true when the next request gets 420. The quota of what is no operation refuses nothing.
func (q quota) UsedUp() bool { return q.Operation != "" && q.Used >= q.Limit }

// Beyond is how many requests came when the quota was used up.
func (q quota) Beyond() int { return max(q.Used-q.Limit, 0) }

// Counted is how many of the quota are used.
func (q quota) Counted() int { return min(q.Used, q.Limit) }

// High is what a browser takes for the last of the meter that is not red, Low for the last that is green.
func (q quota) High() int { return q.Limit - 1 }

// Low is not more than High.
func (q quota) Low() int { return min(q.Limit*4/5, q.High()) }

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

// pageDeliveries is what the page shows of notifications.
type pageDeliveries struct {
	List  []pageDelivery // the newest first
	Pager pager
	Shops int // that get notifications,
}

type pageDelivery struct {
	Delivery
	Number     int // of all deliveries, from 1
	Violations []string
}

func (m *Market) pageDeliveries(v pageView) pageDeliveries {
	total, forgotten, shops := m.notifier.counts()
	pager, skip := newPager(v, "deliveries", total-forgotten)
	p := pageDeliveries{Pager: pager, Shops: shops}
	list := m.notifier.newest(skip + pageRows)
	for i, d := range slices.Backward(list[:max(len(list)-skip, 0)]) {
		p.List = append(p.List, pageDelivery{d, total - len(list) + i + 1, d.violations()})
	}
	return p
}
