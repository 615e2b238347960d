package sandbox_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// A call knows the fault that acted on it, its chat, and the message that it has stored, whatever its answer says.
func TestCallKnowsItsFault(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	status, _ := drive(t, m, "POST", "/_sandbox/faults", `{"operation":"sendMessageToChat","faults":[{"kind":"fail","commit":true},{"kind":"abort"},
		{"kind":"none"},{"kind":"fail","status":503,"probability":0},{"kind":"fail","after":1},{"kind":"none","delayMs":1}]}`)
	require.Equal(t, 204, status)
	m.Script(sandbox.OperationSendMessageToChat, sandbox.CommitThen(sandbox.Fail(502, "X", "x")), nil,
		func(http.Handler) http.Handler { return http.NotFoundHandler() })
	for range 9 {
		func() {
			defer func() { _ = recover() }() // of the cut
			rawSend(m, chat)
		}()
	}
	var got []sandbox.Call
	for _, c := range m.Calls() {
		assert.Equal(t, chat, c.ChatID, "createChat has opened it, the others name it")
		got = append(got, sandbox.Call{Status: c.Status, MessageID: c.MessageID, Fault: c.Fault})
	}
	const message = 7000001000000
	assert.Equal(t, []sandbox.Call{
		{Status: 200},
		{Status: 500, MessageID: message + 1, Fault: "answer 500, message is stored"},
		{Status: 0, Fault: "connection cut before the answer"},
		{Status: 200, MessageID: message + 2},
		{Status: 200, MessageID: message + 3},
		{Status: 200, MessageID: message + 4},
		{Status: 200, MessageID: message + 5, Fault: "true answer, after 1 ms"},
		{Status: 502, MessageID: message + 6, Fault: "set by a program"},
		{Status: 200, MessageID: message + 7},
		{Status: 404, Fault: "set by a program"},
	}, got)
	_, list := drive(t, m, "GET", "/_sandbox/calls", "")
	assert.Contains(t, list, `"chatId":7000001,"fault":"answer 500, message is stored","messageId":7000001000001,`)
	rawAsk(m, "GET", "/elsewhere")
	_, list = drive(t, m, "GET", "/_sandbox/calls", "")
	assert.Contains(t, list, `{"at":"2026-09-09T12:00:00Z","fault":"","method":"GET","operation":"","path":"/elsewhere"`)
}

// A number that is no id names no chat.
func TestCallOfANumberOutOfRange(t *testing.T) {
	m := newMarket()
	rawAsk(m, "GET", "/v2/businesses/1/chat?chatId=9223372036854775808")
	assert.Zero(t, m.Calls()[0].ChatID)
}

// Every kind of fault has words for what it does, and they hold no text of its description.
func TestConsequences(t *testing.T) {
	m := newMarket()
	for _, kind := range sandbox.Kinds {
		operation, call := sandbox.OperationSendMessageToChat, func() { rawSend(m, 1) }
		if kind.Name == "cached" || kind.Name == "lagging" {
			operation, call = sandbox.OperationGetChat, func() { rawAsk(m, "GET", chatOf(1)) }
		}
		status, answer := drive(t, m, "POST", "/_sandbox/faults", `{"operation":"`+operation+`","faults":[{"kind":"`+kind.Name+`","body":"canary",
			"url":"http://canary","code":"canary","message":"canary","contentType":"canary/canary","bytes":0,"everyMs":0}]}`)
		require.Equal(t, 204, status, answer)
		func() {
			defer func() { _ = recover() }()
			call()
		}()
		calls := m.Calls()
		said := calls[len(calls)-1].Fault
		assert.NotContains(t, said, "canary")
		assert.Equal(t, kind.Name == "none", said == "", kind.Name)
		assert.NotEqual(t, kind.Name, said, "it has words of its own")
	}
	for description, want := range map[string]string{
		`{"kind":"fail","status":503}`:               "answer 503",
		`{"kind":"html","commit":true}`:              "HTML page with 500, message is stored",
		`{"kind":"proxy","delayMs":1}`:               "proxy's page with 502, after 1 ms",
		`{"kind":"changed"}`:                         "message is stored with another text",
		`{"kind":"none","commit":true,"delayMs":1}`:  "true answer, after 1 ms",
		`{"kind":"changed","status":504}`:            "answer 504, message is stored with another text",
		`{"kind":"quota","seconds":9}`:               "420, quota used up",
		`{"kind":"answer","status":202,"body":"{}"}`: "answer 202",
	} {
		require.NoError(t, m.EveryDescribed(sandbox.OperationSendMessageToChat, []byte(description)))
		rawSend(m, 1)
		calls := m.Calls()
		assert.Equal(t, want, calls[len(calls)-1].Fault)
	}
	require.NoError(t, m.EveryDescribed(sandbox.OperationGetChat, []byte(`{"kind":"lagging","seconds":3660,"commit":false}`)))
	rawAsk(m, "GET", chatOf(1))
	require.NoError(t, m.EveryDescribed(sandbox.OperationGetChat, []byte(`{"kind":"fail","commit":true}`)))
	rawAsk(m, "GET", chatOf(1))
	calls := m.Calls()
	assert.Equal(t, "answer 1 h 1 min old", calls[len(calls)-2].Fault)
	require.NoError(t, m.EveryDescribed(sandbox.OperationSendFileToChat, []byte(`{"kind":"abort","commit":true}`)))
	assert.Contains(t, words(pageOf(t, m, "")), "sendFileToChat, every request: connection cut before the answer, message is stored")
	assert.Equal(t, "answer 500, the request happens", calls[len(calls)-1].Fault)
	assert.WithinDuration(t, time.Date(2026, 9, 9, 12, 0, 0, 0, time.UTC), calls[0].At, 0)
}
