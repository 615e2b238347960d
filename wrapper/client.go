package wrapper

import (
	"cmp"
	"context"
	"fmt"

	"github.com/ymarket-go/chats/gen"
)

// Client calls the three operations for one cabinet. New makes one. It is safe for concurrent use, and meant to be kept:
// it holds the connections and TLS sessions.
type Client struct {
	*config
	businessID int64
}

// New makes a Client for a cabinet. businessID is 1 or more. An API key belongs to one cabinet and so do its limits:
// whoever serves several cabinets makes a Client for each.
//
// It sends nothing. The error names the argument or the option that was refused, and what is allowed.
func New(businessID int64, auth Auth, opts ...Option) (*Client, error) {
	c, err := newConfig(auth, opts)
	if err = cmp.Or(checkID("businessID", businessID), err); err != nil {
		return nil, fmt.Errorf("wrapper: %w", err)
	}
	return &Client{config: c, businessID: businessID}, nil
}

// Order says that a chat is about an order. id is 1 or more.
func Order(id int64) gen.ChatContextDTO {
	return gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeOrder, ID: id}
}

// Return says that a chat is about a return; there are such chats for shops of the FBY, FBS and Express models. id is
// the number of the return, 1 or more.
func Return(id int64) gen.ChatContextDTO {
	return gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeReturn, ID: id}
}

// CreateChat starts a chat about an order or a return, or finds the one that exists; nothing in the answer tells which.
// Its result is never nil without an error, and its ChatID is 1 or more.
func (c *Client) CreateChat(ctx context.Context, about gen.ChatContextDTO, opts ...CallOption) (*gen.CreateChatResultDTO, error) {
	req, err := gen.NewCreateChatRequest(c.server, c.businessID, gen.CreateChatRequest{Context: &about})
	call := c.newCall(createChat, req, opts, checkContext(about), err)
	return fetch(ctx, c, call, func(r *gen.CreateChatResultDTO) int64 { return r.ChatID })
}

// SendMessage sends a text to the buyer: 1 to 4,096 characters (code points) of valid UTF-8. chatID is 1 or more.
//
// The API knows no idempotency key, so an error can leave open whether the buyer has the text. Such an error is
// ErrOutcomeUnknown; read the chat before sending again.
func (c *Client) SendMessage(ctx context.Context, chatID int64, text string, opts ...CallOption) error {
	to := gen.SendMessageToChatParams{ChatID: chatID}
	req, err := gen.NewSendMessageToChatRequest(c.server, c.businessID, &to, gen.SendMessageToChatRequest{Message: text})
	call := c.newCall(sendMessageToChat, req, opts, checkID("chatId", chatID), checkText(text), err)
	call.secrets = []string{text}
	_, err = fetch[any](ctx, c, call, nil)
	return err
}

// GetChat reads what a chat is about, its status, and when it was last written into. chatID is 1 or more.
// Its result is never nil without an error. Type, Status and Context.Type may hold values that this version does not
// know; treat those as any other. The result holds the buyer's name: keep it out of logs.
func (c *Client) GetChat(ctx context.Context, chatID int64, opts ...CallOption) (*gen.GetChatInfoDTO, error) {
	req, err := gen.NewGetChatRequest(c.server, c.businessID, &gen.GetChatParams{ChatID: chatID})
	call := c.newCall(getChat, req, opts, checkID("chatId", chatID), err)
	return fetch(ctx, c, call, func(r *gen.GetChatInfoDTO) int64 { return r.ChatID })
}
