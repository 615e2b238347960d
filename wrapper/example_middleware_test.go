package wrapper_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// sender makes a Doer of a function.
type sender func(*http.Request) (*http.Response, error)

func (f sender) Do(req *http.Request) (*http.Response, error) { return f(req) }

// traced tells of each attempt. It does not see the key.
func traced(next wrapper.Doer) wrapper.Doer {
	return sender(func(req *http.Request) (*http.Response, error) {
		resp, err := next.Do(req)
		if err == nil {
			fmt.Println(req.Method, req.URL.Path, resp.StatusCode, len(req.Header["Api-Key"]))
		}
		return resp, err
	})
}

func ExampleWithMiddleware() {
	market := sandbox.New()
	market.Script("createChat", sandbox.HTML(502))
	hc := &http.Client{Transport: market.RoundTripper()}
	client, _ := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc),
		wrapper.WithMiddleware(traced), wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: time.Millisecond}))
	_, err := client.CreateChat(context.Background(), wrapper.Order(67890))
	fmt.Println(err)
	// Output:
	// POST /v2/businesses/12345/chats/new 502 0
	// POST /v2/businesses/12345/chats/new 200 0
	// <nil>
}
