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
		baseURL  string
	}
	const file = "# the shop\r\napi-key = file\n\nbusiness-id=3\nbase-url = https://file/v2\n"
	for what, row := range map[string]struct {
		flags    []string
		variable map[string]string
		file     string
		want     found
	}{
		"flags":       {[]string{"--key=flag", "--business=1", "--base-url=https://flag"}, map[string]string{"YM_API_KEY": "env", "YM_BUSINESS_ID": "2"}, file, found{"flag", 1, "https://flag"}},
		"environment": {nil, map[string]string{"YM_API_KEY": "env", "YM_BUSINESS_ID": "2", "YM_BASE_URL": "https://env"}, file, found{"env", 2, "https://env"}},
		"file":        {nil, nil, file, found{"file", 3, "https://file/v2"}},
		"a mixture":   {[]string{"--business=1"}, map[string]string{"YM_API_KEY": "env"}, "api-key = file", found{"env", 1, ""}},
		"signs":       {nil, nil, "business-id = 3\napi-key = a=b#c ", found{"a=b#c", 3, ""}},
	} {
		t.Run(what, func(t *testing.T) {
			clearAccess(t)
			for name, value := range row.variable {
				t.Setenv(name, value)
			}
			writeConfig(t, row.file, 0o600)
			cmd := getCommand(realTerminals)
			require.NoError(t, cmd.ParseFlags(row.flags))
			a, err := readAccess(cmd.Flags())
			require.NoError(t, err)
			assert.Equal(t, row.want, found{a.key, a.businessID, a.baseURL.text})
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
	assert.Contains(t, complaint, "the businessId is missing: set YM_BUSINESS_ID, write a line business-id = … into ")
	t.Setenv("YM_BUSINESS_ID", "1")
	for _, empty := range []string{"--key=", "--business="} {
		code, _, complaint = run(t, "get", "--chat", chat, empty)
		assert.Equal(t, 2, code)
		assert.Contains(t, complaint, "is missing", empty)
	}
}

// What people write into such a file is taken: a byte order mark, quotes, comments, the line ends of Windows.
func TestConfigSpelling(t *testing.T) {
	for what, text := range map[string]string{
		"bare":               "api-key = k1\nbusiness-id = 3",
		"no blanks":          "api-key=k1\nbusiness-id=3",
		"a byte order mark":  "\ufeffapi-key = k1\nbusiness-id = 3",
		"double quotes":      "api-key = \"k1\"\nbusiness-id = \"3\"",
		"single quotes":      "api-key='k1'\nbusiness-id='3'",
		"comments":           "# mine\napi-key = k1 # new\nbusiness-id = 3\t#\n  # end",
		"a quoted comment":   "api-key = 'k1' # it's new\nbusiness-id = \"3\"# \"",
		"Windows":            "\ufeffapi-key = \"k1\"\r\nbusiness-id = 3 # x\r\n",
		"no-break spaces":    "api-key\u00a0=\u00a0k1\nbusiness-id = 3\u00a0",
		"comment in Russian": "api-key = k1 # ключ\nbusiness-id = 3",
	} {
		t.Run(what, func(t *testing.T) {
			clearAccess(t)
			writeConfig(t, text, 0o600)
			a, err := readAccess(getCommand(realTerminals).Flags())
			require.NoError(t, err)
			assert.Equal(t, "k1", a.key)
			assert.EqualValues(t, 3, a.businessID)
		})
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

// What is not taken is named by its line, with what is allowed, and never by its value.
func TestConfigRefused(t *testing.T) {
	newSandbox(t)
	const allowed = "; allowed is NAME = VALUE, where NAME is api-key, business-id or base-url: " +
		"each once, VALUE bare or between two equal quotes (\" or '), and after it nothing or a comment (# …)"
	for what, row := range map[string]struct{ text, says string }{
		"a key alone":        {"# fine\ncanary", "line 2 has no =" + allowed},
		"YAML":               {"api-key: canary", "line 1 has no =" + allowed},
		"another name":       {"canary = 1", "line 1 has an unknown name" + allowed},
		"a quoted name":      {"\"api-key\" = canary", "line 1 has an unknown name" + allowed},
		"a variable's name":  {"export YM_API_KEY=canary", "line 1 has an unknown name" + allowed},
		"no value":           {"\napi-key =", "line 2 has no value" + allowed},
		"only a comment":     {"api-key = # canary", "line 1 has no value" + allowed},
		"only quotes":        {"api-key = ''", "line 1 has no value" + allowed},
		"a second value":     {"api-key = canary\napi-key = canary2", "line 2 has a name that stood there before" + allowed},
		"an open quote":      {"api-key = \"canary", "line 1 has a quote that is not closed" + allowed},
		"two quotes":         {"api-key = \"canary'", "line 1 has a quote that is not closed" + allowed},
		"more after a value": {"api-key = canary canary", "line 1 has more than a value" + allowed},
		"more after a quote": {"api-key = 'canary'canary", "line 1 has more than a value" + allowed},
		"line ends of old":   {"api-key = canary\rbusiness-id = 3", "line 1 has more than a value" + allowed},
		"no text of UTF-8":   {"# fine\n# \xea\xeb\xfe\xf7\napi-key = canary", "line 2 is not UTF-8; save the file as UTF-8"},
		"UTF-16":             {"\xff\xfea\x00p\x00i\x00", "it is UTF-16; save the file as UTF-8"},
		"UTF-16 big endian":  {"\xfe\xff\x00a\x00p\x00i", "it is UTF-16; save the file as UTF-8"},
		"UTF-16, no mark":    {"a\x00p\x00i\x00", "it is UTF-16; save the file as UTF-8"},
		"too much":           {strings.Repeat("#canary\n", 1<<13+1), "it is larger than 64 KiB"},
	} {
		path := writeConfig(t, row.text, 0o600)
		code, _, complaint := run(t, "get", "--chat", chat)
		assert.Equal(t, 2, code, what)
		assert.Equal(t, "ymchats: "+path+": "+row.says+"\n", complaint, what)
	}
}

// A path that is no file of settings is told as what it is. Nothing is waited for.
func TestConfigThatIsNoFile(t *testing.T) {
	newSandbox(t)
	dir := t.TempDir()
	blocked := filepath.Join(dir, "blocked")
	require.NoError(t, os.WriteFile(blocked, nil, 0o600))
	for path, says := range map[string]string{
		dir:                          "it is a directory, allowed is a file",
		filepath.Join(dir, "absent"): "there is no such file",
		"":                           "--config is empty, allowed is the path of a file",
		os.DevNull:                   "it is a device, allowed is a file",
	} {
		if path == os.DevNull && runtime.GOOS == "windows" {
			continue // its name opens no device there
		}
		code, _, complaint := run(t, "get", "--chat", chat, "--config", path)
		assert.Equal(t, 2, code)
		assert.Contains(t, complaint, says)
		assert.NotContains(t, complaint, "chmod")
		assert.True(t, path == "" || strings.HasPrefix(complaint, "ymchats: "+path+": "), complaint)
	}
	code, _, complaint := run(t, "get", "--chat", chat, "--config", filepath.Join(blocked, "config"))
	assert.Equal(t, 2, code)
	assert.NotContains(t, complaint, "open ", "who reads it did not call open")
}

// A key, a businessId or a base URL that was copied with something around it is refused before anything is sent, by the
// name of the place where it stands.
func TestAccessWithSomethingAround(t *testing.T) {
	market := newSandbox(t)
	const quotes, blanks = " begins or ends with a quote: write it without", " begins or ends with a blank or a line end: write it without"
	key := func(what string) string { return "the key of YM_API_KEY" + what }
	for _, row := range []struct{ variable, value, says string }{
		{"YM_API_KEY", `"canary"`, key(quotes)},
		{"YM_API_KEY", `'canary'`, key(quotes)},
		{"YM_API_KEY", "`canary`", key(quotes)},
		{"YM_API_KEY", "«canary»", key(quotes)},
		{"YM_API_KEY", "“canary”", key(quotes)},
		{"YM_API_KEY", "canary\r\n", key(blanks)},
		{"YM_API_KEY", " canary", key(blanks)},
		{"YM_API_KEY", "\ufeffcanary", key(blanks)},
		{"YM_API_KEY", "Api-Key: canary", key(" begins with the name of a header: write the key alone")},
		{"YM_API_KEY", "api-key:canary", key(" begins with the name of a header: write the key alone")},
		{"YM_API_KEY", "Bearer canary", key(" begins with the name of a header: write the key alone")},
		{"YM_API_KEY", "canary canary", key(" holds a blank, or a letter that no key has: allowed is visible ASCII")},
		{"YM_API_KEY", "canary…", key(" holds a blank, or a letter that no key has: allowed is visible ASCII")},
		{"YM_BUSINESS_ID", `"12345"`, "the businessId of YM_BUSINESS_ID" + quotes},
		{"YM_BUSINESS_ID", "12345 ", "the businessId of YM_BUSINESS_ID" + blanks},
		{"YM_BUSINESS_ID", "№12345", "the businessId of YM_BUSINESS_ID is no number: allowed are digits alone, 1 and above"},
		{"YM_BUSINESS_ID", "12 345", "the businessId of YM_BUSINESS_ID is no number"},
		{"YM_BUSINESS_ID", "+12345", "the businessId of YM_BUSINESS_ID is no number"},
		{"YM_BUSINESS_ID", "9223372036854775808", "the businessId of YM_BUSINESS_ID is no number"},
		{"YM_BASE_URL", `"https://canary/v2"`, "the base URL of YM_BASE_URL" + quotes},
		{"YM_BASE_URL", "https://canary/v2\n", "the base URL of YM_BASE_URL" + blanks},
	} {
		t.Run(row.variable+" "+row.says, func(t *testing.T) {
			t.Setenv(row.variable, row.value)
			code, out, complaint := run(t, "new", "--order", order)
			assert.Equal(t, 2, code)
			assert.Empty(t, out)
			assert.True(t, strings.HasPrefix(complaint, "ymchats: "+row.says), complaint)
		})
	}
	code, _, complaint := run(t, "new", "--order", order, "--key", "'canary'")
	assert.Equal(t, 2, code)
	assert.Contains(t, complaint, "the key of --key"+quotes)
	path := writeConfig(t, "\napi-key = \"'canary'\"", 0o600)
	t.Setenv("YM_API_KEY", "")
	code, _, complaint = run(t, "new", "--order", order)
	assert.Equal(t, 2, code)
	assert.Contains(t, complaint, "the key of "+path+", line 2,"+quotes)
	assert.Empty(t, market.Calls())
}
