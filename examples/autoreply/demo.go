package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// demo lets two buyers write to a shop that answers by itself, with the sandbox.
func demo(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "autoreply")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	inbox, err := openInbox(filepath.Join(dir, "inbox.db"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inbox.close()) }()
	market := sandbox.New()
	server := httptest.NewServer(market) // on loopback
	defer server.Close()
	client, err := wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithBaseURL(server.URL))
	if err != nil {
		return err
	}
	handler, err := receiver(inbox, notify.Anywhere())
	if err != nil {
		return err
	}
	shop := httptest.NewServer(handler)
	defer shop.Close()
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	if err := market.Notify(ctx, shop.URL, nil); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- (&worker{inbox, client, 0}).run(ctx) }()

	for _, text := range []string{"Is it red?", "When will it arrive?"} {
		if err := converse(ctx, out, market, text); err != nil {
			return err
		}
	}
	stop()
	return <-ended
}

// converse lets a buyer begin a chat, and shows it when the shop has answered.
func converse(ctx context.Context, out io.Writer, market *sandbox.Market, text string) error {
	chat, err := market.Direct(12345, text)
	if err != nil {
		return err
	}
	for ctx.Err() == nil && len(market.Messages(chat)) < 2 {
		time.Sleep(10 * time.Millisecond)
	}
	for _, m := range market.Messages(chat) {
		fmt.Fprintf(out, "chat %d, buyer %v: %s\n", chat, m.FromBuyer, m.Text)
	}
	return nil
}
