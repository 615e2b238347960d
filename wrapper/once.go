package wrapper

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// Once has SendMessage and SendFile read the chat first, and send nothing if the shop has written this text, or sent
// this file, into it after a message already; 0: ever. They succeed then, with Attempts 0. It is the idempotency key
// that the API lacks, and holds across restarts: keep with each text the id of the message after which it is due, and
// call again with both.
//
// A text counts as written if its letters and digits are the same, by whichever program of the shop it was sent; of a
// text that has none, all but white space counts. A file counts as sent if its name and its size are the same. The chat
// is read no sooner than 3 s after this Client has last sent it there, as reads may be behind, and 13 s where it is
// unknown whether that send arrived. A read that lacks the message itself is behind, and is repeated.
//
// It is no lock between processes: two that ask at once both send. A program that was killed during a send lets 13 s
// pass before it calls again, as the Market may be at the message for 10 s. If the chat cannot be read, nothing is
// sent, and the error is that of getChatHistory, with Outcome NotSent. Nor is anything sent if 1,000 messages do not
// show the text and the chat has more: the outcome is unknown then.
func Once(after int64) CallOption { return times("Once", after, 1) }

// Times is like Once, but for a text or a file that is due more than once: nothing is sent if it stands there n times
// already. Once(after) is Times(after, 1).
func Times(after int64, n int) CallOption { return times("Times", after, n) }

func times(option string, after int64, n int) CallOption {
	return func(c *call) error {
		switch {
		case c.message == nil:
			return &OptionError{option, "to " + c.operation.ID, "SendMessage and SendFile"}
		case after < 0:
			return &OptionError{option, strconv.FormatInt(after, 10), "0, for ever, or the id of a message"}
		case n < 1:
			return &OptionError{option, strconv.Itoa(n) + " times", "1 and above"}
		}
		c.message.after, c.message.times = after, n
		return nil
	}
}

// isThere reads the chat before a message is sent, and tells whether it is there often enough. Where the chat cannot
// be read the call has come to its end.
func (c *Client) isThere(ctx context.Context, send *call) (there bool, err error) {
	m := send.message
	pause := m.own.settlesAfter(readLag) - time.Since(m.own.ended)
	const until = "this text or file was sent into the chat, which can be read only after"
	if refused := c.retry.refuse(ctx, pause, until); refused != nil {
		send.retryAt = time.Now().Add(pause)
		send.end(refused)
		return false, send.failure()
	}
	c.waitFor(ctx, send, pause, forOwnText)
	seen, err := c.readChat(ctx, send, m.after, c.retry.MaxAttempts, func(seen sight) bool {
		return m.count(seen.messages) >= m.times
	})
	m.before = m.count(seen.messages)
	switch {
	case err != nil || m.before >= m.times:
	case seen.more:
		send.outcome, err = Unknown, errMore
	case c.resembles(m, seen.messages):
		send.outcome, err = Unknown, errResembles
	}
	var read *Error
	if errors.As(err, &read) {
		read.Attempts, read.Outcome = 0, NotSent
		return false, read
	}
	if err != nil {
		send.end(err)
		return false, send.failure()
	}
	return m.before >= m.times, nil
}

var errResembles = errors.New("the shop has sent a file of the same name or of the same size into the chat, which " +
	"may be this one, changed by the Market")

// resembles tells whether a message of the shop may be the file that is about to be sent. What this Client has sent
// there is known.
func (c *Client) resembles(m *message, messages []gen.ChatMessageDTO) bool {
	return slices.ContainsFunc(messages, func(written gen.ChatMessageDTO) bool {
		isOthers := func(key string) bool { return !c.sends.has(m.chatID, key) }
		return isShops(written) && m.content.resembles(written) && slices.ContainsFunc(m.content.keysIn(written), isOthers)
	})
}

// count tells how often the content of the message is among those of the shop.
func (m *message) count(messages []gen.ChatMessageDTO) (n int) {
	for _, written := range messages {
		if isShops(written) && slices.Contains(m.content.keysIn(written), m.key) {
			n++
		}
	}
	return n
}
