package wrapper_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// What must not be sent is refused with a text that names the field and what is allowed.
func TestInvalidRequestsAreNotSent(t *testing.T) {
	send := func(chat int64, text string, opts ...wrapper.CallOption) func(*wrapper.Client) error {
		return func(c *wrapper.Client) error { return c.SendMessage(t.Context(), chat, text, opts...) }
	}
	get := func(chat int64, opts ...wrapper.CallOption) func(*wrapper.Client) error {
		return func(c *wrapper.Client) error { _, err := c.GetChat(t.Context(), chat, opts...); return err }
	}
	create := func(about gen.ChatContextDTO) func(*wrapper.Client) error {
		return func(c *wrapper.Client) error { _, err := c.CreateChat(t.Context(), about); return err }
	}
	rows := map[string]struct {
		call func(*wrapper.Client) error
		says string
	}{
		"send: chat 0":           {send(0, text), "chatId is 0, allowed is 1 and above"},
		"send: chat below 0":     {send(math.MinInt64, text), "chatId is -9223372036854775808, allowed"},
		"get: chat 0":            {get(0), "chatId is 0, allowed is 1 and above"},
		"get: chat below 0":      {get(-1), "chatId is -1, allowed"},
		"text: empty":            {send(1, ""), "message has 0 characters, allowed is 1 to 4096"},
		"text: too long":         {send(1, strings.Repeat("x", 4097)), "message has 4097 characters, allowed is 1 to 4096"},
		"text: too long, wide":   {send(1, strings.Repeat("😀", 4097)), "message has 4097 characters"},
		"text: not UTF-8":        {send(1, "a\xffb"), "message is not valid UTF-8, allowed is"},
		"context: zero":          {create(gen.ChatContextDTO{}), `context.type is "", allowed is ORDER or RETURN`},
		"context: DIRECT":        {create(gen.ChatContextDTO{Type: "DIRECT", ID: 1}), `context.type is "DIRECT", allowed is ORDER or RETURN`},
		"context: order 0":       {create(wrapper.Order(0)), "context.id is 0, allowed is 1 and above"},
		"context: return -5":     {create(wrapper.Return(-5)), "context.id is -5, allowed"},
		"options: no attempts":   {get(1, wrapper.Attempts(0)), "Attempts is 0, allowed is 1 and above"},
		"options: no capture":    {get(1, wrapper.Capture(nil)), "Capture is given nil, allowed is"},
		"options: a nil one":     {get(1, nil), "option 1 is nil"},
		"send: options come too": {send(1, text, wrapper.Attempts(-1)), "Attempts is -1"},
	}
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			s := newScript(t)
			err := row.call(newClient(t, s))
			assertClasses(t, err, []error{wrapper.ErrInvalidRequest})
			assert.Contains(t, err.Error(), row.says)
			e := asError(t, err)
			assert.Equal(t, wrapper.NotSent, e.Outcome)
			assert.Zero(t, e.Attempts)
			assert.Zero(t, s.attempts())
		})
	}
}

func TestNilContextIsRefused(t *testing.T) {
	for op, call := range operations {
		t.Run(op, func(t *testing.T) {
			err := call(nil, newClient(t, newScript(t)))
			assertClasses(t, err, []error{wrapper.ErrInvalidRequest})
			assert.Contains(t, err.Error(), "ctx is nil")
		})
	}
}

func TestBoundsThatAreAllowed(t *testing.T) {
	texts := []string{"x", " ", strings.Repeat("x", 4096), strings.Repeat("😀", 4096), "\u0000", "\u2028", "<&>"}
	for _, text := range texts {
		s := newScript(t, ok("sendMessageToChat"))
		require.NoError(t, newClient(t, s).SendMessage(t.Context(), math.MaxInt64, text))
		assert.Equal(t, "9223372036854775807", s.asked[0].URL.Query().Get("chatId"))
	}
	s := newScript(t, ok("createChat"))
	_, err := newClient(t, s).CreateChat(t.Context(), wrapper.Return(math.MaxInt64))
	require.NoError(t, err)
	assert.JSONEq(t, `{"context":{"type":"RETURN","id":9223372036854775807}}`, s.bodies[0])
}

// Capture is filled whatever fails, even another option.
func TestCaptureOfARefusedCall(t *testing.T) {
	captured := wrapper.Response{StatusCode: 200, Attempts: 7}
	_, err := newClient(t, newScript(t)).GetChat(t.Context(), chatID, wrapper.Attempts(0), wrapper.Capture(&captured))
	assertClasses(t, err, []error{wrapper.ErrInvalidRequest})
	assert.Zero(t, captured)
}

func TestFirstReasonIsGiven(t *testing.T) {
	err := newClient(t, newScript(t)).SendMessage(t.Context(), 0, text, wrapper.Attempts(0))
	assert.ErrorIs(t, err, wrapper.ErrInvalidRequest)
	assert.NotContains(t, err.Error(), "Attempts is 0")
}

// A nil context goes before whatever else is wrong.
func TestNilContextIsTheFirstReason(t *testing.T) {
	var none context.Context
	_, err := newClient(t, newScript(t)).GetChat(none, 0)
	assertClasses(t, err, []error{wrapper.ErrInvalidRequest})
	assert.ErrorContains(t, err, "ctx is nil")
}
