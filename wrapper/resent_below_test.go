package wrapper_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// A message is stored, and its connection goes away without an answer. net/http would send it again on a connection
// that another request has opened meanwhile and not used; it asks for none then, so GetConn is not called.
func TestMessageIsNotResentOnAConnectionOfAnotherRequest(t *testing.T) {
	market, stored, release := sandbox.New(sandbox.WithKeepAlive()), make(chan struct{}), make(chan struct{})
	server := httptest.NewUnstartedServer(market)
	server.Listener = sandbox.HTTP2(server.Config, server.Listener)
	server.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 1} // the second request needs a connection of its own
	opened := make(chan struct{}, 10)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateActive {
			opened <- struct{}{}
		}
	}
	server.Start()
	defer server.Close()

	var dials atomic.Int32
	dialling, dial := make(chan struct{}), make(chan struct{})
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	transport.DialContext = func(_ context.Context, network, address string) (net.Conn, error) {
		if dials.Add(1) == 2 {
			close(dialling)
			<-dial
		}
		return net.Dial(network, address)
	}
	defer transport.CloseIdleConnections()
	client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL(server.URL+"/v2"),
		wrapper.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	chat, err := client.CreateChat(t.Context(), wrapper.Order(31))
	require.NoError(t, err)
	<-opened
	market.Script(sandbox.OperationSendMessageToChat, sandbox.CommitThen(func(next http.Handler) http.Handler {
		goAway := sandbox.GoAway()(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(stored)
			<-release
			goAway.ServeHTTP(w, r)
		})
	}))

	sent := make(chan error, 1)
	go func() { sent <- client.SendMessage(t.Context(), chat.ChatID, text, wrapper.Attempts(1)) }()
	<-stored
	ctx, cancel := context.WithCancel(t.Context())
	read := make(chan error, 1)
	go func() {
		_, err := client.GetChat(ctx, chat.ChatID)
		read <- err
	}()
	<-dialling
	cancel()
	assert.ErrorIs(t, <-read, context.Canceled)
	close(dial)
	<-opened
	time.Sleep(100 * time.Millisecond) // until the transport has put the connection by, else it would ask for another one
	close(release)
	assert.NoError(t, <-sent, "it is found")
	assert.Len(t, market.Messages(chat.ChatID), 1)
}
