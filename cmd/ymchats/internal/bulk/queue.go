package bulk

import "sync"

// queue gives out rows to those who work on them. The rows of one order go one after another, in the order of the file.
type queue struct {
	mu      sync.Mutex
	waiting [][]*Row
	running int
	changed chan struct{} // closed when that changes
}

func newQueue(rows [][]*Row) *queue { return &queue{waiting: rows, changed: make(chan struct{})} }

// take gives the rows of an order, and waits while those that run may come back. nil: there are none.
func (q *queue) take(stop <-chan struct{}) []*Row {
	for {
		q.mu.Lock()
		if len(q.waiting) > 0 {
			rows := q.waiting[0]
			q.waiting = q.waiting[1:]
			q.running++
			q.mu.Unlock()
			return rows
		}
		running, changed := q.running, q.changed
		q.mu.Unlock()
		if running == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-stop:
			return nil
		}
	}
}

// back takes back the rows of an order that are not at their end; none: all are.
func (q *queue) back(rows []*Row) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running--
	if len(rows) > 0 {
		q.waiting = append(q.waiting, rows)
	}
	close(q.changed)
	q.changed = make(chan struct{})
}
