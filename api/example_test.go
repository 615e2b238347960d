package api_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/sandbox"
)

// The tests of a client send through the checks: what breaks the contract is an error of the call, and is not sent.
func Example() {
	validator, err := api.NewValidator()
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(sandbox.New())
	defer server.Close()
	client := http.Client{Transport: validator.Transport(nil)} // nil: http.DefaultTransport
	req, _ := http.NewRequest(http.MethodGet, server.URL+"/v2/businesses/12345/chat?chat=7", nil)
	req.Header.Set("Api-Key", "any")

	_, err = client.Do(req)
	for _, violation := range api.Violations(err) {
		fmt.Println(violation)
	}
	// Output:
	// getChat: query chat: is not declared
	// getChat: query chatId: required
}

func ExampleLoad() {
	doc, err := api.Load()
	if err != nil {
		panic(err)
	}
	message := doc.Components.Schemas["SendMessageToChatRequest"].Value.Properties["message"].Value
	fmt.Println(message.MinLength, "to", *message.MaxLength, "characters")
	// Output: 1 to 4096 characters
}

func ExampleNewValidator() {
	v, err := api.NewValidator()
	if err != nil {
		panic(err)
	}
	req, _ := http.NewRequest("GET", "http://127.0.0.1/v2/businesses/12345/chat?chatId=7000001", nil)
	req.Header.Set("Api-Key", "key")
	fmt.Println(v.Request(req))
	// Output: <nil>
}

func ExampleWithBasePaths() {
	v, err := api.NewValidator(api.WithBasePaths("/market/v2")) // behind a gateway
	if err != nil {
		panic(err)
	}
	for _, path := range []string{"/market/v2", "/v2"} {
		req, _ := http.NewRequest("GET", "http://gateway"+path+"/businesses/12345/chat?chatId=7000001", nil)
		fmt.Printf("%q\n", v.Operation(req))
	}
	_, err = api.NewValidator(api.WithBasePaths("v2"))
	fmt.Println(err)
	// Output:
	// "getChat"
	// ""
	// api: the base path "v2" is not allowed, allowed is "" or one like "/v2"
}

// All violations are named at once, and none of them shows a value.
func ExampleValidator_Request() {
	v, _ := api.NewValidator()
	body := strings.NewReader(`{"message": "", "text": "Hello!"}`)
	req, _ := http.NewRequest("POST", "http://127.0.0.1/v2/businesses/0/chats/message?chat_id=7000001", body)
	req.Header.Set("Content-Type", "application/json")
	for _, violation := range api.Violations(v.Request(req)) {
		fmt.Println(violation.Where+":", violation.Rule)
	}
	// Output:
	// body /message: minLength 1
	// body /text: is not declared
	// header Api-Key: required, or another way to authorize: Api-Key, Authorization
	// path businessId: minimum 1
	// query chatId: required
	// query chat_id: is not declared
}

// Fields that the contract does not know are allowed in an answer.
func ExampleValidator_Response() {
	v, _ := api.NewValidator()
	req, _ := http.NewRequest("POST", "http://127.0.0.1/v2/businesses/12345/chats/new", nil)
	for _, body := range []string{`{"status": "OK", "result": {"chatId": 7, "later": 1}}`, `{"result": {"chatId": "7"}}`} {
		resp := &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		resp.Header.Set("Content-Type", "application/json")
		fmt.Println(v.Response(req, resp))
	}
	// Output:
	// <nil>
	// createChat: body /result/chatId: type integer
	// createChat: body /status: required
}

// A client's mistake becomes the error of its call, and is not sent.
func ExampleValidator_Transport() {
	v, _ := api.NewValidator()
	market := sandbox.New()
	client := &http.Client{Transport: v.Transport(market.RoundTripper())}
	req, _ := http.NewRequest("GET", "http://market/v2/businesses/12345/chat?chatId=first", nil)
	req.Header.Set("Api-Key", "key")

	_, err := client.Do(req)
	for _, violation := range api.Violations(err) {
		fmt.Println(violation)
	}
	fmt.Println("requests sent:", len(market.Calls()))
	// Output:
	// getChat: query chatId: type integer
	// requests sent: 0
}

// A server's mistake becomes a 500.
func ExampleValidator_Handler() {
	v, _ := api.NewValidator()
	handler := v.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"status": 0}`)
	}))
	req := httptest.NewRequest("GET", "/v2/businesses/12345/chat?chatId=7000001", nil)
	req.Header.Set("Api-Key", "key")

	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, req)
	fmt.Print(answer.Code, " ", answer.Body)
	// Output:
	// 500 the answer 200 breaks the contract
	// getChat: body /status: type string
}

func ExampleValidator_Operation() {
	v, _ := api.NewValidator()
	for _, path := range []string{"/v2/businesses/12345/chat", "/v2/businesses/12345/offers"} {
		req, _ := http.NewRequest("GET", "http://127.0.0.1"+path, nil)
		fmt.Printf("%q\n", v.Operation(req))
	}
	// Output:
	// "getChat"
	// ""
}

func ExampleValidator_Operations() {
	v, _ := api.NewValidator()
	fmt.Println(slices.Contains(v.Operations(), "getChat"))
	// Output: true
}

// However deep an error is wrapped, its violations can be found.
func ExampleViolations() {
	v, _ := api.NewValidator()
	req, _ := http.NewRequest("GET", "http://127.0.0.1/v2/businesses/12345/chat", nil)
	err := fmt.Errorf("entry 2 of the recording: %w", v.Request(req))
	for _, violation := range api.Violations(err) {
		fmt.Println(violation.Operation, "|", violation.Where, "|", violation.Rule)
	}
	// Output:
	// getChat | header Api-Key | required, or another way to authorize: Api-Key, Authorization
	// getChat | query chatId | required
}

// A shop's fault tests still meet the 502 that the sandbox answers; the test hears of it all the same.
func ExampleWithReport() {
	v, _ := api.NewValidator(api.WithReport(func(err error) {
		for _, violation := range api.Violations(err) {
			fmt.Println("reported:", violation)
		}
	}))
	market := sandbox.New()
	market.Script("getChat", sandbox.HTML(502))
	client := &http.Client{Transport: v.Transport(market.RoundTripper())}
	req, _ := http.NewRequest("GET", "http://market/v2/businesses/12345/chat?chatId=7000001", nil)
	req.Header.Set("Api-Key", "key")

	resp, err := client.Do(req)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	fmt.Println("the client sees", resp.StatusCode)
	// Output:
	// reported: getChat: status: is not declared
	// the client sees 502
}

// What breaks nothing, and somebody should hear of it.
func ExampleValidator_Notices() {
	v, _ := api.NewValidator()
	req, _ := http.NewRequest("POST", "http://127.0.0.1/v2/businesses/12345/chats/message?chatId=7000001", nil)
	resp := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}}
	resp.Body = io.NopCloser(strings.NewReader(`{"status": "LATER"}`))
	fmt.Println(v.Response(req, resp))
	for _, notice := range v.Notices(req, resp) {
		fmt.Println(notice)
	}
	// Output:
	// <nil>
	// sendMessageToChat: body /status: enum [OK ERROR]
}

// A request that is for no operation has no route.
func ExampleValidator_Route() {
	v, _ := api.NewValidator()
	for _, method := range []string{"GET", "PUT"} {
		req, _ := http.NewRequest(method, "http://127.0.0.1/v2/businesses/12345/chat", nil)
		_, err := v.Route(req)
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// no operation: method: is not one of the path
}

func ExampleRoute_Operation() {
	v, _ := api.NewValidator()
	req, _ := http.NewRequest("GET", "http://127.0.0.1/v2/businesses/12345/chat", nil)
	route, err := v.Route(req)
	if err != nil {
		panic(err)
	}
	fmt.Println(route.Operation())
	// Output: getChat
}

func ExampleRoute_Request() {
	v, _ := api.NewValidator()
	req, _ := http.NewRequest("GET", "http://127.0.0.1/v2/businesses/12345/chat?chatId=0", nil)
	req.Header.Set("Api-Key", "key")
	route, err := v.Route(req)
	if err != nil {
		panic(err)
	}
	fmt.Println(route.Request(req))
	// Output: getChat: query chatId: minimum 1
}

// An answer is read once for its violations and its notices.
func ExampleRoute_Response() {
	v, _ := api.NewValidator()
	req, _ := http.NewRequest("POST", "http://127.0.0.1/v2/businesses/12345/chats/new", nil)
	route, err := v.Route(req)
	if err != nil {
		panic(err)
	}
	body := io.NopCloser(strings.NewReader(`{"status": "LATER", "result": 7}`))
	resp := &http.Response{StatusCode: 200, Header: http.Header{}, Body: body}
	resp.Header.Set("Content-Type", "application/json")
	notices, err := route.Response(resp)
	fmt.Println(err)
	fmt.Println(notices[0])
	// Output:
	// createChat: body /result: type object
	// createChat: body /status: enum [OK ERROR]
}
