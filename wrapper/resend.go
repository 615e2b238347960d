package wrapper

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// marketTimeout is how long the Market works on a request, as documented.
const marketTimeout = 10 * time.Second

// sighting is what a read of the chat shows of a message that may be in it.
type sighting struct {
	began     time.Time // when the read began, by this machine's clock
	date      time.Time // when it was answered by the Market's clock, as the next two are; zero: the answer does not say
	updatedAt time.Time // when the chat was last written into; zero: the chat does not say
	createdAt time.Time // zero: the chat does not say
	cached    bool      // a cache says that it answered
	repeated  bool      // this Client has had the same answer before
}

// look reads the chat of a message that may be in it, past all caches. No error shows the text of the message. Its class
// is not that of the message's call, so its text alone is kept; a 404 does not say that there is no chat, as proxies say
// 404, too.
func (c *Client) look(ctx context.Context, chatID int64, text string) (sighting, error) {
	call, chat := c.newGetChat(chatID, nil)
	call.text = text
	call.request = call.request.Clone(ctx)
	call.request.Header.Set("Cache-Control", "no-cache")
	if err := c.do(ctx, call); err != nil {
		return sighting{}, errors.New("the chat could not be read: " + err.Error())
	}
	a := call.answered
	return sighting{
		began:     a.trace.began,
		date:      a.date,
		updatedAt: chat.UpdatedAt,
		createdAt: chat.CreatedAt,
		cached:    a.Header.Get("Age") != "",
		repeated:  c.market.learnTrace(a.TraceParent),
	}, nil
}

// doubt is about a message that may have arrived.
type doubt struct {
	began time.Time   // when its first doubtful attempt began
	clock marketClock // before the chat was read
}

// Why a message may not be sent again after its chat has been read.
var (
	errCached      = errors.New("the chat was read from a cache, as its header Age says")
	errRepeated    = errors.New("the chat was read from a cache, which has given the same answer before")
	errNoDate      = errors.New("the chat came without the Market's Date")
	errNoUpdatedAt = errors.New("the chat did not tell when it was last written into")
	errOutdated    = errors.New("the chat was read from a cache, as the Market has told a later Date before")
	errWritten     = errors.New("the chat has been written into since, or in the 2 s before, " +
		"and it cannot be told by whom")
)

// check gives the reason why the message may not be sent again; nil: it is not in the chat, so it may. When the chat
// was written into goes by the Market's clock alone; of this machine's clock only the time that has passed counts.
func (d doubt) check(s sighting, now time.Time) error {
	unseen := passed(d.began, now) + clockSlack // this client's own message cannot be told from others within that time
	switch {
	case s.cached:
		return errCached
	case s.repeated:
		return errRepeated
	case s.date.IsZero():
		return errNoDate
	case s.updatedAt.IsZero():
		return errNoUpdatedAt
	case s.date.Before(d.clock.earliest(s.began)):
		return errOutdated
	case s.date.Sub(s.updatedAt) > unseen:
		return nil
	case !s.createdAt.IsZero() && s.date.Sub(s.createdAt) <= unseen:
		return fmt.Errorf("the chat was made within the last %v, so that it cannot be told whether anybody has "+
			"written into it", unseen.Round(time.Second))
	}
	return errWritten
}

// passed is the larger of monotonic and wall time: the monotonic clock stands while a machine sleeps, and the wall
// clock can be set back.
func passed(began, now time.Time) time.Duration {
	return max(now.Sub(began), now.Round(0).Sub(began.Round(0)))
}
