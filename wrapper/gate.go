package wrapper

import (
	"container/list"
	"time"
)

// longestWindow bounds what is believed: a mistake must not silence a client for good.
const longestWindow = 24 * time.Hour

// gate keeps the quota of an operation: no more requests are started than the window has left.
type gate struct {
	window  Quota     // the newest one that an answer told of
	ends    time.Time // the same end by the monotonic clock
	running int       // requests that may or may not be counted in the window yet
	queue   list.List // of *waiter, in the order in which they came
	timer   *time.Timer
	wake    func() // called when the window ends
	release func(Response)
}

// shut tells that the window has no room for one more request. The window has ended when one of the clocks says so:
// the wall clock may be set back, and the monotonic one stands while the machine sleeps.
func (g *gate) shut(now time.Time) bool {
	return g.window.Remaining <= g.running && g.left(now) > 0
}

// usedUp tells that the window has no room, whatever comes of the requests that run.
func (g *gate) usedUp(now time.Time) bool { return g.window.Remaining == 0 && g.left(now) > 0 }

// left is the time until the window ends; 0 or less: it has ended, or none is known.
func (g *gate) left(now time.Time) time.Duration {
	return min(g.window.Until.Sub(now.Round(0)), g.ends.Sub(now))
}

// learn takes in what an answer said.
func (g *gate) learn(said Quota, now time.Time) {
	left := said.Until.Sub(now.Round(0))
	if left >= longestWindow {
		return
	}
	window := g.window.Narrow(said)
	if window.Until != g.window.Until {
		g.ends = now.Add(left)
	}
	g.window = window
}

// setTimer has wake called when the window ends, if somebody waits for that. The timer does not outlive the last
// waiter.
func (g *gate) setTimer(now time.Time) {
	needed := g.queue.Len() > 0 && g.shut(now)
	switch {
	case needed && g.timer == nil:
		g.timer = time.AfterFunc(g.left(now), g.wake)
	case needed:
		g.timer.Reset(g.left(now))
	case g.timer != nil:
		g.timer.Stop()
		g.timer = nil
	}
}
