package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// errors.Is tells the class of an error, errors.As gives the whole of it.
func ExampleError() {
	market := sandbox.New()
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	_, err := client.GetChat(context.Background(), 7)
	fmt.Println(errors.Is(err, wrapper.ErrNotFound))
	if e := new(wrapper.Error); errors.As(err, &e) {
		fmt.Println(e.Operation, e.StatusCode, e.Errors[0].Code, *e.Errors[0].Message)
		fmt.Println(e.Outcome, e.Attempts, e.TraceParent != "")
	}
	// Output:
	// true
	// getChat 404 NOT_FOUND Can't find chat by id: '7'
	// rejected 1 true
}

// RetryAt tells when the quota is back. This one is back too late for the client to wait, MaxDelay being 30 s.
func ExampleError_retryAt() {
	market := sandbox.New()
	market.Script("getChat", sandbox.QuotaUsedUp(time.Hour))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	for range 2 {
		_, err := client.GetChat(context.Background(), 7000001)
		if e := new(wrapper.Error); errors.As(err, &e) && errors.Is(err, wrapper.ErrRateLimited) {
			fmt.Println(e.Outcome, e.Attempts, time.Until(e.RetryAt).Round(10*time.Minute))
		}
	}
	// Output:
	// rejected 1 1h0m0s
	// not sent 0 1h0m0s
}

// The message is in the chat, the answer was lost. As somebody has written into the chat since, and it cannot be told
// who, the client does not send it again.
func ExampleError_outcomeUnknown() {
	ctx := context.Background()
	market := sandbox.New()
	market.Script("sendMessageToChat", sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "try later")))
	market.Every("getChatHistory", sandbox.Fail(500, "INTERNAL_ERROR", "try later"))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc),
		wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: time.Millisecond}))

	chat, _ := client.CreateChat(ctx, wrapper.Order(67890))
	err := client.SendMessage(ctx, chat.ChatID, "Hello!")
	fmt.Println(errors.Is(err, wrapper.ErrOutcomeUnknown), errors.Is(err, wrapper.ErrServer))
	fmt.Println("in the chat:", len(market.Messages(chat.ChatID)))
	// Output:
	// true true
	// in the chat: 1
}

// What the contract forbids is not sent. The text names the field and what is allowed, and never shows the message.
func ExampleError_invalidRequest() {
	client, _ := wrapper.New(12345, wrapper.APIKey("key"))
	err := client.SendMessage(context.Background(), 7000001, strings.Repeat("я", 4097))
	fmt.Println(errors.Is(err, wrapper.ErrInvalidRequest))
	fmt.Println(err)
	// Output:
	// true
	// sendMessageToChat: invalid request: message has 4097 characters, allowed is 1 to 4096 (attempts: 0, not sent)
}

// A program that works through many orders does four different things about an error. The page of a proxy gives up no
// order: only the Market's own word does.
func ExampleError_Advice() {
	market := sandbox.New()
	market.Script("createChat",
		sandbox.HTML(404),
		sandbox.Fail(404, "NOT_FOUND", "Can't find order by id: '67890'"),
		sandbox.Fail(403, "FORBIDDEN", "No access to the business"),
	)
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	for range 3 {
		_, err := client.CreateChat(context.Background(), wrapper.Order(67890))
		e := new(wrapper.Error)
		if !errors.As(err, &e) {
			return
		}
		switch e.Advice() {
		case wrapper.RetryLater:
			fmt.Println(e.StatusCode, "the order comes again later")
		case wrapper.GiveUp:
			fmt.Println(e.StatusCode, "the order is given up")
		case wrapper.Stop:
			fmt.Println(e.StatusCode, "the program stops")
		case wrapper.Look:
			fmt.Println(e.StatusCode, "a person reads the chat")
		}
	}
	// Output:
	// 404 the order comes again later
	// 404 the order is given up
	// 403 the program stops
}

// A program can tell what SendMessage would refuse before it starts a chat for it.
func ExampleCheckMessage() {
	fmt.Println(wrapper.CheckMessage("Your order is on its way."))
	fmt.Println(wrapper.CheckMessage(""))
	// Output:
	// <nil>
	// invalid request: message has 0 characters, allowed is 1 to 4096
}

// A command that has flags for options can name the flag.
func ExampleOptionError() {
	_, err := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithUserAgent("shop"))
	fmt.Println(err)
	if e := new(wrapper.OptionError); errors.As(err, &e) {
		fmt.Printf("--user-agent is %s, allowed is %s\n", e.Value, e.Allowed)
	}
	// Output:
	// wrapper: WithUserAgent is given "shop", allowed is name/version in printable ASCII, 1 to 100 characters
	// --user-agent is "shop", allowed is name/version in printable ASCII, 1 to 100 characters
}

// A 404 of the Market is about the chat; a 404 of something else is about the address.
func ExampleError_FromMarket() {
	market := sandbox.New()
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	market.Script("getChat", sandbox.HTML(404))
	for range 2 {
		_, err := client.GetChat(context.Background(), 7)
		if e := new(wrapper.Error); errors.As(err, &e) {
			fmt.Println(e.StatusCode, e.FromMarket())
		}
	}
	// Output:
	// 404 false
	// 404 true
}

// A program that would rather wait can tell how long.
func ExamplePauseError() {
	market := sandbox.New()
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	market.Script("getChat", sandbox.QuotaUsedUp(45*time.Minute))
	_, err := client.GetChat(context.Background(), 7)
	if e := new(wrapper.PauseError); errors.As(err, &e) {
		fmt.Println(e.Pause > 44*time.Minute, "and at most", e.MaxDelay)
	}
	// Output: true and at most 30s
}

func ExampleCheckFile() {
	fmt.Println(wrapper.CheckFile("Receipt 67890.pdf", 120_000))
	fmt.Println(wrapper.CheckFile("Video.mp4", 80_000_000))
	// Output:
	// <nil>
	// invalid request: the file has 80000000 bytes, allowed is 0 to 5242880
}
