package wrapper_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// calls makes a call of an operation. Its error tells also of a success without the promised result.
type calls = func(context.Context, *wrapper.Client, ...wrapper.CallOption) error

// operationCase is what tests have to know of an operation.
type operationCase struct {
	call    calls
	invalid calls // with arguments that break the contract
	raw     func(context.Context, gen.ClientInterface) (*http.Response, error)
	answer  string // that the contract promises
}

// operationCases has all operations of the contract. Tests of what holds for each of them range over it.
var operationCases = map[string]operationCase{
	"createChat": {
		call: func(ctx context.Context, c *wrapper.Client, opts ...wrapper.CallOption) error {
			chat, err := c.CreateChat(ctx, wrapper.Order(5), opts...)
			return orNoResult(err, chat != nil && chat.ChatID >= 1)
		},
		invalid: func(ctx context.Context, c *wrapper.Client, opts ...wrapper.CallOption) error {
			_, err := c.CreateChat(ctx, gen.ChatContextDTO{Type: "DIRECT", ID: 5}, opts...)
			return err
		},
		raw: func(ctx context.Context, c gen.ClientInterface) (*http.Response, error) {
			about := wrapper.Order(5)
			return c.CreateChat(ctx, business, gen.CreateChatRequest{Context: &about})
		},
		answer: `{"status":"OK","result":{"chatId":77}}`,
	},
	"sendMessageToChat": {
		call: func(ctx context.Context, c *wrapper.Client, opts ...wrapper.CallOption) error {
			return c.SendMessage(ctx, chatOf(ctx), text, opts...)
		},
		invalid: func(ctx context.Context, c *wrapper.Client, opts ...wrapper.CallOption) error {
			return c.SendMessage(ctx, chatID, "", opts...)
		},
		raw: func(ctx context.Context, c gen.ClientInterface) (*http.Response, error) {
			return c.SendMessageToChat(ctx, business, &gen.SendMessageToChatParams{ChatID: chatOf(ctx)}, message)
		},
		answer: `{"status":"OK"}`,
	},
	"sendFileToChat": {
		call: func(ctx context.Context, c *wrapper.Client, opts ...wrapper.CallOption) error {
			return c.SendFile(ctx, chatOf(ctx), fileName, []byte(fileText), opts...)
		},
		invalid: func(ctx context.Context, c *wrapper.Client, opts ...wrapper.CallOption) error {
			return c.SendFile(ctx, chatID, "", []byte(fileText), opts...)
		},
		raw: func(ctx context.Context, c gen.ClientInterface) (*http.Response, error) {
			body, contentType := fileForm(fileName, fileText)
			return c.SendFileToChatWithBody(ctx, business, &gen.SendFileToChatParams{ChatID: chatOf(ctx)}, contentType, body)
		},
		answer: `{"status":"OK"}`,
	},
	"getChat": {
		call: func(ctx context.Context, c *wrapper.Client, opts ...wrapper.CallOption) error {
			chat, err := c.GetChat(ctx, chatID, opts...)
			return orNoResult(err, chat != nil && chat.ChatID >= 1)
		},
		invalid: func(ctx context.Context, c *wrapper.Client, opts ...wrapper.CallOption) error {
			_, err := c.GetChat(ctx, 0, opts...)
			return err
		},
		raw: func(ctx context.Context, c gen.ClientInterface) (*http.Response, error) {
			return c.GetChat(ctx, business, chatParams)
		},
		answer: `{"status":"OK","result":{"chatId":77,"context":{"type":"ORDER","orderId":5},"type":"CHAT","status":"NEW",` +
			`"createdAt":"1999-12-01T10:00:00+03:00","updatedAt":"1999-12-01T11:00:00+03:00"}}`,
	},
	"getChats": {
		call: func(ctx context.Context, c *wrapper.Client, opts ...wrapper.CallOption) error {
			found := 0
			for chat, err := range c.Chats(ctx, gen.GetChatsRequest{}, opts...) {
				if err != nil {
					return err
				}
				if chat.ChatID >= 1 {
					found++
				}
			}
			return orNoResult(nil, found == 1)
		},
		invalid: func(ctx context.Context, c *wrapper.Client, opts ...wrapper.CallOption) error {
			for _, err := range c.Chats(ctx, gen.GetChatsRequest{Types: []gen.ChatType{"chat"}}, opts...) {
				return err
			}
			return nil
		},
		raw: func(ctx context.Context, c gen.ClientInterface) (*http.Response, error) {
			return c.GetChats(ctx, business, &gen.GetChatsParams{}, gen.GetChatsRequest{})
		},
		answer: `{"status":"OK","result":{"chats":[{"chatId":77,"context":{"type":"ORDER","orderId":5},"type":"CHAT","status":"NEW",` +
			`"createdAt":"1999-12-01T10:00:00+03:00","updatedAt":"1999-12-01T11:00:00+03:00"}]}}`,
	},
	"getChatHistory": {
		call: func(ctx context.Context, c *wrapper.Client, opts ...wrapper.CallOption) error {
			read, err := c.Messages(ctx, chatID, 0, opts...)
			return orNoResult(err, read != nil && len(read.Messages) == 1)
		},
		invalid: func(ctx context.Context, c *wrapper.Client, opts ...wrapper.CallOption) error {
			_, err := c.Messages(ctx, chatID, -1, opts...)
			return err
		},
		raw: func(ctx context.Context, c gen.ClientInterface) (*http.Response, error) {
			return c.GetChatHistory(ctx, business, &gen.GetChatHistoryParams{ChatID: chatID}, gen.GetChatHistoryRequest{})
		},
		answer: `{"status":"OK","result":{"context":{"type":"ORDER","orderId":5},"messages":[` +
			`{"messageId":1,"createdAt":"1999-12-01T10:00:00+03:00","sender":"CUSTOMER","message":"Where is it?"}]}}`,
	},
	"getChatMessage": {
		call: func(ctx context.Context, c *wrapper.Client, opts ...wrapper.CallOption) error {
			message, err := c.GetMessage(ctx, chatID, 1, opts...)
			return orNoResult(err, message != nil && message.MessageID == 1)
		},
		invalid: func(ctx context.Context, c *wrapper.Client, opts ...wrapper.CallOption) error {
			_, err := c.GetMessage(ctx, chatID, 0, opts...)
			return err
		},
		raw: func(ctx context.Context, c gen.ClientInterface) (*http.Response, error) {
			return c.GetChatMessage(ctx, business, &gen.GetChatMessageParams{ChatID: chatID, MessageID: 1})
		},
		answer: `{"status":"OK","result":{"messageId":1,"createdAt":"1999-12-01T10:00:00+03:00","sender":"CUSTOMER","message":"Where is it?"}}`,
	},
}

// chatKey is the key of the context value that is the chat into which a case sends.
type chatKey struct{}

// chatOf is the chat of a call: chatID where the context has none.
func chatOf(ctx context.Context) int64 {
	if ctx != nil && ctx.Value(chatKey{}) != nil {
		return ctx.Value(chatKey{}).(int64)
	}
	return chatID
}

const (
	fileName = "Ваш чек.pdf"
	fileText = "%PDF-1.7 what Ivan Petrov has bought"
)

// fileForm makes the form of a file as a program with mime/multipart does.
func fileForm(name, content string) (form io.Reader, contentType string) {
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	part, _ := parts.CreateFormFile("file", name) // into memory
	_, _ = io.WriteString(part, content)
	_ = parts.Close()
	return &body, parts.FormDataContentType()
}

var errNoResult = errors.New("success without the promised result")

func orNoResult(err error, promised bool) error {
	if err == nil && !promised {
		return errNoResult
	}
	return err
}

// operations are the calls of all operations.
var operations = callsOf(func(c operationCase) calls { return c.call })

// invalidOperations are the same with arguments that break the contract.
var invalidOperations = callsOf(func(c operationCase) calls { return c.invalid })

// callsOf leaves out what has no row in wrapper's table: each of its calls would panic, before TestTableOfOperations
// names it.
func callsOf(pick func(operationCase) calls) map[string]calls {
	all := map[string]calls{}
	for _, row := range wrapper.Table() {
		if c, known := operationCases[row.ID]; known {
			all[row.ID] = pick(c)
		}
	}
	return all
}

// withResult are the operations that promise a result.
func withResult() (ops []string) {
	for _, op := range slices.Sorted(maps.Keys(operationCases)) {
		if strings.Contains(operationCases[op].answer, `"result"`) {
			ops = append(ops, op)
		}
	}
	return ops
}

// repeatable are the operations that may be repeated whatever came of them.
func repeatable() (ops []string) {
	for _, row := range wrapper.Table() {
		if row.Repeatable {
			ops = append(ops, row.ID)
		}
	}
	return ops
}

// isSend tells whether an operation sends a message, so that it must not be repeated without a look.
func isSend(op string) bool { return !slices.Contains(repeatable(), op) }

// contractOperations lists the operations of the contract.
func contractOperations(t *testing.T) (ids []string) {
	doc, err := api.Load()
	require.NoError(t, err)
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			ids = append(ids, op.OperationID)
		}
	}
	require.NotEmpty(t, ids)
	return ids
}

// The client knows the operations of the contract and no others, and what the contract cannot say of them.
func TestTableOfOperations(t *testing.T) {
	var ids []string
	for _, row := range wrapper.Table() {
		ids = append(ids, row.ID)
		assert.Positive(t, row.MaxAnswer, "%s: the largest answer", row.ID)
	}
	assert.ElementsMatch(t, contractOperations(t), ids)
	for _, op := range gen.Operations {
		assert.Positive(t, op.MaxRequest, "%s: the largest request", op.ID)
		if op.Method == http.MethodGet {
			assert.Contains(t, repeatable(), op.ID, "reading changes nothing")
		}
	}
}

// What tests range over has all operations of the contract and no others.
func TestCasesOfOperations(t *testing.T) {
	want := contractOperations(t)
	for _, op := range want {
		c := operationCases[op]
		assert.NotNil(t, c.call, "%s: operationCases lacks a call", op)
		assert.NotNil(t, c.invalid, "%s: operationCases lacks a call that breaks the contract", op)
		assert.NotNil(t, c.raw, "%s: operationCases lacks a call of Raw", op)
		assert.NotEmpty(t, c.answer, "%s: operationCases lacks an answer", op)
	}
	for op := range operationCases {
		assert.Contains(t, want, op, "the contract has no such operation")
	}
}

// The method of each operation sends what the contract calls so, and says so in its errors.
func TestMethodsOfOperations(t *testing.T) {
	checks, err := contract()
	require.NoError(t, err)
	for _, op := range contractOperations(t) {
		t.Run(op, func(t *testing.T) {
			call, known := operations[op]
			require.True(t, known, "%s: wrapper's table or operationCases lacks it", op)
			s := newScript(t, ok(op), failure(404, "NOT_FOUND", "no"))
			client := newClient(t, s)
			require.NoError(t, call(t.Context(), client))
			assert.Equal(t, op, checks.Operation(s.asked[0]))
			assert.Equal(t, op, asError(t, call(t.Context(), client)).Operation)
			assert.Equal(t, op, asError(t, invalidOperations[op](t.Context(), client)).Operation)
		})
	}
}

// The Limiter that clients have by default lets each operation in.
func TestLimiterKnowsOperations(t *testing.T) {
	limiter, err := wrapper.NewLimiter(wrapper.RetryPolicy{})
	require.NoError(t, err)
	for _, op := range contractOperations(t) {
		release, err := limiter.Acquire(t.Context(), op)
		if assert.NoError(t, err, "%s: the Limiter does not know it", op) {
			release(wrapper.Response{})
		}
	}
}

// Raw passes each operation on, to the Limiter under its own name.
func TestRawKnowsOperations(t *testing.T) {
	for _, op := range contractOperations(t) {
		t.Run(op, func(t *testing.T) {
			c, known := operationCases[op]
			require.True(t, known, "%s: operationCases lacks it", op)
			asked := &askedLimiter{}
			s := newScript(t, ok(op))
			resp, err := c.raw(t.Context(), newClient(t, s, wrapper.WithLimiter(asked)).Raw())
			require.NoError(t, err, "%s: Raw does not know it", op)
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, c.answer, string(body))
			assert.Equal(t, []string{op}, asked.operations)
		})
	}
}

// askedLimiter lets everybody in, and keeps the names of the operations.
type askedLimiter struct{ operations []string }

func (l *askedLimiter) Acquire(_ context.Context, operation string) (func(wrapper.Response), error) {
	l.operations = append(l.operations, operation)
	return func(wrapper.Response) {}, nil
}

// An operation that must not be repeated without a look needs more than a row: the promise has a column for messages,
// the resend check reads their chat, and the soak test sends them.
func TestMessagesAloneAreLookedFor(t *testing.T) {
	looked := map[string]bool{"sendMessageToChat": true, "sendFileToChat": true}
	for _, row := range wrapper.Table() {
		assert.NotEqual(t, looked[row.ID], row.Repeatable, "%s: nothing looks whether it was done", row.ID)
	}
}
