package shop

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

const cabinet = 12345

var order = Order{ID: 67890, Track: "RU123"}

// What the buyer saw.
func TestNotifyShipped(t *testing.T) {
	market := sandbox.New(sandbox.WithAPIKey("secret"))
	client := newClient(t, market)

	require.NoError(t, NotifyShipped(t.Context(), client, order))

	assert.Equal(t, []string{"Your order is on its way: RU123"}, seen(t, market, client))
	assert.Equal(t, []string{"createChat", "sendMessageToChat"}, asked(market)[:2])
}

// The Market fails once. The client pauses, and on the virtual time of synctest no pause takes any time.
func TestNotifyShippedAfterServerError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market := sandbox.New()
		client := newClient(t, market)
		market.Script(sandbox.OperationSendMessageToChat, sandbox.Fail(http.StatusInternalServerError, "INTERNAL_ERROR", "try later"))

		require.NoError(t, NotifyShipped(t.Context(), client, order))

		assert.Len(t, seen(t, market, client), 1)
		assert.Contains(t, asked(market), "getChatHistory", "the chat was read before the message was repeated")
	})
}

// The message is in the chat, and yet the Market says 500. The client finds it there, and does not send it once more.
func TestNotifyShippedHasArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market := sandbox.New()
		client := newClient(t, market)
		market.Script(sandbox.OperationSendMessageToChat,
			sandbox.CommitThen(sandbox.Fail(http.StatusInternalServerError, "INTERNAL_ERROR", "try later")))

		require.NoError(t, NotifyShipped(t.Context(), client, order))

		assert.Len(t, seen(t, market, client), 1)
	})
}

// Nor can the chat be read: the shop must not send the message once more, and a person must know where to look.
func TestNotifyShippedMayHaveArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market := sandbox.New()
		client := newClient(t, market)
		market.Script(sandbox.OperationSendMessageToChat,
			sandbox.CommitThen(sandbox.Fail(http.StatusInternalServerError, "INTERNAL_ERROR", "try later")))
		market.Every(sandbox.OperationGetChatHistory, sandbox.Fail(http.StatusInternalServerError, "INTERNAL_ERROR", "try later"))

		err := NotifyShipped(t.Context(), client, order)

		require.ErrorIs(t, err, ErrMayHaveArrived)
		assert.ErrorContains(t, err, "chat 7000001")
		assert.Len(t, seen(t, market, client), 1)
	})
}

// The quota is used up, and back within the hour. Here that hour takes no time.
func TestNotifyShippedQuotaUsedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market := sandbox.New(sandbox.WithQuota(2))
		client := newClient(t, market)
		require.NoError(t, NotifyShipped(t.Context(), client, order))
		require.NoError(t, NotifyShipped(t.Context(), client, order))

		err := NotifyShipped(t.Context(), client, order)

		require.ErrorIs(t, err, wrapper.ErrRateLimited)
		var refused *wrapper.Error
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, wrapper.NotSent, refused.Outcome)
		assert.Len(t, market.Calls(), 4, "the client knew, and did not ask")

		time.Sleep(time.Until(refused.RetryAt))
		require.NoError(t, NotifyShipped(t.Context(), client, order))
		assert.Len(t, seen(t, market, client), 3)
	})
}

// A request made by hand, with a query parameter that the contract spells otherwise, and no text. It is not sent.
func TestTransportFindsViolations(t *testing.T) {
	market := sandbox.New()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		gen.ServerURL+"/businesses/12345/chats/message?chat_id=7000001", strings.NewReader(`{"message":""}`))
	require.NoError(t, err)
	request.Header.Set("Api-Key", "any")
	request.Header.Set("Content-Type", "application/json")

	_, err = checked(t, market).Do(request)

	var found []string
	for _, violation := range api.Violations(err) {
		found = append(found, violation.Error())
	}
	assert.Equal(t, []string{
		"sendMessageToChat: body /message: minLength 1",
		"sendMessageToChat: query chatId: required",
		"sendMessageToChat: query chat_id: is not declared",
	}, found)
	assert.Empty(t, market.Calls())
}

// The buyer answers, and the chat waits for the shop.
func TestBuyerReplies(t *testing.T) {
	market := sandbox.New()
	client := newClient(t, market)
	require.NoError(t, NotifyShipped(t.Context(), client, order))
	chat := chatOf(t, client)

	require.NoError(t, market.Reply(chat, "Thank you!"))

	info, err := client.GetChat(t.Context(), chat)
	require.NoError(t, err)
	assert.Equal(t, gen.ChatStatusTypeWaitingForPartner, info.Status)
	assert.Equal(t, []string{"Your order is on its way: RU123", "buyer: Thank you!"}, seen(t, market, client))
}

// newClient makes the client that the shop uses, with the sandbox in place of the network.
func newClient(t *testing.T, market *sandbox.Market) *wrapper.Client {
	client, err := wrapper.New(cabinet, wrapper.APIKey("secret"), wrapper.WithHTTPClient(checked(t, market)))
	require.NoError(t, err)
	return client
}

// checked lets nothing through that breaks the contract, in either direction.
func checked(t *testing.T, market *sandbox.Market) *http.Client {
	contract, err := api.NewValidator()
	require.NoError(t, err)
	return &http.Client{Transport: contract.Transport(market.RoundTripper())}
}

// chatOf gives the chat about the order. CreateChat makes none where there is one.
func chatOf(t *testing.T, client *wrapper.Client) int64 {
	chat, err := client.CreateChat(t.Context(), wrapper.Order(order.ID))
	require.NoError(t, err)
	return chat.ChatID
}

// seen is the conversation about the order.
func seen(t *testing.T, market *sandbox.Market, client *wrapper.Client) (texts []string) {
	for _, message := range market.Messages(chatOf(t, client)) {
		if message.FromBuyer {
			message.Text = "buyer: " + message.Text
		}
		texts = append(texts, message.Text)
	}
	return texts
}

// asked is what the shop has asked the Market for.
func asked(market *sandbox.Market) (operations []string) {
	for _, call := range market.Calls() {
		operations = append(operations, call.Operation)
	}
	return operations
}
