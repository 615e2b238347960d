package sandbox

import (
	"cmp"
	"container/list"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// Message is one message of a chat, as the buyer sees it.
type Message struct {
	ID        int64                     // as getChatHistory and notifications have it
	Text      string                    // as it was written; empty where the message is a file
	Files     []File                    // none or one
	At        time.Time                 // by the sandbox's clock
	FromBuyer bool                      // written by Reply, as Sender says
	Sender    gen.ChatMessageSenderType // PARTNER is the shop
}

// store holds the chats of all cabinets, within maxBytes. It forgets none, as a test counts on every message: when it
// is full, it takes no more.
type store struct {
	maxBytes int

	mu        sync.Mutex
	chats     map[int64]*chat
	byContext map[about]*chat
	active    list.List            // the chats, each a *chat, the one in which something happened last in front
	ofCabinet map[int64]*list.List // the same of each cabinet
	bytes     int
	moments   int          // so far
	nextID    int64        // of the next chat
	contents  contents     // of files
	post      func(notice) // posts a notification to the shops; nil: there are none
}

// maxStoreBytes bounds what the sandbox remembers of chats and messages.
const maxStoreBytes = 256 << 20

// About what a chat without messages, and a message beyond its text, take of memory.
const chatBytes, messageBytes = 600, 200

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
	ofCabinet *list.Element // in the list of those of its cabinet
}

// firstChatID is far from 1, so that a client which mixes up its ids is found out.
const firstChatID = 7_000_001

// messagesOfChat is how many ids of messages a chat has: they begin with the id of the chat.
const messagesOfChat = 1_000_000

// maxFirstID leaves ids of messages that a program can read which takes numbers for floats.
const maxFirstID = 9_000_000_000

// open gives the chat about something, a new one if there is none.
func (s *store) open(what about, now time.Time) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.chatAbout(what, now)
	if err != nil {
		return 0, err
	}
	return c.id, nil
}

// begin is open, and write as the buyer. The message leaves a new chat as it is.
func (s *store) begin(what about, message Message) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := gen.ChatStatusTypeNew
	if c := s.byContext[what]; c != nil {
		status = c.turnAfter(message.Sender)
	}
	c, err := s.chatAbout(what, message.At)
	if err != nil {
		return 0, err
	}
	_, err = s.add(c, message, status)
	return c.id, err
}

// chatAbout is open for a store that is locked.
func (s *store) chatAbout(what about, now time.Time) (*chat, error) {
	if c := s.byContext[what]; c != nil {
		return c, nil
	}
	if err := s.take(chatBytes); err != nil {
		return nil, err
	}
	c := &chat{
		id:        s.nextID,
		about:     what,
		kind:      gen.ChatTypeChat,
		status:    gen.ChatStatusTypeNew,
		createdAt: now,
	}
	if s.ofCabinet[what.cabinet] == nil {
		s.ofCabinet[what.cabinet] = list.New()
	}
	c.place, c.ofCabinet = s.active.PushFront(c), s.ofCabinet[what.cabinet].PushFront(c)
	s.nextID++
	s.chats[c.id] = c
	s.byContext[what] = c
	s.happened(chatCreated, c, now)
	return c, nil
}

// anyCabinet is for the buyer, who is bound to none.
const anyCabinet = 0

// write adds a message and gives its id, unless the cabinet has no such chat.
func (s *store) write(id int64, message Message, cabinet int64, files ...sentFile) (messageID int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[id]
	if c == nil || cabinet != anyCabinet && c.about.cabinet != cabinet {
		return 0, errNoChat
	}
	return s.add(c, message, c.turnAfter(message.Sender), files...)
}

// add adds a message to a chat, which has a status then, and gives its id.
func (s *store) add(
	c *chat, message Message, status gen.ChatStatusType, files ...sentFile,
) (messageID int64, err error) {
	size := messageBytes + len(message.Text)
	for _, file := range files {
		size += fileBytes + len(file.Name)
	}
	if err := s.take(size); err != nil {
		return 0, err
	}
	message.ID = c.id*messagesOfChat + int64(len(c.messages)) + 1
	message.FromBuyer = message.Sender == gen.ChatMessageSenderTypeCustomer
	for number, file := range files {
		message.Files = append(message.Files, file.File)
		s.contents.add(fileKey{message.ID, number}, file.content)
	}
	c.messages = append(c.messages, message)
	c.status = status
	s.happened(messageSent, c, message.At)
	return message.ID, nil
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
	s.ofCabinet[c.about.cabinet].MoveToFront(c.ofCabinet)
	if s.post != nil {
		s.post(event(c, at))
	}
}

// turnAfter is the status of a chat after one more message: the other side's turn, unless there is a dispute.
func (c *chat) turnAfter(sender gen.ChatMessageSenderType) gen.ChatStatusType {
	switch {
	case c.status == gen.ChatStatusTypeWaitingForArbiter:
		return c.status
	case sender == gen.ChatMessageSenderTypeCustomer:
		return gen.ChatStatusTypeWaitingForPartner
	case sender == gen.ChatMessageSenderTypePartner:
		return gen.ChatStatusTypeWaitingForCustomer
	default:
		return c.status
	}
}

// all gives copies of the chats, oldest first. Their messages are not to be changed.
func (s *store) all() (chats []chat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := s.nextID - int64(len(s.chats)); id < s.nextID; id++ { // ids have no gaps
		chats = append(chats, *s.chats[id])
	}
	return chats
}

// eachOf goes through copies of the chats of a cabinet as they were at a time, the one in which something happened last
// first, while see wants more. see must not call the store, and the messages of a chat are not to be changed.
func (s *store) eachOf(cabinet int64, asOf time.Time, see func(chat) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var past []chat
	all := s.ofCabinet[cabinet]
	if all == nil {
		return
	}
	for e := all.Front(); e != nil; e = e.Next() {
		c, ok := e.Value.(*chat).asOf(asOf)
		switch {
		case !ok:
		case !asOf.IsZero():
			past = append(past, c)
		case !see(c):
			return
		}
	}
	slices.SortFunc(past, func(a, b chat) int { return cmp.Compare(b.latest(), a.latest()) }) // it was another order then
	for _, c := range past {
		if !see(c) {
			return
		}
	}
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

// reset forgets the chats. Their ids are not given again.
func (s *store) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active.Init()
	s.contents.reset()
	s.ofCabinet = map[int64]*list.List{}
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
	name, publicID := "Test Buyer", "test-buyer"
	campaign := a.cabinet%1e9 + 1e9 + 1 // a shop of the cabinet, which is never a number that the cabinet has
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
