package wrapper

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/ymarket-go/chats/gen"
)

// Client calls the operations of the contract for one cabinet. New makes one; the zero Client is of no use. It is
// safe for concurrent use, and meant to be kept: it holds the connections and TLS sessions. There is nothing to
// close.
type Client struct {
	businessID int64
	server     string               // the base URL, ending in a slash
	product    string               // "name/version", or empty
	requests   map[string]*outgoing // by operationId, for this cabinet
	caller     caller
}

// New makes a Client for a cabinet. businessID is 1 or more. An API key belongs to one cabinet and so do its limits:
// whoever serves several cabinets makes a Client for each.
//
// It sends nothing. The error names the argument or the option that was refused, and what is allowed.
func New(businessID int64, auth Auth, opts ...Option) (*Client, error) {
	c, err := newClient(businessID, auth, opts)
	if err != nil {
		return nil, fmt.Errorf("wrapper: %w", err)
	}
	return c, nil
}

func newClient(businessID int64, auth Auth, opts []Option) (*Client, error) {
	if err := checkID("businessID", businessID); err != nil {
		return nil, err
	}
	settings, err := newConfig(auth, opts)
	if err != nil {
		return nil, err
	}
	c := &Client{
		businessID: businessID,
		server:     settings.server,
		product:    settings.product,
		requests:   map[string]*outgoing{},
	}
	for _, op := range operations {
		request, err := op.newRequest(settings.server, businessID)
		if err != nil {
			return nil, err
		}
		addDefaultHeaders(request.Header, settings.product)
		c.requests[op.id] = &outgoing{operation: op, request: request}
	}
	c.caller = caller{
		sender: sender{limiter: settings.limiter, doer: settings.doer, timeout: settings.timeout},
		policy: settings.retry,
		random: settings.random,
		logger: settings.logger,
		market: &market{},
	}
	return c, nil
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

// CreateChat starts a chat about an order or a return, or finds the one that exists; nothing in the answer tells
// which. Its result is never nil without an error, and its ChatID is 1 or more.
func (c *Client) CreateChat(
	ctx context.Context, about gen.ChatContextDTO, opts ...CallOption,
) (*gen.CreateChatResultDTO, error) {
	result := new(gen.CreateChatResultDTO)
	_, err := c.call(ctx, "createChat", opts, arguments{
		invalid:  checkContext(about),
		body:     gen.CreateChatRequest{Context: &about},
		result:   result,
		promised: func() bool { return result.ChatID >= 1 },
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// SendMessage sends a text to the buyer: 1 to 4,096 characters (code points) of valid UTF-8. chatID is 1 or more.
//
// The API knows no idempotency key, so an error can leave open whether the buyer has the text. Such an error is
// ErrOutcomeUnknown; read the chat before sending again.
func (c *Client) SendMessage(ctx context.Context, chatID int64, text string, opts ...CallOption) error {
	invalid := checkID("chatId", chatID)
	if invalid == nil {
		invalid = checkText(text)
	}
	_, err := c.call(ctx, "sendMessageToChat", opts, arguments{
		invalid: invalid,
		query:   chatQuery(chatID),
		body:    gen.SendMessageToChatRequest{Message: text},
		text:    text,
		read:    c.reader(chatID, text),
	})
	return err
}

// GetChat reads what a chat is about, its status, and when it was last written into. chatID is 1 or more.
// Its result is never nil without an error. Type, Status and Context.Type may hold values that this version does not
// know; treat those as any other. The result holds the buyer's name: keep it out of logs.
func (c *Client) GetChat(ctx context.Context, chatID int64, opts ...CallOption) (*gen.GetChatInfoDTO, error) {
	r := c.readChat(ctx, chatID, opts, arguments{})
	return r.chat, r.err
}

// readChat is GetChat, and the read of the resend check, which has arguments of its own.
func (c *Client) readChat(ctx context.Context, chatID int64, opts []CallOption, args arguments) reading {
	result := new(gen.GetChatInfoDTO)
	args.invalid = checkID("chatId", chatID)
	args.query = chatQuery(chatID)
	args.result = result
	args.promised = func() bool { return result.ChatID == chatID }
	h, err := c.call(ctx, "getChat", opts, args)
	if err != nil {
		return reading{err: err}
	}
	repeated := c.caller.market.learnTrace(h.answered.TraceParent)
	return reading{chat: result, header: h.answered.Header, repeated: repeated, asked: h.answered.trace.began}
}

// reader gives the function that reads the chat of a message for the resend check. No error of it shows the text.
func (c *Client) reader(chatID int64, text string) func(context.Context) reading {
	return func(ctx context.Context) reading {
		return c.readChat(ctx, chatID, nil, arguments{text: text, fresh: true})
	}
}

func chatQuery(chatID int64) string { return "chatId=" + strconv.FormatInt(chatID, 10) }

// call makes a call of an operation, and gives nil or an *Error.
func (c *Client) call(
	ctx context.Context, operationID string, opts []CallOption, args arguments,
) (*history, error) {
	prepared := c.requests[operationID]
	if prepared == nil {
		prepared = &outgoing{operation: operation{id: operationID}}
		args = arguments{invalid: fmt.Errorf("the table of operations has no %s", operationID)}
	}
	call := newCall(prepared, args)
	call.apply(opts)
	h := c.caller.do(ctx, call)
	if h.accepted {
		return h, nil
	}
	return h, h.failure(call.operation)
}

// addDefaultHeaders sets the headers that do not depend on the operation, unless a request editor has set them.
func addDefaultHeaders(header http.Header, product string) {
	setDefault(header, "Accept", contentType)
	if product == "" {
		setDefault(header, "User-Agent", "ymarket-go-chats")
		return
	}
	setDefault(header, "User-Agent", product)
	setDefault(header, "X-Market-Integration", product)
}

func setDefault(header http.Header, name, value string) {
	if header.Get(name) == "" {
		header.Set(name, value)
	}
}
