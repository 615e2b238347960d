package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
)

// A person reads at the terminal who wrote, when, and what; nothing in a text steers the terminal.
func TestReadingAtTheTerminal(t *testing.T) {
	market := newSandbox(t)
	code, _, complaint := run(t, "send", "--order", order, "--yes", "On its way")
	require.Zero(t, code, complaint)
	require.NoError(t, market.Reply(7000001, "Where is it?\nI wait \x1b[31mred"))

	code, out, _ := run(t, "messages", "--chat", chat)
	assert.Zero(t, code)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 6, out)
	assert.Equal(t, "Chat 7000001, about order "+order+", Test Buyer", lines[0])
	assert.Regexp(t, `^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+  shop$`, lines[1])
	assert.Equal(t, "  On its way", lines[2])
	assert.Regexp(t, `  buyer$`, lines[3])
	assert.Equal(t, []string{"  Where is it?", "  I wait �[31mred"}, lines[4:])

	code, out, _ = run(t, "messages", "--chat", chat, "--after", "7000001000001", "--json")
	assert.Zero(t, code)
	var read struct{ Result gen.ChatMessagesResultDTO }
	require.NoError(t, json.Unmarshal([]byte(out), &read))
	require.Len(t, read.Result.Messages, 1)
	assert.EqualValues(t, int64(7000001000002), read.Result.Messages[0].MessageID)
	assert.Equal(t, gen.ChatMessageSenderTypeCustomer, read.Result.Messages[0].Sender)

	code, out, _ = run(t, "messages", "--chat", chat, "--after", "7000001000002")
	assert.Zero(t, code)
	assert.Contains(t, out, "\nNo messages.\n")

	code, out, _ = run(t, "message", "--chat", chat, "--message", "7000001000002")
	assert.Zero(t, code)
	assert.Contains(t, out, "  buyer\n  Where is it?\n")
	code, _, complaint = run(t, "message", "--chat", chat, "--message", "7")
	assert.Equal(t, 5, code)
	assert.Contains(t, complaint, "Can't find message by id: '7' for chat '7000001'")
}

func TestListOfChats(t *testing.T) {
	market := newSandbox(t)
	code, out, _ := run(t, "chats")
	assert.Zero(t, code)
	assert.Equal(t, "No chats.\n", out)

	for _, number := range []string{"1", "2", "3"} {
		code, _, complaint := run(t, "send", "--order", number, "--yes", "On its way")
		require.Zero(t, code, complaint)
	}
	require.NoError(t, market.Reply(7000002, "Where is it?"))

	_, out, _ = run(t, "chats")
	assert.Len(t, strings.Split(strings.TrimSpace(out), "\n"), 3, out)
	_, out, _ = run(t, "chats", "--waiting")
	assert.Regexp(t, `^7000002  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+  about order 2, waiting for the shop, Test Buyer\n$`, out)
	_, out, _ = run(t, "chats", "--order", "3", "--json")
	var list struct{ Result gen.GetChatsInfoDTO }
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	require.Len(t, list.Result.Chats, 1)
	assert.EqualValues(t, 7000003, list.Result.Chats[0].ChatID)
	_, out, _ = run(t, "chats", "--order", "4", "--json")
	assert.JSONEq(t, `{"result":{"chats":[]}}`, out)

	code, _, complaint := run(t, "chats", "--order", "3", "--return", "3")
	assert.Equal(t, 2, code)
	assert.Contains(t, complaint, "chats takes --order or --return, not both")
	code, _, complaint = run(t, "chats", "--order", "0")
	assert.Equal(t, 3, code)
	assert.Contains(t, complaint, "allowed is 1 and above")
}
