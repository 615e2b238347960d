package sandbox

// pageQuotas is what the page shows of quotas.
type pageQuotas struct {
	List  []quota
	Pager pager
}

func (m *Market) pageQuotas(v pageView) pageQuotas {
	_, total := m.limits.list(m.now, 0, 0)
	pager, skip := newPager(v, "quotas", total)
	list, _ := m.limits.list(m.now, skip, pageRows)
	return pageQuotas{list, pager}
}

// UsedUp tells whether the next request gets 420. What is no operation has a quota that nothing comes of.
func (q quota) UsedUp() bool { return q.Operation != "" && q.Used >= q.Limit }

// Beyond is how many requests came when the quota was used up.
func (q quota) Beyond() int { return max(q.Used-q.Limit, 0) }

// Counted is how many of the quota are used.
func (q quota) Counted() int { return min(q.Used, q.Limit) }

// High is what a browser takes for the last of the meter that is not red, Low for the last that is green.
func (q quota) High() int { return q.Limit - 1 }

// Low is not more than High.
func (q quota) Low() int { return min(q.Limit*4/5, q.High()) }
