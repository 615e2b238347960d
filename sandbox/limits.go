package sandbox

import (
	"sync"
	"time"
)

// limits counts what each cabinet asks for: requests of an operation in a window that ends on the full hour, and
// requests that are in progress at once.
type limits struct {
	perHour  int // 0: what the contract says of each operation
	parallel int

	mu         sync.Mutex
	hour       time.Time // in which all windows began
	windows    map[windowKey]*window
	recent     recent[*window]
	uses       int           // of all windows
	inProgress map[int64]int // by cabinet, over all operations
}

// noCabinet stands for what is no operation, and for a businessId that is no number.
const noCabinet = 0

// What is no operation has a quota too, as every answer has the headers of one. It refuses nothing.
const quotaOfNoOperation = 1000

// maxWindowBytes bounds what is remembered of windows: of about 100,000. Beyond it those are forgotten that were not
// used for longest.
const maxWindowBytes = 16 << 20

// windowBytes is about what a window and its place in a map take of memory.
const windowBytes = 160

type windowKey struct {
	cabinet   int64
	operation string
}

type window struct {
	key     windowKey
	used    int
	limit   int
	until   time.Time
	lastUse int // by limits.uses
	added   int // to limits.recent, by limits.uses
}

// ticket is the place of one request in its window, and among those in progress.
type ticket struct {
	limits    *limits
	window    *window
	usedUp    bool // the quota
	tooMany   bool // at once
	spareLast bool // the request may not use up the quota
}

// quotaOf is how many requests of an operation a cabinet has in an hour.
func (l *limits) quotaOf(operation string) int {
	if l.perHour != 0 {
		return l.perHour
	}
	if op, ok := contractOperations()[operation]; ok {
		return op.Quota
	}
	return quotaOfNoOperation
}

// take counts a request, those beyond a limit too, as the Market does. The ticket goes back with release. The clock is
// read here, where requests stand in a row: read before, two of them could begin the same hour twice.
func (l *limits) take(cabinet int64, operation string, clock func() time.Time) *ticket {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begin(clock().Truncate(time.Hour))
	w := l.window(windowKey{cabinet, operation})
	w.used++
	t := &ticket{limits: l, window: w, usedUp: w.used > w.limit}
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
		l.windows = map[windowKey]*window{}
		l.recent.reset()
	}
}

// window gives the window of a key, a new one if there is none.
func (l *limits) window(key windowKey) *window {
	w := l.windows[key]
	if w == nil {
		w = &window{
			key:   key,
			limit: l.quotaOf(key.operation),
			until: l.hour.Add(time.Hour),
		}
		l.windows[key] = w
		l.add(w)
	}
	l.uses++
	w.lastUse = l.uses
	return w
}

// add keeps a window. Of the windows that would be forgotten for it those come back that were used since they were
// added.
func (l *limits) add(w *window) {
	w.added = l.uses + 1
	for _, old := range l.recent.add(w) {
		if old.lastUse > old.added {
			l.add(old)
		} else {
			delete(l.windows, old.key)
		}
	}
}

// settle says what is left of the quota after a status. 5xx are free, and so is no answer at all.
func (t *ticket) settle(status int) (remaining int) {
	t.limits.mu.Lock()
	defer t.limits.mu.Unlock()
	if status == 0 || status >= 500 {
		t.window.used--
	}
	if t.spareLast {
		t.window.used = min(t.window.used, t.window.limit-1)
	}
	return max(t.window.limit-t.window.used, 0)
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
	lastUse     int
}

// list gives the windows that have not ended, in no order.
func (l *limits) list(clock func() time.Time) (list []quota) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begin(clock().Truncate(time.Hour))
	for _, w := range l.windows {
		list = append(list, quota{
			Cabinet: w.key.cabinet, Operation: w.key.operation, Used: w.used, Limit: w.limit, Until: w.until, lastUse: w.lastUse,
		})
	}
	return list
}

// reset forgets all requests but those in progress.
func (l *limits) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hour = time.Time{} // what comes next begins an hour,
}
