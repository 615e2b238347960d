package inbox_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/ymarket-go/chats/inbox"
	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// A shop that answers by itself. Here the sandbox stands in for the Market, and Memory for SQL; and the program ends
// with the first answer.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	market := sandbox.New()
	hc := &http.Client{Transport: market.RoundTripper()}
	client, err := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	check(err)
	box, err := inbox.New(client, inbox.Memory(), func(ctx context.Context, m *inbox.Message) error {
		defer stop()
		return m.Reply(ctx, "We have got your message and answer within a day.")
	})
	check(err)
	handler, err := notify.New("my-shop/1.0", notify.Anywhere(), notify.Events{MessageSent: box.Notified})
	check(err)
	shop := httptest.NewServer(handler)
	defer shop.Close()
	check(market.Notify(ctx, shop.URL, nil))
	chatID, err := market.Direct(12345, "When does it come?")
	check(err)
	fmt.Println(box.Run(ctx))
	for _, m := range market.Messages(chatID) {
		fmt.Println(m.Sender, m.Text)
	}
	// Output:
	// context canceled
	// CUSTOMER When does it come?
	// PARTNER We have got your message and answer within a day.
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
