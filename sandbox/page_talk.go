package sandbox

import (
	"fmt"
	"slices"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// pageTalk is the chat that is chosen, with its newest messages or a page of those before.
type pageTalk struct {
	pageChat
	Lines    []pageLine
	Pager    pager
	messages map[int64]*pageMessage // those that are shown, by their ids
}

// pageLine is a message, or something that happened between messages.
type pageLine struct {
	Message *pageMessage
	Day     *time.Time // a day begins with this time
	At      time.Time  // of what happened
	Event   string
}

type pageMessage struct {
	Message
	Cut bool
	By  *storedBy // nil: no call that is remembered has stored it
}

// FromShop is true for what stands on the right.
func (m pageMessage) FromShop() bool { return m.Sender == gen.ChatMessageSenderTypePartner }

// Writer names the sender where the side does not tell it.
func (m pageMessage) Writer() string {
	if m.FromShop() || m.FromBuyer {
		return ""
	}
	return writerOf(m.Sender)
}

// pageFile is a file of a message on the page.
type pageFile struct {
	File
	Path string // where it can be fetched
}

// Attachments are the files of a message.
func (m pageMessage) Attachments() (files []pageFile) {
	for number, file := range m.Files {
		files = append(files, pageFile{file, m.filePathOf(number)})
	}
	return files
}

// Weight is the size of a file in a unit that fits.
func (f pageFile) Weight() string {
	switch {
	case f.Size >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(f.Size)/(1<<20))
	case f.Size >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(f.Size)/(1<<10))
	default:
		return counted(f.Size, "byte")
	}
}

// storedBy is the call that has stored a message.
type storedBy struct {
	Number, Status int
	Good           bool // the answer said that the message is stored
}

// pageTalk is nil when no chat is chosen, or when there is no such chat.
func (m *Market) pageTalk(v pageView, clock pageClock) *pageTalk {
	c, ok := m.store.chat(v.Chat)
	if !ok {
		return nil
	}
	pager, skip := newPager(v, "messages", len(c.messages))
	talk := &pageTalk{pageChat: newPageChat(c), Pager: pager, messages: map[int64]*pageMessage{}}
	end := len(c.messages) - skip
	first := max(end-pageRows, 0)
	disputes := disputesOf(c)
	for i := first; i <= end; i++ {
		for _, d := range disputes {
			if d.messages == i && (i < end || skip == 0) {
				talk.Lines = append(talk.Lines, pageLine{At: d.at, Event: d.says})
			}
		}
		if i < end {
			talk.add(c.messages[i])
		}
	}
	talk.markDays(clock)
	return talk
}

func (t *pageTalk) add(message Message) {
	shown := &pageMessage{Message: message, Cut: len(message.Text) > longerMessage}
	shown.Text = shorten(message.Text, longerMessage)
	t.messages[message.ID] = shown
	t.Lines = append(t.Lines, pageLine{Message: shown, At: message.At})
}

// stored notes the call that has stored a message, if the message is shown.
func (t *pageTalk) stored(number int, c *Call) {
	if t == nil || c.MessageID == 0 {
		return
	}
	if message := t.messages[c.MessageID]; message != nil {
		message.By = &storedBy{number, c.Status, c.good()}
	}
}

// markDays puts a line before the first line of each day.
func (t *pageTalk) markDays(clock pageClock) {
	day := ""
	for i := 0; i < len(t.Lines); i++ {
		at := t.Lines[i].At
		if its := clock.Date(at); its != day {
			day = its
			t.Lines = slices.Insert(t.Lines, i, pageLine{Day: &at})
			i++
		}
	}
}

type dispute struct {
	at       time.Time
	messages int // before it
	says     string
}

// disputesOf gives the beginning and the end of the dispute of a chat.
func disputesOf(c chat) (list []dispute) {
	var before moment
	for _, now := range c.moments {
		switch {
		case now.kind == gen.ChatTypeArbitrage && before.kind != gen.ChatTypeArbitrage:
			const says = "The buyer asked the Market to decide. The dispute began."
			list = append(list, dispute{now.at, now.messages, says})
		case now.status == gen.ChatStatusTypeFinished && before.status == gen.ChatStatusTypeWaitingForArbiter:
			list = append(list, dispute{now.at, now.messages, "The dispute ended."})
		}
		before = now
	}
	return list
}
