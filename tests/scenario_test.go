package tests

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// newPair gives a sandbox and a client of it. Between them everything is checked against the contract.
func newPair(t *testing.T, transport func(*sandbox.Market) http.RoundTripper, opts ...wrapper.Option) (*sandbox.Market, *wrapper.Client) {
	t.Helper()
	market := sandbox.New(sandbox.WithAPIKey("key"), sandbox.WithBusiness(business), sandbox.WithQuota(10))
	return market, newClient(t, transport(market), opts...)
}

// converse is the main job: a chat about an order, a message, and a look at the chat. The Market first says no.
func converse(t *testing.T, market *sandbox.Market, client *wrapper.Client) {
	t.Helper()
	market.Script("createChat", sandbox.QuotaUsedUp(time.Second), sandbox.Fail(500, "INTERNAL_ERROR", "Internal server error"))
	market.Script("sendMessageToChat", sandbox.Fail(500, "INTERNAL_ERROR", "Try later"))

	created, err := client.CreateChat(t.Context(), wrapper.Order(31))
	require.NoError(t, err)
	again, err := client.CreateChat(t.Context(), wrapper.Order(31))
	require.NoError(t, err)
	assert.Equal(t, created, again)
	const text = "Ваш заказ <уже> в пути & скоро будет 🚚"
	require.NoError(t, client.SendMessage(t.Context(), created.ChatID, text))
	market.Script("getChat", sandbox.TooMany())
	var captured wrapper.Response
	chat, err := client.GetChat(t.Context(), created.ChatID, wrapper.Capture(&captured))
	require.NoError(t, err)

	assert.Equal(t, created.ChatID, chat.ChatID)
	assert.Equal(t, gen.ChatContextTypeOrder, chat.Context.Type)
	assert.EqualValues(t, 31, *chat.Context.OrderID)
	assert.Equal(t, gen.ChatStatusTypeWaitingForCustomer, chat.Status)
	messages := market.Messages(created.ChatID)
	require.Len(t, messages, 1)
	assert.Equal(t, text, messages[0].Text, "to the letter")
	assert.Equal(t, 2, captured.Attempts)
	assert.Equal(t, 10, captured.Quota.Limit)

	var statuses []int
	for _, call := range market.Calls() {
		assert.NoError(t, call.Verdict)
		statuses = append(statuses, call.Status)
	}
	assert.Equal(t, []int{420, 500, 200, 200, 500, 200, 200, 200, 420, 200}, statuses)
}

func TestConversation(t *testing.T) {
	t.Run("on virtual time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			market, client := newPair(t, (*sandbox.Market).RoundTripper)
			converse(t, market, client)
		})
	})
	t.Run("over loopback", func(t *testing.T) {
		var server *httptest.Server
		market, client := newPair(t, func(m *sandbox.Market) http.RoundTripper {
			server = httptest.NewServer(m)
			t.Cleanup(server.Close)
			return rerouted{server.Listener.Addr().String()}
		}, wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: time.Millisecond}))
		converse(t, market, client)
	})
}

// rerouted sends what is meant for the production host to a server on loopback, so that the client is the one that
// people use: with the default base URL.
type rerouted struct{ host string }

func (r rerouted) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.URL.Scheme, req.URL.Host = "http", r.host
	return http.DefaultTransport.RoundTrip(req)
}

// The whole quota of a window is used, then the client waits for the next one or tells when it begins.
func TestQuotaOfTheSandbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, client := newPair(t, (*sandbox.Market).RoundTripper, wrapper.WithRetry(wrapper.RetryPolicy{MaxDelay: 2 * time.Hour}))
		began := time.Now() // a full hour
		for range 11 {
			_, err := client.CreateChat(t.Context(), wrapper.Order(1))
			require.NoError(t, err)
		}
		assert.InDelta(t, time.Hour, time.Since(began), float64(300*time.Millisecond))
		assert.Len(t, market.Calls(), 11, "ten, and one in the next window: none is wasted on a 420")

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var err error
		for err == nil {
			_, err = client.CreateChat(ctx, wrapper.Order(1))
		}
		var e *wrapper.Error
		require.ErrorAs(t, err, &e)
		assert.ErrorIs(t, err, wrapper.ErrRateLimited)
		assert.WithinDuration(t, began.Add(2*time.Hour), e.RetryAt, time.Second, "HTTP dates have whole seconds")
	})
}

// What the Market says about a refused request reaches the caller.
func TestErrorsOfTheSandbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, client := newPair(t, (*sandbox.Market).RoundTripper)
		err := client.SendMessage(t.Context(), 5, "hello")
		var e *wrapper.Error
		require.ErrorAs(t, err, &e)
		assert.ErrorIs(t, err, wrapper.ErrNotFound)
		assert.Equal(t, "Can't find chat by id: '5'", *e.Errors[0].Message)
		assert.NotEmpty(t, e.TraceParent)
		assert.Equal(t, 9, e.Quota.Remaining)
		assert.Equal(t, wrapper.Rejected, e.Outcome)
	})
}
