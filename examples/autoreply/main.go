// The program answers buyers: it takes the Market's notifications, and answers each message once. Killed at any point
// and started again it loses none, and knows which ones are in doubt. Without flags it shows that on a sandbox.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"time"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/wrapper"
)

func main() {
	var s settings
	flag.StringVar(&s.db, "db", "", "the database; without it the program runs a demonstration")
	flag.StringVar(&s.addr, "addr", "127.0.0.1:8081", "where to listen for notifications; port 0 takes a free one")
	flag.StringVar(&s.proxy, "behind", "127.0.0.0/8", "the network of your own proxy")
	flag.StringVar(&s.market, "market", gen.ServerURL, "the address of the Market")
	flag.Int64Var(&s.business, "business", 12345, "the cabinet; its key stands in YM_API_KEY")
	flag.DurationVar(&s.underWay, "under-way", underWay, "how long a request of a killed program may take to its end")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if s.db == "" {
		err = demo(ctx, os.Stdout)
	} else {
		err = s.run(ctx)
	}
	if err != nil {
		log.Fatal(err)
	}
}

type settings struct {
	db, addr, proxy, market string
	business                int64
	underWay                time.Duration
}

// run serves notifications and answers them, until ctx ends.
func (s settings) run(ctx context.Context) error {
	proxy, err := netip.ParsePrefix(s.proxy)
	if err != nil {
		return err
	}
	client, err := wrapper.New(s.business, wrapper.APIKey(os.Getenv("YM_API_KEY")), wrapper.WithBaseURL(s.market))
	if err != nil {
		return err
	}
	inbox, err := openInbox(s.db)
	if err != nil {
		return err
	}
	defer func() { _ = inbox.close() }() // what is committed is safe
	handler, err := receiver(inbox, notify.Behind(proxy))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	ctx, stop := context.WithCancelCause(ctx)
	go func() { stop(<-served) }() // without a listener there is nothing to answer
	err = (&worker{inbox, client, s.underWay}).run(ctx)
	return errors.Join(err, server.Close())
}

// receiver writes down that somebody wrote, and answers the Market at once: all that takes time is the worker's.
func receiver(inbox *inbox, source notify.Source) (http.Handler, error) {
	return notify.New("autoreply/1", source, notify.Events{
		MessageSent: func(ctx context.Context, n notify.ChatMessageSentNotificationDTO) error {
			return inbox.add(ctx, n.ChatID, n.MessageID)
		},
	})
}
