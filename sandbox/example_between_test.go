package sandbox_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// Over HTTP/2 net/http sends anew by itself what was reset with REFUSED_STREAM: the buyer reads the message twice.
func ExampleResetStream() {
	market := sandbox.New()
	server := httptest.NewUnstartedServer(market)
	server.Listener = sandbox.HTTP2(server.Config, server.Listener)
	server.Start()
	defer server.Close()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	client := &http.Client{Transport: transport}
	post := func(path, body string) {
		req, _ := http.NewRequest("POST", server.URL+"/v2/businesses/12345/chats/"+path, strings.NewReader(body))
		req.Header = http.Header{"Api-Key": {"any"}, "Content-Type": {"application/json"}}
		if resp, err := client.Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}
	post("new", `{"context": {"type": "ORDER", "id": 67890}}`)
	market.Script("sendMessageToChat", sandbox.CommitThen(sandbox.ResetStream(sandbox.RefusedStream)))
	post("message?chatId=7000001", `{"message": "Hello!"}`)
	fmt.Println(len(market.Messages(7000001)))
	// Output: 2
}

// The connection ends, and the server says that it has not looked at the request.
func ExampleGoAway() {
	market := sandbox.New()
	market.Script("getChat", sandbox.GoAway())
	server := httptest.NewUnstartedServer(market)
	server.Listener = sandbox.HTTP2(server.Config, server.Listener)
	server.Start()
	defer server.Close()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	resp, err := transport.RoundTrip(httptest.NewRequest("GET", server.URL+"/v2/businesses/12345/chat?chatId=7", nil))
	if err != nil {
		panic(err)
	}
	_ = resp.Body.Close()
	for _, call := range market.Calls() { // net/http has asked again, on another connection
		fmt.Println(call.Status)
	}
	// Output:
	// 0
	// 401
}

// One sandbox by HTTP/1 and by HTTP/2.
func ExampleHTTP2() {
	server := httptest.NewUnstartedServer(sandbox.New())
	server.Listener = sandbox.HTTP2(server.Config, server.Listener)
	server.Start()
	defer server.Close()
	second := &http.Transport{Protocols: new(http.Protocols)}
	second.Protocols.SetUnencryptedHTTP2(true)
	for _, transport := range []*http.Transport{{}, second} {
		client := &http.Client{Transport: transport}
		resp, err := client.Get(server.URL + "/v2/businesses/12345/chat?chatId=7")
		if err != nil {
			panic(err)
		}
		_ = resp.Body.Close()
		fmt.Println(resp.Proto, resp.StatusCode)
		transport.CloseIdleConnections()
	}
	// Output:
	// HTTP/1.1 401
	// HTTP/2.0 401
}

// The message arrives, and a proxy says that there is no such page.
func ExampleProxy() {
	market := sandbox.New()
	market.Script("sendMessageToChat", sandbox.CommitThen(sandbox.Proxy(404, "<h1>Not found</h1>")))
	client := &http.Client{Transport: market.RoundTripper()}
	post := func(path, body string) *http.Response {
		req, _ := http.NewRequest("POST", "http://market/v2/businesses/12345/chats/"+path, strings.NewReader(body))
		req.Header = http.Header{"Api-Key": {"any"}, "Content-Type": {"application/json"}}
		resp, err := client.Do(req)
		if err != nil {
			panic(err)
		}
		_ = resp.Body.Close()
		return resp
	}
	post("new", `{"context": {"type": "ORDER", "id": 67890}}`)
	resp := post("message?chatId=7000001", `{"message": "Hello!"}`)
	fmt.Println(resp.StatusCode, resp.Header.Get("Content-Type"), len(market.Messages(7000001)))
	// Output: 404 text/html 1
}

func ExampleProxyPage() {
	fmt.Println(sandbox.ProxyPage(502))
	// Output: <html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>
}

// A cache that asked ten minutes ago does not know of what was written since.
func ExampleCached() {
	ctx := context.Background()
	market := sandbox.New()
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	chat, _ := client.CreateChat(ctx, wrapper.Order(67890))
	market.Advance(time.Hour)
	err := client.SendMessage(ctx, chat.ChatID, "Hello!")
	market.Script("getChat", nil, sandbox.Cached(10*time.Minute))
	for range 2 {
		var answer wrapper.Response
		info, _ := client.GetChat(ctx, chat.ChatID, wrapper.Capture(&answer))
		fmt.Printf("%s, Age %q\n", info.Status, answer.Header.Get("Age"))
	}
	fmt.Println(err)
	// Output:
	// WAITING_FOR_CUSTOMER, Age ""
	// NEW, Age "600"
	// <nil>
}

// A machine that is behind gives the same chat, and nothing tells it.
func ExampleLagging() {
	ctx := context.Background()
	market := sandbox.New()
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	chat, _ := client.CreateChat(ctx, wrapper.Order(67890))
	market.Advance(time.Hour)
	err := client.SendMessage(ctx, chat.ChatID, "Hello!")
	market.Script("getChat", sandbox.Lagging(10*time.Minute))
	var answer wrapper.Response
	info, _ := client.GetChat(ctx, chat.ChatID, wrapper.Capture(&answer))
	fmt.Printf("%s, Age %q, %v\n", info.Status, answer.Header.Get("Age"), err)
	// Output: NEW, Age "", <nil>
}

// A filter masks the number of a phone, so that the text that is found is not the one that was sent.
func ExampleChanged() {
	market := sandbox.New()
	market.Script(sandbox.OperationSendMessageToChat, sandbox.Changed(sandbox.Masked, nil))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	chat, _ := client.CreateChat(context.Background(), wrapper.Order(67890))
	err := client.SendMessage(context.Background(), chat.ChatID, "Call 8-800-555")
	fmt.Println(err, market.Messages(chat.ChatID)[0].Text)
	// Output: <nil> Call *-***-***
}

// The server keeps the connection, it seems, and closes it without a word.
func ExampleCloseSilently() {
	market := sandbox.New()
	server := httptest.NewServer(market)
	defer server.Close()
	market.Script(sandbox.OperationGetChat, sandbox.CloseSilently(time.Millisecond))
	answer, err := http.Get(server.URL + "/v2/businesses/12345/chat?chatId=7")
	fmt.Println(answer.StatusCode, answer.Close, err)
	// Output: 401 false <nil>
}

func ExampleEscaped() {
	fmt.Println(sandbox.Escaped("Tom & Jerry"))
	// Output: Tom &amp; Jerry
}

func ExamplePadded() {
	fmt.Printf("%q\n", sandbox.Padded("Hello!"))
	// Output: "  Hello! \n"
}

func ExampleMasked() {
	fmt.Println(sandbox.Masked("Order 67890"))
	// Output: Order *****
}
