package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

func ExampleWithAPIKey() {
	market := sandbox.New(sandbox.WithAPIKey("secret"))
	hc := &http.Client{Transport: market.RoundTripper()}
	for _, key := range []string{"secret", "guess"} {
		client, _ := wrapper.New(12345, wrapper.APIKey(key), wrapper.WithHTTPClient(hc))
		_, err := client.CreateChat(context.Background(), wrapper.Order(67890))
		fmt.Println(key, errors.Is(err, wrapper.ErrUnauthorized))
	}
	// Output:
	// secret false
	// guess true
}

func ExampleWithBusiness() {
	market := sandbox.New(sandbox.WithBusiness(12345))
	hc := &http.Client{Transport: market.RoundTripper()}
	for _, business := range []int64{12345, 54321} {
		client, _ := wrapper.New(business, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
		_, err := client.CreateChat(context.Background(), wrapper.Order(67890))
		fmt.Println(business, errors.Is(err, wrapper.ErrForbidden))
	}
	// Output:
	// 12345 false
	// 54321 true
}

func ExampleWithOrders() {
	market := sandbox.New(sandbox.WithOrders(1, 2))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	for _, order := range []int64{1, 3} {
		_, err := client.CreateChat(context.Background(), wrapper.Order(order))
		fmt.Println(order, errors.Is(err, wrapper.ErrNotFound))
	}
	// Output:
	// 1 false
	// 3 true
}

// With this scope chats can be read, but not written.
func ExampleWithScopes() {
	ctx := context.Background()
	market := sandbox.New(sandbox.WithScopes("all-methods:read-only"))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	_, err := client.CreateChat(ctx, wrapper.Order(67890))
	fmt.Println("createChat", errors.Is(err, wrapper.ErrForbidden))
	_, err = client.GetChat(ctx, 7000001)
	fmt.Println("getChat", errors.Is(err, wrapper.ErrForbidden))
	// Output:
	// createChat true
	// getChat false
}

func ExampleWithQuota() {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	market := sandbox.New(sandbox.WithQuota(2), sandbox.WithClock(func() time.Time { return noon }))
	for range 3 {
		req := httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil)
		req.Header.Set("Api-Key", "any")
		answer := httptest.NewRecorder()
		market.ServeHTTP(answer, req)
		fmt.Println(answer.Code, "left:", answer.Header().Get("X-RateLimit-Resource-Remaining"))
	}
	// Output:
	// 404 left: 1
	// 404 left: 0
	// 420 left: 0
}

// While one request is on its way, the next one gets 420.
func ExampleWithParallel() {
	market := sandbox.New(sandbox.WithParallel(1))
	get := func() {
		req := httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil)
		req.Header.Set("Api-Key", "any")
		answer := httptest.NewRecorder()
		market.ServeHTTP(answer, req)
		fmt.Println(answer.Code)
	}
	market.Script(sandbox.OperationGetChat, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			get() // meanwhile
			next.ServeHTTP(w, r)
		})
	})
	get()
	// Output:
	// 420
	// 404
}

func ExampleWithClock() {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	market := sandbox.New(sandbox.WithClock(func() time.Time { return noon }))
	market.Advance(30 * time.Minute)
	answer := httptest.NewRecorder()
	market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
	fmt.Println(answer.Header().Get("Date"))
	// Output: Thu, 01 Jan 2026 12:30:00 GMT
}

func ExampleWithoutChecks() {
	market := sandbox.New(sandbox.WithoutChecks())
	req := httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7&page=2", nil)
	req.Header.Set("Api-Key", "any")
	answer := httptest.NewRecorder()
	market.ServeHTTP(answer, req)
	fmt.Println(answer.Code, market.Calls()[0].Verdict)
	// Output: 404 <nil>
}

// By a name that it was told the sandbox can be driven from other machines, and by no other name.
func ExampleWithHost() {
	control := sandbox.New(sandbox.WithHost("sandbox.internal")).Control()
	for _, host := range []string{"127.0.0.1:8080", "sandbox.internal:8080", "elsewhere.example:8080"} {
		done := httptest.NewRecorder()
		control.ServeHTTP(done, httptest.NewRequest("POST", "http://"+host+"/_sandbox/reset", nil))
		fmt.Println(host, done.Code)
	}
	// Output:
	// 127.0.0.1:8080 204
	// sandbox.internal:8080 204
	// elsewhere.example:8080 403
}

// A shop that remembers what it has read meets no id that another sandbox has given.
func ExampleWithFirstID() {
	market := sandbox.New(sandbox.WithFirstID(123_456))
	chat, _ := market.Direct(12345, "Is it red?")
	market.Reset()
	next, _ := market.Direct(12345, "Is it blue?")
	fmt.Println(chat, next, market.Messages(next)[0].ID)
	// Output: 123456 123457 123457000001
}

// Pages are shorter than they were asked to be, and are all read.
func ExampleWithPageSize() {
	market := sandbox.New(sandbox.WithPageSize(2))
	fmt.Println(textsOf(market), len(market.Calls()))
	// Output: [1 2 3 4] 2
}

// A page token that is a minute old is refused.
func ExampleWithTokenLife() {
	market := sandbox.New(sandbox.WithPageSize(2), sandbox.WithTokenLife(time.Minute))
	market.Observe(func(call sandbox.Call) { fmt.Println(call.Status) })
	market.Script(sandbox.OperationGetChatHistory, nil, func(next http.Handler) http.Handler {
		market.Advance(time.Minute)
		return next
	})
	fmt.Println(textsOf(market))
	// Output:
	// 200
	// 400
	// []
}

// Whoever sorts by time gets the same order, whatever that of the Market is.
func ExampleWithOldestFirst() {
	fmt.Println(textsOf(sandbox.New(sandbox.WithOldestFirst())))
	// Output: [1 2 3 4]
}

func ExampleWithShuffle() {
	fmt.Println(textsOf(sandbox.New(sandbox.WithShuffle(1))))
	// Output: [1 2 3 4]
}

// textsOf are the messages of a chat as a Client gives them; four are written before.
func textsOf(market *sandbox.Market) (texts []string) {
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	chat, _ := market.Direct(12345, "1")
	for _, text := range []string{"2", "3", "4"} {
		_ = market.Reply(chat, text)
	}
	history, err := client.Messages(context.Background(), chat, 0)
	if err != nil {
		return nil
	}
	for _, message := range history.Messages {
		texts = append(texts, *message.Message)
	}
	return texts
}

// The Market of this test cuts names to eight letters.
func ExampleWithFiles() {
	market := sandbox.New(sandbox.WithFiles(func(name string, size int) (string, int) { return name[:8], size }))
	chat, _ := market.Direct(4200, "Is it red?")
	_ = market.SendFile(chat, gen.ChatMessageSenderTypePartner, "certificate.pdf", []byte("a certificate"))
	fmt.Println(market.Messages(chat)[1].Files[0].Name)
	// Output: certific
}

func ExampleWithKeepAlive() {
	for _, market := range []*sandbox.Market{sandbox.New(), sandbox.New(sandbox.WithKeepAlive())} {
		answer := httptest.NewRecorder()
		market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
		fmt.Printf("%q\n", answer.Header().Get("Connection"))
	}
	// Output:
	// "close"
	// ""
}
