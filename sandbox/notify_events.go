package sandbox

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/ymarket-go/chats/notify"
)

// notice is what a shop is to be told of.
type notice struct {
	cabinet int64
	kind    notify.NotificationType
	body    string
}

// noCabinetOfPing: a PING is about none.
const noCabinetOfPing = 0

func newNotice(cabinet int64, kind notify.NotificationType, dto any) notice {
	body, _ := json.Marshal(dto) // the generated types cannot fail
	return notice{cabinet, kind, string(body)}
}

// announcer is how a store tells of what happens in it.
type announcer func(notice)

// announce sets who is told of what happens from now on.
func (s *store) announce(tell announcer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell = tell
}

// announceChat tells of a new chat. The store is locked, so that events are told in the order in which they happen.
func (s *store) announceChat(c *chat) {
	const kind = notify.NotificationTypeChatCreated
	s.announceEvent(c, kind, notify.ChatCreatedNotificationDTO{
		NotificationType: kind, ChatID: c.id, BusinessID: c.about.cabinet, CreatedAt: c.createdAt.UTC(),
	})
}

// announceMessage tells of the newest message of a chat. Ids of messages are numbers in the Market's API; here the
// number of the chat and that of the message in it make one.
func (s *store) announceMessage(c *chat) {
	const kind = notify.NotificationTypeChatMessageSent
	s.announceEvent(c, kind, notify.ChatMessageSentNotificationDTO{
		NotificationType: kind, ChatID: c.id, MessageID: fmt.Sprintf("%d%06d", c.id, len(c.messages)),
		BusinessID: c.about.cabinet, SentAt: c.updatedAt.UTC(),
	})
}

func (s *store) announceDisputeStarted(c *chat, at time.Time) {
	const kind = notify.NotificationTypeChatArbitrageStarted
	s.announceEvent(c, kind, notify.ChatArbitrageStartedNotificationDTO{
		NotificationType: kind, ChatID: c.id, BusinessID: c.about.cabinet, StartedAt: at.UTC(),
	})
}

func (s *store) announceDisputeFinished(c *chat, at time.Time) {
	const kind = notify.NotificationTypeChatArbitrageFinished
	s.announceEvent(c, kind, notify.ChatArbitrageFinishedNotificationDTO{
		NotificationType: kind, ChatID: c.id, BusinessID: c.about.cabinet, FinishedAt: at.UTC(),
	})
}

func (s *store) announceEvent(c *chat, kind notify.NotificationType, dto any) {
	if s.tell != nil {
		s.tell(newNotice(c.about.cabinet, kind, dto))
	}
}
