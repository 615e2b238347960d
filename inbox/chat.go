package inbox

import (
	"context"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// readLag is how far a read may be behind what was written.
const readLag = 5 * time.Second

// chat is a chat in which there may be more to handle.
type chat struct {
	id      int64
	replies *replies
	turn    chan struct{} // has room for the goroutine that uses what follows

	loadedAt time.Time // zero: the state is not loaded yet
	state    State
	saved    bool // the Store has the state
	gone     bool // it is closed, and another takes its place

	inherited   int64     // the message that an earlier process was given, and had not handled
	inheritedAt time.Time // when it was given

	attempted int64 // the message that this process was given last
	attempts  int   // how often

	expected   map[int64]expectation // messages that notifications have named, and no read has shown
	notifiedAt time.Time             // when the last notification came
	listedAt   time.Time             // when it was last listed as one that waits
	updatedAt  time.Time             // its updatedAt then
	newest     time.Time             // when the last message was written that is known
	settles    time.Time             // a read that began before does not close it

	failures int  // visits that failed, one after another
	behind   int  // reads that lacked what a notification has named, one after another
	gaveUp   bool // there were too many of these

	// guarded by the mutex of the Inbox
	scheduled bool
	due       time.Time
	running   bool
	failure   error // of the last visit
	later     bool  // CatchUp does not wait for it: it has failed, or was given up
}

// expectation is a message that a notification has named.
type expectation struct {
	sentAt time.Time // by the Market's clock; zero: unknown
	heard  time.Time
}

func newChat(id int64, replies *replies) *chat {
	return &chat{
		id:       id,
		replies:  replies,
		turn:     make(chan struct{}, 1),
		saved:    true,
		expected: map[int64]expectation{},
	}
}

func (c *chat) lock(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *chat) unlock() { <-c.turn }

// load loads the state, unless it was loaded after a time: until then another process may have changed it. A change
// that is not saved yet stays.
func (c *chat) load(ctx context.Context, store Store, after time.Time) error {
	if c.loadedAt.After(after) || !c.saved {
		return nil
	}
	state, err := store.Load(ctx, c.id)
	if err != nil {
		return err
	}
	own := state.Begun == c.state.Begun && state.BegunAt.Equal(c.state.BegunAt)
	if state.Begun != state.Handled && !own {
		c.inherited, c.inheritedAt = state.Begun, state.BegunAt
	}
	if state.Open { // an earlier process may have read it when reads were behind
		c.settles = time.Now().Add(readLag)
	}
	c.state, c.loadedAt = state, time.Now()
	return nil
}

// save changes the state, and saves it unless the Store has it. After an error the change waits for the next save.
func (c *chat) save(ctx context.Context, store Store, change func(*State)) error {
	before := c.state
	change(&c.state)
	if c.saved && c.state == before {
		return nil
	}
	c.saved = false
	if err := store.Save(ctx, c.id, c.state); err != nil {
		return err
	}
	c.saved = true
	return nil
}

// expect notes that a notification has come, and what it has named.
func (c *chat) expect(messageID int64, sentAt time.Time) {
	c.notifiedAt, c.gaveUp = time.Now(), false
	if messageID != 0 {
		c.expected[messageID] = expectation{sentAt, c.notifiedAt}
	}
}

// see compares a read with what is expected of it.
func (c *chat) see(read sight) {
	for _, m := range read.messages {
		c.newest = latest(c.newest, m.CreatedAt)
		if _, ok := c.expected[m.MessageID]; ok {
			delete(c.expected, m.MessageID)
			c.behind = 0
		}
	}
	for id, e := range c.expected {
		if id == c.state.Handled || e.isOld(c.newest) {
			delete(c.expected, id)
		}
	}
}

// clearlyOlder is how much earlier a message was written than another that it surely stands before it in a read.
const clearlyOlder = 15 * time.Second

// isOld tells that a message, if there is one, stands before others that were read, and was handled with them.
func (e expectation) isOld(newest time.Time) bool {
	return !e.sentAt.IsZero() && newest.Sub(e.sentAt) > clearlyOlder
}

// lacks tells whether a read lacks a message of which was heard before it began.
func (c *chat) lacks(read sight) bool {
	for _, e := range c.expected {
		if !e.heard.After(read.began) {
			return true
		}
	}
	return false
}

// showsListed tells whether a read shows the chat as it was when it was listed. What was written just before counts
// only later, as times may be cut to seconds.
func (c *chat) showsListed(read sight) bool {
	old := c.listedAt.Sub(c.updatedAt) > 2*time.Second
	return old && !c.newest.Before(c.updatedAt) || !read.began.Before(c.listedAt.Add(readLag))
}

// start settles where an unknown chat begins: after the last message of the shop, or before the first one that a
// notification has named, but not before since. It gives what comes from there on.
func (c *chat) start(messages []gen.ChatMessageDTO, named map[int64]bool, since time.Time) []gen.ChatMessageDTO {
	first := 0
	for i, m := range messages {
		if m.Sender == gen.ChatMessageSenderTypePartner {
			first = i + 1
		}
	}
	for i, m := range messages[:first] {
		if named[m.MessageID] && m.Sender != gen.ChatMessageSenderTypePartner {
			first = i
			break
		}
	}
	for first < len(messages) && messages[first].CreatedAt.Before(since) {
		first++
	}
	c.state.Started, c.saved = true, false
	if first > 0 {
		c.state.Handled = messages[first-1].MessageID
	}
	return messages[first:]
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
