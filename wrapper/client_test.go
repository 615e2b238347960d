package wrapper_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

func TestOrder(t *testing.T) {
	s := newScript(t, ok("createChat"))
	_, err := newClient(t, s).CreateChat(t.Context(), wrapper.Order(5))
	require.NoError(t, err)
	assert.JSONEq(t, `{"context":{"type":"ORDER","id":5}}`, s.bodies[0])
	assert.Equal(t, gen.ChatContextDTO{Type: "ORDER", ID: 5}, wrapper.Order(5))
}

func TestSmallestIDs(t *testing.T) {
	one := reply{status: 200, body: `{"status":"OK","result":{"chatId":1}}`}
	s := newScript(t, one, one, ok("sendMessageToChat"))
	client, err := wrapper.New(1, wrapper.APIKey(token), wrapper.WithHTTPClient(&http.Client{Transport: s}))
	require.NoError(t, err)
	created, err := client.CreateChat(t.Context(), wrapper.Order(1))
	require.NoError(t, err)
	assert.EqualValues(t, 1, created.ChatID)
	_, err = client.GetChat(t.Context(), 1)
	require.NoError(t, err)
	require.NoError(t, client.SendMessage(t.Context(), 1, text))
	assert.Equal(t, "/v2/businesses/1/chats/message", s.asked[2].URL.Path)
	s.replies = append(s.replies, one)
	resp, err := client.Raw().GetChat(t.Context(), 1, chatParams)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
}
