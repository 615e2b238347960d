package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"time"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// A Fault of one's own: the true answer, from a machine whose clock is wrong.
func ExampleFault() {
	market := sandbox.New()
	market.Every(sandbox.OperationGetChat, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", "Thu, 01 Jan 2026 12:00:00 GMT")
			next.ServeHTTP(w, r)
		})
	})
	answer := httptest.NewRecorder()
	market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
	fmt.Println(answer.Code, answer.Header().Get("Date"))
	// Output: 401 Thu, 01 Jan 2026 12:00:00 GMT
}

func ExampleAnswer() {
	market := sandbox.New()
	market.Script(sandbox.OperationGetChat, sandbox.Answer(503, http.Header{"Retry-After": {"5"}, "Date": nil}, "maintenance"))
	answer := httptest.NewRecorder()
	market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
	fmt.Println(answer.Code, answer.Header().Get("Retry-After"), answer.Header()["Date"], answer.Body)
	// Output: 503 5 [] maintenance
}

func ExampleFail() {
	market := sandbox.New()
	market.Script(sandbox.OperationGetChat, sandbox.Fail(500, "INTERNAL_ERROR", "try later"))
	answer := httptest.NewRecorder()
	market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
	fmt.Println(answer.Code, answer.Body)
	// Output: 500 {"errors":[{"code":"INTERNAL_ERROR","message":"try later"}],"status":"ERROR"}
}

func ExampleHTML() {
	market := sandbox.New()
	market.Script(sandbox.OperationGetChat, sandbox.HTML(502))
	answer := httptest.NewRecorder()
	market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
	fmt.Println(answer.Code, answer.Header().Get("Content-Type"))
	// Output: 502 text/html
}

func ExampleRedirect() {
	market := sandbox.New()
	market.Script(sandbox.OperationGetChat, sandbox.Redirect("https://example.com/"))
	answer := httptest.NewRecorder()
	market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
	fmt.Println(answer.Code, answer.Header().Get("Location"))
	// Output: 302 https://example.com/
}

// The quota is back by the clock of the answer, whatever the window of the Market is.
func ExampleQuotaUsedUp() {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	market := sandbox.New(sandbox.WithClock(func() time.Time { return noon }))
	market.Script(sandbox.OperationGetChat, sandbox.QuotaUsedUp(90*time.Second))
	answer := httptest.NewRecorder()
	market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
	fmt.Println(answer.Code, answer.Header().Get("X-RateLimit-Resource-Until"))
	// Output: 420 Thu, 01 Jan 2026 12:01:30 GMT
}

func ExampleTooMany() {
	market := sandbox.New()
	market.Script(sandbox.OperationCreateChat, sandbox.TooMany())
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc),
		wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: time.Millisecond}))
	_, err := client.CreateChat(context.Background(), wrapper.Order(67890))
	fmt.Println(err, market.Calls()[0].Status, market.Calls()[1].Status)
	// Output: <nil> 420 200
}

// A client must not read whatever an answer unpacks to.
func ExampleGzipBomb() {
	market := sandbox.New()
	market.Script(sandbox.OperationGetChat, sandbox.GzipBomb(10<<20))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	_, err := client.GetChat(context.Background(), 7000001)
	fmt.Println(errors.Is(err, wrapper.ErrInvalidResponse))
	// Output: true
}

func ExampleAbort() {
	market := sandbox.New()
	market.Script(sandbox.OperationGetChat, sandbox.Abort())
	client := &http.Client{Transport: market.RoundTripper()}
	_, err := client.Get("http://market/v2/businesses/12345/chat?chatId=7")
	fmt.Println(errors.Is(err, io.EOF), market.Calls()[0].Status)
	// Output: true 0
}

// The request never leaves the client, so a message can be sent again without a check.
func ExampleRefuse() {
	ctx := context.Background()
	market := sandbox.New()
	market.Script(sandbox.OperationSendMessageToChat, sandbox.Refuse())
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	chat, _ := client.CreateChat(ctx, wrapper.Order(67890))
	err := client.SendMessage(ctx, chat.ChatID, "Hello!", wrapper.Attempts(1))
	e := new(wrapper.Error)
	fmt.Println(errors.As(err, &e), e.Outcome, errors.Is(err, syscall.ECONNREFUSED))
	// Output: true not sent true
}

// The message arrives, and the answer is lost. The client finds the message in the chat.
func ExampleCommitThen() {
	ctx := context.Background()
	market := sandbox.New()
	market.Script(sandbox.OperationSendMessageToChat, sandbox.CommitThen(sandbox.Abort()))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	chat, _ := client.CreateChat(ctx, wrapper.Order(67890))
	err := client.SendMessage(ctx, chat.ChatID, "Hello!")
	fmt.Println(err, len(market.Messages(chat.ChatID)))
	// Output: <nil> 1
}

// The client gives up before the Market does anything; with CommitThen(Delay(time.Hour, nil)) the message would be in
// the chat.
func ExampleDelay() {
	ctx := context.Background()
	market := sandbox.New()
	market.Script(sandbox.OperationSendMessageToChat, sandbox.Delay(time.Hour, nil))
	hc := &http.Client{Transport: market.RoundTripper(), Timeout: 20 * time.Millisecond}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc),
		wrapper.WithRetry(wrapper.RetryPolicy{Resend: wrapper.ResendNever}))
	err := client.SendMessage(ctx, 7000001, "Hello!")
	fmt.Println(errors.Is(err, wrapper.ErrOutcomeUnknown), len(market.Messages(7000001)))
	// Output: true 0
}

// The sandbox fails after two requests, for good.
func ExampleAfter() {
	market := sandbox.New()
	market.Every(sandbox.OperationGetChat, sandbox.After(2, sandbox.HTML(502)))
	for range 4 {
		answer := httptest.NewRecorder()
		market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
		fmt.Println(answer.Code)
	}
	// Output:
	// 401
	// 401
	// 502
	// 502
}

// Faults compose: of these messages about every third arrives without an answer, the same ones each time. This client does
// not look for them.
func ExampleSometimes() {
	ctx := context.Background()
	market := sandbox.New()
	market.Every(sandbox.OperationSendMessageToChat, sandbox.Sometimes(0.3, 1, sandbox.CommitThen(sandbox.Abort())))
	hc := &http.Client{Transport: market.RoundTripper()}
	never := wrapper.WithRetry(wrapper.RetryPolicy{Resend: wrapper.ResendNever})
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc), never)
	chat, _ := client.CreateChat(ctx, wrapper.Order(67890))
	for range 6 {
		err := client.SendMessage(ctx, chat.ChatID, "Hello!")
		fmt.Println(len(market.Messages(chat.ChatID)), err == nil)
	}
	// Output:
	// 1 false
	// 2 true
	// 3 false
	// 4 true
	// 5 true
	// 6 true
}

func ExampleRewrite() {
	market := sandbox.New()
	market.Every(sandbox.OperationGetChat, sandbox.Rewrite(func(_ int, header http.Header, _ []byte) (int, []byte) {
		header.Set("Content-Type", "text/plain")
		return http.StatusNoContent, nil
	}))
	answer := httptest.NewRecorder()
	market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
	fmt.Println(answer.Code, answer.Header().Get("Content-Type"), answer.Body.Len())
	// Output: 204 text/plain 0
}

func ExampleContentType() {
	market := sandbox.New()
	market.Script(sandbox.OperationGetChat, sandbox.ContentType("text/plain"))
	answer := httptest.NewRecorder()
	market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
	fmt.Println(answer.Code, answer.Header().Get("Content-Type"))
	// Output: 401 text/plain
}

func ExampleUnknown() {
	ctx := context.Background()
	market := sandbox.New()
	market.Script(sandbox.OperationGetChat, sandbox.Unknown())
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	chat, _ := client.CreateChat(ctx, wrapper.Order(67890))
	info, err := client.GetChat(ctx, chat.ChatID)
	fmt.Println(info.Type, info.Status, info.Context.Type, err)
	// Output: LATER_VALUE LATER_VALUE LATER_VALUE <nil>
}

func ExampleDuplicateKeys() {
	market := sandbox.New()
	market.Script(sandbox.OperationGetChat, sandbox.DuplicateKeys())
	answer := httptest.NewRecorder()
	market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
	fmt.Println(strings.Count(answer.Body.String(), `"status"`))
	// Output: 2
}

func ExampleTruncate() {
	market := sandbox.New()
	market.Script(sandbox.OperationGetChat, sandbox.Truncate(10))
	client := &http.Client{Transport: market.RoundTripper()}
	resp, err := client.Get("http://market/v2/businesses/12345/chat?chatId=7")
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Printf("%s %v\n", body, err)
	// Output: {"errors": unexpected EOF
}

// The answer takes longer than the client has.
func ExampleDrip() {
	market := sandbox.New()
	market.Script(sandbox.OperationGetChat, sandbox.Drip(time.Hour))
	hc := &http.Client{Transport: market.RoundTripper(), Timeout: 20 * time.Millisecond}
	client, _ := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithHTTPClient(hc))
	_, err := client.GetChat(context.Background(), 7000001, wrapper.Attempts(1))
	fmt.Println(errors.Unwrap(err))
	// Output: the attempt ran out of time
}

// Of connections that are kept one is closed.
func ExampleCloseAfter() {
	market := sandbox.New(sandbox.WithKeepAlive())
	market.Every(sandbox.OperationGetChat, sandbox.CloseAfter())
	answer := httptest.NewRecorder()
	market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
	fmt.Println(answer.Code, answer.Header().Get("Connection"))
	// Output: 401 close
}

// The Faults of control.yaml, from a file or a flag.
func ExampleMarket_EveryDescribed() {
	market := sandbox.New()
	fmt.Println(market.EveryDescribed(sandbox.OperationGetChat, []byte(`{"kind": "html", "status": 502}`)))
	answer := httptest.NewRecorder()
	market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
	fmt.Println(answer.Code)
	fmt.Println(market.EveryDescribed(sandbox.OperationGetChat, []byte(`{"kind": "html", "status": 99}`)))
	// Output:
	// <nil>
	// 502
	// Error at "/status": number must be at least 200
}

func ExampleParseFault() {
	fault, err := sandbox.ParseFault([]byte(`{"kind": "html", "status": 502, "after": 1}`))
	if err != nil {
		panic(err)
	}
	market := sandbox.New()
	market.Every(sandbox.OperationGetChat, fault)
	for range 2 {
		answer := httptest.NewRecorder()
		market.ServeHTTP(answer, httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7", nil))
		fmt.Println(answer.Code)
	}
	_, err = sandbox.ParseFault([]byte(`{"kind": "html", "status": 99}`))
	fmt.Println(err)
	// Output:
	// 401
	// 502
	// Error at "/status": number must be at least 200
}
