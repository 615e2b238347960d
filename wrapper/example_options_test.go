package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"time"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

func ExampleWithRetry() {
	market := sandbox.New()
	market.Every("getChat", sandbox.Fail(500, "INTERNAL_ERROR", "try later"))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc),
		wrapper.WithRetry(wrapper.RetryPolicy{MaxAttempts: 3, BaseDelay: time.Millisecond, MaxDelay: time.Second}))

	_, err := client.GetChat(context.Background(), 7000001)
	fmt.Println(errors.Is(err, wrapper.ErrServer), len(market.Calls()))
	// Output: true 3
}

// Without the check a message that was stored before its 500 arrives twice.
func ExampleRetryPolicy_resendAlways() {
	ctx := context.Background()
	market := sandbox.New()
	market.Script("sendMessageToChat", sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "try later")))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc),
		wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: time.Millisecond, Resend: wrapper.ResendAlways}))

	chat, _ := client.CreateChat(ctx, wrapper.Order(67890))
	fmt.Println(client.SendMessage(ctx, chat.ChatID, "Hello!"))
	for _, message := range market.Messages(chat.ChatID) {
		fmt.Println(message.Text)
	}
	// Output:
	// <nil>
	// Hello!
	// Hello!
}

func ExampleWithLogger() {
	market := sandbox.New()
	market.Script("getChat", sandbox.TooMany())
	shown := []string{"level", "operation", "attempt", "status", "codes"} // not what differs each time
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && slices.Contains(shown, a.Key) {
				return a
			}
			return slog.Attr{}
		},
	}))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc),
		wrapper.WithLogger(logger), wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: time.Millisecond}))

	_, _ = client.GetChat(context.Background(), 7)
	// Output:
	// level=WARN operation=getChat attempt=1 status=420 codes=[METHOD_FAILURE]
	// level=WARN operation=getChat attempt=2 status=404 codes=[NOT_FOUND]
}

// The Timeout is that of one attempt. It does not look like the end of the caller's context.
func ExampleWithHTTPClient() {
	market := sandbox.New()
	market.Every("getChat", sandbox.Delay(time.Hour, nil))
	hc := &http.Client{Transport: market.RoundTripper(), Timeout: 20 * time.Millisecond}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))

	_, err := client.GetChat(context.Background(), 7000001, wrapper.Attempts(1))
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	fmt.Println(errors.Unwrap(err))
	// Output:
	// false
	// the attempt ran out of time
}

func ExampleWithBaseURL() {
	server := httptest.NewServer(sandbox.New()) // http://127.0.0.1:…
	defer server.Close()
	client, err := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithBaseURL(server.URL+"/v2"))
	if err != nil {
		panic(err)
	}
	chat, err := client.CreateChat(context.Background(), wrapper.Order(67890))
	fmt.Println(chat.ChatID, err)

	_, err = wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithBaseURL("market.example/v2"))
	fmt.Println(err)
	// Output:
	// 7000001 <nil>
	// wrapper: the base URL has none of the schemes https and http, allowed is one like https://host/v2
}

func ExampleWithPlainHTTP() {
	market := wrapper.WithBaseURL("http://market.test:8080/v2") // a sandbox on another machine
	_, err := wrapper.New(12345, wrapper.APIKey("key"), market)
	fmt.Println(err == nil)
	_, err = wrapper.New(12345, wrapper.APIKey("key"), market, wrapper.WithPlainHTTP())
	fmt.Println(err == nil)
	// Output:
	// false
	// true
}

func ExampleWithUserAgent() {
	market := sandbox.New()
	market.Every("createChat", func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Println(r.Header.Get("User-Agent"), r.Header.Get("X-Market-Integration"))
			next.ServeHTTP(w, r)
		})
	})
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc),
		wrapper.WithUserAgent("shop/1.0"))
	_, err := client.CreateChat(context.Background(), wrapper.Order(67890))
	fmt.Println(err)
	// Output:
	// shop/1.0 shop/1.0
	// <nil>
}

// A worker keeps with each text the id of the message after which it is due. After a restart it calls again, and what is
// there is not sent twice.
func ExampleOnce() {
	ctx := context.Background()
	market := sandbox.New()
	hc := &http.Client{Transport: market.RoundTripper()}
	before, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	chat, _ := before.CreateChat(ctx, wrapper.Order(67890))
	fmt.Println(before.SendMessage(ctx, chat.ChatID, "Hello!", wrapper.Once(0)))

	restarted, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	var response wrapper.Response
	fmt.Println(restarted.SendMessage(ctx, chat.ChatID, "Hello!", wrapper.Once(0), wrapper.Capture(&response)))
	fmt.Println("attempts:", response.Attempts, "in the chat:", len(market.Messages(chat.ChatID)))
	// Output:
	// <nil>
	// <nil>
	// attempts: 0 in the chat: 1
}

// A text that is due for the second time is sent if it stands there only once.
func ExampleTimes() {
	ctx := context.Background()
	market := sandbox.New()
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	chat, _ := client.CreateChat(ctx, wrapper.Order(67890))
	_ = client.SendMessage(ctx, chat.ChatID, "Still on its way")

	tomorrow, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	fmt.Println(tomorrow.SendMessage(ctx, chat.ChatID, "Still on its way", wrapper.Times(0, 2)))
	fmt.Println("in the chat:", len(market.Messages(chat.ChatID)))
	// Output:
	// <nil>
	// in the chat: 2
}
