package main

import (
	"context"
	"net/http"
	"strconv"

	"resty.dev/v3"

	"github.com/ymarket-go/chats/gen"
)

type restyClient struct{ client *resty.Client }

func newResty(server string, transport http.RoundTripper) (calls, error) {
	client := resty.New().SetBaseURL(server).SetTimeout(timeLimit).SetHeader("Api-Key", key)
	if transport != nil {
		client.SetTransport(transport)
	}
	return restyClient{client}, nil
}

func (r restyClient) getChat(ctx context.Context) (*gen.GetChatInfoDTO, error) {
	var answer gen.GetChatResponse
	got, err := r.request(ctx, &answer).SetQueryParam("chatId", strconv.Itoa(chatID)).
		Get("/businesses/{businessId}/chat")
	if err != nil {
		return nil, err
	}
	if !got.IsStatusSuccess() || answer.Result == nil {
		return nil, unexpected(got.StatusCode())
	}
	return answer.Result, nil
}

func (r restyClient) sendMessage(ctx context.Context) error {
	var answer gen.EmptyAPIResponse
	got, err := r.request(ctx, &answer).SetQueryParam("chatId", strconv.Itoa(chatID)).
		SetBody(gen.SendMessageToChatRequest{Message: text}).Post("/businesses/{businessId}/chats/message")
	if err == nil && !got.IsStatusSuccess() {
		err = unexpected(got.StatusCode())
	}
	return err
}

func (r restyClient) createChat(ctx context.Context) (int64, error) {
	var answer gen.CreateChatResponse
	got, err := r.request(ctx, &answer).SetBody(aboutOrder()).Post("/businesses/{businessId}/chats/new")
	if err != nil {
		return 0, err
	}
	if !got.IsStatusSuccess() || answer.Result == nil {
		return 0, unexpected(got.StatusCode())
	}
	return answer.Result.ChatID, nil
}

func (r restyClient) request(ctx context.Context, answer any) *resty.Request {
	return r.client.R().SetContext(ctx).SetPathParam("businessId", strconv.Itoa(cabinet)).SetResult(answer)
}
