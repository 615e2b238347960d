package inbox_test

import (
	"context"
	"log"
	"log/slog"
	"net/http"
	"os"

	"github.com/ymarket-go/chats/inbox"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// A log of what buyers write. A message shows its ids alone, wherever it is printed: neither its text nor a name.
func Example_log() {
	ctx, stop := context.WithCancel(context.Background())
	market := sandbox.New()
	hc := &http.Client{Transport: market.RoundTripper()}
	client, err := wrapper.New(12345, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
	if err != nil {
		log.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	box, err := inbox.New(client, inbox.Memory(), func(ctx context.Context, m *inbox.Message) error {
		defer stop() // here the program ends with the first message
		logger.InfoContext(ctx, "written", "message", m, "about", m.About.Type)
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = market.Direct(12345, "Where is it?")
	if err != nil {
		log.Fatal(err)
	}
	logger.Info("end", "why", box.Run(ctx))
	// Output:
	// level=INFO msg=written message.chatId=7000001 message.messageId=7000001000001 message.attempt=1 about=DIRECT
	// level=INFO msg=end why="context canceled"
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
