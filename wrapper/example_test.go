package wrapper_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// A conversation with a buyer, with the sandbox. Without WithHTTPClient it is one with the Market itself.
func Example() {
	ctx := context.Background()
	market := sandbox.New() // answers as the Market does, in memory
	hc := &http.Client{Transport: market.RoundTripper()}
	client, err := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	if err != nil {
		panic(err)
	}
	chat, err := client.CreateChat(ctx, wrapper.Order(67890))
	if err != nil {
		panic(err)
	}
	if err := client.SendMessage(ctx, chat.ChatID, "Your order is on its way."); err != nil {
		panic(err)
	}
	info, err := client.GetChat(ctx, chat.ChatID)
	if err != nil {
		panic(err)
	}
	fmt.Println(info.Context.Type, *info.Context.OrderID, info.Status)
	// Output: ORDER 67890 WAITING_FOR_CUSTOMER
}

func ExampleNew() {
	key := os.Getenv("YM_API_KEY")
	client, err := wrapper.New(12345, wrapper.APIKey(key), wrapper.WithUserAgent("shop/1.0"))
	fmt.Println(client != nil, err)
	_, err = wrapper.New(0, wrapper.APIKey(key))
	fmt.Println(err)
	// Output:
	// true <nil>
	// wrapper: businessID is 0, allowed is 1 and above
}

func ExampleAPIKey() {
	market := sandbox.New(sandbox.WithAPIKey("good"))
	for _, key := range []string{"good", "bad", "two words"} {
		hc := &http.Client{Transport: market.RoundTripper()}
		client, _ := wrapper.New(12345, wrapper.APIKey(key), wrapper.WithHTTPClient(hc))
		var answer wrapper.Response
		_, err := client.CreateChat(context.Background(), wrapper.Order(67890), wrapper.Capture(&answer))
		fmt.Println(key+":", err == nil, answer.StatusCode)
	}
	// Output:
	// good: true 200
	// bad: false 401
	// two words: false 0
}

func ExampleOAuth() {
	market := sandbox.New(sandbox.WithAPIKey("good"))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.OAuth("good"), wrapper.WithHTTPClient(hc))
	_, err := client.CreateChat(context.Background(), wrapper.Order(67890))
	fmt.Println(err)
	// Output: <nil>
}

// A key that is renewed while the program runs: Auth is called for each attempt.
func ExampleAuth() {
	market := sandbox.New(sandbox.WithAPIKey("new"))
	key := "old"
	auth := func(ctx context.Context, req *http.Request) error { return wrapper.APIKey(key)(ctx, req) }
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, auth, wrapper.WithHTTPClient(hc))

	_, before := client.CreateChat(context.Background(), wrapper.Order(67890))
	key = "new"
	_, after := client.CreateChat(context.Background(), wrapper.Order(67890))
	fmt.Println(before == nil, after == nil)
	// Output: false true
}

func ExampleOrder() {
	about := wrapper.Order(67890)
	fmt.Println(about.Type, about.ID)
	// Output: ORDER 67890
}

func ExampleReturn() {
	about := wrapper.Return(13579)
	fmt.Println(about.Type, about.ID)
	// Output: RETURN 13579
}

// There is one chat about each order and each return: a second call finds it.
func ExampleClient_CreateChat() {
	market := sandbox.New()
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	for _, about := range []gen.ChatContextDTO{wrapper.Order(67890), wrapper.Order(67890), wrapper.Return(13579)} {
		chat, err := client.CreateChat(context.Background(), about)
		if err != nil {
			panic(err)
		}
		fmt.Println(about.Type, about.ID, "is chat", chat.ChatID)
	}
	// Output:
	// ORDER 67890 is chat 7000001
	// ORDER 67890 is chat 7000001
	// RETURN 13579 is chat 7000002
}

// A send is answered with 500. As nobody has written into the chat meanwhile, the message is sent again.
func ExampleClient_SendMessage() {
	ctx := context.Background()
	market := sandbox.New()
	market.Script("sendMessageToChat", sandbox.Fail(500, "INTERNAL_ERROR", "try later"))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc),
		wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: time.Millisecond}))

	chat, _ := client.CreateChat(ctx, wrapper.Order(67890))
	fmt.Println(client.SendMessage(ctx, chat.ChatID, "Hello!"))
	for _, call := range market.Calls() {
		fmt.Println(call.Operation, call.Status)
	}
	// Output:
	// <nil>
	// createChat 200
	// sendMessageToChat 500
	// getChatHistory 200
	// getChatHistory 200
	// sendMessageToChat 200
}

// Type and status may be such as this version does not know; the Market adds values.
func ExampleClient_GetChat() {
	ctx := context.Background()
	market := sandbox.New()
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	chat, _ := client.CreateChat(ctx, wrapper.Order(67890))
	market.Script("getChat", nil, sandbox.Unknown())
	for range 2 {
		info, err := client.GetChat(ctx, chat.ChatID)
		if err != nil {
			panic(err)
		}
		switch info.Status {
		case gen.ChatStatusTypeNew:
			fmt.Println("nobody has written yet")
		default:
			fmt.Println("something else:", info.Status)
		}
	}
	// Output:
	// nobody has written yet
	// something else: LATER_VALUE
}

// The generated client shows answers as they came, and tries again as the Client does.
func ExampleClient_Raw() {
	market := sandbox.New()
	market.Script("getChat", sandbox.HTML(502))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc),
		wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: time.Millisecond}))

	resp, err := client.Raw().GetChat(context.Background(), 12345, &gen.GetChatParams{ChatID: 7})
	if err != nil {
		panic(err)
	}
	answer, err := gen.ParseGetChatHTTPResponse(resp) // it closes the body
	fmt.Println(answer.StatusCode(), answer.JSON404.Errors[0].Code, err)
	// Output: 404 NOT_FOUND <nil>
}

func ExampleAttempts() {
	market := sandbox.New()
	market.Every("getChat", sandbox.HTML(502))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	_, err := client.GetChat(context.Background(), 7000001, wrapper.Attempts(1)) // no second try
	fmt.Println(err != nil, len(market.Calls()))
	// Output: true 1
}

func ExampleCapture() {
	market := sandbox.New(sandbox.WithQuota(100))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	var answer wrapper.Response
	_, err := client.CreateChat(context.Background(), wrapper.Order(67890), wrapper.Capture(&answer))
	fmt.Println(err, answer.StatusCode, answer.Attempts)
	fmt.Println(answer.Quota.Remaining, "of", answer.Quota.Limit, "are left")
	// Output:
	// <nil> 200 1
	// 99 of 100 are left
}
