// The program sends order updates out of a database. Killed at any point and started again it loses none and doubles
// none. Its exit code is 1 if rows are in doubt or failed.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

func main() {
	path := flag.String("db", "updates.db", "the database; it is made if it is not there")
	list := flag.String("csv", "", "a file of rows to bring in first; a row is order,text")
	business := flag.Int64("business", 0, "the businessId of the cabinet; its key stands in YM_API_KEY")
	market := flag.String("market", gen.ServerURL, "the address of the Market")
	underWay := flag.Duration("under-way", 13*time.Second, "how long to wait for what a killed worker has sent")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		log.Print("asked to end: the send in hand is finished; ask again to end at once")
		stop()
	})
	client := must(wrapper.New(*business, wrapper.APIKey(os.Getenv("YM_API_KEY")), wrapper.WithBaseURL(*market)))
	queue := must(open(*path))
	if *list != "" {
		must(0, queue.load(*list))
	}
	failure := run(ctx, queue, client, *underWay)
	sent, inDoubt, failed, pending, err := queue.count()
	log.Printf("sent %d, in doubt %d, failed %d, pending %d", sent, inDoubt, failed, pending)
	must(0, cmp.Or(failure, err, queue.close()))
	if inDoubt+failed > 0 {
		os.Exit(1)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// run waits until the chats show what a killed worker has sent, and sends until no row is pending. When ctx ends it
// finishes the send in hand. An error means that it cannot go on, as the database, the key or the address is of no use;
// no row is lost then.
func run(ctx context.Context, queue *queue, client *wrapper.Client, underWay time.Duration) error {
	for pause := underWay; ; {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		}
		rows, err := queue.pending()
		if err != nil || len(rows) == 0 {
			return err
		}
		pause = 0
		waiting := map[int64]bool{} // orders: a row that has to wait holds up the later rows of its order
		for _, u := range rows {
			if waiting[u.order] {
				continue
			}
			again, err := send(context.WithoutCancel(ctx), queue, client, u)
			if err != nil || ctx.Err() != nil {
				return err
			}
			pause, waiting[u.order] = max(pause, again), again > 0
		}
	}
}

// send sends a row, unless it is in the chat already, and writes down what became of it. It gives the pause before the
// row is to be tried again; 0: it is not.
func send(ctx context.Context, queue *queue, client *wrapper.Client, u update) (again time.Duration, err error) {
	chat, err := client.CreateChat(ctx, wrapper.Order(u.order)) // gives the chat that exists, if there is one
	if err == nil {
		err = client.SendMessage(ctx, chat.ChatID, u.text, wrapper.Times(0, u.times))
	}
	if err == nil {
		return 0, queue.set(u, "sent", "")
	}
	var e *wrapper.Error
	errors.As(err, &e)
	switch said := err.Error(); e.Advice() { // it holds neither the key nor the text
	case wrapper.Look:
		return 0, queue.set(u, "in_doubt", said)
	case wrapper.GiveUp:
		return 0, queue.set(u, "failed", said)
	case wrapper.Stop:
		return 0, errors.Join(err, queue.set(u, "pending", said))
	default:
		return max(time.Minute, time.Until(e.RetryAt)), queue.set(u, "pending", said)
	}
}
