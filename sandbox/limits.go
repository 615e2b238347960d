package sandbox

import (
	"cmp"
	"maps"
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
	windows    map[windowKey]*window
	inProgress map[string]int // by cabinet, over all operations
}

type windowKey struct{ cabinet, operation string }

type window struct {
	used  int
	until time.Time
}

// ticket is the place of one request in its window, and among those in progress.
type ticket struct {
	limits  *limits
	cabinet string
	window  *window
	until   time.Time
	usedUp  bool // the quota
	tooMany bool // at once
}

// take counts a request, those beyond a limit too, as the Market does. The ticket goes back with release.
func (l *limits) take(cabinet, operation string, now time.Time) *ticket {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := windowKey{cabinet, operation}
	w := l.windows[key]
	if w == nil || !now.Before(w.until) {
		maps.DeleteFunc(l.windows, func(_ windowKey, w *window) bool { return !now.Before(w.until) })
		w = &window{until: now.Truncate(time.Hour).Add(time.Hour)}
		l.windows[key] = w
	}
	w.used++
	l.inProgress[cabinet]++
	return &ticket{limits: l, cabinet: cabinet, window: w, until: w.until,
		usedUp: w.used > l.perHour, tooMany: l.inProgress[cabinet] > l.parallel}
}

// settle tells what is left of the quota once the status is known. 5xx are free, and so is no answer at all.
func (t *ticket) settle(status int) (remaining int) {
	t.limits.mu.Lock()
	defer t.limits.mu.Unlock()
	if status == 0 || status >= 500 {
		t.window.used--
	}
	return max(t.limits.perHour-t.window.used, 0)
}

// release ends the request.
func (t *ticket) release() {
	t.limits.mu.Lock()
	defer t.limits.mu.Unlock()
	if t.limits.inProgress[t.cabinet]--; t.limits.inProgress[t.cabinet] == 0 {
		delete(t.limits.inProgress, t.cabinet)
	}
}

// quota is what a cabinet has used of an operation's window.
type quota struct {
	Cabinet, Operation string
	Used, Limit        int
	Until              time.Time
}

// list gives the windows that have not ended, sorted by cabinet and operation.
func (l *limits) list(now time.Time) []quota {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []quota
	for key, w := range l.windows {
		if now.Before(w.until) {
			list = append(list, quota{key.cabinet, key.operation, w.used, l.perHour, w.until})
		}
	}
	slices.SortFunc(list, func(a, b quota) int {
		return cmp.Or(cmp.Compare(a.Cabinet, b.Cabinet), cmp.Compare(a.Operation, b.Operation))
	})
	return list
}

// reset forgets all requests but those in progress.
func (l *limits) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.windows = map[windowKey]*window{}
}
