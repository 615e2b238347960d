package sandbox

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// pageChats is the list of the chats.
type pageChats struct {
	List  []pageChat // the one in which something happened last comes first
	Pager pager
}

// pageChat is a chat as its row and its head show it.
type pageChat struct {
	ID, Cabinet int64
	Name        string // "Order 31000002"
	Status      gen.ChatStatusType
	Turn        string // the status in words
	At          time.Time
	Last        string // the beginning of the last message, and whose it is; empty: there is none
	CanDispute  bool
}

const shopsTurn = "Waiting for shop"

// Waits is true when it is the shop's turn.
func (c pageChat) Waits() bool { return c.Turn == shopsTurn }

// Disputed is true during a dispute.
func (c pageChat) Disputed() bool { return c.Status == gen.ChatStatusTypeWaitingForArbiter }

// Of each message the page shows so many bytes that it stays below a few megabytes, whatever was written; more of them
// in the chat that is chosen.
const (
	briefMessage  = 100
	longerMessage = 32 << 10
)

func (m *Market) pageChats(v pageView) pageChats {
	_, total := m.store.lastActive(0, 0)
	pager, skip := newPager(v, "chats", total)
	chats, _ := m.store.lastActive(skip, pageRows)
	shown := pageChats{Pager: pager}
	for _, c := range chats {
		shown.List = append(shown.List, newPageChat(c))
	}
	return shown
}

func newPageChat(c chat) pageChat {
	p := pageChat{
		ID:         c.id,
		Cabinet:    c.about.cabinet,
		Name:       c.about.name(),
		Status:     c.status,
		Turn:       turnOf(c),
		At:         c.moments[len(c.moments)-1].at,
		CanDispute: c.about.context.Type != direct && c.kind == gen.ChatTypeChat,
	}
	if len(c.messages) > 0 {
		last := c.messages[len(c.messages)-1]
		text := last.Text
		if len(last.Files) > 0 {
			text = cmp.Or(text, last.Files[0].Name)
		}
		p.Last = writerOf(last.Sender) + ": " + shorten(text, briefMessage)
	}
	return p
}

// name is what a chat is about.
func (a about) name() string {
	switch a.context.Type {
	case direct:
		return "Question"
	case gen.ChatContextIdentifiableTypeReturn:
		return fmt.Sprintf("Return %d", a.context.ID)
	default:
		return fmt.Sprintf("Order %d", a.context.ID)
	}
}

// turnOf says whose turn it is.
func turnOf(c chat) string {
	switch c.status {
	case gen.ChatStatusTypeNew:
		if len(c.messages) > 0 {
			return shopsTurn
		}
		return "New, no messages"
	case gen.ChatStatusTypeWaitingForPartner:
		return shopsTurn
	case gen.ChatStatusTypeWaitingForCustomer:
		return "Waiting for buyer"
	case gen.ChatStatusTypeWaitingForArbiter:
		return "Waiting for arbiter"
	default:
		return "Dispute ended"
	}
}

// writerOf is a sender in words.
func writerOf(sender gen.ChatMessageSenderType) string {
	switch sender {
	case gen.ChatMessageSenderTypeCustomer:
		return "Buyer"
	case gen.ChatMessageSenderTypePartner:
		return "Shop"
	case gen.ChatMessageSenderTypeMarket:
		return "Market"
	default:
		return "Support"
	}
}

// TurnWithin is whose turn it is, within a line.
func (c pageChat) TurnWithin() string { return lowerFirst(c.Turn) }

// About is the name within a sentence.
func (c pageChat) About() string { return lowerFirst(c.Name) }

func lowerFirst(text string) string { return strings.ToLower(text[:1]) + text[1:] }
