package inbox_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"log/slog"
	"time"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/inbox"
	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// clientOf is a Client of a sandbox.
func clientOf(market *sandbox.Market) *wrapper.Client {
	client, err := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(httpClient(market)))
	check(err)
	return client
}

// ignore is a Handler.
func ignore(context.Context, *inbox.Message) error { return nil }

func ExampleNew() {
	client, err := wrapper.New(12345, wrapper.APIKey("key"))
	check(err)
	_, err = inbox.New(client, inbox.Memory(), func(ctx context.Context, m *inbox.Message) error {
		if m.Attempt > 5 {
			return nil // it is given up
		}
		return m.Reply(ctx, "Thank you!")
	})
	fmt.Println(err)
	_, err = inbox.New(client, inbox.Memory(), nil)
	fmt.Println(err)
	// Output:
	// <nil>
	// inbox: handle is nil, give a Handler
}

// A program that is started every hour by somebody else.
func ExampleInbox_CatchUp() {
	market := sandbox.New()
	_, err := market.Direct(12345, "When does it come?")
	check(err)
	box, err := inbox.New(clientOf(market), inbox.Memory(), func(_ context.Context, m *inbox.Message) error {
		fmt.Println(m.Text())
		return nil
	})
	check(err)
	fmt.Println(box.CatchUp(context.Background()))
	// Output:
	// When does it come?
	// <nil>
}

// Notified has written down that there is something to handle when it returns.
func ExampleInbox_Notified() {
	store := inbox.Memory()
	box, err := inbox.New(clientOf(sandbox.New()), store, ignore)
	check(err)
	err = box.Notified(context.Background(), notify.ChatMessageSentNotificationDTO{
		BusinessID: 12345, ChatID: 7000001, MessageID: "7000001000001", SentAt: time.Now(),
	})
	check(err)
	fmt.Println(store.Open(context.Background()))
	// Output: [7000001] <nil>
}

func ExampleInbox_Run() {
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer stop()
	box, err := inbox.New(clientOf(sandbox.New()), inbox.Memory(), ignore)
	check(err)
	fmt.Println(box.Run(ctx))
	// Output: context deadline exceeded
}

// An answer that differs each time, as that of a language model, is stored before it is sent: if the message comes
// again, the stored one is what Reply looks for.
func ExampleMessage_Reply() {
	ctx, stop := context.WithCancel(context.Background())
	market := sandbox.New()
	chatID, err := market.Direct(12345, "When does it come?")
	check(err)
	model := func(string) string { return "Tomorrow." }
	stored := map[int64]string{} // a table of a database: message_id BIGINT PRIMARY KEY, text TEXT
	box, err := inbox.New(clientOf(market), inbox.Memory(), func(ctx context.Context, m *inbox.Message) error {
		defer stop()
		answer, ok := stored[m.MessageID]
		if !ok {
			answer = model(m.Text())
			stored[m.MessageID] = answer
		}
		return m.Reply(ctx, answer)
	})
	check(err)
	_ = box.Run(ctx)
	fmt.Println(market.Messages(chatID)[1].Text)
	// Output: Tomorrow.
}

func ExampleMessage_Text() {
	text := "When does it come?"
	m := inbox.Message{ChatMessageDTO: gen.ChatMessageDTO{Message: &text}}
	files := inbox.Message{}
	fmt.Printf("%q %q\n", m.Text(), files.Text())
	// Output: "When does it come?" ""
}

func ExampleMessage_FromBuyer() {
	m := inbox.Message{ChatMessageDTO: gen.ChatMessageDTO{Sender: gen.ChatMessageSenderTypeCustomer}}
	fmt.Println(m.FromBuyer())
	// Output: true
}

func ExampleMemory() {
	ctx, store := context.Background(), inbox.Memory()
	check(store.Save(ctx, 7000001, inbox.State{Started: true, Open: true}))
	fmt.Println(store.Open(ctx))
	// Output: [7000001] <nil>
}

func ExampleSQL() {
	// Here a database that forgets; else sql.Open("sqlite",
	// "file:inbox.db?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)").
	db := sql.OpenDB(&database{placeholder: "?", rows: map[int64][]driver.Value{}})
	store, err := inbox.SQL(context.Background(), db)
	check(err)
	_, err = inbox.New(clientOf(sandbox.New()), store, ignore)
	fmt.Println(err)
	// Output: <nil>
}

func ExampleWithInterval() {
	_, err := inbox.New(clientOf(sandbox.New()), inbox.Memory(), ignore, inbox.WithInterval(time.Minute))
	fmt.Println(err)
	// Output: <nil>
}

func ExampleWithWorkers() {
	_, err := inbox.New(clientOf(sandbox.New()), inbox.Memory(), ignore, inbox.WithWorkers(-1))
	fmt.Println(err)
	// Output: inbox: WithWorkers is given -1, allowed is 0, for 16, and above
}

func ExampleWithTimeout() {
	_, err := inbox.New(clientOf(sandbox.New()), inbox.Memory(), ignore, inbox.WithTimeout(time.Minute))
	fmt.Println(err)
	// Output: <nil>
}

// Only what is written from now on.
func ExampleWithSince() {
	_, err := inbox.New(clientOf(sandbox.New()), inbox.Memory(), ignore, inbox.WithSince(time.Now()))
	fmt.Println(err)
	// Output: <nil>
}

// A copy of all chats: what the shop, the Market and support write, too.
func ExampleWithEverything() {
	_, err := inbox.New(clientOf(sandbox.New()), inbox.Memory(), ignore, inbox.WithEverything())
	fmt.Println(err)
	// Output: <nil>
}

func ExampleWithLogger() {
	logger := slog.Default().With("part", "inbox")
	_, err := inbox.New(clientOf(sandbox.New()), inbox.Memory(), ignore, inbox.WithLogger(logger))
	fmt.Println(err)
	// Output: <nil>
}
