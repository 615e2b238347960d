package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// A test of a shop: the message is stored although the answer is 500, and the client does not send it twice.
func Example() {
	ctx := context.Background()
	market := sandbox.New()
	stored := sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "try later"))
	market.Script(sandbox.OperationSendMessageToChat, stored)

	hc := &http.Client{Transport: market.RoundTripper()}
	client, err := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	if err != nil {
		panic(err)
	}
	chat, err := client.CreateChat(ctx, wrapper.Order(67890))
	if err != nil {
		panic(err)
	}
	err = client.SendMessage(ctx, chat.ChatID, "Hello!") // the client finds it in the chat
	fmt.Println("error:", err)
	fmt.Println("messages:", len(market.Messages(chat.ChatID)))
	for _, call := range market.Calls() {
		fmt.Println(call.Operation, call.Status)
	}
	// Output:
	// error: <nil>
	// messages: 1
	// createChat 200
	// sendMessageToChat 500
	// getChatHistory 200
}

// A sandbox on loopback, which fails once.
func ExampleNew() {
	ctx := context.Background()
	market := sandbox.New(sandbox.WithAPIKey("secret"))
	server := httptest.NewServer(market)
	defer server.Close()
	market.Script(sandbox.OperationSendMessageToChat, sandbox.Fail(500, "INTERNAL_ERROR", "try later"))

	client, _ := wrapper.New(12345, wrapper.APIKey("secret"), wrapper.WithBaseURL(server.URL+"/v2"))
	chat, _ := client.CreateChat(ctx, wrapper.Order(67890))
	err := client.SendMessage(ctx, chat.ChatID, "Hello!")
	fmt.Println(err, market.Messages(chat.ChatID)[0].Text)
	// Output: <nil> Hello!
}

func ExampleOpen() {
	_, err := sandbox.Open(sandbox.WithQuota(0))
	var refused *sandbox.OptionError
	fmt.Println(errors.As(err, &refused))
	// Output: true
}

// The sandbox without a socket: also for the virtual time of testing/synctest.
func ExampleMarket_RoundTripper() {
	market := sandbox.New()
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	chat, err := client.CreateChat(context.Background(), wrapper.Order(67890))
	fmt.Println(chat.ChatID, err)
	// Output: 7000001 <nil>
}

// The first requests meet a Fault each; those after them, the truth. nil is the truth, too.
func ExampleMarket_Script() {
	market := sandbox.New()
	market.Script(sandbox.OperationGetChat, sandbox.TooMany(), nil, sandbox.HTML(502))
	for range 4 {
		answer := httptest.NewRecorder()
		market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7000001", nil))
		fmt.Println(answer.Code)
	}
	// Output:
	// 420
	// 401
	// 502
	// 401
}

// Every holds for all requests that Script says nothing of.
func ExampleMarket_Every() {
	market := sandbox.New()
	market.Every(sandbox.OperationGetChat, sandbox.HTML(502))
	market.Script(sandbox.OperationGetChat, sandbox.TooMany())
	for range 3 {
		answer := httptest.NewRecorder()
		market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7000001", nil))
		fmt.Println(answer.Code)
	}
	// Output:
	// 420
	// 502
	// 502
}

func ExampleMarket_Messages() {
	ctx := context.Background()
	market := sandbox.New()
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	chat, _ := client.CreateChat(ctx, wrapper.Order(67890))
	_ = client.SendMessage(ctx, chat.ChatID, "Your order is on its way.")
	_ = market.Reply(chat.ChatID, "Thank you!")
	for _, message := range market.Messages(chat.ChatID) {
		fmt.Println(message.FromBuyer, message.Text)
	}
	// Output:
	// false Your order is on its way.
	// true Thank you!
}

// When the buyer has written, the chat waits for the shop.
func ExampleMarket_Reply() {
	ctx := context.Background()
	market := sandbox.New()
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	chat, _ := client.CreateChat(ctx, wrapper.Order(67890))
	fmt.Println(market.Reply(chat.ChatID, "Where is my order?"))
	info, _ := client.GetChat(ctx, chat.ChatID)
	fmt.Println(info.Status)
	fmt.Println(market.Reply(7, "Hello?"))
	// Output:
	// <nil>
	// WAITING_FOR_PARTNER
	// sandbox: there is no chat 7
}

// Each request is kept, with its verdict against the contract.
func ExampleMarket_Calls() {
	market := sandbox.New()
	req := httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=0", nil)
	req.Header.Set("Api-Key", "any")
	market.ServeHTTP(httptest.NewRecorder(), req)
	for _, call := range market.Calls() {
		fmt.Println(call.Operation, call.Status, call.Verdict)
		fmt.Println(len(api.Violations(call.Verdict)), "violation")
	}
	// Output:
	// getChat 400 getChat: query chatId: minimum 1
	// 1 violation
}

func ExampleMarket_Observe() {
	market := sandbox.New()
	market.Observe(func(c sandbox.Call) { fmt.Println(c.Method, c.Path, c.Status) })
	market.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/v2/businesses/12345/offers", nil))
	// Output: GET /v2/businesses/12345/offers 404
}

// A new hour has a new quota.
func ExampleMarket_Advance() {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	market := sandbox.New(sandbox.WithQuota(1), sandbox.WithClock(func() time.Time { return noon }))
	for range 2 {
		for range 2 {
			req := httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil)
			req.Header.Set("Api-Key", "any")
			answer := httptest.NewRecorder()
			market.ServeHTTP(answer, req)
			fmt.Println(answer.Code, answer.Header().Get("X-RateLimit-Resource-Until"))
		}
		market.Advance(time.Hour)
	}
	// Output:
	// 404 Thu, 01 Jan 2026 13:00:00 GMT
	// 420 Thu, 01 Jan 2026 13:00:00 GMT
	// 404 Thu, 01 Jan 2026 14:00:00 GMT
	// 420 Thu, 01 Jan 2026 14:00:00 GMT
}

// One sandbox can serve many tests, one after the other.
func ExampleMarket_Reset() {
	market := sandbox.New()
	market.Every(sandbox.OperationGetChat, sandbox.HTML(502))
	market.Reset()
	answer := httptest.NewRecorder()
	market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7000001", nil))
	fmt.Println(answer.Code, len(market.Calls()))
	// Output: 401 1
}

// What a test in any language does over HTTP; control.yaml describes it.
func ExampleMarket_Control() {
	market := sandbox.New()
	faults := strings.NewReader(`{"operation": "getChat", "faults": [{"kind": "html", "status": 502}]}`)
	done := httptest.NewRecorder()
	market.Control().ServeHTTP(done, httptest.NewRequest("POST", "http://localhost/_sandbox/faults", faults))

	answer := httptest.NewRecorder()
	market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
	fmt.Println(done.Code, answer.Code)
	// Output: 204 502
}

// The sandbox and its Control on one address.
func ExampleMarket_Site() {
	server := httptest.NewServer(sandbox.New().Site())
	defer server.Close()
	for _, path := range []string{"/_sandbox/chats", "/v2/businesses/12345/chat?chatId=7000001"} {
		resp, err := http.Get(server.URL + path)
		if err != nil {
			panic(err)
		}
		_ = resp.Body.Close()
		fmt.Println(resp.StatusCode)
	}
	// Output:
	// 200
	// 401
}
