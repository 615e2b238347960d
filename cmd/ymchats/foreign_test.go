package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// Something else than the API says nothing about a key, a chat or an order, whatever its status: the exit code is 1,
// and the address is named.
func TestForeignAnswers(t *testing.T) {
	const ours = `{"status":"ERROR","errors":[{"code":"NOT_FOUND","message":"Can't find chat by id: '7'"}]}`
	const foreign, nothing = "this is no answer of the Market's API", "the API has nothing at this address"
	for what, row := range map[string]struct {
		status int
		body   string
		code   int
		says   string // empty: it is the API's own
	}{
		"a chat that is not there": {404, ours, 5, ""},
		"an old form":              {404, `{"error":{"code":404,"message":"no chat"}}`, 5, ""},
		"errors are null":          {404, `{"status":"ERROR","errors":null}`, 5, ""},
		"a byte order mark":        {401, "\ufeff" + `{"status":"ERROR"}`, 4, ""},
		"without a status":         {403, `{"errors":[{"code":"FORBIDDEN"}]}`, 4, ""},
		"cut off":                  {404, ours[:20], 5, ""},
		"an empty 200":             {200, "", 1, ""},
		"broken":                   {500, "<html>", 1, ""},
		"a proxy's 503":            {503, "<html>", 1, ""},
		"another limit":            {429, "slow down", 1, ""},
		"wrong version":            {404, `{"status":"ERROR","errors":[{"code":"NOT_FOUND","message":"Resource not found"}]}`, 1, nothing},
		"a page":                   {404, "<html>nothing here</html>", 1, foreign},
		"Go's 404":                 {404, "404 page not found\n", 1, foreign},
		"nothing":                  {404, "", 1, foreign},
		"another service":          {404, `{"detail":"Not Found"}`, 1, foreign},
		"Spring":                   {404, `{"timestamp":1,"status":404,"error":"Not Found","path":"/x"}`, 1, foreign},
		"a list":                   {404, `[]`, 1, foreign},
		"a login":                  {401, "<html>", 1, foreign},
		"a firewall":               {403, "<html>", 1, foreign},
		"another method":           {405, "", 1, foreign},
		"moved":                    {302, "", 1, foreign},
		"a site":                   {200, "<html>welcome</html>", 1, foreign},
		"JSON of a site":           {200, `{"hello":1}`, 1, foreign},
	} {
		t.Run(what, func(t *testing.T) {
			newSandbox(t)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(row.status)
				_, _ = w.Write([]byte(row.body))
			}))
			defer server.Close()
			t.Setenv("YM_BASE_URL", server.URL+"/v3")
			code, out, complaint := run(t, "get", "--chat", chat, "--json", "--max-wait", "1ms")
			assert.Equal(t, row.code, code)
			var object struct{ Error struct{ Class string } }
			require.NoError(t, json.Unmarshal([]byte(out), &object))
			assert.Equal(t, row.says != "", object.Error.Class == "notTheAPI", object.Error.Class)
			lines := strings.Split(strings.TrimSpace(complaint), "\n")
			if last := lines[len(lines)-1]; row.says != "" {
				assert.Equal(t, "ymchats: "+row.says+": look at the base URL of YM_BASE_URL "+server.URL+
					"/v3; the Market's own is https://api.partner.market.yandex.ru/v2", last)
			} else {
				assert.NotContains(t, complaint, "base URL")
			}
		})
	}
}

// A real sandbox under a wrong path, for each command, and a message whose fate is unknown all the same.
func TestWrongBaseURL(t *testing.T) {
	market := newSandbox(t)
	for _, path := range []string{"/v3", "/V2", "/api", "/v2/v2"} {
		for _, c := range callCommands {
			url := strings.TrimSuffix(os.Getenv("YM_BASE_URL"), "/v2")
			code, _, complaint := run(t, append(c.line, "--base-url", url+path)...)
			assert.Equal(t, 1, code, path)
			assert.Contains(t, complaint, "at this address: look at the base URL of --base-url "+url+path, path)
		}
	}
	assert.Empty(t, market.Messages(7000001))
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	defer page.Close()
	code, _, complaint := run(t, "send", "--chat", chat, testText, "--base-url", page.URL, "--resend", "never")
	assert.Equal(t, 7, code)
	assert.Contains(t, complaint, "look at the base URL of --base-url")
	assert.Contains(t, complaint, "the message may have arrived")
}

// Where nobody has set a base URL it cannot be wrong; and no key is shown with it.
func TestForeignWords(t *testing.T) {
	e := &wrapper.Error{StatusCode: 404}
	assert.Equal(t, "this is no answer of the Market's API, though the base URL is the Market's own: a proxy may have answered",
		foreignWords(e, situation{key: "k"}))
	said := foreignWords(e, situation{baseURL: value{"https://h/secret/v2", "--base-url"}, key: "secret"})
	assert.Contains(t, said, "https://h/…/v2")
}
