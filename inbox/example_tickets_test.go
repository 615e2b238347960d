package inbox_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/ymarket-go/chats/inbox"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// tickets stands in for a table:
//
//	CREATE TABLE tickets (chat_id BIGINT, message_id BIGINT, text TEXT, PRIMARY KEY (chat_id, message_id))
//	INSERT INTO tickets VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
type tickets map[[2]int64]string

func (t tickets) insert(chatID, messageID int64, text string) error {
	t[[2]int64{chatID, messageID}] = text
	return nil
}

// Each message becomes a ticket in a database of the shop. It may come again after its ticket was written, if the
// process ended just then: so its ids are the key of the table. Chats are found by listing them; there are no
// notifications.
func Example_tickets() {
	ctx, stop := context.WithCancel(context.Background())
	market := sandbox.New()
	hc := &http.Client{Transport: market.RoundTripper()}
	client, err := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	if err != nil {
		log.Fatal(err)
	}
	table := tickets{}
	box, err := inbox.New(client, inbox.Memory(), func(_ context.Context, m *inbox.Message) error {
		defer stop() // here the program ends with the first ticket
		return table.insert(m.ChatID, m.MessageID, m.Text())
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = market.Direct(12345, "It is broken!")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(box.Run(ctx))
	fmt.Println(table)
	// Output:
	// context canceled
	// map[[7000001 7000001000001]:It is broken!]
}
