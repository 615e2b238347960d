package sandbox

import (
	"cmp"
	"container/list"
	"slices"
	"sync"
	"time"
)

// limits counts what each cabinet asks for: requests of an operation in a window that ends on the full hour, and
// requests that are in progress at once.
type limits struct {
	perHour  int
	parallel int

	mu         sync.Mutex
	hour       time.Time // in which all windows began
	windows    map[windowKey]*list.Element
	recent     list.List     // the windows, each a *window, the one that was used last in front
	inProgress map[int64]int // by cabinet, over all operations
}

// noCabinet stands for what is no operation, and for a businessId that is no number.
const noCabinet = 0

// maxWindows bounds how many windows are remembered, about 200 bytes each. Beyond it the one is forgotten that was not
// used for longest.
const maxWindows = 100_000

type windowKey struct {
	cabinet   int64
	operation string
}

type window struct {
	key   windowKey
	used  int
	until time.Time
}

// ticket is the place of one request in its window, and among those in progress.
type ticket struct {
	limits    *limits
	window    *window
	usedUp    bool // the quota
	tooMany   bool // at once
	spareLast bool // the request may not use up the quota
	free      bool // it costs nothing
}

// take counts a request, those beyond a limit too, as the Market does. The ticket goes back with release. The clock is
// read here, where requests stand in a row: read before, two of them could begin the same hour twice.
func (l *limits) take(cabinet int64, operation string, clock func() time.Time) *ticket {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begin(clock().Truncate(time.Hour))
	w := l.window(windowKey{cabinet, operation})
	w.used++
	t := &ticket{limits: l, window: w, usedUp: w.used > l.perHour}
	if operation != "" {
		l.inProgress[cabinet]++
		t.tooMany = l.inProgress[cabinet] > l.parallel
	}
	return t
}

// begin forgets all windows when it is another hour, a later one or, when the clock was set back, an earlier one.
func (l *limits) begin(hour time.Time) {
	if !hour.Equal(l.hour) {
		l.hour = hour
		l.forgetWindows()
	}
}

func (l *limits) forgetWindows() {
	l.windows = map[windowKey]*list.Element{}
	l.recent.Init()
}

// window gives the window of a key, a new one if there is none.
func (l *limits) window(key windowKey) *window {
	if element, ok := l.windows[key]; ok {
		l.recent.MoveToFront(element)
		return element.Value.(*window)
	}
	if l.recent.Len() == maxWindows {
		oldest := l.recent.Remove(l.recent.Back()).(*window)
		delete(l.windows, oldest.key)
	}
	w := &window{key: key, until: l.hour.Add(time.Hour)}
	l.windows[key] = l.recent.PushFront(w)
	return w
}

// settle tells what is left of the quota once the status is known. 5xx are free, and so is no answer at all.
func (t *ticket) settle(status int) (remaining int) {
	t.limits.mu.Lock()
	defer t.limits.mu.Unlock()
	if t.free || status == 0 || status >= 500 {
		t.window.used--
	}
	if t.spareLast {
		t.window.used = min(t.window.used, t.limits.perHour-1)
	}
	return max(t.limits.perHour-t.window.used, 0)
}

// release ends the request.
func (t *ticket) release() {
	t.limits.mu.Lock()
	defer t.limits.mu.Unlock()
	if t.window.key.operation == "" {
		return
	}
	cabinet := t.window.key.cabinet
	if t.limits.inProgress[cabinet]--; t.limits.inProgress[cabinet] == 0 {
		delete(t.limits.inProgress, cabinet)
	}
}

// quota is what a cabinet has used of an operation's window.
type quota struct {
	Cabinet     int64
	Operation   string
	Used, Limit int
	Until       time.Time
}

// list gives n of the windows that have not ended, sorted by cabinet and operation, and how many there are in all.
// Those that were used last are given; the first skip of them are left out.
func (l *limits) list(clock func() time.Time, skip, n int) (list []quota, total int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begin(clock().Truncate(time.Hour))
	for e := l.recent.Front(); e != nil && len(list) < n; e = e.Next() {
		if skip--; skip < 0 {
			w := e.Value.(*window)
			list = append(list, quota{w.key.cabinet, w.key.operation, w.used, l.perHour, w.until})
		}
	}
	slices.SortFunc(list, func(a, b quota) int {
		return cmp.Or(cmp.Compare(a.Cabinet, b.Cabinet), cmp.Compare(a.Operation, b.Operation))
	})
	return list, l.recent.Len()
}

// reset forgets all requests but those in progress.
func (l *limits) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forgetWindows()
}
