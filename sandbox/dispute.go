package sandbox

import (
	"errors"
	"fmt"

	"github.com/ymarket-go/chats/gen"
)

// StartDispute lets the buyer of a chat ask the Market to decide: the type of the chat is ARBITRAGE from then on, and
// it waits for the arbiter, whoever writes. Notifications tell of it. The error says that there is no such chat, that
// it is DIRECT, which the API knows no disputes in, or that it has one.
func (m *Market) StartDispute(chatID int64) error {
	now := m.now()
	return m.store.changeDispute("StartDispute", chatID, func(c *chat) error {
		switch {
		case c.about.context.Type == direct:
			return errors.New("allowed is a chat about an order or a return")
		case c.kind == gen.ChatTypeArbitrage:
			return errors.New("it has a dispute, or had one")
		}
		c.kind, c.status = gen.ChatTypeArbitrage, gen.ChatStatusTypeWaitingForArbiter
		m.store.announceDisputeStarted(c, now)
		return nil
	})
}

// FinishDispute ends what StartDispute began: the status of the chat is FINISHED. Notifications tell of it. The error
// says that there is no such chat, or no dispute in it.
func (m *Market) FinishDispute(chatID int64) error {
	now := m.now()
	return m.store.changeDispute("FinishDispute", chatID, func(c *chat) error {
		if c.status != gen.ChatStatusTypeWaitingForArbiter {
			return errors.New("there is no dispute in it")
		}
		c.status = gen.ChatStatusTypeFinished
		m.store.announceDisputeFinished(c, now)
		return nil
	})
}

func (s *store) changeDispute(what string, chatID int64, change func(*chat) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chats[chatID]
	if c == nil {
		return fmt.Errorf("sandbox: %w: %d", errNoChat, chatID)
	}
	if err := change(c); err != nil {
		return fmt.Errorf("sandbox: %s is given the chat %d: %w", what, chatID, err)
	}
	s.active.MoveToFront(c.place)
	return nil
}
