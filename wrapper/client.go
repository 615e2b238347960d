package wrapper

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/internal/fast"
)

// Client calls the three operations for one cabinet. New makes one; the zero Client is of no use. It is safe for
// concurrent use, and meant to be kept: it holds the connections and TLS sessions. There is nothing to close.
type Client struct {
	*config
	businessID                             int64
	createChat, sendMessageToChat, getChat operation
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
	create, send, get := c.newOperations(businessID)
	return &Client{c, businessID, create, send, get}, nil
}

// operation is one of the three, for a cabinet.
type operation struct {
	id      string       // operationId
	request fast.Request // as the generated client makes it, for chat 1

	// repeatable: a second request leaves the Market as the first one did. createChat gives back the chat that
	// exists; sendMessageToChat shows the buyer the text again.
	repeatable bool
}

// contentType is that of every body of the contract.
const contentType = "application/json"

// newOperations lets the generated client make a request of each operation. That cannot fail: the server was parsed
// before. Making one takes about a fifth of a call, so it is done once.
func (c *config) newOperations(businessID int64) (createChat, sendMessageToChat, getChat operation) {
	create, _ := gen.NewCreateChatRequestWithBody(c.server, businessID, contentType, nil)
	send, _ := gen.NewSendMessageToChatRequestWithBody(c.server, businessID, &gen.SendMessageToChatParams{ChatID: 1}, contentType, nil)
	get, _ := gen.NewGetChatRequest(c.server, businessID, &gen.GetChatParams{ChatID: 1})
	return c.newOperation("createChat", create, true), c.newOperation("sendMessageToChat", send, false), c.newOperation("getChat", get, true)
}

func (c *config) newOperation(id string, request *http.Request, repeatable bool) operation {
	c.label(request)
	return operation{id, fast.NewRequest(request), repeatable}
}

// Order says that a chat is about an order. id is the number of the order, 1 or more; CreateChat refuses any other.
func Order(id int64) gen.ChatContextDTO {
	return gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeOrder, ID: id}
}

// Return says that a chat is about a return; there are such chats for shops of the FBY, FBS and Express models. id is
// the number of the return, 1 or more; CreateChat refuses any other.
func Return(id int64) gen.ChatContextDTO {
	return gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeReturn, ID: id}
}

// CreateChat starts a chat about an order or a return, or finds the one that exists; nothing in the answer tells which.
// Its result is never nil without an error, and its ChatID is 1 or more.
func (c *Client) CreateChat(ctx context.Context, about gen.ChatContextDTO, opts ...CallOption) (*gen.CreateChatResultDTO, error) {
	call := c.newCall(&c.createChat, 0, gen.CreateChatRequest{Context: &about}, opts, checkContext(about))
	return fetch(ctx, c, call, func(r *gen.CreateChatResultDTO) int64 { return r.ChatID })
}

// SendMessage sends a text to the buyer: 1 to 4,096 characters (code points) of valid UTF-8. chatID is 1 or more.
//
// The API knows no idempotency key, so an error can leave open whether the buyer has the text. Such an error is
// ErrOutcomeUnknown; read the chat before sending again.
func (c *Client) SendMessage(ctx context.Context, chatID int64, text string, opts ...CallOption) error {
	invalid := cmp.Or(checkID("chatId", chatID), checkText(text))
	call := c.newCall(&c.sendMessageToChat, chatID, gen.SendMessageToChatRequest{Message: text}, opts, invalid)
	call.text = text
	_, err := fetch[any](ctx, c, call, nil)
	return err
}

// GetChat reads what a chat is about, its status, and when it was last written into. chatID is 1 or more.
// Its result is never nil without an error. Type, Status and Context.Type may hold values that this version does not
// know; treat those as any other. The result holds the buyer's name: keep it out of logs.
func (c *Client) GetChat(ctx context.Context, chatID int64, opts ...CallOption) (*gen.GetChatInfoDTO, error) {
	call := c.newCall(&c.getChat, chatID, nil, opts, checkID("chatId", chatID))
	return fetch(ctx, c, call, func(r *gen.GetChatInfoDTO) int64 { return r.ChatID })
}

// maxText is the maxLength of SendMessageToChatRequest.message in the contract, in code points.
const maxText = 4096

func checkID(name string, id int64) error {
	if id < 1 {
		return fmt.Errorf("%s is %d, allowed is 1 and above", name, id)
	}
	return nil
}

// checkText never puts the text into its error.
func checkText(text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("message is not valid UTF-8, allowed is UTF-8 text of 1 to %d characters", maxText)
	}
	if text == "" || len(text) > maxText && utf8.RuneCountInString(text) > maxText { // no more characters than bytes
		return fmt.Errorf("message has %d characters, allowed is 1 to %d", utf8.RuneCountInString(text), maxText)
	}
	return nil
}

func checkContext(about gen.ChatContextDTO) error {
	if !about.Type.Valid() {
		return fmt.Errorf("context.type is %.20q, allowed is ORDER or RETURN", string(about.Type))
	}
	return checkID("context.id", about.ID)
}
