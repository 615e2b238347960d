package sandbox_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/netip"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// shopServer is a shop that tells a channel of what it is told.
func shopServer(events chan<- string) *httptest.Server {
	handler, err := notify.New("my-shop/1.4.0", notify.Behind(netip.MustParsePrefix("127.0.0.0/8")), notify.Events{
		MessageSent: func(_ context.Context, n notify.ChatMessageSentNotificationDTO) error {
			events <- fmt.Sprint("a message in chat ", n.ChatID)
			return nil
		},
	})
	if err != nil {
		panic(err)
	}
	return httptest.NewServer(handler)
}

func ExampleMarket_Notify() {
	events := make(chan string)
	shop := shopServer(events)
	defer shop.Close()
	ctx, end := context.WithCancel(context.Background())
	defer end()
	market := sandbox.New()
	if err := market.Notify(ctx, shop.URL, nil); err != nil {
		panic(err)
	}
	chat, err := market.Direct(4200, "Is it red?")
	if err != nil {
		panic(err)
	}
	fmt.Println(<-events)
	_ = market.Reply(chat, "Hello?")
	fmt.Println(<-events)
	// Output:
	// a message in chat 7000001
	// a message in chat 7000001
}

func ExampleMarket_Deliveries() {
	shop := shopServer(nil)
	defer shop.Close()
	ctx, end := context.WithCancel(context.Background())
	defer end()
	market := sandbox.New()
	if err := market.Notify(ctx, shop.URL, nil); err != nil {
		panic(err)
	}
	for _, d := range market.Deliveries() {
		fmt.Println(d.Type, d.Status, d.Taken, d.Verdict)
	}
	// Output: PING 200 true <nil>
}

func ExampleMarket_Direct() {
	market := sandbox.New()
	chat, err := market.Direct(4200, "Is it red?")
	fmt.Println(chat, err, market.Messages(chat)[0].Text)
	// Output: 7000001 <nil> Is it red?
}

// A buyer begins a chat about an order. It is new, and waits for the shop.
func ExampleMarket_Ask() {
	market := sandbox.New()
	chat, err := market.Ask(4200, wrapper.Order(67890), "Where is it?")
	fmt.Println(chat, err, market.Messages(chat)[0].Text)
	// Output: 7000001 <nil> Where is it?
}

func ExampleMarket_Write() {
	market := sandbox.New()
	chat, _ := market.Ask(4200, wrapper.Order(67890), "Where is it?")
	err := market.Write(chat, gen.ChatMessageSenderTypeSupport, "The shop answers soon.")
	for _, message := range market.Messages(chat) {
		fmt.Println(message.ID, message.Sender, message.Text)
	}
	fmt.Println(err)
	// Output:
	// 7000001000001 CUSTOMER Where is it?
	// 7000001000002 SUPPORT The shop answers soon.
	// <nil>
}

// A buyer sends a photo. The Market may keep files by other names, which an option tries.
func ExampleMarket_SendFile() {
	market := sandbox.New()
	chat, _ := market.Ask(4200, wrapper.Order(67890), "It came broken.")
	err := market.SendFile(chat, gen.ChatMessageSenderTypeCustomer, "photo.jpg", []byte("a photo"))
	for _, message := range market.Messages(chat) {
		fmt.Println(message.ID, message.Sender, message.Text, message.Files)
	}
	fmt.Println(err)
	// Output:
	// 7000001000001 CUSTOMER It came broken. []
	// 7000001000002 CUSTOMER  [{photo.jpg 7 d4e24d749a4fe2f161af2de913c0402b04e3ae287dafd0f9dbfa4a5c56c69285}]
	// <nil>
}

func ExampleMarket_StartDispute() {
	market := sandbox.New()
	fmt.Println(market.StartDispute(7000001))
	// Output: sandbox: there is no such chat: 7000001
}

func ExampleMarket_FinishDispute() {
	market := sandbox.New()
	chat, _ := market.Direct(4200, "Is it red?")
	fmt.Println(market.FinishDispute(chat))
	// Output: sandbox: FinishDispute is given the chat 7000001: there is no dispute in it
}
