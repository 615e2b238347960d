package notify

import (
	"context"
	"encoding/json"
)

// Events has the functions that are called for what came, each for one type of notification; each may be nil. They are
// called for several notifications at once, in goroutines of their own. A function that returns nil has the event for
// good. For an error, a panic and a function that takes longer than 9 s, the Market is told to repeat it, and
// everything else waits: return an error only where another try may help.
//
// The context is that of the request, and ends 9 s after it came.
type Events struct {
	// ChatCreated is told of a new chat: of any kind, those that a buyer began included.
	ChatCreated func(context.Context, ChatCreatedNotificationDTO) error
	// MessageSent is told of a new message; it may be the shop's own.
	MessageSent func(context.Context, ChatMessageSentNotificationDTO) error
	// ArbitrageStarted is told that a dispute began.
	ArbitrageStarted func(context.Context, ChatArbitrageStartedNotificationDTO) error
	// ArbitrageFinished is told that a dispute ended.
	ArbitrageFinished func(context.Context, ChatArbitrageFinishedNotificationDTO) error
	// Other is told of everything but PING that has no function of its own: types that have none here, known or not, and
	// those whose function is nil. The body is the notification as it came, a JSON object.
	Other func(ctx context.Context, kind NotificationType, body json.RawMessage) error
}

// event is a notification that makes sense.
type event struct {
	kind NotificationType
	key  string                      // the same for equal events
	call func(context.Context) error // nil: nobody is to be told
}

// read makes an event of a body. The error is a *formatError.
func (e Events) read(body []byte) (event, error) {
	r := reader{}
	if json.Unmarshal(body, &r.fields) != nil {
		return event{}, &formatError{"the body", "no JSON object"}
	}
	kind := r.kind()
	read := event{kind: kind}
	switch kind {
	case NotificationTypeChatCreated:
		n := ChatCreatedNotificationDTO{NotificationType: kind,
			ChatID: r.integer("chatId"), BusinessID: r.integer("businessId"), CreatedAt: r.time("createdAt")}
		read.call, read.key = bind(e.ChatCreated, n), keyOf(kind, n.ChatID)
	case NotificationTypeChatMessageSent:
		n := ChatMessageSentNotificationDTO{NotificationType: kind, ChatID: r.integer("chatId"),
			MessageID: r.textOrInteger("messageId"), BusinessID: r.integer("businessId"), SentAt: r.time("sentAt")}
		read.call, read.key = bind(e.MessageSent, n), keyOf(kind, n.ChatID, n.SentAt.UnixNano(), n.MessageID)
	case NotificationTypeChatArbitrageStarted:
		n := ChatArbitrageStartedNotificationDTO{NotificationType: kind,
			ChatID: r.integer("chatId"), BusinessID: r.integer("businessId"), StartedAt: r.time("startedAt")}
		read.call, read.key = bind(e.ArbitrageStarted, n), keyOf(kind, n.ChatID, n.StartedAt.UnixNano())
	case NotificationTypeChatArbitrageFinished:
		n := ChatArbitrageFinishedNotificationDTO{NotificationType: kind,
			ChatID: r.integer("chatId"), BusinessID: r.integer("businessId"), FinishedAt: r.time("finishedAt")}
		read.call, read.key = bind(e.ArbitrageFinished, n), keyOf(kind, n.ChatID, n.FinishedAt.UnixNano())
	default:
		read.key = keyOf(string(body))
	}
	if read.call == nil && e.Other != nil {
		read.call = func(ctx context.Context) error { return e.Other(ctx, kind, body) }
	}
	return read, r.failed()
}

func bind[T any](function func(context.Context, T) error, n T) func(context.Context) error {
	if function == nil {
		return nil
	}
	return func(ctx context.Context) error { return function(ctx, n) }
}
