package wrapper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"

	"github.com/ymarket-go/chats/gen"
)

// Client calls the operations of the contract for one cabinet. New makes one; the zero Client is of no use. It is
// safe for concurrent use, and meant to be kept: it holds the connections and TLS sessions. There is nothing to
// close.
type Client struct {
	config
	businessID int64
	headers    http.Header     // those that do not depend on the operation
	prepared   map[string]call // by operationId: what all calls of it have in common
	market     *market
	sends      *sends
}

// New makes a Client for a cabinet. businessID is 1 or more. An API key belongs to one cabinet and so do its limits: a
// program that serves several cabinets makes a Client for each.
//
// It sends nothing. The error names the argument or the option that was refused, and what is allowed.
func New(businessID int64, auth Auth, opts ...Option) (*Client, error) {
	c := &Client{businessID: businessID, prepared: map[string]call{}, market: &market{}, sends: newSends()}
	c.config = config{
		server:        gen.ServerURL,
		timeout:       attemptTimeout,
		marketGivesUp: marketTimeout,
		readsLag:      readLag,
		random:        rand.Float64,
	}
	if err := c.configure(auth, opts); err != nil {
		return nil, fmt.Errorf("wrapper: %w", err)
	}
	return c, nil
}

func (c *Client) configure(auth Auth, opts []Option) error {
	if err := checkID("businessID", c.businessID); err != nil {
		return err
	}
	if auth == nil {
		return errors.New("auth is nil, give APIKey or OAuth")
	}
	for i, opt := range opts {
		if opt == nil {
			return fmt.Errorf("option %d is nil", i+1)
		}
		if err := opt(&c.config); err != nil {
			return err
		}
	}
	var err error
	if c.retry, err = c.retry.withDefaults(); err != nil {
		return err
	}
	if c.server, err = checkBaseURL(c.server, c.plainHTTP); err != nil {
		return err
	}
	if c.limiter == nil {
		c.limiter = newLimiter(c.retry)
	}
	if c.transport == nil {
		c.transport = newTransport()
	}
	c.doer = authorized{auth, c.transport, len(c.middleware) > 0}
	for i := len(c.middleware) - 1; i >= 0; i-- { // the first one outermost
		if c.doer = c.middleware[i](c.doer); c.doer == nil {
			return fmt.Errorf("middleware %d gave back a nil Doer", i+1)
		}
	}
	c.headers = http.Header{"Accept": {"application/json"}, "User-Agent": {cmp.Or(c.product, "ymarket-go-chats")}}
	if c.product != "" {
		c.headers.Set("X-Market-Integration", c.product)
	}
	for _, described := range gen.Operations {
		op := operations[described.ID]
		op.Operation = described
		path := strings.Replace(op.Path, "{businessId}", strconv.FormatInt(c.businessID, 10), 1)
		req, err := http.NewRequest(op.Method, c.server+strings.TrimPrefix(path, "/"), nil)
		if err != nil {
			return err
		}
		if op.ContentType != "" {
			req.Header.Set("Content-Type", op.ContentType)
		}
		maps.Copy(req.Header, c.headers)
		c.prepared[op.ID] = call{operation: op, request: req}
	}
	return nil
}

// BusinessID gives the cabinet for which New made the Client.
func (c *Client) BusinessID() int64 { return c.businessID }

// Order says that a chat is about an order. id is the number of the order, 1 or more; CreateChat refuses any other.
func Order(id int64) gen.ChatContextDTO {
	return gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeOrder, ID: id}
}

// Return says that a chat is about a return; there are such chats for shops of the FBY, FBS and Express models. id is
// the number of the return, 1 or more; CreateChat refuses any other.
func Return(id int64) gen.ChatContextDTO {
	return gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeReturn, ID: id}
}

// CreateChat starts a chat about an order or a return, or finds the one that exists; nothing in the answer tells
// which. Its result is never nil without an error, and its ChatID is 1 or more.
func (c *Client) CreateChat(
	ctx context.Context, about gen.ChatContextDTO, opts ...CallOption,
) (*gen.CreateChatResultDTO, error) {
	result := new(gen.CreateChatResultDTO)
	body := gen.CreateChatRequest{Context: &about}
	call := c.newCall(gen.OperationCreateChat, "", body, checkContext(about), opts)
	call.result = result
	call.promised = func() bool { return result.ChatID >= 1 }
	if err := c.do(ctx, call); err != nil {
		return nil, err
	}
	return result, nil
}

// SendMessage sends a text to the buyer: 1 to 4,096 characters (code points) of valid UTF-8. chatID is 1 or more.
//
// The API knows no idempotency key. Where a failure leaves open whether the buyer has the text, the messages of the
// chat are read, and the call succeeds if the text is there. Where that does not tell, the error is ErrOutcomeUnknown:
// call again with Once, 13 s later.
func (c *Client) SendMessage(ctx context.Context, chatID int64, text string, opts ...CallOption) error {
	invalid := checkID("chatId", chatID)
	if invalid == nil {
		invalid = checkText(text)
	}
	body := gen.SendMessageToChatRequest{Message: text}
	call := c.newCall(gen.OperationSendMessageToChat, fmt.Sprint("chatId=", chatID), body, invalid, opts)
	call.message.chatID, call.message.content = chatID, messageContent{text: text}
	return c.do(ctx, call)
}

// GetChat reads what a chat is about, its status, and when it was last written into. chatID is 1 or more.
// Its result is never nil without an error. Type, Status and Context.Type may hold values that this version does not
// know; treat those as any other. The result holds the buyer's name: keep it out of logs.
func (c *Client) GetChat(ctx context.Context, chatID int64, opts ...CallOption) (*gen.GetChatInfoDTO, error) {
	chat := new(gen.GetChatInfoDTO)
	call := c.newCall(gen.OperationGetChat, fmt.Sprint("chatId=", chatID), nil, checkID("chatId", chatID), opts)
	call.result = chat
	call.promised = func() bool { return chat.ChatID == chatID }
	if err := c.do(ctx, call); err != nil {
		return nil, err
	}
	return chat, nil
}
