package sandbox

import "slices"

// pageDeliveries is what the page shows of notifications.
type pageDeliveries struct {
	List  []pageDelivery // the newest first
	Pager pager
	Shops int // that are told
}

type pageDelivery struct {
	Delivery
	Number     int // of those that are remembered, from 1
	Violations []string
}

func (m *Market) pageDeliveries(v pageView) pageDeliveries {
	all, shops := m.notifier.shown()
	pager, skip := newPager(v, "deliveries", len(all))
	p := pageDeliveries{Pager: pager, Shops: shops}
	end := len(all) - skip
	first := max(end-pageRows, 0)
	for i, d := range slices.Backward(all[first:end]) {
		p.List = append(p.List, pageDelivery{d, first + i + 1, d.violations()})
	}
	return p
}

// shown gives the deliveries, which are not to be changed, and counts the shops that are still told.
func (n *notifier) shown() (deliveries []Delivery, shops int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.subscriptions {
		if !s.off && s.ctx.Err() == nil {
			shops++
		}
	}
	return n.deliveries, shops
}
