package sandbox

import (
	"fmt"

	"github.com/ymarket-go/chats/gen"
)

// direct is the kind of a chat that a buyer began. A shop cannot make one, so the type for requests does not know it.
const direct = gen.ChatContextIdentifiableType(gen.ChatContextTypeDirect)

// Direct begins a chat as a buyer, about no order, and writes into it. It gives the id of the chat, which the shop
// learns by notifications alone. The text may be any; businessID is 1 or more, otherwise there is an error, as there is
// when the sandbox is full: it keeps 256 MiB of chats and messages.
func (m *Market) Direct(businessID int64, text string) (chatID int64, err error) {
	if businessID < 1 {
		return 0, fmt.Errorf("sandbox: Direct is given the cabinet %d, allowed is 1 and above", businessID)
	}
	buyer := m.buyers.Add(1)
	chatID, err = m.store.open(about{businessID, gen.ChatContextDTO{Type: direct, ID: buyer}}, m.now())
	if err != nil {
		return 0, fmt.Errorf("sandbox: %w", err)
	}
	return chatID, m.Reply(chatID, text)
}
