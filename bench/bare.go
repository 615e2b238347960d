package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	"github.com/ymarket-go/chats/gen"
)

// transportAlone hands finished requests to the transport. Nothing that goes over it can cost less.
type transportAlone struct {
	transport  http.RoundTripper
	requests   handTuned // only puts requests together
	send, open []byte
}

func newBare(server string, transport http.RoundTripper) (calls, error) {
	if transport == nil {
		transport = tunedTransport()
	}
	address, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	b := &transportAlone{transport: transport, requests: handTuned{server: address, key: []string{key}}}
	if b.send, err = json.Marshal(gen.SendMessageToChatRequest{Message: text}); err != nil {
		return nil, err
	}
	b.open, err = json.Marshal(aboutOrder())
	return b, err
}

func (b *transportAlone) getChat(ctx context.Context) (*gen.GetChatInfoDTO, error) {
	return nil, b.call(b.requests.request(ctx, http.MethodGet, "/chat", chatQuery(), nil))
}

func (b *transportAlone) sendMessage(ctx context.Context) error {
	return b.call(b.requests.request(ctx, http.MethodPost, "/chats/message", chatQuery(), b.send))
}

func (b *transportAlone) createChat(ctx context.Context) (int64, error) {
	return 0, b.call(b.requests.request(ctx, http.MethodPost, "/chats/new", "", b.open))
}

func (b *transportAlone) call(req *http.Request) error {
	resp, err := b.transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return unexpected(resp.StatusCode)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
