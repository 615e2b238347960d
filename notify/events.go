package notify

import (
	"bytes"
	"context"
	"encoding/json"
)

// Events has the functions that are called for what came, each for one type of notification; each may be nil. They are
// called for several notifications at once, in goroutines of their own. A function that returns nil has the event for
// good. For an error, a panic and a function that takes longer than 9 s, the Market is asked to repeat it, and
// everything else waits: return an error only where another try may help.
//
// A time of an event is zero where it is missing, cannot be read, or has no offset from UTC. The context is that of the
// request, and ends after 9 s.
type Events struct {
	// ChatCreated gets new chats of any kind, those that a buyer began included.
	ChatCreated func(context.Context, ChatCreatedNotificationDTO) error
	// MessageSent gets new messages, the shop's own too.
	MessageSent func(context.Context, ChatMessageSentNotificationDTO) error
	// ArbitrageStarted gets disputes that begin.
	ArbitrageStarted func(context.Context, ChatArbitrageStartedNotificationDTO) error
	// ArbitrageFinished gets disputes that end.
	ArbitrageFinished func(context.Context, ChatArbitrageFinishedNotificationDTO) error
	// Other gets everything but PING that no other function gets: types that have none here, known or not, those whose
	// function is nil, and events whose ids are missing or cannot be read. The body is the notification as it came,
	// unpacked and without a byte order mark: a JSON object.
	Other func(ctx context.Context, kind NotificationType, body json.RawMessage) error
}

// event is a notification that makes sense.
type event struct {
	kind    NotificationType
	key     string                      // the same for equal events
	call    func(context.Context) error // nil: no function is set for it
	problem error                       // the id that cannot be read, so that Other has the event
}

// read makes an event of a body. The error is a *formatError of what a repetition cannot mend.
func (e Events) read(body []byte) (event, error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	r := reader{}
	if json.Unmarshal(body, &r.fields) != nil || r.fields == nil {
		return event{}, &formatError{"the body", "no JSON object"}
	}
	kind := r.kind()
	if r.err != nil {
		return event{}, r.err
	}
	read := event{kind: kind}
	switch kind {
	case NotificationTypeChatCreated:
		n := ChatCreatedNotificationDTO{NotificationType: kind,
			ChatID: r.integer("chatId"), BusinessID: r.integer("businessId"), CreatedAt: r.time("createdAt")}
		read.call, read.key = bind(e.ChatCreated, n), keyOf(kind, n.ChatID, r.timeKey("createdAt"))
	case NotificationTypeChatMessageSent:
		n := ChatMessageSentNotificationDTO{NotificationType: kind, ChatID: r.integer("chatId"),
			MessageID: r.messageID(), BusinessID: r.integer("businessId"), SentAt: r.time("sentAt")}
		read.call, read.key = bind(e.MessageSent, n), keyOf(kind, n.ChatID, r.timeKey("sentAt"), n.MessageID)
	case NotificationTypeChatArbitrageStarted:
		n := ChatArbitrageStartedNotificationDTO{NotificationType: kind,
			ChatID: r.integer("chatId"), BusinessID: r.integer("businessId"), StartedAt: r.time("startedAt")}
		read.call, read.key = bind(e.ArbitrageStarted, n), keyOf(kind, n.ChatID, r.timeKey("startedAt"))
	case NotificationTypeChatArbitrageFinished:
		n := ChatArbitrageFinishedNotificationDTO{NotificationType: kind,
			ChatID: r.integer("chatId"), BusinessID: r.integer("businessId"), FinishedAt: r.time("finishedAt")}
		read.call, read.key = bind(e.ArbitrageFinished, n), keyOf(kind, n.ChatID, r.timeKey("finishedAt"))
	default:
		read.key = keyOf(string(body))
	}
	if r.err != nil {
		read.call, read.key, read.problem = nil, keyOf(string(body)), r.err
	}
	if read.call == nil && e.Other != nil {
		read.call = func(ctx context.Context) error { return e.Other(ctx, kind, body) }
	}
	return read, nil
}

func bind[T any](function func(context.Context, T) error, n T) func(context.Context) error {
	if function == nil {
		return nil
	}
	return func(ctx context.Context) error { return function(ctx, n) }
}
