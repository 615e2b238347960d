package wrapper

import (
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// market is what a Client remembers of the Market's answers. It is safe for concurrent use.
type market struct {
	mu    sync.Mutex
	clock marketClock

	until string // what an answer said last of the end of a window
	end   time.Time
}

// now gives the newest Date.
func (m *market) now() marketClock {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.clock
}

// learnDate takes in the Date of an answer that was accepted, and came now. A Date that is further ahead than time has
// passed is that of something in between, and would make every later read look old.
func (m *market) learnDate(date, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if date.After(m.clock.date) && !date.After(m.clock.latest(now)) {
		m.clock = marketClock{date, now}
	}
}

// readQuota reads the headers of an answer that came now, and had this Date. The answers of an hour tell the same end
// of the window, so its text is parsed once.
func (m *market) readQuota(h http.Header, date, now time.Time) Quota {
	remaining, err := strconv.Atoi(h.Get(headerRemaining))
	until := h.Get(headerUntil)
	if err != nil || until == "" {
		return Quota{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if until != m.until {
		end, err := http.ParseTime(until)
		if err != nil {
			return Quota{}
		}
		m.until, m.end = until, end
	}
	left := m.end.Sub(date)
	if left.Abs() > longestWindow { // without the server's clock, or with a wrong one, this machine's has to do
		left = m.end.Sub(now)
	}
	if left.Abs() > longestWindow {
		return Quota{}
	}
	limit, err := strconv.Atoi(h.Get(headerLimit))
	if err != nil {
		limit = 0
	}
	return Quota{Limit: max(limit, 0), Remaining: max(remaining, 0), Until: now.Round(0).Add(left)}
}

// clockSlack is a second because the Market may cut Date and createdAt to whole ones, and a second because its
// machines may differ.
const clockSlack = 2 * time.Second

// marketClock is the newest Date that a Client has had of the Market.
type marketClock struct {
	date time.Time // zero: none
	at   time.Time // when it came, by this machine's clock
}

// earliest is the earliest Date that a fresh answer can have to a request that began then. It is later than the newest
// one by about the time since; the monotonic clock alone measures that, as the wall clock may be set.
func (m marketClock) earliest(began time.Time) time.Time {
	if m.date.IsZero() {
		return time.Time{}
	}
	since := max(began.Sub(m.at)-clockSlack, -time.Second)
	return m.date.Add(since)
}

// wrongClock bounds how far this machine's clock may be from the Market's, before the Market has told its own.
const wrongClock = 24 * time.Hour

// latest is the latest Date that an answer can have that came now.
func (m marketClock) latest(now time.Time) time.Time {
	if m.date.IsZero() {
		return now.Add(wrongClock)
	}
	return m.date.Add(passed(m.at, now) + clockSlack)
}

// Why a read of a chat does not count.
var (
	errCached   = errors.New("the chat was read from a cache, as its header Age says")
	errNoDate   = errors.New("the messages came without the Market's Date")
	errOutdated = errors.New("the chat was read from a cache, as the Market has told a later Date before")
	errFuture   = errors.New("the messages came with a Date that is more than a day ahead")
)

// check tells why an answer does not count as the Market's at this time. The clock is that from before the request.
func (m marketClock) check(a *attempt) error {
	switch {
	case a.Header.Get("Age") != "":
		return errCached
	case a.date.IsZero():
		return errNoDate
	case a.date.Before(m.earliest(a.trace.began)):
		return errOutdated
	case m.date.IsZero() && a.date.After(m.latest(time.Now())):
		return errFuture
	}
	return nil
}
