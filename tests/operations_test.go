package tests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// operationCase is what tests have to know of an operation.
type operationCase struct {
	// call gives the result as far as it may be shown.
	call func(ctx context.Context, c *wrapper.Client, text string, opts ...wrapper.CallOption) (shown any, err error)
	// raw makes the same call through the generated client.
	raw func(ctx context.Context, c gen.ClientInterface, text string) (*http.Response, error)
	// random gives a call with arguments at random, and the same request as the generated client makes it.
	random func(p parity) randomCall
	// answer is what the contract promises at that time.
	answer func(at time.Time) string
	// named is an answer that holds the buyer's name.
	named string
}

// randomCall is a call whose arguments may break the contract.
type randomCall struct {
	what    string
	text    string // of a message; empty: there is none
	request func() (*http.Request, error)
	call    func(ctx context.Context, c *wrapper.Client) error
}

const (
	anyText = "Your order is on its way"
	anyChat = 7000001 // the first one of a sandbox
	server  = gen.ServerURL + "/"

	anyMessage = 7000001000001 // the first one of that chat
)

// operations has all operations of the contract. Tests of what holds for each of them range over it.
var operations = map[string]operationCase{
	"createChat": {
		call: func(ctx context.Context, c *wrapper.Client, _ string, opts ...wrapper.CallOption) (any, error) {
			return c.CreateChat(ctx, wrapper.Order(5), opts...)
		},
		raw: func(ctx context.Context, c gen.ClientInterface, _ string) (*http.Response, error) {
			about := wrapper.Order(5)
			return c.CreateChat(ctx, business, gen.CreateChatRequest{Context: &about})
		},
		random: func(p parity) randomCall {
			about := p.about()
			return randomCall{
				what: fmt.Sprintf("%+v", about),
				request: func() (*http.Request, error) {
					return gen.NewCreateChatRequest(server, business, gen.CreateChatRequest{Context: &about})
				},
				call: func(ctx context.Context, c *wrapper.Client) error {
					_, err := c.CreateChat(ctx, about)
					return err
				},
			}
		},
		answer: func(time.Time) string { return `{"status":"OK","result":{"chatId":7000001}}` },
		named:  `{"status":"OK","result":{"chatId":7000001,"name":"` + secretName + `"}}`,
	},
	"sendMessageToChat": {
		call: func(ctx context.Context, c *wrapper.Client, text string, opts ...wrapper.CallOption) (any, error) {
			return nil, c.SendMessage(ctx, anyChat, text, opts...)
		},
		raw: func(ctx context.Context, c gen.ClientInterface, text string) (*http.Response, error) {
			request := gen.SendMessageToChatRequest{Message: text}
			return c.SendMessageToChat(ctx, business, &gen.SendMessageToChatParams{ChatID: anyChat}, request)
		},
		random: func(p parity) randomCall {
			id, text := p.id(), p.text()
			return randomCall{
				what: fmt.Sprintf("%d, %d bytes: %.20q", id, len(text), text),
				text: text,
				request: func() (*http.Request, error) {
					params := &gen.SendMessageToChatParams{ChatID: id}
					request := gen.SendMessageToChatRequest{Message: text}
					return gen.NewSendMessageToChatRequest(server, business, params, request)
				},
				call: func(ctx context.Context, c *wrapper.Client) error { return c.SendMessage(ctx, id, text) },
			}
		},
		answer: func(time.Time) string { return `{"status":"OK"}` },
		named:  `{"status":"OK","result":{"name":"` + secretName + `"}}`,
	},
	"sendFileToChat": {
		call: func(ctx context.Context, c *wrapper.Client, text string, opts ...wrapper.CallOption) (any, error) {
			return nil, c.SendFile(ctx, anyChat, anyFile, []byte(text), opts...)
		},
		raw: func(ctx context.Context, c gen.ClientInterface, text string) (*http.Response, error) {
			form, contentType := formOf(text)
			return c.SendFileToChatWithBody(ctx, business, &gen.SendFileToChatParams{ChatID: anyChat}, contentType, form)
		},
		random: func(p parity) randomCall {
			id, size := p.id(), pick(p.Rand, 0, 1, 100, maxFile, maxFile+1)
			return randomCall{
				what: fmt.Sprintf("%d, %d bytes", id, size),
				request: func() (*http.Request, error) {
					form, contentType := formOf(someFile[:size])
					return gen.NewSendFileToChatRequestWithBody(server, business, &gen.SendFileToChatParams{ChatID: id}, contentType, form)
				},
				call: func(ctx context.Context, c *wrapper.Client) error {
					return c.SendFile(ctx, id, anyFile, []byte(someFile[:size]))
				},
			}
		},
		answer: func(time.Time) string { return `{"status":"OK"}` },
		named:  `{"status":"OK","result":{"name":"` + secretName + `"}}`,
	},
	"getChat": {
		call: func(ctx context.Context, c *wrapper.Client, _ string, opts ...wrapper.CallOption) (any, error) {
			_, err := c.GetChat(ctx, anyChat, opts...) // its result holds the buyer's name by promise
			return nil, err
		},
		raw: func(ctx context.Context, c gen.ClientInterface, _ string) (*http.Response, error) {
			return c.GetChat(ctx, business, &gen.GetChatParams{ChatID: anyChat})
		},
		random: func(p parity) randomCall {
			id := p.id()
			return randomCall{
				what: fmt.Sprint(id),
				request: func() (*http.Request, error) {
					return gen.NewGetChatRequest(server, business, &gen.GetChatParams{ChatID: id})
				},
				call: func(ctx context.Context, c *wrapper.Client) error {
					_, err := c.GetChat(ctx, id)
					return err
				},
			}
		},
		answer: func(at time.Time) string { return chatAnswer(at.Add(-time.Minute)) },
		named: `{"status":"OK","result":{"chatId":7000001,"context":{"type":"ORDER","customer":{"name":"` + secretName + `"}},` +
			`"type":"CHAT","status":"NEW","createdAt":"1999-12-01T10:00:00+03:00","updatedAt":"1999-12-01T11:00:00+03:00"}}`,
	},
	"getChats": {
		call: func(ctx context.Context, c *wrapper.Client, _ string, opts ...wrapper.CallOption) (any, error) {
			for _, err := range c.Chats(ctx, gen.GetChatsRequest{}, opts...) {
				if err != nil {
					return nil, err
				}
			}
			return nil, nil // the chats hold the buyers' names by promise
		},
		raw: func(ctx context.Context, c gen.ClientInterface, _ string) (*http.Response, error) {
			return c.GetChats(ctx, business, &gen.GetChatsParams{}, gen.GetChatsRequest{})
		},
		random: func(p parity) randomCall {
			filter := p.filter()
			limit := int32(20)
			return randomCall{
				what: fmt.Sprintf("%+v", filter),
				request: func() (*http.Request, error) {
					return gen.NewGetChatsRequest(server, business, &gen.GetChatsParams{Limit: &limit}, filter)
				},
				call: func(ctx context.Context, c *wrapper.Client) error {
					for _, err := range c.Chats(ctx, filter) {
						return err
					}
					return nil
				},
			}
		},
		answer: func(at time.Time) string {
			chat := strings.TrimSuffix(strings.TrimPrefix(chatAnswer(at.Add(-time.Minute)), `{"status":"OK","result":`), "}")
			return `{"status":"OK","result":{"chats":[` + chat + `]}}`
		},
		named: `{"status":"OK","result":{"chats":[{"chatId":7000001,"context":{"type":"ORDER","customer":{"name":"` + secretName + `"}},` +
			`"type":"CHAT","status":"NEW","createdAt":"1999-12-01T10:00:00+03:00","updatedAt":"1999-12-01T11:00:00+03:00"}]}}`,
	},
	"getChatHistory": {
		call: func(ctx context.Context, c *wrapper.Client, _ string, opts ...wrapper.CallOption) (any, error) {
			_, err := c.Messages(ctx, anyChat, 0, opts...) // its result holds texts and the buyer's name by promise
			return nil, err
		},
		raw: func(ctx context.Context, c gen.ClientInterface, _ string) (*http.Response, error) {
			return c.GetChatHistory(ctx, business, &gen.GetChatHistoryParams{ChatID: anyChat}, gen.GetChatHistoryRequest{})
		},
		random: func(p parity) randomCall {
			id, after := p.id(), p.id()
			limit := int32(100)
			return randomCall{
				what: fmt.Sprint(id, " after ", after),
				request: func() (*http.Request, error) {
					var from gen.GetChatHistoryRequest
					if after != 0 {
						from.MessageIDFrom = &after
					}
					return gen.NewGetChatHistoryRequest(server, business, &gen.GetChatHistoryParams{ChatID: id, Limit: &limit}, from)
				},
				call: func(ctx context.Context, c *wrapper.Client) error {
					_, err := c.Messages(ctx, id, after)
					return err
				},
			}
		},
		answer: func(at time.Time) string {
			return `{"status":"OK","result":{"context":{"type":"ORDER","orderId":5},"messages":[` + messageAnswer(at) + `]}}`
		},
		named: `{"status":"OK","result":{"context":{"type":"ORDER","customer":{"name":"` + secretName + `"}},"messages":[]}}`,
	},
	"getChatMessage": {
		call: func(ctx context.Context, c *wrapper.Client, _ string, opts ...wrapper.CallOption) (any, error) {
			_, err := c.GetMessage(ctx, anyChat, anyMessage, opts...) // its result holds a text by promise
			return nil, err
		},
		raw: func(ctx context.Context, c gen.ClientInterface, _ string) (*http.Response, error) {
			return c.GetChatMessage(ctx, business, &gen.GetChatMessageParams{ChatID: anyChat, MessageID: anyMessage})
		},
		random: func(p parity) randomCall {
			chat, message := p.id(), p.id()
			return randomCall{
				what: fmt.Sprint(message, " of ", chat),
				request: func() (*http.Request, error) {
					return gen.NewGetChatMessageRequest(server, business, &gen.GetChatMessageParams{ChatID: chat, MessageID: message})
				},
				call: func(ctx context.Context, c *wrapper.Client) error {
					_, err := c.GetMessage(ctx, chat, message)
					return err
				},
			}
		},
		answer: func(at time.Time) string { return `{"status":"OK","result":` + messageAnswer(at) + `}` },
		named: `{"status":"OK","result":{"messageId":7000001000001,"createdAt":"1999-12-01T10:00:00+03:00","sender":"CUSTOMER",` +
			`"message":"` + secretName + `"}}`,
	},
}

const (
	anyFile = "receipt.txt"
	maxFile = 5 << 20 // bytes
)

var someFile = strings.Repeat("x", maxFile+1)

// formOf makes the form of a file as a program with mime/multipart does.
func formOf(content string) (form io.Reader, contentType string) {
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	part, _ := parts.CreateFormFile("file", anyFile) // into memory
	_, _ = io.WriteString(part, content)
	_ = parts.Close()
	return &body, parts.FormDataContentType()
}

// isSend tells whether an operation sends a message, which must not be repeated without a look.
func isSend(op string) bool {
	return op == gen.OperationSendMessageToChat || op == gen.OperationSendFileToChat
}

// messageAnswer is a message that the buyer wrote a minute before.
func messageAnswer(at time.Time) string {
	return fmt.Sprintf(`{"messageId":7000001000001,"createdAt":%q,"sender":"CUSTOMER","message":"Where is it?"}`,
		at.Add(-time.Minute).Format(time.RFC3339))
}

// chatAnswer is a chat that was last written into then.
func chatAnswer(updatedAt time.Time) string {
	return fmt.Sprintf(`{"status":"OK","result":{"chatId":7000001,"context":{"type":"ORDER","orderId":5},`+
		`"type":"CHAT","status":"NEW","createdAt":"1999-12-01T10:00:00+03:00","updatedAt":%q}}`,
		updatedAt.Format(time.RFC3339))
}

// call makes a call of an operation.
func call(ctx context.Context, op string, c *wrapper.Client, opts ...wrapper.CallOption) error {
	_, err := operations[op].call(ctx, c, anyText, opts...)
	return err
}

// What tests range over has all operations of the contract and no others.
func TestOperationsThatTestsRangeOver(t *testing.T) {
	for _, described := range gen.Operations {
		op := described.ID
		c := operations[op]
		assert.NotNil(t, c.call, "%s: operations lacks a call", op)
		assert.NotNil(t, c.raw, "%s: operations lacks a call of Raw", op)
		assert.NotNil(t, c.random, "%s: operations lacks a call at random", op)
		assert.NotNil(t, c.answer, "%s: operations lacks an answer", op)
		assert.Contains(t, c.named, secretName, "%s: operations lacks an answer with the buyer's name", op)
	}
	assert.Len(t, operations, len(gen.Operations), "operations that the contract has not")
}

// Client, Raw, the default Limiter and the sandbox know each operation under its name; the contract is the judge of the
// requests and answers.
func TestOperationsEndToEnd(t *testing.T) {
	for _, described := range gen.Operations {
		op := described.ID
		t.Run(op, func(t *testing.T) {
			c, known := operations[op]
			require.True(t, known, "operations lacks it")
			market := sandbox.New()
			client := newClient(t, market.RoundTripper())
			chat, err := client.CreateChat(t.Context(), wrapper.Order(5))
			require.NoError(t, err)
			require.EqualValues(t, anyChat, chat.ChatID)
			require.NoError(t, market.Reply(anyChat, "Where is it?"))

			require.NoError(t, call(t.Context(), op, client), "through the Client")
			resp, err := c.raw(t.Context(), client.Raw(), anyText)
			require.NoError(t, err, "through Raw")
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, http.StatusOK, resp.StatusCode, "through Raw")
			require.Len(t, market.Calls(), 3)
			for _, asked := range market.Calls()[1:] {
				assert.Equal(t, op, asked.Operation)
				assert.NoError(t, asked.Verdict)
			}

			market.Script(op, sandbox.Fail(http.StatusForbidden, "FORBIDDEN", "no"))
			var e *wrapper.Error
			require.True(t, errors.As(call(t.Context(), op, client), &e))
			assert.Equal(t, op, e.Operation)
			assert.Equal(t, http.StatusForbidden, e.StatusCode)
		})
	}
}
