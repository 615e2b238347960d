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
	chat     *gen.GetChatInfoDTO // nil: it could not be read
	response Response            // to the read
	err      error
}

// doubt is what is known of a message that may have arrived.
type doubt struct {
	began  time.Time // when its first doubtful attempt began
	newest time.Time // the newest Date that the Market has told this Client; zero: none
}

// clockSlack is a second because the Market may cut Date and updatedAt to whole ones, and a second because its
// machines may differ.
const clockSlack = 2 * time.Second

// check says why a message may not be sent again after its chat has been read; nil: it may. Only the Market's clock
// tells when the chat was written into; of this machine's clock only the time that has passed counts.
func (d doubt) check(r reading, now time.Time) error {
	if r.err != nil {
		// Its class is not that of the call. A 404 does not clear the doubt either: proxies say 404, too.
		return errors.New("the chat could not be read: " + r.err.Error())
	}
	header := r.response.Header
	date, err := http.ParseTime(header.Get("Date"))
	switch {
	case header.Get("Age") != "":
		return errors.New("the chat was read from a cache, which has the header Age")
	case err != nil:
		return errors.New("the chat came without the Market's Date")
	case r.chat.UpdatedAt.IsZero():
		return errors.New("the chat did not tell when it was last written into")
	case date.Before(d.newest.Add(-time.Second)):
		return fmt.Errorf("the chat is %v old, as the Market has told a later Date before", d.newest.Sub(date))
	}
	unseen := passed(d.began, now) + clockSlack
	switch {
	case date.Sub(r.chat.UpdatedAt) > unseen:
		return nil
	case !r.chat.CreatedAt.IsZero() && date.Sub(r.chat.CreatedAt) <= unseen:
		return fmt.Errorf("the chat was made within the last %v, so that it cannot be told whether anybody has "+
			"written into it", unseen.Round(time.Second))
	}
	return errors.New("the chat has been written into since, or in the 2 s before, and it cannot be told by whom")
}

// passed is the larger of monotonic and wall time: the monotonic clock stands while a machine sleeps, and the wall
// clock can be set back.
func passed(began, now time.Time) time.Duration {
	return max(now.Sub(began), now.Round(0).Sub(began.Round(0)))
}

// newestDate keeps the newest Date that the Market has told a Client. It is safe for concurrent use.
type newestDate struct {
	mu   sync.Mutex
	date time.Time
}

func (n *newestDate) learn(date time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if date.After(n.date) {
		n.date = date
	}
}

func (n *newestDate) latest() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.date
}
