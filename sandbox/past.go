package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// Cached answers what reads out of a cache that read it from the sandbox so long ago, by its clock: with what there was
// then, the Date of then, and Age. What was not there yet is missing: of a younger chat the answer is 404. An answer
// that is not the operation's own, and what the sandbox refuses, stay as they are. Script and Every panic when it is
// set for an operation that writes. It panics when age is below 0.
func Cached(age time.Duration) Fault {
	mustNotBeNegative("Cached", age)
	return earlier("Cached", age, func(header http.Header, now time.Time) {
		header.Set("Date", now.Add(-age).UTC().Format(http.TimeFormat))
		header.Set("Age", strconv.Itoa(int(age/time.Second)))
	})
}

// Lagging answers what reads from a machine that is behind by so much: with what there was then, and no sign of it. So
// does a cache that hides what it is. Otherwise it is as Cached.
func Lagging(by time.Duration) Fault {
	mustNotBeNegative("Lagging", by)
	return earlier("Lagging", by, func(http.Header, time.Time) {})
}

// earlier lets a request that has reached its operation reach it once more, in the past. mark sets the headers.
func earlier(name string, ago time.Duration, mark func(header http.Header, now time.Time)) Fault {
	return onlyFor(name, readingOperations(), nil, onceKnown(
		func(w http.ResponseWriter, r *http.Request, status int, body []byte) {
			if x := exchangeOf(r); x != nil && x.reached != nil && status == http.StatusOK {
				now := x.market.now()
				x.asOf = now.Add(-ago)
				then := &memory{header: http.Header{}}
				x.reached(then, r)
				status, body = then.status, then.body.Bytes()
				mark(w.Header(), now)
			}
			w.WriteHeader(status)
			_, _ = w.Write(body)
		}))
}

// moment is what is true of a chat from a time on.
type moment struct {
	at       time.Time
	number   int // of all moments of the store
	kind     gen.ChatType
	status   gen.ChatStatusType
	messages int
}

// asOf is the chat as it was, unless it was not there. The zero time is now.
func (c chat) asOf(past time.Time) (then chat, ok bool) {
	for i, m := range slices.Backward(c.moments) {
		if !past.IsZero() && m.at.After(past) {
			continue
		}
		c.kind, c.status = m.kind, m.status
		c.moments, c.messages = c.moments[:i+1], c.messages[:m.messages]
		return c, true
	}
	return chat{}, false
}

// latest is the number of the last moment.
func (c chat) latest() int { return c.moments[len(c.moments)-1].number }

// placeOf is the place of the first of the messages whose id is not below this one.
func (c chat) placeOf(id int64) int {
	place, _ := slices.BinarySearchFunc(c.messages, id, func(m Message, id int64) int { return cmp.Compare(m.ID, id) })
	return place
}

// updatedAt is when the last message was written.
func (c chat) updatedAt() time.Time {
	if len(c.messages) == 0 {
		return c.createdAt
	}
	return c.messages[len(c.messages)-1].At
}
