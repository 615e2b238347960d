package tests

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

var chatsToRead = flag.Int("chats", 60, "chats of TestEachMessageIsReadOnce")

// A program reads chats of 1 to 1,200 messages while buyers go on writing, a fifth of the requests fail, and the program
// is stopped again and again. It goes on after the last message that it has handled. Each message is handled once, in the
// order in which it was written.
func TestEachMessageIsReadOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(seed(t, 1), 1))
		market := sandbox.New(sandbox.WithQuota(1_000_000))
		busy := &writingBuyers{next: market.RoundTripper(), market: market, random: random}
		client, err := wrapper.New(business, wrapper.APIKey("key"), wrapper.WithHTTPClient(&http.Client{Transport: busy}))
		require.NoError(t, err)
		for i := range *chatsToRead {
			chat, err := client.CreateChat(t.Context(), wrapper.Order(int64(i+1)))
			require.NoError(t, err)
			for n := range 1 + random.IntN(1200) {
				require.NoError(t, market.Reply(chat.ChatID, fmt.Sprint(n)))
			}
		}
		for _, op := range []string{sandbox.OperationGetChats, sandbox.OperationGetChatHistory} {
			market.Every(op, sandbox.Sometimes(0.2, 7, sandbox.Fail(http.StatusInternalServerError, "INTERNAL_ERROR", "x")))
		}

		handled, stops := map[int64][]int64{}, 0
		for _, chatID := range waitingChats(t, client) {
			busy.chatID = chatID
			for {
				last := lastOf(handled[chatID])
				read, err := client.Messages(t.Context(), chatID, last)
				if errors.Is(err, wrapper.ErrServer) {
					continue // the next one may fare better
				}
				require.NoError(t, err)
				if len(read.Messages) == 0 {
					break
				}
				for _, message := range read.Messages {
					if random.IntN(300) == 0 {
						stops++
						break
					}
					handled[chatID] = append(handled[chatID], message.MessageID)
				}
			}
		}
		require.Len(t, handled, *chatsToRead)
		total := 0
		for chatID, got := range handled {
			var want []int64
			for _, message := range market.Messages(chatID) {
				want = append(want, message.ID)
			}
			total += len(want)
			assert.Equal(t, want, got, "chat %d", chatID)
		}
		assert.NotZero(t, stops)
		assert.NotZero(t, busy.written, "pages that move while they are read")
		t.Logf("%d messages of %d chats, %d of them written while their pages were read; the reader was stopped %d times",
			total, *chatsToRead, busy.written, stops)
	})
}

func lastOf(ids []int64) int64 {
	if len(ids) == 0 {
		return 0
	}
	return ids[len(ids)-1]
}

// waitingChats collects the chats that wait, before anything changes them.
func waitingChats(t *testing.T, client *wrapper.Client) (ids []int64) {
	for {
		ids = nil
		var failed error
		for chat, err := range client.Chats(t.Context(), gen.GetChatsRequest{Statuses: []gen.ChatStatusType{gen.ChatStatusTypeWaitingForPartner}}) {
			if failed = err; err != nil {
				break
			}
			ids = append(ids, chat.ChatID)
		}
		if failed == nil {
			return ids
		}
		require.ErrorIs(t, failed, wrapper.ErrServer)
	}
}

// writingBuyers lets the buyer of a chat write now and then between two pages of its messages.
type writingBuyers struct {
	next    http.RoundTripper
	market  *sandbox.Market
	random  *rand.Rand
	chatID  int64
	written int
}

func (b *writingBuyers) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(req)
	if strings.HasSuffix(req.URL.Path, "/chats/history") && b.random.IntN(10) == 0 && req.URL.Query().Has("pageToken") {
		if b.market.Reply(b.chatID, "and another thing") == nil {
			b.written++
		}
	}
	return resp, err
}
