package wrapper_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
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
	if isSend(op) {
		assertClasses(t, err, []error{wrapper.ErrInvalidResponse, wrapper.ErrOutcomeUnknown})
		return
	}
	assertClasses(t, err, []error{wrapper.ErrInvalidResponse})
	assert.Equal(t, wrapper.Rejected, e.Outcome)
}

// What tells that a message was sent.
func TestSent(t *testing.T) {
	for _, body := range []string{
		"", "\r\n", "\ufeff", `{"status":"OK"}`, "\ufeff" + `{"status":"OK"}`, `{"status":"OK","result":{"messageId":5}}`,
		`{"status":"OK","result":[]}`, `{"status":"OK","result":"sent"}`, `{"status":"OK","errors":[]}`,
		`{"status":"OK","errors":null}`, `{"status":"OK","error":null}`,
	} {
		assert.NoError(t, newClient(t, newScript(t, reply{status: 200, body: body})).SendMessage(t.Context(), chatID, text), body)
	}
}

// A 200 that says neither OK nor what went wrong leaves open whether the message is in the chat.
func TestSentOrNot(t *testing.T) {
	for _, body := range []string{
		`{}`, `{"status":null}`, `{"status":"DONE"}`, `{"errors":[]}`, `{"message":"done"}`, `{"status":"ok"}`,
		`{"status":"OK","errors":[{"code":"X"}]}`, `{"status":"OK","error":{"code":403}}`,
		`{"status":"OK","errors":{"code":"X"}}`, `{"status":"OK"`, `{"status":"O`,
	} {
		err := newClient(t, newScript(t, reply{status: 200, body: body})).SendMessage(t.Context(), chatID, text)
		assertUnpromised(t, "sendMessageToChat", err)
	}
}

// What the Market says of an error in a 200, in each of its forms: the message was refused.
func TestRefusedWithStatus200(t *testing.T) {
	for body, says := range map[string]string{
		`{"status":"ERROR"}`:                                              "sendMessageToChat: 200 (",
		`{"status":"ERROR","errors":[{"code":"LOCKED"}]}`:                 "200: LOCKED (",
		`{"error":{"code":403,"message":"Token is invalid"}}`:             "200: 403: Token is invalid (",
		`{"errors":[{"code":"X"}]}`:                                       "200: X (",
		`{"errors":{"code":"X","message":"no"}}`:                          "200: X: no (",
		`{"status":"FAILED","errors":[{"message":"no"}]}`:                 "200: no (",
		"\ufeff" + `{"status":"ERROR","errors":[{"code":"LOCKED"}]}`:      "200: LOCKED (",
		`{"error":"Bad Request","path":"/v2/businesses/1/chats/message"}`: "200: Bad Request (",
	} {
		err := newClient(t, newScript(t, reply{status: 200, body: body})).SendMessage(t.Context(), chatID, text)
		assertClasses(t, err, nil)
		assert.Equal(t, wrapper.Rejected, asError(t, err).Outcome, body)
		assert.ErrorContains(t, err, says)
	}
}

// JSON that stops in the middle is an answer that was cut off, though nothing else says so.
func TestJSONThatStopsInTheMiddle(t *testing.T) {
	for _, op := range []string{"createChat", "getChat"} {
		whole := ok(op).body
		for end := 1; end < len(whole); end++ {
			synctest.Test(t, func(t *testing.T) {
				s := newScript(t, reply{status: 200, body: whole[:end]}, ok(op))
				require.NoError(t, operations[op](t.Context(), newClient(t, s)), whole[:end])
			})
		}
	}
	s := newScript(t, reply{status: 200, body: `{"status":"OK"}}`})
	assertUnpromised(t, "sendMessageToChat", newClient(t, s).SendMessage(t.Context(), chatID, text))
}

// The chat that was asked for is promised, and no other.
func TestAnotherChatIsNoResult(t *testing.T) {
	other := reply{status: 200, body: strings.Replace(ok("getChat").body, "77", "78", 1)}
	_, err := newClient(t, newScript(t, other)).GetChat(t.Context(), chatID)
	assertUnpromised(t, "getChat", err)
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
			unknown := isSend(op) && status < 300
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
