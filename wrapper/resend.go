package wrapper

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// marketGivesUp is how long the Market works on a request, as documented. It is a variable for tests that cannot
// wait.
var marketGivesUp = 10 * time.Second

// reading is what came of reading the chat of a message that may be in it.
type reading struct {
	chat     *gen.GetChatInfoDTO
	header   http.Header // of the answer
	repeated bool        // this Client has had the same answer before
	asked    time.Time   // when the request for it began
	err      error       // why the chat could not be read
}

// sighting reads what the chat shows. The error says that it could not be read: its class is not that of the message's
// call, and a 404 does not say that there is no chat, as proxies say 404, too.
func (r reading) sighting() (sighting, error) {
	if r.err != nil {
		return sighting{}, errors.New("the chat could not be read: " + r.err.Error())
	}
	s := sighting{
		updatedAt: r.chat.UpdatedAt,
		createdAt: r.chat.CreatedAt,
		asked:     r.asked,
		cached:    r.header.Get("Age") != "",
		repeated:  r.repeated,
	}
	if date, err := http.ParseTime(r.header.Get("Date")); err == nil {
		s.date = date
	}
	return s, nil
}

// sighting is what the read of a chat shows.
type sighting struct {
	asked     time.Time // by this machine's clock
	date      time.Time // when it was answered by the Market's clock, as the next two are; zero: the answer does not tell
	updatedAt time.Time // when somebody last wrote into the chat; zero: the chat does not tell
	createdAt time.Time // zero: the chat does not tell
	cached    bool      // a cache says that it answered
	repeated  bool      // this Client has had the same answer before
}

// doubt is what is known of a message that may have arrived.
type doubt struct {
	began time.Time // when its first doubtful attempt began
	told  told      // by the Market before the chat was read
}

// clockSlack is a second because the Market may cut Date and updatedAt to whole ones, and a second because its
// machines may differ.
const clockSlack = 2 * time.Second

// uncertainty is why a message may not be sent again after its chat has been seen.
type uncertainty int

const (
	certain         uncertainty = iota // it may: the message is not in the chat
	fromCache                          // and the answer says so
	repeatedByCache                    // the answer has come before
	withoutDate
	withoutUpdatedAt
	outdated // the Market has told a later Date before
	tooYoung // the chat was made within the time that the check cannot see into
	written  // within that time somebody wrote
)

// check goes by the Market's clock alone for when the chat was written into; of this machine's clock only the time that
// has passed counts.
func (d doubt) check(s sighting, now time.Time) uncertainty {
	unseen := d.unseen(now)
	switch {
	case s.cached:
		return fromCache
	case s.repeated:
		return repeatedByCache
	case s.date.IsZero():
		return withoutDate
	case s.updatedAt.IsZero():
		return withoutUpdatedAt
	case s.date.Before(d.told.earliest(s.asked)):
		return outdated
	case s.date.Sub(s.updatedAt) > unseen:
		return certain
	case !s.createdAt.IsZero() && s.date.Sub(s.createdAt) <= unseen:
		return tooYoung
	}
	return written
}

// unseen is how far back the check cannot tell this client's own message from others.
func (d doubt) unseen(now time.Time) time.Duration { return passed(d.began, now) + clockSlack }

// explain says in an error why the message may not be sent again.
func (d doubt) explain(why uncertainty, now time.Time) error {
	switch why {
	case fromCache:
		return errors.New("the chat was read from a cache, as its header Age says")
	case repeatedByCache:
		return errors.New("the chat was read from a cache, which has given the same answer before")
	case withoutDate:
		return errors.New("the chat came without the Market's Date")
	case withoutUpdatedAt:
		return errors.New("the chat did not tell when it was last written into")
	case outdated:
		return errors.New("the chat was read from a cache, as the Market has told a later Date before")
	case tooYoung:
		return fmt.Errorf("the chat was made within the last %v, so that it cannot be told whether anybody has "+
			"written into it", d.unseen(now).Round(time.Second))
	}
	return errors.New("the chat has been written into since, or in the 2 s before, and it cannot be told by whom")
}

// passed is the larger of monotonic and wall time: the monotonic clock stands while a machine sleeps, and the wall
// clock can be set back.
func passed(began, now time.Time) time.Duration {
	return max(now.Sub(began), now.Round(0).Sub(began.Round(0)))
}

// maxTraces is how many answers a Client remembers: about as many as an hour's quota of getChat has.
const maxTraces = 1000

// told is the newest Date that the Market has told a Client.
type told struct {
	date time.Time // zero: none
	at   time.Time // when it came, by this machine's clock
}

// earliest is the earliest Date that an answer can have which was asked for then. It is later than the newest one by
// about the time since; the monotonic clock alone measures that, as the wall clock may be set.
func (t told) earliest(asked time.Time) time.Time {
	if t.date.IsZero() {
		return time.Time{}
	}
	since := max(asked.Sub(t.at)-clockSlack, -time.Second)
	return t.date.Add(since)
}

// market is what a Client remembers of the Market's answers, to tell a fresh one from an old one. It is safe for
// concurrent use.
type market struct {
	mu     sync.Mutex
	newest told
	traces map[string]bool // the traceparents of the last answers to getChat
	ring   []string        // the same in order; the oldest one is at next
	next   int
}

func (m *market) told() told {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.newest
}

// learnDate takes in the Date of an answer that came now.
func (m *market) learnDate(date, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if date.After(m.newest.date) {
		m.newest = told{date, now}
	}
}

// learnTrace takes in the traceparent of an answer, and tells whether there has been an answer with the same one. The
// Market gives each answer one of its own, so a repetition comes from a cache.
func (m *market) learnTrace(traceParent string) (repeated bool) {
	if traceParent == "" {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.traces[traceParent] {
		return true
	}
	if m.traces == nil {
		m.traces = map[string]bool{}
	}
	m.traces[traceParent] = true
	if len(m.ring) < maxTraces {
		m.ring = append(m.ring, traceParent)
		return false
	}
	delete(m.traces, m.ring[m.next])
	m.ring[m.next] = traceParent
	m.next = (m.next + 1) % maxTraces
	return false
}
