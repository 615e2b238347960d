// The program answers what buyers write, in one or several cabinets: it takes the Market's notifications, and answers
// each message once. It may be killed at any point and started again. Without flags it shows that on a sandbox.
package main

import (
	"cmp"
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
	"strings"
	"syscall"
	"time"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/notify"
)

func main() {
	var s settings
	flag.StringVar(&s.dir, "db", "", "the directory of the databases; without it the program runs a demonstration")
	flag.StringVar(&s.addr, "addr", "127.0.0.1:8081", "where to listen for notifications; port 0 takes a free one")
	flag.TextVar(&s.proxy, "behind", netip.MustParsePrefix("127.0.0.0/8"), "the network of your own proxy")
	flag.StringVar(&s.market, "market", gen.ServerURL, "the address of the Market")
	flag.StringVar(&s.cabinets, "business", "12345",
		"the cabinets, with commas; their keys: YM_API_KEY_12345, or YM_API_KEY")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := demo
	if s.dir != "" {
		run = s.run
	}
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

type settings struct {
	dir, addr, market, cabinets string
	proxy                       netip.Prefix
}

// run takes notifications and answers, until ctx ends or there is no listener any more.
func (s settings) run(ctx context.Context) error {
	shop, err := openShop(s.dir)
	if err != nil {
		return err
	}
	defer shop.close()
	for id := range strings.SplitSeq(s.cabinets, ",") {
		key := cmp.Or(os.Getenv("YM_API_KEY_"+id), os.Getenv("YM_API_KEY"))
		if err := shop.open(ctx, id, key, s.market); err != nil {
			return err
		}
	}
	handler, err := notify.New("autoreply/1", notify.Behind(s.proxy), notify.Events{MessageSent: shop.notified})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	ctx, stop := context.WithCancelCause(ctx)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() { stop(server.Serve(listener)) }()
	shop.run(ctx)
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}
