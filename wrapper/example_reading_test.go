package wrapper_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// conversation is a Client of a sandbox in which the shop and the buyer of an order have written.
func conversation() (client *wrapper.Client, chatID int64) {
	market := sandbox.New()
	client, err := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(&http.Client{Transport: market.RoundTripper()}))
	if err != nil {
		panic(err)
	}
	chat, err := client.CreateChat(context.Background(), wrapper.Order(67890))
	if err != nil {
		panic(err)
	}
	if err := client.SendMessage(context.Background(), chat.ChatID, "Your order is on its way."); err != nil {
		panic(err)
	}
	if err := market.Reply(chat.ChatID, "When does it come?"); err != nil {
		panic(err)
	}
	return client, chat.ChatID
}

// The chats that wait for the shop. A loop that answers collects them first, as each answer takes a chat off the list.
func ExampleClient_Chats() {
	client, _ := conversation()
	waiting := gen.GetChatsRequest{Statuses: []gen.ChatStatusType{gen.ChatStatusTypeNew, gen.ChatStatusTypeWaitingForPartner}}
	for chat, err := range client.Chats(context.Background(), waiting) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(chat.ChatID, chat.Context.Type, *chat.Context.OrderID, chat.Status)
	}
	// Output: 7000001 ORDER 67890 WAITING_FOR_PARTNER
}

// What the buyer wrote, and later what came after that.
func ExampleClient_Messages() {
	client, chatID := conversation()
	var last int64 // a program keeps it
	read, err := client.Messages(context.Background(), chatID, last)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, message := range read.Messages {
		last = message.MessageID
		if message.Message != nil { // a message of files alone has none
			fmt.Println(message.Sender, *message.Message)
		}
	}
	read, err = client.Messages(context.Background(), chatID, last)
	fmt.Println(len(read.Messages), err)
	// Output:
	// PARTNER Your order is on its way.
	// CUSTOMER When does it come?
	// 0 <nil>
}

// A notification names a message by its chat and its id.
func ExampleClient_GetMessage() {
	client, chatID := conversation()
	message, err := client.GetMessage(context.Background(), chatID, 7000001000002)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(message.Sender, *message.Message)
	// Output: CUSTOMER When does it come?
}

func ExampleClient_BusinessID() {
	client, _ := conversation()
	fmt.Println(client.BusinessID())
	// Output: 12345
}

// A file of up to 5 MB. Once sends it again after a restart only if the chat lacks it.
func ExampleClient_SendFile() {
	client, chatID := conversation()
	ctx := context.Background()
	receipt := []byte("%PDF-1.7 and so on")
	for range 2 {
		if err := client.SendFile(ctx, chatID, "Receipt 67890.pdf", receipt, wrapper.Once(0)); err != nil {
			panic(err)
		}
	}
	read, err := client.Messages(ctx, chatID, 0)
	if err != nil {
		panic(err)
	}
	for _, message := range read.Messages {
		for _, file := range message.Payload {
			fmt.Println(message.Sender, file.Name, file.Size)
		}
	}
	// Output: PARTNER Receipt 67890.pdf 18
}
