// The program answers what buyers write, in one or several cabinets: it takes the Market's notifications, and answers
// each message once. It may be killed at any point and started again.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"log/slog"
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
	dir := flag.String("db", ".", "the directory of the databases; each cabinet has one")
	addr := flag.String("addr", "127.0.0.1:8081", "where to listen for notifications")
	proxy := netip.MustParsePrefix("127.0.0.0/8")
	flag.TextVar(&proxy, "behind", proxy, "the network of your own proxy")
	market := flag.String("market", gen.ServerURL, "the address of the Market")
	cabinets := flag.String("business", "", "businessIds with commas; the keys: YM_API_KEY_12345, else YM_API_KEY")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	shop := newShop()
	for id := range strings.SplitSeq(*cabinets, ",") {
		key := cmp.Or(os.Getenv("YM_API_KEY_"+id), os.Getenv("YM_API_KEY"))
		must(0, shop.open(ctx, id, key, *market, *dir))
	}
	handler := must(notify.New("autoreply/1", notify.Behind(proxy), notify.Events{MessageSent: shop.notified}))
	listener := must(net.Listen("tcp", *addr))
	slog.Info("listening", "address", "http://"+listener.Addr().String())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(listener)
		stop() // a shop that hears nothing ends
	}()
	shop.run(ctx)
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		must(0, err)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		slog.Error("the program ends", "error", err)
		os.Exit(1)
	}
	return value
}
