package wrapper

import (
	"errors"
	"net/http"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// reading is what came of reading the chat of a message that may be in it.
type reading struct {
	chat     *gen.GetChatInfoDTO // nil: it could not be read
	response Response            // to the read
	err      error
}

// clockSlack is a second because the Market may cut Date and updatedAt to whole ones, and a second because its machines
// may differ.
const clockSlack = 2 * time.Second

// checkResend says why a message may not be sent again, whose first attempt began then and whose chat has been read.
// Only the Market's clock tells when the chat was written into; of this machine's clock only the time that has passed
// counts.
func checkResend(r reading, began, now time.Time) error {
	if errors.Is(r.err, ErrNotFound) {
		return nil // there is no chat, so the message is in none
	}
	if r.err != nil {
		return errors.New("the chat could not be read: " + r.err.Error()) // its class is not that of the call
	}
	date, err := http.ParseTime(r.response.Header.Get("Date"))
	if err != nil || r.chat.UpdatedAt.IsZero() {
		return errors.New("the chat did not tell when it was last written into")
	}
	if date.Sub(r.chat.UpdatedAt) <= passed(began, now)+clockSlack {
		return errors.New("the chat has been written into since, or in the 2 s before, and it cannot be told by whom")
	}
	return nil
}

// passed is the larger of monotonic and wall time: the monotonic clock stands while a machine sleeps, and the wall clock
// can be set back.
func passed(began, now time.Time) time.Duration {
	return max(now.Sub(began), now.Round(0).Sub(began.Round(0)))
}
