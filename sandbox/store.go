package sandbox

import (
	"container/list"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// Message is one message of a chat, as the buyer sees it.
type Message struct {
	ID        int64                     // as getChatHistory and notifications have it
	Text      string                    // as it was written
	At        time.Time                 // by the sandbox's clock
	FromBuyer bool                      // written by Reply, as Sender says
	Sender    gen.ChatMessageSenderType // PARTNER is the shop
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
// is no such chat, or that the sandbox is full: it keeps 256 MiB of chats and messages.
func (m *Market) Reply(chatID int64, text string) error {
	return ofPackage(m.reply(chatID, text))
}

// reply is Reply with an error for the control API, which does not name the package.
func (m *Market) reply(chatID int64, text string) error {
	err := m.store.write(chatID, Message{Text: text, At: m.now(), Sender: gen.ChatMessageSenderTypeCustomer}, anyCabinet)
	if errors.Is(err, errNoChat) {
		return fmt.Errorf("there is no chat %d", chatID)
	}
	return err
}

// direct is the kind of a chat that a buyer began. A shop cannot make one, so the type for requests does not know it.
const direct = gen.ChatContextIdentifiableType(gen.ChatContextTypeDirect)

// Direct begins a chat as a buyer, about no order, and writes into it. It gives the id of the chat, which the shop
// learns by notifications alone. The text may be any; businessID is 1 or more, otherwise there is an error, as there is
// when the sandbox is full: it keeps 256 MiB of chats and messages.
func (m *Market) Direct(businessID int64, text string) (chatID int64, err error) {
	chatID, err = m.direct(businessID, text)
	return chatID, ofPackage(err)
}

func (m *Market) direct(businessID int64, text string) (chatID int64, err error) {
	if businessID < 1 {
		return 0, fmt.Errorf("Direct is given the cabinet %d, allowed is 1 and above", businessID)
	}
	context := gen.ChatContextDTO{Type: direct, ID: m.buyers.Add(1)}
	chatID, err = m.store.open(about{businessID, context}, m.now())
	if err != nil {
		return 0, err
	}
	return chatID, m.reply(chatID, text)
}

// StartDispute lets the buyer of a chat ask the Market to decide: the type of the chat is ARBITRAGE from then on, and
// it waits for the arbiter, whichever side writes. Notifications say so. The error says that there is no such chat,
// that it is DIRECT, which the API knows no disputes in, or that it has one.
func (m *Market) StartDispute(chatID int64) error { return ofPackage(m.startDispute(chatID)) }

func (m *Market) startDispute(chatID int64) error {
	return m.changeDispute("StartDispute", chatID, disputeStarted, func(c *chat) error {
		switch {
		case c.about.context.Type == direct:
			return errors.New("allowed is a chat about an order or a return")
		case c.kind == gen.ChatTypeArbitrage:
			return errors.New("it has a dispute, or had one")
		}
		c.kind, c.status = gen.ChatTypeArbitrage, gen.ChatStatusTypeWaitingForArbiter
		return nil
	})
}

// FinishDispute ends what StartDispute began: the status of the chat is FINISHED. Notifications say so. The error says
// that there is no such chat, or no dispute in it.
func (m *Market) FinishDispute(chatID int64) error { return ofPackage(m.finishDispute(chatID)) }

func (m *Market) finishDispute(chatID int64) error {
	return m.changeDispute("FinishDispute", chatID, disputeFinished, func(c *chat) error {
		if c.status != gen.ChatStatusTypeWaitingForArbiter {
			return errors.New("there is no dispute in it")
		}
		c.status = gen.ChatStatusTypeFinished
		return nil
	})
}

// changeDispute changes a chat, unless change refuses it, and posts the event.
func (m *Market) changeDispute(method string, chatID int64, event event, change func(*chat) error) error {
	now, s := m.now(), &m.store
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[chatID]
	if c == nil {
		return fmt.Errorf("%w: %d", errNoChat, chatID)
	}
	if err := change(c); err != nil {
		return fmt.Errorf("%s is given the chat %d: %w", method, chatID, err)
	}
	s.happened(event, c, now)
	return nil
}

// ofPackage names the package in an error for programs.
func ofPackage(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sandbox: %w", err)
}

// store holds the chats of all cabinets, within maxBytes. It forgets none, as a test counts on every message: when it
// is full, it takes no more.
type store struct {
	maxBytes int

	mu        sync.Mutex
	chats     map[int64]*chat
	byContext map[about]*chat
	active    list.List // the chats, each a *chat, the one in which something happened last in front
	bytes     int
	moments   int          // so far
	post      func(notice) // posts a notification to the shops; nil: there are none
}

// maxStoreBytes bounds what the sandbox remembers of chats and messages.
const maxStoreBytes = 256 << 20

// About what a chat without messages, and a message beyond its text, take of memory.
const chatBytes, messageBytes = 500, 200

var (
	errNoChat = errors.New("there is no such chat")
	errFull   = errors.New("the sandbox is full, it keeps 256 MiB of chats and messages: reset it, or make a new one")
)

// take makes room, or gives errFull.
func (s *store) take(bytes int) error {
	if s.bytes+bytes > s.maxBytes {
		return errFull
	}
	s.bytes += bytes
	return nil
}

type about struct {
	cabinet int64
	context gen.ChatContextDTO
}

type chat struct {
	id        int64
	about     about
	kind      gen.ChatType
	status    gen.ChatStatusType
	createdAt time.Time
	messages  []Message
	moments   []moment      // oldest first, the last one is now
	place     *list.Element // in the store's list of active chats
}

// firstChatID is far from 1, so that a client which mixes up its ids is found out.
const firstChatID = 7_000_001

// open gives the chat about something, a new one if there is none.
func (s *store) open(what about, now time.Time) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.byContext[what]; c != nil {
		return c.id, nil
	}
	if err := s.take(chatBytes); err != nil {
		return 0, err
	}
	c := &chat{
		id:        firstChatID + int64(len(s.chats)),
		about:     what,
		kind:      gen.ChatTypeChat,
		status:    gen.ChatStatusTypeNew,
		createdAt: now,
	}
	c.place = s.active.PushFront(c)
	s.chats[c.id] = c
	s.byContext[what] = c
	s.happened(chatCreated, c, now)
	return c.id, nil
}

// anyCabinet is for the buyer, who is bound to none.
const anyCabinet = 0

// write adds a message, unless the cabinet has no such chat. Then it is the other side's turn, unless there is
// a dispute.
func (s *store) write(id int64, message Message, cabinet int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[id]
	if c == nil || cabinet != anyCabinet && c.about.cabinet != cabinet {
		return errNoChat
	}
	if err := s.take(messageBytes + len(message.Text)); err != nil {
		return err
	}
	message.ID = c.id*1_000_000 + int64(len(c.messages)) + 1
	message.FromBuyer = message.Sender == gen.ChatMessageSenderTypeCustomer
	c.messages = append(c.messages, message)
	if c.status != gen.ChatStatusTypeWaitingForArbiter {
		c.status = waitingFor(message)
	}
	s.happened(messageSent, c, message.At)
	return nil
}

// postTo sets what posts notifications from now on.
func (s *store) postTo(post func(notice)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post = post
}

// event makes the notification about what happened in a chat.
type event func(c *chat, at time.Time) notice

// happened keeps what is true of a chat now, and posts what happened. The store is locked, so that events are posted in
// the order in which they happen.
func (s *store) happened(event event, c *chat, at time.Time) {
	s.moments++
	c.moments = append(c.moments, moment{at, s.moments, c.kind, c.status, len(c.messages)})
	s.active.MoveToFront(c.place)
	if s.post != nil {
		s.post(event(c, at))
	}
}

// waitingFor is the side that a message leaves the next one to.
func waitingFor(message Message) gen.ChatStatusType {
	if message.FromBuyer {
		return gen.ChatStatusTypeWaitingForPartner
	}
	return gen.ChatStatusTypeWaitingForCustomer
}

// all gives copies of the chats, oldest first. Their messages are not to be changed.
func (s *store) all() (chats []chat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range len(s.chats) {
		chats = append(chats, *s.chats[firstChatID+int64(i)]) // ids have no gaps
	}
	return chats
}

// lastActive gives copies of n chats and how many chats there are in all. Those in which something happened last come
// first, and the first skip of them are left out. Their messages are not to be changed.
func (s *store) lastActive(skip, n int) (chats []chat, total int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for e := s.active.Front(); e != nil && len(chats) < n; e = e.Next() {
		if skip--; skip < 0 {
			chats = append(chats, *e.Value.(*chat))
		}
	}
	return chats, len(s.chats)
}

// chat gives a copy of one chat. Its messages are not to be changed.
func (s *store) chat(id int64) (c chat, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chats[id] == nil {
		return chat{}, false
	}
	return *s.chats[id], true
}

func (s *store) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active.Init()
	s.chats, s.byContext, s.bytes = map[int64]*chat{}, map[about]*chat{}, 0
}

// read gives a copy of a chat of a cabinet, as it was at a time. Its messages are not to be changed.
func (s *store) read(cabinet, id int64, asOf time.Time) (chat, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[id]
	if c == nil || c.about.cabinet != cabinet {
		return chat{}, false
	}
	return c.asOf(asOf)
}

// info is the chat as the Market gives it.
func (c chat) info() gen.GetChatInfoDTO {
	return gen.GetChatInfoDTO{
		ChatID:    c.id,
		Type:      c.kind,
		Status:    c.status,
		Context:   c.about.full(),
		CreatedAt: c.createdAt.In(moscow),
		UpdatedAt: c.updatedAt().In(moscow),
	}
}

var moscow = time.FixedZone("MSK", 3*60*60)

// full is what the sandbox knows of the context: the buyer, the shop, and the order of a return.
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
