package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// All clients ask for the same: one cabinet, chat, order and text.
const (
	cabinet = 123456789
	chatID  = 7000001
	orderID = 987654321
	key     = "ACMA:a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5:01234567"
	text    = "Здравствуйте! Ваш заказ собран и завтра приедет в пункт выдачи. Если планы изменились, напишите нам."
)

// timeLimit of an attempt is the wrapper's default.
const timeLimit = 15 * time.Second

// operations are called as a program would call them, and return what the program would read.
var operations = []struct {
	id        string
	wrapped   func(context.Context, *wrapper.Client) (any, error)
	generated func(context.Context, *gen.ClientWithResponses) (any, error)
}{
	{"getChat", func(ctx context.Context, c *wrapper.Client) (any, error) {
		return c.GetChat(ctx, chatID)
	}, func(ctx context.Context, c *gen.ClientWithResponses) (any, error) {
		answer, err := c.GetChatWithResponse(ctx, cabinet, &gen.GetChatParams{ChatID: chatID})
		if err != nil || answer.JSON200 == nil || answer.JSON200.Result == nil {
			return nil, cmp.Or(err, errNoResult)
		}
		return answer.JSON200.Result, nil
	}},
	{"sendMessageToChat", func(ctx context.Context, c *wrapper.Client) (any, error) {
		return nil, c.SendMessage(ctx, chatID, text)
	}, func(ctx context.Context, c *gen.ClientWithResponses) (any, error) {
		answer, err := c.SendMessageToChatWithResponse(ctx, cabinet, &gen.SendMessageToChatParams{ChatID: chatID},
			gen.SendMessageToChatRequest{Message: text})
		if err != nil || answer.JSON200 == nil {
			return nil, cmp.Or(err, errNoResult)
		}
		return nil, nil
	}},
	{"createChat", func(ctx context.Context, c *wrapper.Client) (any, error) {
		return c.CreateChat(ctx, wrapper.Order(orderID))
	}, func(ctx context.Context, c *gen.ClientWithResponses) (any, error) {
		about := wrapper.Order(orderID)
		answer, err := c.CreateChatWithResponse(ctx, cabinet, gen.CreateChatRequest{Context: &about})
		if err != nil || answer.JSON200 == nil || answer.JSON200.Result == nil {
			return nil, cmp.Or(err, errNoResult)
		}
		return answer.JSON200.Result, nil
	}},
}

var errNoResult = errors.New("the answer has no result")

// calls are one of each operation, in their order.
type calls []func() (any, error)

// clients make the calls over a transport that answers from memory.
var clients = []struct {
	name string
	over func(http.RoundTripper) calls
}{
	{"wrapper", func(transport http.RoundTripper) (made calls) {
		client := newWrapper(wrapper.WithHTTPClient(&http.Client{Transport: transport}))
		for _, op := range operations {
			made = append(made, func() (any, error) { return op.wrapped(context.Background(), client) })
		}
		return made
	}},
	{"generated", func(transport http.RoundTripper) calls {
		return generatedOver(&http.Client{Transport: transport})
	}},
	{"limited", func(transport http.RoundTripper) calls {
		return generatedOver(&http.Client{Transport: transport, Timeout: timeLimit})
	}},
	{"retryablehttp", func(transport http.RoundTripper) calls {
		retrying := retryablehttp.NewClient()
		retrying.Logger = nil
		retrying.HTTPClient = &http.Client{Transport: transport, Timeout: timeLimit}
		return generatedOver(retrying.StandardClient())
	}},
}

// newWrapper leaves everything as it is by default, but for the options.
func newWrapper(opts ...wrapper.Option) *wrapper.Client {
	client, err := wrapper.New(cabinet, wrapper.APIKey(key), opts...)
	if err != nil {
		panic(err)
	}
	return client
}

func generatedOver(doer gen.HttpRequestDoer) (made calls) {
	authorize := func(_ context.Context, req *http.Request) error {
		req.Header.Set("Api-Key", key)
		return nil
	}
	client, err := gen.NewClientWithResponses(gen.ServerURL, gen.WithHTTPClient(doer), gen.WithRequestEditorFn(authorize))
	if err != nil {
		panic(err)
	}
	for _, op := range operations {
		made = append(made, func() (any, error) { return op.generated(context.Background(), client) })
	}
	return made
}
