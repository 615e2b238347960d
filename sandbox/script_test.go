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
		{"operation":"createChat","next":[],"waiting":0,"every":{"program":true}},
		{"operation":"getChat","next":[{"program":true},{"fault":{"kind":"none"}}],"waiting":2},
		{"operation":"sendMessageToChat","next":[{"fault":{"kind":"fail","status":503,"commit":true}},{"fault":{"kind":"none"}}],"waiting":2,"every":{"fault":{"kind":"abort","after":2}}}
	]`, list())
	assert.Equal(t, 503, rawSend(m, 1).Code)
	assert.Contains(t, list(), `"next":[{"fault":{"kind":"none"}}],"operation":"sendMessageToChat","waiting":1`)

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
