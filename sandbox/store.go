package sandbox

import (
	"fmt"
	"sync"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// Message is one message of a chat, as the buyer sees it.
type Message struct {
	Text      string    // as it was written
	At        time.Time // by the Market's clock
	FromBuyer bool      // written by Reply; otherwise the shop wrote it
}

// Messages gives a copy of the messages of a chat, oldest first; none when there is no such chat.
func (m *Market) Messages(chatID int64) []Message {
	m.store.mu.Lock()
	defer m.store.mu.Unlock()
	if c := m.store.chats[chatID]; c != nil {
		return append([]Message(nil), c.messages...)
	}
	return nil
}

// Reply writes into a chat as its buyer, so that it waits for the shop. The text may be any. The error says that there
// is no such chat.
func (m *Market) Reply(chatID int64, text string) error {
	if !m.store.write(chatID, Message{Text: text, At: m.now(), FromBuyer: true}, anyCabinet) {
		return fmt.Errorf("sandbox: there is no chat %d", chatID)
	}
	return nil
}

// store holds the chats of all cabinets.
type store struct {
	mu        sync.Mutex
	chats     map[int64]*chat
	byContext map[about]*chat
	tell      announcer // nil: nobody is told of what happens
}

type about struct {
	cabinet int64
	context gen.ChatContextDTO
}

type chat struct {
	id        int64
	about     about
	status    gen.ChatStatusType
	createdAt time.Time
	updatedAt time.Time
	messages  []Message
}

// firstChatID is far from 1, so that a client which mixes up its ids is found out.
const firstChatID = 7_000_001

// open gives the chat about something, a new one if there is none.
func (s *store) open(what about, now time.Time) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.byContext[what]; c != nil {
		return c.id
	}
	c := &chat{
		id:        firstChatID + int64(len(s.chats)),
		about:     what,
		status:    gen.ChatStatusTypeNew,
		createdAt: now,
		updatedAt: now,
	}
	s.chats[c.id], s.byContext[what] = c, c
	s.announceChat(c)
	return c.id
}

// anyCabinet is for whoever is not bound to one: the buyer.
const anyCabinet = 0

// write adds a message, and tells whether the cabinet has such a chat. Then it is the other side's turn.
func (s *store) write(id int64, message Message, cabinet int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[id]
	if c == nil || cabinet != anyCabinet && c.about.cabinet != cabinet {
		return false
	}
	c.messages = append(c.messages, message)
	c.updatedAt = message.At
	c.status = gen.ChatStatusTypeWaitingForCustomer
	if message.FromBuyer {
		c.status = gen.ChatStatusTypeWaitingForPartner
	}
	s.announceMessage(c)
	return true
}

// list gives copies of all chats, oldest first.
func (s *store) list() []chat {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]chat, 0, len(s.chats))
	for id := int64(firstChatID); len(list) < len(s.chats); id++ {
		c := *s.chats[id] // ids have no gaps
		c.messages = append([]Message(nil), c.messages...)
		list = append(list, c)
	}
	return list
}

func (s *store) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chats, s.byContext = map[int64]*chat{}, map[about]*chat{}
}

// read gives a chat as getChat shows it.
func (s *store) read(cabinet, id int64) (gen.GetChatInfoDTO, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[id]
	if c == nil || c.about.cabinet != cabinet {
		return gen.GetChatInfoDTO{}, false
	}
	return gen.GetChatInfoDTO{
		ChatID:    c.id,
		Type:      gen.ChatTypeChat,
		Status:    c.status,
		Context:   c.about.full(),
		CreatedAt: c.createdAt.In(moscow),
		UpdatedAt: c.updatedAt.In(moscow),
	}, true
}

var moscow = time.FixedZone("MSK", 3*60*60)

// full is what the Market knows of the context: the buyer, the shop, and the order of a return.
func (a about) full() gen.ChatFullContextDTO {
	name, publicID, campaign := "Test Buyer", "test-buyer", a.cabinet
	context := gen.ChatFullContextDTO{
		Type:       gen.ChatContextType(a.context.Type),
		Customer:   &gen.ChatCustomerDTO{Name: &name, PublicID: &publicID},
		CampaignID: &campaign,
	}
	if a.context.Type == direct {
		return context
	}
	id := a.context.ID
	context.OrderID = &id
	if a.context.Type == gen.ChatContextIdentifiableTypeReturn {
		context.ReturnID = &id
	}
	return context
}
