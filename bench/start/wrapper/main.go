// Command wrapper is a program that makes a client of the wrapper, and ends before it has used it.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/ymarket-go/chats/wrapper"
)

func main() {
	client, err := wrapper.New(12345, wrapper.APIKey("key"))
	if err != nil || len(os.Args) < 2 { // as it is measured
		return
	}
	ctx := context.Background()
	chat, err := client.CreateChat(ctx, wrapper.Order(1))
	fmt.Println(chat, err)
	if err == nil {
		fmt.Println(client.SendMessage(ctx, chat.ChatID, os.Args[1]))
		fmt.Println(client.GetChat(ctx, chat.ChatID))
	}
}
