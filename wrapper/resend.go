package wrapper

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Resend says what to do with a message that may have arrived: the attempt may have left this machine, and 500 or above
// came back, or nothing.
type Resend int

const (
	ResendChecked Resend = iota // read the chat, and repeat only if nobody has written into it since
	ResendAlways                // repeat: the buyer may see the text twice
	ResendNever                 // stop with ErrOutcomeUnknown
)

// clockSlack is a second because the Market may cut Date and updatedAt to whole ones, and a second because its machines
// may differ.
const clockSlack = 2 * time.Second

// resolve reads the chat of a message that may have arrived with an attempt that began then. It ends the doubt, or gives
// the reason why it cannot. Only the Market's clock tells when; of this machine's clock only the time that has passed
// since counts.
func (c *Client) resolve(ctx context.Context, call *call, began time.Time) error {
	if call.outcome != Unknown || c.retry.Resend != ResendChecked {
		return nil
	}
	var read Response
	chatID, _ := strconv.ParseInt(call.req.URL.Query().Get("chatId"), 10, 64) // 0 is refused
	chat, err := c.GetChat(ctx, chatID, Capture(&read))
	date, undated := http.ParseTime(read.Header.Get("Date"))
	switch {
	case errors.Is(err, ErrNotFound): // nor is the message
	case err != nil:
		return errors.New("the chat could not be read: " + cut(err.Error(), call.secrets)) // its class is not this call's
	case undated != nil || chat.UpdatedAt.IsZero():
		return errors.New("the chat did not tell when it was last written into")
	case date.Sub(chat.UpdatedAt) <= passed(began, time.Now())+clockSlack:
		return errors.New("the chat has been written into since, and it cannot be told by whom")
	}
	call.outcome = Rejected
	return nil
}

// passed is the larger of monotonic and wall time: the first one stands while a machine sleeps, the second one can be set.
func passed(began, now time.Time) time.Duration {
	return max(now.Sub(began), now.Round(0).Sub(began.Round(0)))
}
