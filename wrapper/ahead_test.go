package wrapper_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// aheadOf gives the answers to reads of messages a Date that is further ahead than time has passed.
type aheadOf struct {
	next http.RoundTripper
	by   time.Duration
}

func (a aheadOf) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := a.next.RoundTrip(req)
	if err == nil && strings.HasSuffix(req.URL.Path, "/history") {
		resp.Header.Set("Date", httpDate(time.Now().Add(a.by)))
	}
	return resp, err
}

// A read whose Date is ahead moves the window of the message with it. Then a message that is there may be one from before
// the window, so it is not sent again.
func TestReadWithADateAhead(t *testing.T) {
	for _, by := range []time.Duration{10 * time.Second, time.Minute, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			market := sandbox.New()
			client := newClient(t, aheadOf{market.RoundTripper(), by})
			chat, err := client.CreateChat(t.Context(), wrapper.Order(5)) // the Client has the Market's Date from now on
			require.NoError(t, err)
			market.Script(sandbox.OperationSendMessageToChat, sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "x")))
			err = client.SendMessage(t.Context(), chat.ChatID, text)
			require.ErrorIs(t, err, wrapper.ErrOutcomeUnknown)
			assert.Len(t, market.Messages(chat.ChatID), 1, by)
		})
	}
}

// The clock of a sandbox may be set ahead between two calls: a message is found by the new time, and sent again where it is
// not there.
func TestClockThatIsSetAhead(t *testing.T) {
	for what, fault := range map[string]sandbox.Fault{
		"stored":     sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "x")),
		"not stored": sandbox.Fail(500, "INTERNAL_ERROR", "x"),
	} {
		synctest.Test(t, func(t *testing.T) {
			market := sandbox.New()
			client := newClient(t, market.RoundTripper())
			chat, err := client.CreateChat(t.Context(), wrapper.Order(5))
			require.NoError(t, err)
			market.Advance(time.Minute)
			market.Script(sandbox.OperationSendMessageToChat, fault)
			require.NoError(t, client.SendMessage(t.Context(), chat.ChatID, text), what)
			assert.Len(t, market.Messages(chat.ChatID), 1, what)
		})
	}
}
