package sandbox

import (
	"fmt"

	"github.com/ymarket-go/chats/gen"
)

// pageChats is what the page shows of chats.
type pageChats struct {
	List  []pageChat // the one in which something happened last comes first
	Pager pager
}

type pageChat struct {
	ID, Cabinet int64
	About       string
	Status      gen.ChatStatusType
	Turn        string // the status in words
	CanDispute  bool
	Disputed    bool
	Messages    []pageMessage
	Next        int   // the number of the next message
	Pager       pager // of the messages, where the chat is shown alone
	Earlier     int   // messages before those that are shown, where it is not
}

type pageMessage struct {
	Message
	Number int // in its chat, from 1
	Cut    bool
}

// Of each message the page shows so many bytes that it stays below a few megabytes, whatever was written; more of them
// where one chat is shown alone.
const (
	pageMessages  = 10 // of each chat, where all are shown
	briefMessage  = 1000
	longerMessage = 32 << 10
)

func (m *Market) pageChats(v pageView) pageChats {
	if v.Chat != 0 {
		return m.oneChat(v)
	}
	_, total := m.store.lastActive(0, 0)
	pager, skip := newPager(v, "chats", total)
	chats, _ := m.store.lastActive(skip, pageRows)
	shown := pageChats{Pager: pager}
	for _, c := range chats {
		one := newPageChat(c)
		one.Earlier = max(len(c.messages)-pageMessages, 0)
		one.add(c.messages, one.Earlier, len(c.messages), briefMessage)
		shown.List = append(shown.List, one)
	}
	return shown
}

// oneChat shows a chat alone: the newest messages, and pages with those before.
func (m *Market) oneChat(v pageView) pageChats {
	c, ok := m.store.chat(v.Chat)
	if !ok {
		return pageChats{}
	}
	one := newPageChat(c)
	pager, skip := newPager(v, "messages", len(c.messages))
	one.Pager = pager
	end := len(c.messages) - skip
	one.add(c.messages, max(end-pageRows, 0), end, longerMessage)
	return pageChats{List: []pageChat{one}}
}

func newPageChat(c chat) pageChat {
	p := pageChat{
		ID:      c.id,
		Cabinet: c.about.cabinet,
		Status:  c.status,
		Next:    len(c.messages) + 1,
	}
	switch c.about.context.Type {
	case direct:
		p.About = "begun by a buyer, about no order"
	case gen.ChatContextIdentifiableTypeReturn:
		p.About = fmt.Sprintf("about return %d", c.about.context.ID)
	default:
		p.About = fmt.Sprintf("about order %d", c.about.context.ID)
	}
	p.Turn = turnOf(c.status)
	p.CanDispute = c.about.context.Type != direct && c.kind == gen.ChatTypeChat
	p.Disputed = c.status == gen.ChatStatusTypeWaitingForArbiter
	return p
}

// turnOf says whose turn it is.
func turnOf(status gen.ChatStatusType) string {
	switch status {
	case gen.ChatStatusTypeNew:
		return "nobody has written"
	case gen.ChatStatusTypeWaitingForPartner:
		return "waits for the shop"
	case gen.ChatStatusTypeWaitingForCustomer:
		return "waits for the buyer"
	case gen.ChatStatusTypeWaitingForArbiter:
		return "waits for the arbiter"
	default:
		return "the dispute has ended"
	}
}

// add shows the messages from one place to another, each up to so many bytes.
func (p *pageChat) add(messages []Message, from, to, size int) {
	for i, message := range messages[from:to] {
		shown := pageMessage{
			Message: message,
			Number:  from + i + 1,
			Cut:     len(message.Text) > size,
		}
		shown.Text = shorten(message.Text, size)
		p.Messages = append(p.Messages, shown)
	}
}
