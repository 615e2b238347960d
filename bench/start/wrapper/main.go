// Command wrapper is a program that has the wrapper linked. It is measured without arguments, and with one: then it
// makes a client, and ends before it has used it.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/ymarket-go/chats/wrapper"
)

func main() {
	if len(os.Args) < 2 {
		return
	}
	client, err := wrapper.New(12345, wrapper.APIKey("key"))
	if err != nil || len(os.Args) < 3 {
		return
	}
	ctx := context.Background()
	chat, err := client.CreateChat(ctx, wrapper.Order(1))
	fmt.Println(chat, err)
	if err == nil {
		fmt.Println(client.SendMessage(ctx, chat.ChatID, os.Args[2]))
		fmt.Println(client.GetChat(ctx, chat.ChatID))
	}
}
