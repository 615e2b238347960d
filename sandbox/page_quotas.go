package sandbox

import (
	"cmp"
	"slices"

	"github.com/ymarket-go/chats/gen"
)

// pageQuotas are the quotas of one cabinet.
type pageQuotas struct {
	Cabinet int64 // 0: no quota is used
	List    []quota
	Refused int     // requests over a quota
	Others  []int64 // other cabinets, the one that was used last first
	More    int     // cabinets beyond those
}

// pageCabinets is how many other cabinets the page leads to.
const pageCabinets = 20

// pageQuotas shows the quotas of the cabinet that the view names, or of its chat, else of the one that was used last.
func (m *Market) pageQuotas(v pageView) pageQuotas {
	list := m.limits.list(m.now)
	list = slices.DeleteFunc(list, func(q quota) bool { return q.Cabinet == noCabinet }) // it refuses nothing
	slices.SortFunc(list, func(a, b quota) int { return cmp.Compare(b.lastUse, a.lastUse) })
	var cabinets []int64
	seen := map[int64]bool{}
	for _, q := range list {
		if !seen[q.Cabinet] {
			seen[q.Cabinet] = true
			cabinets = append(cabinets, q.Cabinet)
		}
	}
	p := pageQuotas{Cabinet: v.Cabinet}
	if c, ok := m.store.chat(v.Chat); ok && p.Cabinet == 0 {
		p.Cabinet = c.about.cabinet
	}
	if p.Cabinet == 0 && len(cabinets) > 0 {
		p.Cabinet = cabinets[0]
	}
	for _, q := range list {
		if q.Cabinet == p.Cabinet {
			p.List = append(p.List, q)
			p.Refused += q.Beyond()
		}
	}
	slices.SortFunc(p.List, func(a, b quota) int { return cmp.Compare(placeOfOperation(a), placeOfOperation(b)) })
	p.Others = slices.DeleteFunc(cabinets, func(id int64) bool { return id == p.Cabinet })
	p.More = max(len(p.Others)-pageCabinets, 0)
	p.Others = p.Others[:len(p.Others)-p.More]
	return p
}

// placeOfOperation is the place in the contract.
func placeOfOperation(q quota) int {
	return slices.IndexFunc(gen.Operations, func(op gen.Operation) bool { return op.ID == q.Operation })
}

// UsedUp is true when the next request gets 420.
func (q quota) UsedUp() bool { return q.Used >= q.Limit }

// Beyond is how many requests came when the quota was used up.
func (q quota) Beyond() int { return max(q.Used-q.Limit, 0) }

// Counted is how many of the quota are used.
func (q quota) Counted() int { return min(q.Used, q.Limit) }

// A browser paints the meter green up to Low, and red above High. High is below Limit.
func (q quota) Low() int  { return q.Limit * 3 / 5 }
func (q quota) High() int { return q.Limit * 4 / 5 }
