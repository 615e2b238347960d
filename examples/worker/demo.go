package main

import (
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// demo lets a worker start on a table that a killed one has left, with a sandbox that fails at times.
func demo(out io.Writer) {
	ctx := context.Background()
	market := sandbox.New(sandbox.WithOrders(1001, 1002, 1003, 1004))
	server := httptest.NewServer(market) // on loopback
	defer server.Close()
	client := must(wrapper.New(12345, wrapper.APIKey("any"), wrapper.WithBaseURL(server.URL)))
	dir := must(os.MkdirTemp("", "worker"))
	defer func() { _ = os.RemoveAll(dir) }()
	queue := must(open(filepath.Join(dir, "updates.db")))
	defer func() { _ = queue.close() }()

	var chats []int64
	for order := int64(1001); order <= 1004; order++ {
		chats = append(chats, must(client.CreateChat(ctx, wrapper.Order(order))).ChatID)
	}
	for order := int64(1001); order <= 1005; order++ { // there is no order 1005
		must(0, queue.add(order, "Your order is packed."))
		must(0, queue.add(order, "Your order is on its way."))
	}
	// The killed worker was at the first updates of orders 1001 and 1002.
	must(0, client.SendMessage(ctx, chats[1], "Your order is packed.")) // that one has arrived

	market.Script(sandbox.OperationCreateChat, sandbox.TooMany())
	market.Script(sandbox.OperationSendMessageToChat, // whichever come first
		sandbox.Fail(500, "INTERNAL_ERROR", "try later"),
		sandbox.CommitThen(sandbox.Abort()),
		sandbox.QuotaUsedUp(2*time.Second))
	must(0, (&worker{queue, client, 0}).run(ctx))

	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "id\torder\tstate\ttext\terror")
	for _, u := range must(queue.rows(`true ORDER BY id`)) {
		fmt.Fprintf(table, "%d\t%d\t%s\t%s\t%.60s\n", u.id, u.order, u.state, u.text, u.error)
	}
	fmt.Fprintln(table, "\nwhat the buyers saw")
	for i, chat := range chats {
		for _, message := range market.Messages(chat) {
			fmt.Fprintf(table, "%d\t%s\n", 1001+i, message.Text)
		}
	}
	must(0, table.Flush())
}
