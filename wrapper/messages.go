package wrapper

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/ymarket-go/chats/gen"
)

const (
	messagesPage = 100 // messages of a page of getChatHistory, the most that the contract allows
	maxPages     = 100 // of one call of Messages: 10,000 messages
)

var errManyPages = fmt.Errorf("the chat has more than %d pages of %d messages; read on from a later message",
	maxPages, messagesPage)

// Messages gives what a chat is about, and its messages that came after a message, without that one; after 0 all of
// them. It reads all pages of 100, each with the retries of a call, and gives each message once, the oldest first by
// CreatedAt, equal ones by MessageID. Paging is nil. chatID is 1 or more, after 0 or more.
//
// To read on later, keep the MessageID of the last message that was handled, and give it as after. The Market promises
// neither an order nor that ids grow with time; it gives what it counts as later than that message.
//
// Sender may hold a value that this version does not know. Message is nil where there are files alone, which stand in
// Payload. Nothing promises that the text is, letter for letter, the one that was sent. The result holds the buyer's
// name and words: keep it out of logs.
//
// More than 100 pages end in an error. Attempts holds for each page. Capture has the answer to the last page that was
// read.
func (c *Client) Messages(
	ctx context.Context, chatID, after int64, opts ...CallOption,
) (*gen.ChatMessagesResultDTO, error) {
	var all *gen.ChatMessagesResultDTO
	var last *call
	take := func(page *gen.ChatMessagesResultDTO, read *call) (enough bool, err error) {
		last = read
		if all == nil {
			all = page
		} else {
			all.Messages = append(all.Messages, page.Messages...)
		}
		return false, nil
	}
	more, err := c.eachPage(ctx, chatID, after, maxPages, opts, take)
	switch {
	case err != nil:
		return nil, err
	case more:
		return nil, last.reject(errManyPages)
	}
	all.Messages = inOrder(all.Messages, after)
	all.Paging = nil
	return all, nil
}

// eachPage reads the pages of a chat's messages, no more than so many, and has each of them taken in, until take says
// that it has enough. It tells whether there may be more.
func (c *Client) eachPage(
	ctx context.Context, chatID, after int64, most int, opts []CallOption,
	take func(*gen.ChatMessagesResultDTO, *call) (enough bool, err error),
) (more bool, err error) {
	seen := pageTokens{}
	token, more := "", true
	opts = append(slices.Clip(opts), sharing(&private{}))
	for n := 0; more && n < most; n++ {
		page, call := new(gen.ChatMessagesResultDTO), c.newHistory(chatID, after, token, opts)
		call.result = page
		call.promised = func() bool { return page.Messages != nil }
		if err := c.do(ctx, call); err != nil {
			return false, err
		}
		if enough, err := take(page, call); enough || err != nil {
			return enough, err
		}
		if token, more, err = seen.next(page.Paging, call); err != nil {
			return false, err
		}
	}
	return more, nil
}

// newHistory makes the call that reads a page of the messages of a chat.
func (c *Client) newHistory(chatID, after int64, token string, opts []CallOption) *call {
	invalid := checkID("chatId", chatID)
	if invalid == nil && after < 0 {
		invalid = fmt.Errorf("after is %d, allowed is 0, for all messages, or the id of a message", after)
	}
	var from gen.GetChatHistoryRequest
	if after > 0 {
		from.MessageIDFrom = &after
	}
	query := fmt.Sprint("chatId=", chatID, "&", pageQuery(token, messagesPage))
	return c.newCall(gen.OperationGetChatHistory, query, from, invalid, opts)
}

// inOrder gives the messages by time, each once, without the one that they come after: the Market gives that one, too.
func inOrder(messages []gen.ChatMessageDTO, after int64) []gen.ChatMessageDTO {
	seen := map[int64]bool{after: true}
	messages = slices.DeleteFunc(messages, func(m gen.ChatMessageDTO) bool {
		again := seen[m.MessageID]
		seen[m.MessageID] = true
		return again
	})
	slices.SortFunc(messages, func(a, b gen.ChatMessageDTO) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.MessageID, b.MessageID))
	})
	return messages
}

// GetMessage reads one message: a notification names it and does not have its text. chatID and messageID are 1 or more.
// Its result is never nil without an error. What is said of the messages of Messages holds for it.
func (c *Client) GetMessage(
	ctx context.Context, chatID, messageID int64, opts ...CallOption,
) (*gen.ChatMessageDTO, error) {
	message := new(gen.ChatMessageDTO)
	invalid := checkID("chatId", chatID)
	if invalid == nil {
		invalid = checkID("messageId", messageID)
	}
	query := fmt.Sprint("chatId=", chatID, "&messageId=", messageID)
	call := c.newCall(gen.OperationGetChatMessage, query, nil, invalid, opts)
	call.result = message
	call.promised = func() bool { return message.MessageID == messageID }
	if err := c.do(ctx, call); err != nil {
		return nil, err
	}
	return message, nil
}
