package wrapper

import (
	"context"
	"hash/maphash"
	"sync"
	"time"
)

// sends is what a Client remembers of its own sends, to tell their messages from others'. It is safe for concurrent
// use.
type sends struct {
	seed maphash.Seed

	mu  sync.Mutex
	new map[sendKey]*ownSends // once there are maxSends, they are the old ones
	old map[sendKey]*ownSends // forgotten then
}

// maxSends is how many texts are kept for certain: as many as an hour's quota has.
const maxSends = 1000

type sendKey struct {
	chatID int64
	text   uint64 // the hash of the folded text
}

// ownSends are the sends of one text into one chat. They run one after another, so that none is taken for another.
type ownSends struct {
	turn chan struct{} // has room for the send that runs

	began  time.Time // of the first of those between which there was no apart
	ended  time.Time // of the last one
	stored int       // of those, how many messages are in the chat
	open   int       // and of how many that is unknown
}

// apart is how long after a send a message of the same text cannot be taken for that of the send: the window begins
// clockSlack and slowRead before a send, and Date and createdAt may be cut to whole seconds and differ by one.
const apart = clockSlack + slowRead + 2*time.Second

func newSends() *sends {
	return &sends{seed: maphash.MakeSeed(), new: map[sendKey]*ownSends{}}
}

func (s *sends) key(chatID int64, folded string) sendKey {
	return sendKey{chatID, maphash.String(s.seed, folded)}
}

// has tells whether this Client has sent a text into a chat, or is about to.
func (s *sends) has(chatID int64, folded string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := s.key(chatID, folded)
	return s.new[key] != nil || s.old[key] != nil
}

// begin waits until no other send of the text into the chat runs.
func (s *sends) begin(ctx context.Context, chatID int64, folded string) (*ownSends, error) {
	own := s.of(s.key(chatID, folded))
	select {
	case own.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if time.Since(own.ended) > own.settlesAfter(apart) {
		own.began, own.stored, own.open = time.Now(), 0, 0
	}
	return own, nil
}

func (s *sends) of(key sendKey) *ownSends {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.new[key]
	if own == nil {
		if own = s.old[key]; own == nil {
			own = &ownSends{turn: make(chan struct{}, 1)}
		}
		if len(s.new) >= maxSends {
			s.old, s.new = s.new, map[sendKey]*ownSends{}
		}
		s.new[key] = own
	}
	return own
}

// settlesAfter is a time since the last send, and longer where the Market may be at a message.
func (own *ownSends) settlesAfter(d time.Duration) time.Duration {
	if own.open > 0 {
		d += marketTimeout
	}
	return d
}

// end ends a send that may have left a message in the chat.
func (own *ownSends) end(send *call, err error) {
	switch {
	case send.attempts == 0:
	case err == nil:
		own.stored++
		own.ended = time.Now()
	case send.outcome == Unknown:
		own.open++
		own.ended = time.Now()
	}
	<-own.turn
}
