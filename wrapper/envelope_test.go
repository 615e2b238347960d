package wrapper_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// Bodies of a 200 that promise nothing: never a panic, never a silent success.
var unpromised = map[string]string{
	"HTML":              "<!doctype html><title>Error</title>",
	"plain text":        "OK",
	"null":              "null",
	"an array":          `[{"status":"OK"}]`,
	"a string":          `"OK"`,
	"a number":          "1",
	"truncated":         `{"status":"OK","result":{"chatId":7`,
	"two values":        `{"status":"OK","result":{"chatId":77}} {}`,
	"status: a number":  `{"status":1,"result":{"chatId":77}}`,
	"status: an object": `{"status":{},"result":{"chatId":77}}`,
	"deep":              strings.Repeat("[", 20000),
	"NUL bytes":         "\x00\x00\x00",
	"UTF-16":            "\xff\xfe{\x00}\x00",
}

// A getChat or createChat promises a result with an id, too.
var resultless = map[string]string{
	"empty":               "",
	"white space":         " \n",
	"empty object":        `{}`,
	"no result":           `{"status":"OK"}`,
	"result: null":        `{"status":"OK","result":null}`,
	"result: an array":    `{"status":"OK","result":[]}`,
	"result: a string":    `{"status":"OK","result":"77"}`,
	"result: empty":       `{"status":"OK","result":{}}`,
	"chatId: 0":           `{"status":"OK","result":{"chatId":0}}`,
	"chatId: below 0":     `{"status":"OK","result":{"chatId":-7}}`,
	"chatId: a string":    `{"status":"OK","result":{"chatId":"77"}}`,
	"chatId: a fraction":  `{"status":"OK","result":{"chatId":7.5}}`,
	"chatId: 2^63":        `{"status":"OK","result":{"chatId":9223372036854775808}}`,
	"chatId: null":        `{"status":"OK","result":{"chatId":null}}`,
	"unknown status, too": `{"status":"MAYBE"}`,
}

func TestUnpromisedAnswers(t *testing.T) {
	for what, body := range unpromised {
		for op, call := range operations {
			t.Run(what+"/"+op, func(t *testing.T) {
				assertUnpromised(t, op, call(t.Context(), newClient(t, newScript(t, reply{status: 200, body: body}))))
			})
		}
	}
	for what, body := range resultless {
		for _, op := range withResult() {
			t.Run(what+"/"+op, func(t *testing.T) {
				assertUnpromised(t, op, operations[op](t.Context(), newClient(t, newScript(t, reply{status: 200, body: body}))))
			})
		}
	}
}

func assertUnpromised(t *testing.T, op string, err error) {
	t.Helper()
	e := asError(t, err)
	assert.Equal(t, 200, e.StatusCode)
	if op == "sendMessageToChat" {
		assertClasses(t, err, []error{wrapper.ErrInvalidResponse, wrapper.ErrOutcomeUnknown})
		return
	}
	assertClasses(t, err, []error{wrapper.ErrInvalidResponse})
	assert.Equal(t, wrapper.Rejected, e.Outcome)
}

// What a send may be answered with: older answers have no status, and some are empty.
func TestSent(t *testing.T) {
	for _, body := range []string{"", "\r\n", `{"status":"OK"}`, `{}`, `{"status":null}`, `{"status":"OK","result":{"messageId":5}}`, `{"status":"DONE"}`, `{"status":"OK","result":[]}`, `{"status":"OK","result":"sent"}`, `{"errors":[]}`} {
		assert.NoError(t, newClient(t, newScript(t, reply{status: 200, body: body})).SendMessage(t.Context(), chatID, text), body)
	}
}

// Fields and enum values that this version does not know are kept, not refused.
func TestUnknownFieldsAndEnumValues(t *testing.T) {
	body := `{"status":"PERFECT","result":{"chatId":77,"context":{"type":"AUCTION","customer":{"name":"N","age":7},"lot":1},
		"type":"VIDEO","status":"WAITING_FOR_MOON","createdAt":"2017-11-21T00:00:00+03:00","updatedAt":"2017-11-21T00:00:00.123Z","new":[{}]},"paging":{}}`
	chat, err := newClient(t, newScript(t, reply{status: 200, body: body})).GetChat(t.Context(), chatID)
	require.NoError(t, err)
	assert.Equal(t, gen.ChatContextType("AUCTION"), chat.Context.Type)
	assert.Equal(t, gen.ChatType("VIDEO"), chat.Type)
	assert.Equal(t, gen.ChatStatusType("WAITING_FOR_MOON"), chat.Status)
	assert.Equal(t, "N", *chat.Context.Customer.Name)
	assert.True(t, chat.CreatedAt.Equal(time.Date(2017, 11, 20, 21, 0, 0, 0, time.UTC)))
	assert.Equal(t, 123*ms, chat.UpdatedAt.Sub(chat.UpdatedAt.Truncate(time.Second)))
}

func TestUnpromisedStatuses(t *testing.T) {
	for _, status := range []int{101, 201, 204, 299, 300, 304, 399} {
		for op, call := range operations {
			err := call(t.Context(), newClient(t, newScript(t, reply{status: status, body: ok(op).body})))
			assert.ErrorIs(t, err, wrapper.ErrInvalidResponse, "%d %s", status, op)
			unknown := op == "sendMessageToChat" && status < 300
			assert.Equal(t, unknown, asError(t, err).Outcome == wrapper.Unknown, "%d %s", status, op)
		}
	}
}

func TestErrorInside200(t *testing.T) {
	for op, call := range operations {
		r := failure(200, "CHAT_CLOSED", "The chat is closed")
		r.header = http.Header{"Traceparent": {"00-1-2-01"}}
		err := call(t.Context(), newClient(t, newScript(t, r)))
		e := asError(t, err)
		assert.Equal(t, 200, e.StatusCode, op)
		assert.Equal(t, "CHAT_CLOSED", e.Errors[0].Code)
		assert.Equal(t, "The chat is closed", *e.Errors[0].Message)
		assert.Equal(t, wrapper.Rejected, e.Outcome)
		assertClasses(t, err, nil)
	}
}

// Older answers have no status. Errors in one are errors.
func TestErrorsWithoutAStatus(t *testing.T) {
	for op, call := range operations {
		err := call(t.Context(), newClient(t, newScript(t, reply{status: 200, body: `{"errors":[{"code":"X","message":"no"}]}`})))
		assert.Equal(t, "X", asError(t, err).Errors[0].Code, op)
		assert.Equal(t, wrapper.Rejected, asError(t, err).Outcome)
	}
}

// Only an empty 200 means sent.
func TestEmptyBodyOfAnother2xx(t *testing.T) {
	for _, status := range []int{201, 202, 204} {
		err := newClient(t, newScript(t, reply{status: status})).SendMessage(t.Context(), chatID, text)
		assertClasses(t, err, []error{wrapper.ErrInvalidResponse, wrapper.ErrOutcomeUnknown})
	}
}
