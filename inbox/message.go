package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// Message is a message of a chat. It holds what the buyer wrote and the buyer's name: fmt, JSON and slog show its ids
// alone.
type Message struct {
	gen.ChatMessageDTO
	ChatID int64                  // the chat that it was written into
	About  gen.ChatFullContextDTO // order, return, buyer

	// Attempt is 1 when the message is given to a handler for the first time, and more when it was given to one before,
	// which failed, or whose process ended. Attempts of earlier processes count as one.
	Attempt int

	// Answered tells that somebody of the shop wrote later, other than this process by Reply.
	Answered bool

	replies *replies
}

// Text is the text; empty for a message of files alone.
func (m *Message) Text() string {
	if m.ChatMessageDTO.Message == nil {
		return ""
	}
	return *m.ChatMessageDTO.Message
}

// FromBuyer tells that the buyer wrote the message.
func (m *Message) FromBuyer() bool { return m.Sender == gen.ChatMessageSenderTypeCustomer }

// Reply sends a text into the chat of the message, once: if the message is handed over again, because the handler
// failed later or the process ended, the same Reply sends nothing that is there already, and neither does one that the
// handler repeats after an error. The n-th Reply of a text to a message is the n-th message with this text. Texts count
// as the same if their letters and digits are.
//
// Its error is an *wrapper.Error where the Client gives one; a handler returns it, so that the message comes again. It
// works until the handler returns. Replies into a chat that are called at once are sent one after another.
func (m *Message) Reply(ctx context.Context, text string, opts ...wrapper.CallOption) error {
	switch {
	case ctx == nil:
		return errNilContext
	case m.replies == nil:
		return errors.New("inbox: Reply is called on a Message that was not given to a handler")
	}
	return m.replies.send(ctx, m, text, opts)
}

// ids is what is shown of a Message.
type ids struct {
	ChatID    int64 `json:"chatId"`
	MessageID int64 `json:"messageId"`
	Attempt   int   `json:"attempt"`
}

func (m Message) ids() ids { return ids{m.ChatID, m.MessageID, m.Attempt} }

// Format prints the ids for every verb.
func (m Message) Format(s fmt.State, _ rune) {
	_, _ = fmt.Fprintf(s, "message %d of chat %d, attempt %d", m.MessageID, m.ChatID, m.Attempt)
}

// MarshalJSON writes the ids.
func (m Message) MarshalJSON() ([]byte, error) { return json.Marshal(m.ids()) }

// LogValue gives the ids.
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(slog.Int64("chatId", m.ChatID), slog.Int64("messageId", m.MessageID),
		slog.Int("attempt", m.Attempt))
}
