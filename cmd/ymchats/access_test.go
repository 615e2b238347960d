package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// writeConfig puts the file where it is looked for.
func writeConfig(t *testing.T, text string, mode os.FileMode) (path string) {
	t.Helper()
	dir, err := os.UserConfigDir()
	require.NoError(t, err)
	path = filepath.Join(dir, "ymchats", "config")
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	require.NoError(t, os.Chmod(path, mode))
	return path
}

// Flags go before the environment, and that before the file; each setting on its own.
func TestAccessPrecedence(t *testing.T) {
	type found struct {
		key      string
		business int64
		opts     int
	}
	const file = "# the shop\r\napi-key = file\n\nbusiness-id=3\nbase-url = https://file/v2\n"
	for what, row := range map[string]struct {
		flags    []string
		variable map[string]string
		file     string
		want     found
	}{
		"flags":       {[]string{"--key=flag", "--business=1", "--base-url=https://flag"}, map[string]string{"YM_API_KEY": "env", "YM_BUSINESS_ID": "2"}, file, found{"flag", 1, 1}},
		"environment": {nil, map[string]string{"YM_API_KEY": "env", "YM_BUSINESS_ID": "2", "YM_BASE_URL": "https://env"}, file, found{"env", 2, 1}},
		"file":        {nil, nil, file, found{"file", 3, 1}},
		"a mixture":   {[]string{"--business=1"}, map[string]string{"YM_API_KEY": "env"}, "api-key = file", found{"env", 1, 0}},
		"signs":       {nil, nil, "business-id = 3\napi-key = a=b#c ", found{"a=b#c", 3, 0}},
	} {
		t.Run(what, func(t *testing.T) {
			clearAccess(t)
			for name, value := range row.variable {
				t.Setenv(name, value)
			}
			writeConfig(t, row.file, 0o600)
			cmd := getCommand(isTerminal)
			require.NoError(t, cmd.ParseFlags(row.flags))
			a, err := readAccess(cmd.Flags())
			require.NoError(t, err)
			assert.Equal(t, row.want, found{a.key, a.businessID, len(a.opts)})
		})
	}
}

// The base URL is that of the flag, the variable or the file; the Market's own otherwise.
func TestAccessBaseURL(t *testing.T) {
	market := newSandbox(t)
	url := os.Getenv("YM_BASE_URL")
	t.Setenv("YM_BASE_URL", "https://127.0.0.1:1/v2")
	code, _, complaint := run(t, "new", "--order", order, "--base-url", url)
	assert.Zero(t, code, complaint)
	t.Setenv("YM_BASE_URL", "")
	writeConfig(t, "base-url = "+url, 0o600)
	code, _, complaint = run(t, "new", "--order", order)
	assert.Zero(t, code, complaint)
	assert.Len(t, market.Calls(), 2)
}

// What is missing is named, with the places where it may stand; an empty flag is not passed over.
func TestAccessMissing(t *testing.T) {
	clearAccess(t)
	code, out, complaint := run(t, "get", "--chat", chat, "--json")
	assert.Equal(t, 2, code)
	assert.Empty(t, out)
	assert.Regexp(t, `^ymchats: the key is missing: set YM_API_KEY, write a line api-key = … into .*config, or give --key\n$`, complaint)
	t.Setenv("YM_API_KEY", testKey)
	code, _, complaint = run(t, "get", "--chat", chat)
	assert.Equal(t, 2, code)
	assert.Contains(t, complaint, "the cabinet is missing: set YM_BUSINESS_ID, write a line business-id = … into ")
	t.Setenv("YM_BUSINESS_ID", "1")
	for _, empty := range []string{"--key=", "--business="} {
		code, _, complaint = run(t, "get", "--chat", chat, empty)
		assert.Equal(t, 2, code)
		assert.Contains(t, complaint, "is missing", empty)
	}
}

// A key that others can read is no secret any more.
func TestConfigPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the mode says nothing there")
	}
	for mode, tight := range map[os.FileMode]bool{0o600: true, 0o400: true, 0o640: false, 0o620: false, 0o604: false, 0o602: false, 0o610: false, 0o644: false} {
		t.Run(mode.String(), func(t *testing.T) {
			newSandbox(t) // and a home of its own: nobody but root writes over a file of mode 0400
			t.Setenv("YM_API_KEY", "")
			path := writeConfig(t, "api-key = "+testKey, mode)
			code, _, complaint := run(t, "new", "--order", order)
			if tight {
				assert.Zero(t, code, complaint)
				return
			}
			assert.Equal(t, 2, code)
			assert.Contains(t, complaint, "run chmod 600 "+path)
		})
	}
}

func TestConfigUnreadable(t *testing.T) {
	newSandbox(t)
	for what, row := range map[string]struct{ text, says string }{
		"a key alone":    {"# fine\ncanary", "line 2 is not allowed, allowed is NAME = VALUE, each once, where NAME is api-key, business-id, base-url"},
		"another name":   {"canary = 1", "line 1 is not allowed"},
		"no value":       {"api-key =", "line 1 is not allowed"},
		"a second value": {"api-key = canary\napi-key = canary2", "line 2 is not allowed"},
		"too much":       {strings.Repeat("#canary\n", 1<<13+1), "it is larger than 64 KiB"},
	} {
		path := writeConfig(t, row.text, 0o600)
		code, _, complaint := run(t, "get", "--chat", chat)
		assert.Equal(t, 2, code, what)
		assert.Contains(t, complaint, path+": "+row.says, what)
	}
	code, _, complaint := run(t, "get", "--chat", chat, "--config", filepath.Join(t.TempDir(), "absent"))
	assert.Equal(t, 2, code, "a file that was asked for has to be there")
	assert.Contains(t, complaint, "absent")
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o700))
	code, _, _ = run(t, "get", "--chat", chat, "--config", dir)
	assert.Equal(t, 2, code)
}

// Nothing that stands in the wrong place is repeated: it may be the key, or what is meant for the buyer.
func TestUsageErrorsRepeatNoArgument(t *testing.T) {
	market := newSandbox(t)
	for _, row := range []struct {
		args []string
		says string
	}{
		{[]string{"get"}, "get needs --chat"},
		{[]string{"send", testText}, "send needs --chat"},
		{[]string{"new"}, "new needs either --order or --return"},
		{[]string{"new", "--order", "1", "--return", "2"}, "new needs either --order or --return"},
		{[]string{"new", "canary"}, "new takes no words: give --order or --return"},
		{[]string{"get", "--key=", "canary"}, "get takes no words: give --chat"},
		{[]string{"send", "--chat", chat, "canary", "text"}, "send takes one text: put it in quotes"},
		{[]string{"send", "--chat", testText}, "--chat is not allowed as it is written, allowed is a whole number"},
		{[]string{"get", "--max-wait", "canary"}, "--max-wait is not allowed as it is written, allowed is a time with its unit, like 500ms, 30s or 2m"},
		{[]string{"get", "--chat", chat, "--timeout", "1"}, "--timeout is not allowed as it is written, allowed is a time with its unit"},
		{[]string{"sandbox", "--order", "canary"}, "--order is not allowed as it is written, allowed is whole numbers"},
		{[]string{"sandbox", "--quota", "canary"}, "--quota is not allowed as it is written, allowed is a whole number"},
		{[]string{"get", "--yes=canary"}, "unknown flag: --yes"},
		{[]string{"send", "--yes=canary"}, "--yes is not allowed as it is written, allowed is true or false"},
		{[]string{"gett", "--chat", "7"}, "unknown command gett; did you mean get?"},
		{[]string{"get", "--chat", chat, "--max-wait", "0s"}, "--max-wait is 0s, allowed is more than 0"},
		{[]string{"get", "--chat", chat, "--timeout", "-1s"}, "--timeout is -1s, allowed is 0 (no limit) and above"},
		{[]string{"get", "-key=canary"}, "unknown flag: flags are written --name"},
		{[]string{"send", "-5 canary"}, "unknown flag: flags are written --name"},
		{[]string{"send", "--5 canary"}, "unknown flag: flags are written --name"},
		{[]string{"send", "--=canary"}, "unknown flag: flags are written --name"},
		{[]string{"send", "--txt", "canary"}, "unknown flag: --txt"},
		{[]string{"send", "--chat", chat, "--resend", "canary", testText}, "--resend is not allowed as it is written, allowed is checked, always, never"},
		{[]string{"get", "--chat", chat, "--business", "canary"}, "the cabinet is not allowed, allowed is its businessId, 1 and above"},
		{[]string{"get", "--chat", chat, "--business", "0"}, "the cabinet is not allowed"},
		{[]string{"get", "--chat", chat, "--base-url", "https://u:canary@host/v2"}, "the base URL has user info"},
		{[]string{"get", "--chat", chat, "--base-url", "http://host/v2"}, "ymchats: the base URL is http:// and its host is not loopback, so the token could be read on its way; allowed is https://\n"},
	} {
		code, out, complaint := run(t, row.args...)
		assert.Equal(t, 2, code, row.args)
		assert.Contains(t, complaint, row.says)
		assert.Empty(t, out)
	}
	assert.Empty(t, market.Calls())
}
