package wrapper

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"github.com/ymarket-go/chats/internal/fast"
)

// Quota is what an answer said of the quota of its operation: requests in a fixed window that ends on a wall-clock
// boundary. Until is on this machine's clock: the moment the answer came, plus the header X-RateLimit-Resource-Until
// minus the header Date, so a wrong local clock does no harm. A Quota is zero when the answer carried none, or one that
// cannot be read.
type Quota struct {
	Limit     int       `json:"limit"`     // requests in a window, 1,000 as documented; 0: the answer did not tell
	Remaining int       `json:"remaining"` // requests left in it
	Until     time.Time `json:"until"`     // the end of the window
}

// readQuota reads the headers of an answer that came now.
func readQuota(h http.Header, now time.Time) Quota {
	remaining, unreadable := strconv.Atoi(fast.Get(h, "X-Ratelimit-Resource-Remaining"))
	until, err := parseUntil(fast.Get(h, "X-Ratelimit-Resource-Until"))
	if unreadable != nil || err != nil {
		return Quota{}
	}
	date, _ := parseDate(fast.Get(h, "Date")) // without the server's clock this machine's has to do
	limit, _ := strconv.Atoi(fast.Get(h, "X-Ratelimit-Resource-Limit"))
	return Quota{Limit: max(limit, 0), Remaining: max(remaining, 0), Until: now.Round(0).Add(until.Sub(cmp.Or(date, now)))}
}

// The answers of a second have their Date in common, and those of a window its end.
var parseDate, parseUntil = fast.Remember(http.ParseTime), fast.Remember(http.ParseTime)

// sameWindow bounds how far the ends of one window may differ. Answers tell it too late by up to a second, as Date is
// cut to whole seconds, and by the time they were on their way, up to the limit of an attempt. Two windows are further
// apart.
const sameWindow = 20 * time.Second

// longestWindow bounds what is believed: a mistake must not silence a client for good.
const longestWindow = 24 * time.Hour

// gate keeps the quota of an operation: no more requests are started than the window has left.
type gate struct {
	window  Quota // the newest one that an answer told of
	running int   // requests that may or may not be counted in it yet
	timer   *time.Timer
	release func(Response)
}

// shut: the window has no room for one more request.
func (g *gate) shut() bool {
	return g.window.Remaining <= g.running && time.Now().Before(g.window.Until)
}

// leave ends a request and takes in what its answer said. Within a window the quota only falls and answers overtake
// each other, so the lowest figure holds; so does the earliest end. A late answer of an older window changes nothing.
func (g *gate) leave(q Quota) {
	g.running--
	switch later := q.Until.Sub(g.window.Until); {
	case later > sameWindow && time.Until(q.Until) < longestWindow:
		g.window = q
	case later.Abs() <= sameWindow:
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
