package sandbox

import (
	"errors"
	"fmt"

	"github.com/ymarket-go/chats/gen"
)

// What a test does in the place of buyers, of the Market and of its support.

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
	return m.write(chatID, gen.ChatMessageSenderTypeCustomer, text)
}

// Write writes into a chat as the shop, its buyer, the Market or the Market's support. Messages of the last two leave
// open whose turn it is. The text may be any. The error is that of Reply, or says that there is no such sender.
func (m *Market) Write(chatID int64, sender gen.ChatMessageSenderType, text string) error {
	return ofPackage(m.write(chatID, sender, text))
}

func (m *Market) write(chatID int64, sender gen.ChatMessageSenderType, text string, files ...sentFile) error {
	if !sender.Valid() {
		return fmt.Errorf("the sender is %.40q, allowed is PARTNER, CUSTOMER, MARKET or SUPPORT", sender)
	}
	_, err := m.store.write(chatID, Message{Text: text, At: m.now(), Sender: sender}, anyCabinet, files...)
	if errors.Is(err, errNoChat) {
		return noChatError(chatID)
	}
	return err
}

// noChatError is errNoChat with the id of the chat.
type noChatError int64

func (e noChatError) Error() string        { return fmt.Sprintf("there is no chat %d", int64(e)) }
func (e noChatError) Is(target error) bool { return target == errNoChat }

// direct is the kind of a chat that a buyer began. A shop cannot make one, so the type for requests does not know it.
const direct = gen.ChatContextIdentifiableType(gen.ChatContextTypeDirect)

// Direct begins a chat as a buyer, about no order, and writes into it. It gives the id of the chat, which the shop
// learns by notifications and getChats. The chat is NEW until somebody writes once more. The text may be any;
// businessID is 1 or more, otherwise there is an error, as there is when the sandbox is full: it keeps 256 MiB of chats
// and messages.
func (m *Market) Direct(businessID int64, text string) (chatID int64, err error) {
	chatID, err = m.direct(businessID, text)
	return chatID, ofPackage(err)
}

func (m *Market) direct(businessID int64, text string) (chatID int64, err error) {
	if businessID < 1 {
		return 0, fmt.Errorf("Direct is given the cabinet %d, allowed is 1 and above", businessID)
	}
	return m.beginChat(businessID, gen.ChatContextDTO{Type: direct, ID: m.buyers.Add(1)}, text)
}

// Ask is Direct for a chat about an order or a return: wrapper.Order and wrapper.Return make its context. In a chat
// that exists it is Reply. The error says, too, that there is no such order.
func (m *Market) Ask(businessID int64, context gen.ChatContextDTO, text string) (chatID int64, err error) {
	chatID, err = m.ask(businessID, context, text)
	return chatID, ofPackage(err)
}

func (m *Market) ask(businessID int64, context gen.ChatContextDTO, text string) (chatID int64, err error) {
	switch {
	case businessID < 1:
		return 0, fmt.Errorf("Ask is given the cabinet %d, allowed is 1 and above", businessID)
	case !context.Type.Valid() || context.ID < 1:
		return 0, fmt.Errorf("Ask is given %.40q %d, allowed is ORDER or RETURN and a number of 1 and above",
			context.Type, context.ID)
	case !m.exists(context):
		return 0, fmt.Errorf("Ask is given the order %d, which there is not", context.ID)
	}
	return m.beginChat(businessID, context, text)
}

func (m *Market) beginChat(businessID int64, context gen.ChatContextDTO, text string) (chatID int64, err error) {
	message := Message{Text: text, At: m.now(), Sender: gen.ChatMessageSenderTypeCustomer}
	return m.store.begin(about{businessID, context}, message)
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
