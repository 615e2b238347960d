// The program sends order updates out of a database. Killed at any point and started again it loses none, and knows
// which ones are in doubt. Without flags it shows that on a sandbox.
package main

import (
	"cmp"
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

func main() {
	path := flag.String("db", "", "the database; without it the program runs a demonstration")
	market := flag.String("market", gen.ServerURL, "the address of the Market")
	business := flag.Int64("business", 12345, "the cabinet; its key stands in YM_API_KEY")
	wait := flag.Duration("under-way", underWay, "how long a request of a killed worker may take to its end")
	flag.Parse()
	if *path == "" {
		demo(os.Stdout)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		log.Print("asked to end: the sends in hand are finished; ask again to end at once")
		stop()
	})
	client := must(wrapper.New(*business, wrapper.APIKey(os.Getenv("YM_API_KEY")), wrapper.WithBaseURL(*market)))
	queue := must(open(*path))
	must(0, cmp.Or((&worker{queue, client, *wait}).run(ctx), queue.close()))
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
