package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/internal/closedport"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// A script can tell failures apart by the exit code, and more finely by the class.
func TestFailures(t *testing.T) {
	fail := sandbox.Fail(500, "INTERNAL_ERROR", "try later")
	apiError := sandbox.Answer(200, nil, `{"status":"ERROR","errors":[{"code":"ODD"}]}`)
	get, send := []string{"get", "--chat", chat}, []string{"send", "--chat", chat, testText}
	quick := "--max-wait=1ms"
	for what, row := range map[string]struct {
		faults []sandbox.Fault
		args   []string
		more   string
		code   int
		class  string
		says   string
	}{
		"broken":                {[]sandbox.Fault{fail, fail, fail, fail}, get, quick, 1, "server", "INTERNAL_ERROR: try later"},
		"400":                   {[]sandbox.Fault{sandbox.Fail(400, "BAD", "no")}, get, quick, 1, "badRequest", "400: BAD: no"},
		"a page":                {[]sandbox.Fault{sandbox.HTML(200)}, get, quick, 1, "notTheAPI", "\nymchats: this is no answer of the Market's API: look at the base URL of YM_BASE_URL http://127.0.0.1:"},
		"200 with an error":     {[]sandbox.Fault{apiError}, get, quick, 1, "other", "ODD"},
		"no answer in time":     {nil, get, "--timeout=1ns", 1, "timeout", "deadline exceeded"},
		"nobody listens":        {nil, append(get, quick), "--base-url=http://" + closedport.Address(t), 1, "noAnswer", "ymchats: no answer (" + connectionRefused(t) + "), trying again in 1s\n"},
		"a chat that cannot be": {nil, []string{"get", "--chat", "0"}, quick, 3, "invalidRequest", "chatId is 0, allowed is 1 and above"},
		"an order that cannot":  {nil, []string{"new", "--order", "-1"}, quick, 3, "invalidRequest", "context.id is -1, allowed is 1 and above"},
		"an empty text":         {nil, []string{"send", "--chat", chat, ""}, quick, 3, "invalidRequest", "message has 0 characters"},
		"another key":           {nil, get, "--key=canary", 4, "unauthorized", "401"},
		"another cabinet":       {nil, get, "--business=54321", 4, "forbidden", "403"},
		"no such chat":          {nil, []string{"get", "--chat", "7"}, quick, 5, "notFound", "Can't find chat by id: '7'"},
		"no quota":              {[]sandbox.Fault{sandbox.QuotaUsedUp(20 * time.Second)}, get, quick, 6, "rateLimited", "\nymchats: the quota is back at 2"},
		"too many":              {[]sandbox.Fault{sandbox.TooMany(), sandbox.TooMany(), sandbox.TooMany(), sandbox.TooMany()}, get, quick, 6, "rateLimited", "4 parallel requests"},
		"it may have arrived":   {[]sandbox.Fault{sandbox.CommitThen(fail)}, send, "--resend=never", 7, "outcomeUnknown", "\nymchats: the message may have arrived: read chat 7000001 before"},
		"unknown before 403":    {[]sandbox.Fault{fail, sandbox.Fail(403, "FORBIDDEN", "no")}, send, "--resend=always", 7, "outcomeUnknown", "403"},
	} {
		t.Run(what, func(t *testing.T) {
			market := newSandbox(t)
			code, _, _ := run(t, "new", "--order", order)
			require.Zero(t, code)
			operation := operationOf(row.args[0])
			market.Script(operation, row.faults...)
			code, out, complaint := run(t, append(row.args, row.more)...)
			assert.Equal(t, row.code, code)
			assert.Empty(t, out)
			assert.Contains(t, complaint, "ymchats: "+operation+": ")
			assert.Contains(t, complaint, row.says)

			market.Reset()
			code, _, _ = run(t, "new", "--order", order)
			require.Zero(t, code)
			market.Script(operation, row.faults...)
			code, out, _ = run(t, append(row.args, row.more, "--json")...)
			assert.Equal(t, row.code, code)
			var object map[string]failure
			require.NoError(t, json.Unmarshal([]byte(out), &object), out)
			assert.Equal(t, row.class, object["error"].Class)
			assert.Equal(t, operation, object["error"].Operation)
		})
	}
}

// connectionRefused is what the system says where nobody listens.
func connectionRefused(t *testing.T) string {
	t.Helper()
	_, err := net.Dial("tcp", closedport.Address(t))
	var number syscall.Errno
	require.ErrorAs(t, err, &number)
	return number.Error()
}

// UnmarshalJSON reads what newFailure has written; wrapper.Outcome is only ever written.
func (f *failure) UnmarshalJSON(text []byte) error {
	var read struct{ Class, Operation string }
	defer func() { f.Class, f.Operation = read.Class, read.Operation }()
	return json.Unmarshal(text, &read)
}

// The error for machines has all that the wrapper knows, and a time only where there is one.
func TestFailureJSON(t *testing.T) {
	market := newSandbox(t)
	_, out, _ := run(t, "get", "--chat", "7", "--json")
	var object struct{ Error map[string]any }
	require.NoError(t, json.Unmarshal([]byte(out), &object))
	trace := market.Calls()[0].TraceParent
	assert.Equal(t, map[string]any{
		"class": "notFound", "operation": "getChat", "status": 404.0, "outcome": "rejected", "attempts": 1.0, "traceparent": trace,
		"errors": []any{map[string]any{"code": "NOT_FOUND", "message": "Can't find chat by id: '7'"}},
		"text":   "getChat: 404: NOT_FOUND: Can't find chat by id: '7' (attempts: 1, traceparent " + trace + ")",
	}, object.Error)

	market.Script("getChat", sandbox.QuotaUsedUp(time.Hour))
	_, out, _ = run(t, "get", "--chat", "7", "--json")
	require.NoError(t, json.Unmarshal([]byte(out), &object))
	_, err := time.Parse(time.RFC3339, object.Error["retryAt"].(string))
	assert.NoError(t, err)

	object.Error = nil
	_, out, _ = run(t, "get", "--chat", "0", "--json")
	require.NoError(t, json.Unmarshal([]byte(out), &object))
	assert.Equal(t, []any{}, object.Error["errors"])
	assert.Equal(t, "not sent", object.Error["outcome"])
	assert.NotContains(t, object.Error, "retryAt")
}

// Whoever has interrupted a call learns what it may have done, and only that.
func TestComplaintOfAnInterruption(t *testing.T) {
	for says, e := range map[string]wrapper.Error{
		"ymchats: interrupted; nothing was sent":         {Operation: "sendMessageToChat"},
		"ymchats: interrupted; the message was not sent": {Operation: "sendMessageToChat", Outcome: wrapper.Rejected, StatusCode: 420},
		"ymchats: interrupted\nymchats: the message may have arrived: read chat 7 before sending again": {
			Operation: "sendMessageToChat", Outcome: wrapper.Unknown},
		"ymchats: interrupted": {Operation: "createChat", Outcome: wrapper.Rejected, StatusCode: 420, RetryAt: time.Now()},
	} {
		e.Err = errors.Join(errors.New("more"), context.Canceled)
		assert.Equal(t, says, complaint(&e, situation{chatID: 7}))
	}
}

// The time when the quota is back is never told as being past.
func TestAdviceOnTheQuota(t *testing.T) {
	e := &wrapper.Error{StatusCode: 420, RetryAt: time.Now().Add(-time.Hour)}
	assert.Contains(t, strings.Join(advice(e, situation{}), ""), ", in 0s;")
	e.RetryAt = time.Now().Add(time.Hour + 100*time.Millisecond)
	assert.Contains(t, strings.Join(advice(e, situation{}), ""), timeWords(e.RetryAt)+", in ")
	assert.Empty(t, advice(&wrapper.Error{StatusCode: 420}, situation{}))
}

// The error of a call names flags, and not what the packages call them in Go.
func TestNoGoNames(t *testing.T) {
	get, send := []string{"get", "--chat", chat}, []string{"send", "--chat", chat, testText}
	fail := sandbox.Fail(500, "INTERNAL_ERROR", "try later")
	for _, row := range []struct {
		fault sandbox.Fault
		args  []string
		says  string
	}{
		{sandbox.QuotaUsedUp(time.Hour), get, ", --max-wait is 30s ("},
		{sandbox.QuotaUsedUp(time.Hour), append(get, "--json"), `, --max-wait is 30s (`},
		{sandbox.QuotaUsedUp(20 * time.Second), append(get, "--timeout", "2s"), "would outlast the caller's deadline"},
		{fail, append(send, "--timeout", "2s"), "would outlast the caller's deadline"},
		{sandbox.Abort(), append(send, "--max-wait", "1s"), ", --max-wait is 1s ("},
		{sandbox.HTML(200), get, "invalid response"},
		{sandbox.Redirect("https://example.com"), get, "invalid response"},
	} {
		market := newSandboxWithChat(t)
		market.Script(operationOf(row.args[0]), row.fault)
		code, out, complaint := run(t, row.args...)
		assert.NotZero(t, code)
		assert.Contains(t, out+complaint, row.says)
		assert.NotRegexp(t, goName, out+complaint, row.args)
	}
}
