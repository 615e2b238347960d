package sandbox

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox/internal/control"
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

// Writer is the sender in words.
func (m pageMessage) Writer() string {
	switch m.Sender {
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
	if c.status == gen.ChatStatusTypeNew && len(c.messages) > 0 {
		p.Turn = "waits for the shop"
	}
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

// pageQuotas is what the page shows of quotas.
type pageQuotas struct {
	List  []quota
	Pager pager
}

// pageQuotas shows the quotas that were used last, sorted by cabinet and operation.
func (m *Market) pageQuotas(v pageView) pageQuotas {
	list := m.limits.list(m.now)
	pager, skip := newPager(v, "quotas", len(list))
	slices.SortFunc(list, func(a, b quota) int { return cmp.Compare(b.lastUse, a.lastUse) })
	list = list[skip:min(skip+pageRows, len(list))]
	slices.SortFunc(list, func(a, b quota) int {
		return cmp.Or(cmp.Compare(a.Cabinet, b.Cabinet), cmp.Compare(a.Operation, b.Operation))
	})
	return pageQuotas{list, pager}
}

// UsedUp is true when the next request gets 420. The quota of what is no operation refuses nothing.
func (q quota) UsedUp() bool { return q.Operation != "" && q.Used >= q.Limit }

// Beyond is how many requests came when the quota was used up.
func (q quota) Beyond() int { return max(q.Used-q.Limit, 0) }

// Counted is how many of the quota are used.
func (q quota) Counted() int { return min(q.Used, q.Limit) }

// High is what a browser takes for the last of the meter that is not red, Low for the last that is green.
func (q quota) High() int { return q.Limit - 1 }

// Low is not more than High.
func (q quota) Low() int { return min(q.Limit*4/5, q.High()) }

// pageFaults are the faults of an operation as the page shows them.
type pageFaults struct {
	Operation string
	Rows      []pageFault
	More      int // that wait beyond those that are shown
}

type pageFault struct {
	When string // which requests meet it
	Kind string
	Text string // JSON, as the control API takes it
}

// briefFault is how much of the description of a fault is shown, in bytes.
const briefFault = 500

func (m *Market) pageFaults() []pageFaults {
	var list []pageFaults
	for _, set := range m.setFaults() {
		p := pageFaults{Operation: set.Operation, More: set.Waiting - len(set.Next)}
		p.addNext(set.Next)
		if set.Every != nil {
			f := newPageFault(*set.Every)
			f.When = "each request"
			if set.Waiting > 0 {
				f.When = "each request after those"
			}
			p.Rows = append(p.Rows, f)
		}
		list = append(list, p)
	}
	return list
}

// addNext makes one row of equal faults that follow each other.
func (p *pageFaults) addNext(next []control.SetFault) {
	first := 0
	for i := range next {
		f := newPageFault(next[i])
		if i+1 < len(next) && newPageFault(next[i+1]) == f {
			continue
		}
		f.When = fmt.Sprintf("the next %d requests", i+1-first)
		if i == first {
			f.When = "the next request"
		}
		if first > 0 {
			f.When = "after that, " + f.When
		}
		p.Rows = append(p.Rows, f)
		first = i + 1
	}
}

func newPageFault(f control.SetFault) pageFault {
	if f.Fault == nil {
		return pageFault{Kind: "set by a program", Text: "in Go"}
	}
	return pageFault{Kind: string(f.Fault.Kind), Text: shorten(string(encode(f.Fault)), briefFault)}
}

// pageDeliveries is what the page shows of notifications.
type pageDeliveries struct {
	List  []pageDelivery // the newest first
	Pager pager
	Shops int // that get notifications,
}

type pageDelivery struct {
	Delivery
	Number     int // of all deliveries, from 1
	Violations []string
}

func (m *Market) pageDeliveries(v pageView) pageDeliveries {
	total, forgotten, shops := m.notifier.counts()
	pager, skip := newPager(v, "deliveries", total-forgotten)
	p := pageDeliveries{Pager: pager, Shops: shops}
	list := m.notifier.newest(skip + pageRows)
	for i, d := range slices.Backward(list[:max(len(list)-skip, 0)]) {
		p.List = append(p.List, pageDelivery{d, total - len(list) + i + 1, d.violations()})
	}
	return p
}
