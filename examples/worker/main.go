// The program sends order updates out of a database. Killed at any point and started again it loses none and doubles
// none. It ends with exit code 1 where rows are in doubt or failed. Without flags it shows that on a sandbox.
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
	list := flag.String("csv", "", "a file of rows to bring in before: order,text")
	wait := flag.Duration("under-way", underWay, "how long to wait for what a killed worker has sent")
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
	if *list != "" {
		file := must(os.Open(*list))
		must(0, queue.load(file))
		must(0, file.Close())
	}
	err := (&worker{queue, client, *wait}).run(ctx)
	text, done, failed := queue.summary()
	log.Print(text)
	must(0, cmp.Or(err, failed, queue.close()))
	if !done {
		os.Exit(1)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
