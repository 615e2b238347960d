package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/ymarket-go/chats/gen"
)

type generated struct{ *gen.ClientWithResponses }

// newGenerated is the generated client as it comes, over an http.Client with this Timeout; 0 is none.
func newGenerated(timeout time.Duration) func(string, http.RoundTripper) (calls, error) {
	return func(server string, transport http.RoundTripper) (calls, error) {
		if transport == nil { // a copy, so that no contender uses the connections of another one
			transport = http.DefaultTransport.(*http.Transport).Clone()
		}
		return generatedOver(server, &http.Client{Transport: transport, Timeout: timeout})
	}
}

// newRetryable is the generated client over the standard client of retryablehttp, which writes a log unless told not
// to.
func newRetryable(server string, transport http.RoundTripper) (calls, error) {
	client := retryablehttp.NewClient()
	client.Logger = nil
	if transport != nil {
		client.HTTPClient.Transport = transport
	}
	return generatedOver(server, client.StandardClient())
}

func generatedOver(server string, client gen.HttpRequestDoer) (calls, error) {
	authorize := func(_ context.Context, req *http.Request) error {
		req.Header.Set("Api-Key", key)
		return nil
	}
	c, err := gen.NewClientWithResponses(server, gen.WithHTTPClient(client), gen.WithRequestEditorFn(authorize))
	return generated{c}, err
}

func (g generated) getChat(ctx context.Context) (*gen.GetChatInfoDTO, error) {
	answer, err := g.GetChatWithResponse(ctx, cabinet, &gen.GetChatParams{ChatID: chatID})
	if err != nil {
		return nil, err
	}
	if answer.JSON200 == nil || answer.JSON200.Result == nil {
		return nil, unexpected(answer.StatusCode())
	}
	return answer.JSON200.Result, nil
}

func (g generated) sendMessage(ctx context.Context) error {
	answer, err := g.SendMessageToChatWithResponse(ctx, cabinet, &gen.SendMessageToChatParams{ChatID: chatID},
		gen.SendMessageToChatRequest{Message: text})
	if err != nil {
		return err
	}
	if answer.JSON200 == nil {
		return unexpected(answer.StatusCode())
	}
	return nil
}

func (g generated) createChat(ctx context.Context) (int64, error) {
	answer, err := g.CreateChatWithResponse(ctx, cabinet, aboutOrder())
	if err != nil {
		return 0, err
	}
	if answer.JSON200 == nil || answer.JSON200.Result == nil {
		return 0, unexpected(answer.StatusCode())
	}
	return answer.JSON200.Result.ChatID, nil
}

func aboutOrder() gen.CreateChatRequest {
	return gen.CreateChatRequest{Context: &gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeOrder, ID: orderID}}
}

func unexpected(status int) error {
	return fmt.Errorf("the answer has status %d, or no result", status)
}
