package sandbox_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// What is set can be listed, with the words in which it was posted, and taken away, of one operation or of all.
func TestSetFaults(t *testing.T) {
	m := newMarket()
	list := func() string {
		status, answer := drive(t, m, "GET", "/_sandbox/faults", "")
		require.Equal(t, 200, status)
		return answer
	}
	assert.JSONEq(t, `[]`, list())
	status, _ := drive(t, m, "POST", "/_sandbox/faults", `{"operation":"sendMessageToChat","faults":[{"kind":"fail","status":503,"commit":true},{"kind":"none"}],"every":{"kind":"abort","after":2}}`)
	require.Equal(t, 204, status)
	m.Script(sandbox.OperationGetChat, sandbox.Abort(), nil)
	m.Every(sandbox.OperationCreateChat, sandbox.Abort())
	assert.JSONEq(t, `[
		{"operation":"createChat","next":[],"waiting":0,"every":{"id":6,"program":true}},
		{"operation":"getChat","next":[{"id":4,"program":true},{"id":5,"fault":{"kind":"none"}}],"waiting":2},
		{"operation":"sendMessageToChat","next":[{"id":1,"fault":{"kind":"fail","status":503,"commit":true}},{"id":2,"fault":{"kind":"none"}}],"waiting":2,"every":{"id":3,"fault":{"kind":"abort","after":2}}}
	]`, list())
	assert.Equal(t, 503, rawSend(m, 1).Code)
	assert.Contains(t, list(), `"next":[{"fault":{"kind":"none"},"id":2}],"operation":"sendMessageToChat","waiting":1`)

	status, answer := drive(t, m, "DELETE", "/_sandbox/faults?operation=send", "")
	assert.Equal(t, 400, status)
	assert.Contains(t, answer, `the operation is \"send\", allowed is one of [createChat `)
	status, _ = drive(t, m, "DELETE", "/_sandbox/faults?operation=sendMessageToChat", "")
	assert.Equal(t, 204, status)
	assert.NotContains(t, list(), "sendMessageToChat")
	assert.Contains(t, list(), "createChat")
	assert.Equal(t, 404, rawSend(m, 1).Code)
	status, _ = drive(t, m, "DELETE", "/_sandbox/faults", "")
	assert.Equal(t, 204, status)
	assert.JSONEq(t, `[]`, list())
}

// One fault is removed by its id, and the others stay in their order. Equal faults that were set at once are one.
func TestRemoveOneFault(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	status, _ := drive(t, m, "POST", "/_sandbox/faults", `{"operation":"sendMessageToChat","faults":[{"kind":"fail","status":501},
		{"kind":"fail","status":502},{"kind":"fail","status":502},{"kind":"fail","status":503}],"every":{"kind":"fail","status":504}}`)
	require.Equal(t, 204, status)
	remove := func(query string) int {
		status, _ := drive(t, m, "DELETE", "/_sandbox/faults?"+query, "")
		return status
	}
	assert.Equal(t, 404, remove("operation=getChat&id=2"), "of another operation")
	assert.Equal(t, 400, remove("id=x"))
	assert.Equal(t, 204, remove("operation=sendMessageToChat&id=2"))
	assert.Equal(t, 404, remove("operation=sendMessageToChat&id=2"), "it is gone")
	for _, want := range []int{501, 503, 504} {
		assert.Equal(t, want, rawSend(m, chat).Code)
	}
	assert.Equal(t, 404, remove("id=3"), "a request has met it")
	assert.Equal(t, 204, remove("id=4"), "of any operation")
	assert.Equal(t, 200, rawSend(m, chat).Code)
	m.Reset()
	m.Every(sandbox.OperationGetChat, sandbox.Abort())
	assert.Equal(t, 404, remove("id=1"), "no id is given again")
	assert.Equal(t, 204, remove("id=5"))
}

// kind none takes away what stands for each request.
func TestEveryNoneTakesTheFaultAway(t *testing.T) {
	m := newMarket()
	for _, kind := range []string{"abort", "none"} {
		status, _ := drive(t, m, "POST", "/_sandbox/faults", `{"operation":"getChat","every":{"kind":"`+kind+`"}}`)
		require.Equal(t, 204, status)
	}
	_, answer := drive(t, m, "GET", "/_sandbox/faults", "")
	assert.JSONEq(t, `[]`, answer)
}

// Of many faults the next hundred are listed, and how many there are.
func TestManySetFaults(t *testing.T) {
	m := newMarket()
	many := `{"operation":"getChat","faults":[{"kind":"none"}` + strings.Repeat(`,{"kind":"none"}`, 149) + `]}`
	status, answer := drive(t, m, "POST", "/_sandbox/faults", many)
	require.Equal(t, 204, status, answer)
	_, answer = drive(t, m, "GET", "/_sandbox/faults", "")
	var list []struct {
		Next    []any
		Waiting int
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &list))
	assert.Len(t, list[0].Next, 100)
	assert.Equal(t, 150, list[0].Waiting)
}
