package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"

	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/sandbox"
)

const message = `{"notificationType":"CHAT_MESSAGE_SENT","chatId":7000001,"messageId":"5","businessId":4200,"sentAt":"2026-03-01T09:00:00Z"}`

// post gives the status of the answer to a notification.
func post(h http.Handler, body, remote string, forwardedFor ...string) int {
	r := httptest.NewRequest(http.MethodPost, "/market/notification", strings.NewReader(body))
	r.RemoteAddr = remote
	r.Header["X-Forwarded-For"] = forwardedFor
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

// A shop's server, and the sandbox in place of the Market: a buyer begins a chat. A real server gives notify.Direct(), or
// names its own proxies, and writes the event down.
func Example() {
	events := make(chan string, 1)
	loopback := netip.MustParsePrefix("127.0.0.0/8") // the sandbox posts as a proxy on this machine would
	handler, err := notify.New("my-shop/1.4.0", notify.Behind(loopback), notify.Events{
		ChatCreated: func(_ context.Context, n notify.ChatCreatedNotificationDTO) error {
			events <- fmt.Sprint("chat ", n.ChatID, " of cabinet ", n.BusinessID)
			return nil
		},
	}, notify.WithSeen(notify.Recent(10_000)))
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/market", handler)
	mux.Handle("/market/notification", handler) // the Market is said to add /notification
	shop := httptest.NewServer(mux)
	defer shop.Close()

	market := sandbox.New()
	if err := market.Notify(context.Background(), shop.URL+"/market", nil); err != nil {
		panic(err)
	}
	if _, err := market.Direct(4200, "Is it red?"); err != nil {
		panic(err)
	}
	fmt.Println(<-events)
	// Output: chat 7000001 of cabinet 4200
}

func ExampleNew() {
	handler, err := notify.New("my-shop/1.4.0", notify.Direct(), notify.Events{
		MessageSent: func(_ context.Context, n notify.ChatMessageSentNotificationDTO) error {
			fmt.Println("chat", n.ChatID, "message", n.MessageID) // write it down, and return
			return nil
		},
		Other: func(_ context.Context, kind notify.NotificationType, _ json.RawMessage) error {
			fmt.Println("something else:", kind)
			return nil
		},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(post(handler, message, "5.45.207.10:443"))
	fmt.Println(post(handler, `{"notificationType":"ORDER_CREATED","orderId":1}`, "5.45.207.10:443"))
	fmt.Println(post(handler, message, "192.0.2.1:443"))
	// Output:
	// chat 7000001 message 5
	// 200
	// something else: ORDER_CREATED
	// 200
	// 403
}

func ExampleBehind() {
	handler, err := notify.New("my-shop/1.4.0", notify.Behind(netip.MustParsePrefix("10.0.0.0/8")), notify.Events{})
	if err != nil {
		panic(err)
	}
	fmt.Println(post(handler, message, "10.0.0.5:443", "5.45.207.10"))
	fmt.Println(post(handler, message, "10.0.0.5:443", "5.45.207.10, 192.0.2.1")) // the first entry is the sender's own claim
	// Output:
	// 200
	// 403
}

func ExampleDirect() {
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.RemoteAddr = "141.8.142.1:443"
	fmt.Println(notify.Direct()(r))
	// Output: true
}

func ExampleAnywhere() {
	fmt.Println(notify.Anywhere()(httptest.NewRequest(http.MethodPost, "/", nil)))
	// Output: true
}

func ExampleFrom() {
	// Should the Market send from another network one day:
	senders := append(notify.Networks(), netip.MustParsePrefix("198.51.100.0/24"))
	source := notify.From([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, senders...)
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.RemoteAddr = "10.0.0.5:443"
	r.Header.Set("X-Forwarded-For", "198.51.100.7")
	fmt.Println(source(r))
	// Output: true
}

func ExampleNetworks() {
	fmt.Println(notify.Networks())
	// Output: [5.45.207.0/25 141.8.142.0/25 5.255.253.0/25]
}

func ExampleRecent() {
	handler, err := notify.New("my-shop/1.4.0", notify.Anywhere(), notify.Events{
		MessageSent: func(context.Context, notify.ChatMessageSentNotificationDTO) error {
			fmt.Println("called")
			return nil
		},
	}, notify.WithSeen(notify.Recent(10_000)))
	if err != nil {
		panic(err)
	}
	fmt.Println(post(handler, message, ""), post(handler, message, ""))
	// Output:
	// called
	// 200 200
}

// table stands for one with a unique key, in the database that the events are written to.
type table map[string]bool

func (t table) Has(_ context.Context, key string) (bool, error) { return t[key], nil }
func (t table) Add(_ context.Context, key string) error         { t[key] = true; return nil }

func ExampleWithSeen() {
	seen := table{}
	handler, err := notify.New("my-shop/1.4.0", notify.Anywhere(), notify.Events{
		MessageSent: func(context.Context, notify.ChatMessageSentNotificationDTO) error { return io.ErrUnexpectedEOF },
	}, notify.WithSeen(seen))
	if err != nil {
		panic(err)
	}
	fmt.Println(post(handler, message, ""), "events remembered:", len(seen))
	// Output: 500 events remembered: 0
}

func ExampleWithLogger() {
	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	handler, err := notify.New("my-shop/1.4.0", notify.Anywhere(), notify.Events{
		MessageSent: func(context.Context, notify.ChatMessageSentNotificationDTO) error {
			return fmt.Errorf("Ivan Petrov: %w", io.ErrUnexpectedEOF)
		},
	}, notify.WithLogger(logger))
	if err != nil {
		panic(err)
	}
	post(handler, message, "")
	// Output: level=ERROR msg=notification status=500 type=CHAT_MESSAGE_SENT reason="the event could not be processed" error="*fmt.wrapError: *errors.errorString"
}

func ExampleNotificationType_Valid() {
	fmt.Println(notify.NotificationTypeChatCreated.Valid(), notify.NotificationType("CHAT_READ").Valid())
	// Output: true false
}

func ExampleNotificationAPIErrorType_Valid() {
	fmt.Println(notify.NotificationAPIErrorTypeUnknown.Valid())
	// Output: true
}
