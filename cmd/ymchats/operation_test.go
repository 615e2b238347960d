package main

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
)

// callCommand is a command line that calls an operation of the contract.
type callCommand struct {
	operation string
	line      []string // where the first chat is about the order
}

// callCommands has all operations of the contract, in an order in which the calls make sense.
var callCommands = []callCommand{
	{"createChat", []string{"new", "--order", order}},
	{"sendMessageToChat", []string{"send", "--chat", chat, testText}},
	{"getChat", []string{"get", "--chat", chat}},
	{"getChats", []string{"chats", "--waiting"}},
	{"getChatHistory", []string{"messages", "--chat", chat}},
	{"getChatMessage", []string{"message", "--chat", chat, "--message", chat + "000001"}},
	{"sendFileToChat", []string{"send", "--chat", chat, "--file", "testdata/proxy.har"}},
}

// callNames are the names of these commands.
func callNames() (names []string) {
	for _, c := range callCommands {
		if !slices.Contains(names, c.line[0]) { // send calls two of them
			names = append(names, c.line[0])
		}
	}
	return names
}

// operationOf is what a command calls.
func operationOf(name string) string {
	for _, c := range callCommands {
		if c.line[0] == name {
			return c.operation
		}
	}
	panic("callCommands lacks " + name)
}

func operationIDs(t *testing.T) []string {
	t.Helper()
	contract, err := api.NewValidator()
	require.NoError(t, err)
	return contract.Operations()
}

// There is a command for each operation, which calls it and no other.
func TestCommandsOfOperations(t *testing.T) {
	market := newSandbox(t)
	called := map[string]bool{}
	for i, c := range callCommands {
		code, out, complaint := run(t, c.line...)
		assert.Zero(t, code, "%s: %s", c.operation, complaint)
		assert.NotEmpty(t, out)
		require.Len(t, market.Calls(), i+1, c.operation)
		assert.Equal(t, c.operation, market.Calls()[i].Operation)
		assert.NoError(t, market.Calls()[i].Verdict)
		called[c.operation] = true
	}
	for _, op := range operationIDs(t) {
		assert.True(t, called[op], "%s: callCommands lacks it, and ymchats may have no command for it", op)
		delete(called, op)
	}
	assert.Empty(t, called, "the contract has no such operation")
}

// sandbox --fault takes the name of each operation.
func TestSandboxFaultsOfOperations(t *testing.T) {
	for _, op := range operationIDs(t) {
		code, _, complaint := ended().run(t, "sandbox", "--addr", "127.0.0.1:0", "--fault", op+`={"kind":"html"}`)
		assert.Zero(t, code, complaint)
	}
}
