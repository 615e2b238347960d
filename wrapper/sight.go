package wrapper

import (
	"errors"
	"slices"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// sight is what a read of a chat shows.
type sight struct {
	began, ended time.Time            // of its first page, by this machine's clock
	date         time.Time            // of its first page, by the Market's clock, as the times of the messages are
	least        time.Time            // the same, or earlier where date is further ahead than it can be by what was heard
	messages     []gen.ChatMessageDTO // of all its pages, the oldest first
	newestFirst  bool                 // in the order in which they came
	more         bool                 // the chat has pages that were not read
}

// isNewestFirst tells the order of a page. The Market promises none.
func isNewestFirst(page []gen.ChatMessageDTO) bool {
	return len(page) > 0 && page[0].CreatedAt.After(page[len(page)-1].CreatedAt)
}

// hasAllSince tells whether pages that are still to come are from before a time, by their order.
func (s sight) hasAllSince(t time.Time) bool {
	return s.newestFirst && s.messages[0].CreatedAt.Before(t)
}

// window is when a message may have been written, by the Market's clock.
type window struct {
	perhaps time.Time // not before that
	surely  time.Time // a text from then on is not one from before the send
}

// slowRead is how long a read may take until the Market looks at the chat. A slower one leaves it open whether a text
// is one from before the send.
const slowRead = 2 * time.Second

// window gives the window of a message whose first doubtful attempt began then. Sends of the same text before it, from
// which its window could not be told apart, are counted within a window that has all of them.
func (m *message) window(doubtSince time.Time, seen sight) window {
	since := doubtSince
	if m.times == 0 && m.own.stored+m.own.open > 0 {
		since = m.own.began
	}
	monotonic := seen.ended.Sub(since)
	return window{
		perhaps: seen.least.Add(-passed(since, seen.ended) - clockSlack),
		surely:  seen.date.Add(-min(monotonic, seen.began.Sub(since)+slowRead) - clockSlack),
	}
}

// passed is the larger of monotonic and wall time: the monotonic clock stands while a machine sleeps, and the wall
// clock can be set back.
func passed(began, now time.Time) time.Duration {
	return max(now.Sub(began), now.Round(0).Sub(began.Round(0)))
}

// Why it cannot be told whether a message is in a chat that was read.
var (
	errOthers = errors.New("the shop has written something else into the chat since, which may be this message, " +
		"changed by the Market")
	errInBetween = errors.New("the chat has the same text from about the time of the send, and it cannot be told " +
		"whether it is this message")
	errFewer = errors.New("the chat lacks a message with the same text that was sent before")
	errMore  = errors.New("the chat has more messages than can be read")
)

// isIn tells whether the message is among those that were read. isOthers tells which contents this Client has not
// sent into the chat. The error says why it cannot be told.
func (m *message) isIn(seen sight, w window, isOthers func(key string) bool) (found bool, doubt error) {
	earlier, open := m.own.stored, m.own.open
	if m.times > 0 {
		earlier, open, w.surely = m.before, 0, time.Time{}
	}
	same, surelySame, others := 0, 0, false
	for _, written := range seen.messages {
		within, surely := !written.CreatedAt.Before(w.perhaps), !written.CreatedAt.Before(w.surely)
		if !isShops(written) || !within && !surely {
			continue
		}
		keys := m.content.keysIn(written)
		isSame := slices.Contains(keys, m.key)
		switch {
		case isSame && surely:
			same++
			surelySame++
		case isSame:
			same++
		case within && written.Sender.Valid() && slices.ContainsFunc(keys, isOthers):
			others = true
		}
	}
	switch {
	case surelySame > earlier+open:
		return true, nil
	case same > earlier:
		return false, errInBetween
	case others:
		return false, errOthers
	case seen.more:
		return false, errMore
	case same < earlier:
		return false, errFewer
	}
	return false, nil
}

// newestBefore gives the id of the newest message from before a time; 0: there is none.
func newestBefore(t time.Time, messages []gen.ChatMessageDTO) (id int64) {
	for _, m := range messages {
		if m.CreatedAt.Before(t) {
			id = m.MessageID
		}
	}
	return id
}
