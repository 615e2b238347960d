package wrapper

import "time"

// sameWindow bounds how far the ends of one window may differ. Answers tell it too late by up to a second, as Date is cut
// to whole seconds, and by the time they were on their way, up to the limit of an attempt. Two windows are further apart.
const sameWindow = 20 * time.Second

// longestWindow bounds what is believed: a mistake must not silence a client for good.
const longestWindow = 24 * time.Hour

// gate keeps the quota of an operation: no more requests are started than the window has left.
type gate struct {
	window  Quota // the newest one that an answer told of
	running int   // requests that may or may not be counted in it yet
	timer   *time.Timer
}

// shut tells whether the window has no room for one more request, and how long it lasts.
func (g *gate) shut() (left time.Duration, shut bool) {
	left = time.Until(g.window.Until)
	return left, left > 0 && g.window.Remaining <= g.running
}

// learn takes in what an answer said. Within a window the quota only falls and answers overtake each other, so the lowest
// figure holds; so does the earliest end. A late answer of an older window changes nothing.
func (g *gate) learn(q Quota) {
	switch later := q.Until.Sub(g.window.Until); {
	case q.Until.IsZero() || time.Until(q.Until) > longestWindow || later < -sameWindow:
	case later > sameWindow:
		g.window = q
	default:
		g.window.Remaining = min(g.window.Remaining, q.Remaining)
		g.window.Until = g.window.Until.Add(min(later, 0))
	}
}

// wake calls f after that time, instead of what was to be called before.
func (g *gate) wake(after time.Duration, f func()) {
	if g.timer != nil {
		g.timer.Stop()
	}
	g.timer = time.AfterFunc(after, f)
}
