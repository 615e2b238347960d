package sandbox_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

const reads = "[getChat getChatHistory getChatMessage getChats]"

// A fault is refused where it could do nothing, however deep it is in others, and nowhere else.
func TestFaultsThatCannotAct(t *testing.T) {
	past := map[string]bool{"getChat": true, "getChats": true, "getChatHistory": true, "getChatMessage": true}
	sends := map[string]bool{"sendMessageToChat": true}
	for text, row := range map[string]struct {
		fault sandbox.Fault
		fits  map[string]bool
		says  string
	}{
		`{"kind":"cached"}`:  {sandbox.Cached(0), past, "Cached cannot act on %s, allowed is one of " + reads},
		`{"kind":"lagging"}`: {sandbox.Lagging(0), past, "Lagging cannot act on %s, allowed is one of " + reads},
		`{"kind":"changed"}`: {sandbox.Changed(sandbox.Escaped, nil), sends,
			"Changed cannot act on %s, allowed is one of [sendMessageToChat]"},
		`{"kind":"lagging","commit":true,"delayMs":1,"probability":0.5,"after":1}`: {
			sandbox.After(1, sandbox.Sometimes(0.5, 1, sandbox.CommitThen(sandbox.Delay(1, sandbox.Lagging(0))))), past,
			"Lagging cannot act on %s, allowed is one of " + reads},
		`{"kind":"abort","commit":true,"after":1}`: {sandbox.After(1, sandbox.CommitThen(sandbox.Abort())), nil, ""},
	} {
		for _, op := range gen.Operations {
			m := newMarket()
			err := m.EveryDescribed(op.ID, []byte(text))
			body := fmt.Sprintf(`{"operation":%q,"faults":[%s]}`, op.ID, text)
			status, answer := drive(t, m, "POST", "/_sandbox/faults", body)
			if row.fits == nil || row.fits[op.ID] {
				assert.NoError(t, err, text)
				assert.Equal(t, 204, status, answer)
				assert.NotPanics(t, func() { m.Script(op.ID, row.fault); m.Every(op.ID, row.fault) })
				continue
			}
			says := fmt.Sprintf(row.says, op.ID)
			assert.EqualError(t, err, says)
			assert.Equal(t, 400, status)
			assert.JSONEq(t, fmt.Sprintf(`{"error":%q}`, says), answer)
			assert.PanicsWithValue(t, "sandbox: Script: "+says, func() { m.Script(op.ID, nil, row.fault) })
			assert.PanicsWithValue(t, "sandbox: Every: "+says, func() { m.Every(op.ID, row.fault) })
			_, list := drive(t, m, "GET", "/_sandbox/faults", "")
			assert.Equal(t, "[]", list, "none of them is set")
		}
	}
	late := "Changed cannot act on a request that has happened, allowed is Changed around CommitThen"
	m := newMarket()
	assert.EqualError(t, m.EveryDescribed("sendMessageToChat", []byte(`{"kind":"changed","commit":true}`)), late)
	assert.PanicsWithValue(t, "sandbox: Script: "+late, func() {
		m.Script("sendMessageToChat", sandbox.CommitThen(sandbox.Delay(1, sandbox.Changed(sandbox.Masked, nil))))
	})
	const gone = "sandbox: Every: Refuse cannot act on a request that has happened, allowed is Abort"
	assert.PanicsWithValue(t, gone, func() { m.Every("sendMessageToChat", sandbox.CommitThen(sandbox.Refuse())) })
	assert.NotPanics(t, func() { m.Every("sendMessageToChat", sandbox.Refuse()) })
}

// What a program has written around a fault is not called before a request comes, as it may count; a request of an
// operation that the fault cannot act on says so.
func TestFaultWithinOneOfAProgram(t *testing.T) {
	m := newMarket()
	calls := 0
	m.Script("createChat", func(next http.Handler) http.Handler {
		calls++
		return sandbox.Lagging(time.Hour)(next)
	})
	assert.Zero(t, calls)
	a := ask(t, m, "POST", newChat, order5)
	assert.Equal(t, 1, calls)
	assert.Equal(t, 500, a.status)
	code, says := a.error(t)
	assert.Equal(t, "SANDBOX_FAULT", code)
	assert.Equal(t, "Lagging cannot act on createChat, allowed is one of "+reads, says)
}

// The text is stored changed, and answered as if it was not.
func TestChanged(t *testing.T) {
	const sent = `{"message":"<Call> +7 (900) 123-45-67 & \u0661"}`
	for text, want := range map[string]struct {
		fault  sandbox.Fault
		status int
		stored string
	}{
		`{"kind":"changed"}`: {sandbox.Changed(sandbox.Escaped, nil), 200, "&lt;Call&gt; +7 (900) 123-45-67 &amp; \u0661"},
		`{"kind":"changed","change":"padded","status":503}`: {
			sandbox.Changed(sandbox.Padded, sandbox.CommitThen(sandbox.Fail(503, "X", "x"))), 503,
			"  <Call> +7 (900) 123-45-67 & \u0661 \n"},
		`{"kind":"changed","change":"masked","delayMs":1}`: {
			sandbox.Delay(1, sandbox.Changed(sandbox.Masked, nil)), 200, "<Call> +* (***) ***-**-** & *"},
	} {
		m := newMarket()
		chat := startChat(t, m, order5)
		described, err := sandbox.ParseFault([]byte(text))
		require.NoError(t, err)
		m.Script("sendMessageToChat", want.fault, described, nil)
		for range 2 {
			assert.Equal(t, want.status, serve(m, "POST", messageTo(chat), sent).Code, text)
		}
		assert.Equal(t, 200, serve(m, "POST", messageTo(chat), sent).Code)
		messages := m.Messages(chat)
		require.Len(t, messages, 3)
		assert.Equal(t, want.stored, messages[0].Text)
		assert.Equal(t, want.stored, messages[1].Text)
		assert.Equal(t, "<Call> +7 (900) 123-45-67 & \u0661", messages[2].Text, "it is for one message")
		assert.Contains(t, historyOf(t, m, chat), want.stored)
	}
	assert.Panics(t, func() { sandbox.Changed(nil, nil) })
	_, err := sandbox.ParseFault([]byte(`{"kind":"changed","change":"cut"}`))
	assert.ErrorContains(t, err, "allowed values")
}
