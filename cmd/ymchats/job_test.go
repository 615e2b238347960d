package main

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// The three calls, for people.
func TestCalls(t *testing.T) {
	market := newSandbox(t)
	code, out, complaint := run(t, "new", "--order", order)
	assert.Equal(t, "Chat 7000001, about order 31000001\n", out)
	assert.Zero(t, code, complaint)
	code, out, complaint = run(t, "send", "--chat", chat, testText)
	assert.Equal(t, "Sent 11 characters to the buyer of chat 7000001\n", out)
	assert.Zero(t, code, complaint)
	assert.Equal(t, testText, market.Messages(7000001)[0].Text)
	code, out, complaint = run(t, "get", "--chat", chat)
	clock := regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+`)
	assert.Equal(t, `Chat 7000001, about order 31000001
  kind          a chat with the buyer
  status        waiting for the customer
  buyer         Test Buyer
  created       TIME
  last message  TIME
`, clock.ReplaceAllString(out, "TIME"))
	assert.Zero(t, code, complaint)
	code, out, complaint = run(t, "new", "--return", "501")
	assert.Equal(t, "Chat 7000002, about return 501\n", out)
	assert.Zero(t, code, complaint)
	_, out, _ = run(t, "get", "--chat", "7000002")
	assert.Contains(t, out, "Chat 7000002, about return 501 of ")
	for _, call := range market.Calls() {
		assert.NoError(t, call.Verdict)
	}
}

// The three calls, for machines.
func TestCallsJSON(t *testing.T) {
	newSandbox(t)
	_, out, _ := run(t, "new", "--order", order, "--json")
	assert.Equal(t, `{"result":{"chatId":7000001}}`+"\n", out)
	_, out, _ = run(t, "send", "--chat", chat, testText, "--json")
	assert.Equal(t, `{"result":{"chatId":7000001}}`+"\n", out)
	_, out, _ = run(t, "get", "--chat", chat, "--json")
	var got struct {
		Result struct {
			ChatID  int64
			Status  string
			Context struct{ Customer struct{ Name string } }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	assert.Equal(t, int64(7000001), got.Result.ChatID)
	assert.Equal(t, "WAITING_FOR_CUSTOMER", got.Result.Status)
	assert.Equal(t, "Test Buyer", got.Result.Context.Customer.Name)
}

// What is waited for stands on standard error, unless nobody wants to know; the call goes well all the same.
func TestCallsTellWaits(t *testing.T) {
	market := newSandbox(t)
	market.Script("createChat", sandbox.QuotaUsedUp(time.Second))
	code, out, complaint := run(t, "new", "--order", order)
	assert.Zero(t, code)
	assert.Regexp(t, `^ymchats: quota used up, trying again in \ds\n$`, complaint)
	assert.Equal(t, "Chat 7000001, about order 31000001\n", out)
	assert.Len(t, market.Calls(), 2)

	market.Script("getChat", sandbox.TooMany())
	code, _, complaint = shell{onTerminal: allTerminals, columns: 80}.run(t, "get", "--chat", chat)
	assert.Zero(t, code)
	assert.Regexp(t, `^\r\rymchats: too many requests at once, trying again in 1s.*\r +\r$`, complaint, "the countdown is taken back")

	market.Script("getChat", sandbox.TooMany())
	code, _, complaint = run(t, "get", "--chat", chat, "--quiet")
	assert.Zero(t, code)
	assert.Empty(t, complaint)
}
