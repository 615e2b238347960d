package sandbox_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// A dispute is told to the shop, and seen by getChat, from its start to its end. Meanwhile messages change nothing.
func TestDispute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, shop := sandbox.New(), &rememberingShop{}
		require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(disputes(t, shop))))
		c := client(t, market)
		chat, err := c.CreateChat(t.Context(), wrapper.Order(31))
		require.NoError(t, err)
		shows := func(kind gen.ChatType, status gen.ChatStatusType) {
			t.Helper()
			info, err := c.GetChat(t.Context(), chat.ChatID)
			require.NoError(t, err)
			assert.Equal(t, kind, info.Type)
			assert.Equal(t, status, info.Status)
		}
		shows(gen.ChatTypeChat, gen.ChatStatusTypeNew)
		require.NoError(t, market.StartDispute(chat.ChatID))
		shows(gen.ChatTypeArbitrage, gen.ChatStatusTypeWaitingForArbiter)
		require.NoError(t, market.Reply(chat.ChatID, "It is broken."))
		require.NoError(t, c.SendMessage(t.Context(), chat.ChatID, "It was not."))
		shows(gen.ChatTypeArbitrage, gen.ChatStatusTypeWaitingForArbiter)
		market.Advance(2 * time.Hour)
		require.NoError(t, market.FinishDispute(chat.ChatID))
		shows(gen.ChatTypeArbitrage, gen.ChatStatusTypeFinished)
		synctest.Wait()
		assert.Equal(t, []string{"started 4200 7000001 00:00", "finished 4200 7000001 02:00"}, shop.list())
		for _, d := range market.Deliveries() {
			assert.NoError(t, d.Verdict, d.Type)
		}
	})
}

func disputes(t *testing.T, shop *rememberingShop) http.Handler {
	t.Helper()
	h, err := notify.New("shop/1", notify.Behind(netip.MustParsePrefix("127.0.0.0/8")), notify.Events{
		ArbitrageStarted: func(_ context.Context, n notify.ChatArbitrageStartedNotificationDTO) error {
			return shop.take(fmt.Sprint("started ", n.BusinessID, " ", n.ChatID, n.StartedAt.Format(" 15:04")))
		},
		ArbitrageFinished: func(_ context.Context, n notify.ChatArbitrageFinishedNotificationDTO) error {
			return shop.take(fmt.Sprint("finished ", n.BusinessID, " ", n.ChatID, n.FinishedAt.Format(" 15:04")))
		},
	})
	require.NoError(t, err)
	return h
}

// What is no dispute is refused, by the control API too.
func TestDisputeIsRefused(t *testing.T) {
	market := sandbox.New()
	order, err := client(t, market).CreateChat(t.Context(), wrapper.Order(31))
	require.NoError(t, err)
	asked, err := market.Direct(cabinet, "Is it red?")
	require.NoError(t, err)
	for _, row := range []struct {
		method string
		chat   int64
		status int
		says   string
	}{
		{"POST", 1, 404, "there is no such chat: 1"},
		{"DELETE", 1, 404, "there is no such chat: 1"},
		{"POST", asked, 409, "allowed is a chat about an order or a return"},
		{"DELETE", order.ChatID, 409, "there is no dispute in it"},
		{"POST", order.ChatID, 204, ""},
		{"POST", order.ChatID, 409, "it has a dispute, or had one"},
		{"DELETE", order.ChatID, 204, ""},
		{"DELETE", order.ChatID, 409, "there is no dispute in it"},
		{"POST", order.ChatID, 409, "it has a dispute, or had one"},
	} {
		status, body := drive(t, market, row.method, fmt.Sprintf("/_sandbox/chats/%d/dispute", row.chat), "")
		assert.Equal(t, row.status, status, row)
		assert.Contains(t, body, row.says)
	}
}
