package main

import (
	"context"
	"net/http"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

type wrapped struct{ *wrapper.Client }

// newWrapped leaves everything as it is by default, but for the transport where one is given.
func newWrapped(server string, transport http.RoundTripper) (calls, error) {
	opts := []wrapper.Option{wrapper.WithBaseURL(server)}
	if transport != nil {
		opts = append(opts, wrapper.WithHTTPClient(&http.Client{Transport: transport}))
	}
	client, err := wrapper.New(cabinet, wrapper.APIKey(key), opts...)
	return wrapped{client}, err
}

func (w wrapped) getChat(ctx context.Context) (*gen.GetChatInfoDTO, error) {
	return w.GetChat(ctx, chatID)
}

func (w wrapped) sendMessage(ctx context.Context) error { return w.SendMessage(ctx, chatID, text) }

func (w wrapped) createChat(ctx context.Context) (int64, error) {
	chat, err := w.CreateChat(ctx, wrapper.Order(orderID))
	if err != nil {
		return 0, err
	}
	return chat.ChatID, nil
}
