package notify

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/ymarket-go/chats/api"
)

// FuzzBody: whatever comes, the answer keeps the contract, is 200 or 400, and calls a function only with 200. What
// keeps the contract is never refused, and Other gets the body as it came.
func FuzzBody(f *testing.F) {
	for _, row := range rows() {
		if len(row.body) < 1000 {
			f.Add([]byte(row.body))
		}
	}
	contract, err := api.NewNotificationValidator()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		called, other := 0, ""
		known := func() error { called++; return nil }
		h, err := New("shop/1", Anywhere(), Events{
			ChatCreated:       func(context.Context, ChatCreatedNotificationDTO) error { return known() },
			MessageSent:       func(context.Context, ChatMessageSentNotificationDTO) error { return known() },
			ArbitrageStarted:  func(context.Context, ChatArbitrageStartedNotificationDTO) error { return known() },
			ArbitrageFinished: func(context.Context, ChatArbitrageFinishedNotificationDTO) error { return known() },
			Other: func(_ context.Context, _ NotificationType, body json.RawMessage) error {
				other = string(body)
				return known()
			},
		}, WithSeen(Recent(1)))
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, deliver(string(body)))
		if err := contract.Response(deliver(""), w.Result()); err != nil {
			t.Fatal(err)
		}
		if w.Code != 200 && w.Code != 400 || w.Code == 400 && called != 0 || called > 1 {
			t.Fatalf("status %d, functions called %d", w.Code, called)
		}
		if other != "" && other != string(body) {
			t.Fatalf("Other got %q", other)
		}
		if err := contract.Request(deliver(string(body))); err == nil && w.Code != 200 {
			t.Fatalf("it keeps the contract, and is refused: %s", w.Body)
		}
		if said := w.Body.String(); w.Code == 400 && strings.Count(said, " is ") != 1 {
			t.Fatalf("the answer names no place: %s", said)
		}
	})
}
