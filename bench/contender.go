package main

import (
	"context"
	"net/http"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// What every contender asks for: the same cabinet, chat, order and text.
const (
	cabinet = 123456789
	chatID  = 7000001
	orderID = 987654321
	key     = "ACMA:a0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5:01234567"
	text    = "Здравствуйте! Ваш заказ собран и завтра приедет в пункт выдачи. Если планы изменились, напишите нам."
)

// timeLimit is that of an attempt, for every contender that has one. It is the wrapper's default.
const timeLimit = 15 * time.Second

// calls are the three operations, as a program would use them.
type calls interface {
	getChat(ctx context.Context) (*gen.GetChatInfoDTO, error)
	sendMessage(ctx context.Context) error
	createChat(ctx context.Context) (chat int64, err error)
}

// contender is a way to make the calls.
type contender struct {
	name  string
	about string
	// connect makes it. Without a transport it takes the one that it has by itself.
	connect func(server string, transport http.RoundTripper) (calls, error)
	// undecoded: it reads the answers and makes nothing of them.
	undecoded bool
}

const (
	ours      = "wrapper"
	plain     = "generated"
	limited   = "generated, time limit"
	retryable = "generated over retryablehttp"
	restyName = "resty"
	tuned     = "hand-tuned net/http"
	bare      = "transport alone"
)

func contenders() []contender {
	over := func(what string) string { return "the same over " + what }
	return []contender{
		{ours, "`wrapper.New(businessID, wrapper.APIKey(key))`, all defaults: checks, limits, a time limit, retries, " +
			"errors that keep what the API said", newWrapped, false},
		{plain, "`gen.ClientWithResponses` over `http.Client{}`", newGenerated(0), false},
		{limited, over("`http.Client{Timeout: 15 * time.Second}`"), newGenerated(timeLimit), false},
		{retryable, over("the standard client of `hashicorp/go-retryablehttp`, its log switched off"),
			newRetryable, false},
		{restyName, "`resty.dev/v3` with a base URL, `SetResult` and a time limit", newResty, false},
		{tuned, "`http.Client` and `encoding/json`, requests put together without parsing a URL, a pooled buffer, " +
			"a time limit; no checks, no retries, no error texts", newTuned, false},
		{bare, "the same requests handed to the transport, the answers read and thrown away: the floor", newBare, true},
	}
}

// operations are the three calls by their operationId.
var operations = []operation{
	{"getChat", func(ctx context.Context, c calls) error { _, err := c.getChat(ctx); return err }},
	{"sendMessageToChat", func(ctx context.Context, c calls) error { return c.sendMessage(ctx) }},
	{"createChat", func(ctx context.Context, c calls) error { _, err := c.createChat(ctx); return err }},
}

type operation struct {
	id   string
	make func(ctx context.Context, c calls) error
}
