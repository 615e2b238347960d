package main

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ymarket-go/chats/sandbox"
)

// Who types flags is told of flags, and not of what the packages call them in Go.
func TestNoGoNames(t *testing.T) {
	goName := regexp.MustCompile(`\b(MaxDelay|BaseDelay|MaxAttempts|RetryPolicy|Err[A-Z]\w*|With[A-Z]\w*|Resend[A-Z]\w*)\b|wrapper|\w+Error\b`)
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
		{sandbox.CommitThen(fail), send, "so that it cannot be told whether anybody has"},
		{sandbox.CommitThen(sandbox.Abort()), append(send, "--max-wait", "1s"), ", --max-wait is 1s ("},
		{sandbox.HTML(200), get, "invalid response"},
		{sandbox.Redirect("https://example.com"), get, "invalid response"},
		{nil, append(get, "--max-wait", "0s"), "--max-wait is 0s"},
		{nil, append(get, "--base-url", "http://example.com/v2"), "allowed is https://\n"},
		{nil, append(get, "--base-url", "ftp://example.com/v2"), "the base URL of --base-url has none of the schemes"},
		{nil, []string{"sandbox", "--quota", "0"}, "--quota is 0"},
		{nil, []string{"sandbox", "--parallel", "0"}, "--parallel is 0"},
		{nil, []string{"sandbox", "--business", "0"}, "--business is [0]"},
		{nil, []string{"sandbox", "--order", "0"}, "--order is [0]"},
		{nil, []string{"sandbox", "--scope", "x"}, `--scope is "x"`},
		{nil, []string{"sandbox", "--host", "a:1"}, `--host is "a:1"`},
		{nil, []string{"sandbox", "--key", "\x7f"}, "--key is a token that no header can carry"},
		{nil, []string{"listen", "--behind", "x"}, `--behind has "x"`},
	} {
		market := newSandboxWithChat(t)
		if row.fault != nil {
			market.Script(operationOf(row.args[0]), row.fault)
		}
		code, out, complaint := run(t, row.args...)
		assert.NotZero(t, code)
		assert.Contains(t, out+complaint, row.says)
		assert.NotRegexp(t, goName, out+complaint, row.args)
	}
}
