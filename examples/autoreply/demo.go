package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"os"
	"time"

	"github.com/ymarket-go/chats/sandbox"
)

// demo lets a buyer write to the sandbox, and shows the chat when the program has answered. It hears of the message
// when it lists the chats; notifications need an address that is known before.
func demo(ctx context.Context) error {
	market := sandbox.New()
	chat, err := market.Direct(12345, "Is it red?")
	if err != nil {
		return err
	}
	server := httptest.NewServer(market) // on loopback
	defer server.Close()
	dir, err := os.MkdirTemp("", "autoreply")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		for ; ctx.Err() == nil && len(market.Messages(chat)) < 2; time.Sleep(10 * time.Millisecond) {
		}
		stop()
	}()
	_ = os.Setenv("YM_API_KEY", "any")
	err = settings{dir, "127.0.0.1:0", server.URL, "12345", netip.Prefix{}}.run(ctx)
	for _, m := range market.Messages(chat) {
		fmt.Printf("%s: %s\n", m.Sender, m.Text)
	}
	return err
}
