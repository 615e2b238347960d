package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// check runs the command, and gives its exit code and what it printed.
func check(t *testing.T, stdin string, args ...string) (code int, out, complaint string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	root := newCommand()
	root.SetArgs(append([]string{"check"}, args...))
	root.SetIn(strings.NewReader(stdin))
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	err := root.ExecuteContext(t.Context())
	var exit exitCode
	switch {
	case errors.As(err, &exit):
		code = int(exit)
	case err != nil:
		require.ErrorAs(t, err, new(usageError))
		code = 2
		stderr.WriteString(err.Error())
	}
	return code, stdout.String(), stderr.String()
}

func TestCheckCleanTraffic(t *testing.T) {
	code, out, complaint := check(t, "", "testdata/browser.har", "testdata/proxy.har")
	assert.Equal(t, "files 2, entries 6: checked 4, skipped 2 as other traffic; violations 0\n", out)
	assert.Zero(t, code)
	assert.Empty(t, complaint)
}

func TestCheckViolations(t *testing.T) {
	code, out, complaint := check(t, "", "testdata/violations.har")
	assert.Equal(t, strings.TrimPrefix(`
testdata/violations.har: entry 1: sendMessageToChat: request: body /message: type string
testdata/violations.har: entry 1: sendMessageToChat: request: body /message/text: is not declared
testdata/violations.har: entry 1: sendMessageToChat: request: header Api-Key: required, or another way to authorize: Api-Key, Authorization
testdata/violations.har: entry 2: getChat: request: query chatId: required
testdata/violations.har: entry 2: getChat: request: query chat_id: is not declared
testdata/violations.har: entry 2: getChat: response: body: is not JSON
testdata/violations.har: entry 3: no operation: request: method: is not one of the path
testdata/violations.har: entry 4: createChat: response: status: is not declared
files 1, entries 5: checked 4, skipped 1 as other traffic; violations 8
`, "\n"), out)
	assert.Equal(t, 1, code)
	assert.Empty(t, complaint)
	assert.NotContains(t, out, "canary")
}

func TestCheckFlags(t *testing.T) {
	_, out, _ := check(t, "", "--ignore-auth", "testdata/violations.har")
	assert.NotContains(t, out, "Api-Key")
	code, out, _ := check(t, "", "--strict", "testdata/browser.har")
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "testdata/browser.har: entry 1: no operation: request: path: is not one of the contract\n")
	_, out, _ = check(t, "", "--base-url", "http://127.0.0.1:8080/v2/", "testdata/browser.har")
	assert.Contains(t, out, "checked 0, skipped 4")
	har, err := os.ReadFile("testdata/browser.har")
	require.NoError(t, err)
	local := strings.ReplaceAll(string(har), "https://api.partner.market.yandex.ru/v2", "http://127.0.0.1:8080/v2")
	code, out, _ = check(t, local, "--base-url", "http://127.0.0.1:8080/v2/", "-")
	assert.Zero(t, code)
	assert.Contains(t, out, "checked 2, skipped 2", "from standard input")
}

func TestCheckFormats(t *testing.T) {
	code, out, _ := check(t, "", "--format", "json", "testdata/violations.har")
	assert.Equal(t, 1, code)
	var r jsonReport
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	assert.Equal(t, summary{Files: 1, Entries: 5, Checked: 4, Skipped: 1, Violations: 8}, r.Summary)
	assert.Equal(t, finding{"testdata/violations.har", 2, "getChat", "request", "query chatId", "required"}, r.Violations[3])

	_, out, _ = check(t, "", "--format", "json", "testdata/browser.har")
	assert.Contains(t, out, `"violations": []`)

	_, out, _ = check(t, "", "--format", "github", "testdata/violations.har")
	assert.Contains(t, out, "::error file=testdata/violations.har,title=getChat::entry 2: request: query chatId: required\n")
	var escaped bytes.Buffer
	githubReport{}.violation(&escaped, finding{File: "a,b:c%\n", Operation: "x", Entry: 1, Part: "request", Where: "query %\n", Rule: "r"})
	assert.Equal(t, "::error file=a%2Cb%3Ac%25%0A,title=x::entry 1: request: query %25%0A: r\n", escaped.String())
}

func TestCheckUnreadable(t *testing.T) {
	entry := func(request, response string) string {
		return `{"log":{"entries":[{"request":` + request + `,"response":` + response + `}]}}`
	}
	ok := `{"method":"GET","url":"https://api.partner.market.yandex.ru/v2/businesses/1/chat?chatId=1","headers":[{"name":"Api-Key","value":"k"}]}`
	rows := map[string]struct{ har, says string }{
		"empty":                   {``, "it ends too early"},
		"not JSON":                {`canary`, "it is not JSON at byte 1"},
		"cut off":                 {`{"log":{"entries":[{"request":`, "entry 1: it ends too early"},
		"an array":                {`[]`, "this is no HAR file: { is missing at byte 1"},
		"no log":                  {`{"version":"1.2"}`, "this is no HAR file: it has no log.entries"},
		"no entries":              {`{"log":{"pages":[{"a":[]}]}}`, "this is no HAR file: it has no log.entries"},
		"entries: no list":        {`{"log":{"entries":{}}}`, "this is no HAR file: [ is missing"},
		"two documents":           {`{"log":{"entries":[]}}{}`, "there is something after the end"},
		"a field of another type": {entry(`{"method":1}`, `{}`), "entry 1: request.method is not of the type that HAR gives it"},
		"no method":               {entry(strings.Replace(ok, "GET", "", 1), `{}`), "entry 1: no operation: request: entry: request.method is missing"},
		"bad base64":              {entry(ok, `{"status":200,"content":{"text":"canary!","encoding":"base64"}}`), "entry 1: no operation: response: entry: response.content: the text is not base64"},
		"an unknown encoding":     {entry(ok, `{"status":200,"content":{"text":"canary","encoding":"rot13"}}`), "entry 1: no operation: response: entry: response.content: the encoding is unknown, allowed is base64"},
	}
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			code, out, complaint := check(t, row.har, "-")
			assert.Equal(t, 2, code)
			assert.Contains(t, out+complaint, row.says)
			assert.NotContains(t, out+complaint, "canary")
		})
	}
	code, out, complaint := check(t, "", "testdata/missing.har", "testdata/violations.har")
	assert.Equal(t, 2, code, "what cannot be read goes before violations")
	assert.Contains(t, complaint, "missing.har")
	assert.Contains(t, out, "violations 8", "the other files are checked all the same")
	_, out, _ = check(t, "canary", "--format", "json", "-")
	assert.Contains(t, out, `"-": "it is not JSON at byte 1"`)
	_, out, _ = check(t, "canary", "--format", "github", "-")
	assert.Contains(t, out, "::error file=-,title=unreadable::it is not JSON at byte 1\n")
}

func TestCheckUsage(t *testing.T) {
	for says, args := range map[string][]string{
		"check needs at least one file":                                  {},
		`--format is "xml", allowed is text, json or github`:             {"--format", "xml", "testdata/browser.har"},
		"--base-url is not allowed, allowed is one like https://host/v2": {"--base-url", "https://u:canary@host/v2", "testdata/browser.har"},
		"unknown flag: --fast":                                           {"--fast"},
	} {
		code, _, complaint := check(t, "", args...)
		assert.Equal(t, 2, code, says)
		assert.Contains(t, complaint, says)
	}
}

// Base URLs that name no server, or say too much, and words that are no command are refused with 2, too.
func TestCheckBaseURLs(t *testing.T) {
	for _, bad := range []string{"host/v2", "ftp://host", "https://host/v2?x=canary", "https://host#canary", "https:///v2", "https://host/{x}"} {
		code, _, complaint := check(t, "", "--base-url", bad, "testdata/browser.har")
		assert.Equal(t, 2, code, bad)
		assert.NotContains(t, complaint, "canary")
	}
	root := newCommand()
	root.SetArgs([]string{"chekc"})
	assert.ErrorAs(t, root.ExecuteContext(t.Context()), new(usageError))
}

// Other traffic cannot be in the way, whatever it is; our own is found however its address is written.
func TestCheckOddEntries(t *testing.T) {
	entry := func(method, url, more string) string {
		return `{"request":{"method":"` + method + `","url":"` + url + `"` + more + `},"response":{"status":0}}`
	}
	api := "https://api.partner.market.yandex.ru"
	har := func(entries ...string) string { return `{"log":{"entries":[` + strings.Join(entries, ",") + `]}}` }
	code, out, _ := check(t, har(entry("GET", "https://ads.example/%zz", ""), entry("GET", "chrome-extension://abc/%", ""),
		entry("POST", "https://other.example/", `,"postData":{"text":"x","encoding":"odd"}`), entry("OPTIONS", api+"/v2/businesses/1/chats/new", ""), `{}`, `null`), "-")
	assert.Zero(t, code, out)
	assert.Contains(t, out, "checked 0, skipped 6")
	for _, address := range []string{":443/v2", "./v2", "/v2"} {
		code, out, _ := check(t, har(entry("GET", api+address+"/businesses/0/chat?chatId=1", "")), "-")
		assert.Equal(t, 1, code, address)
		assert.Contains(t, out, "path businessId: minimum 1")
	}
	code, out, _ = check(t, har(entry("POST", api+"/v2/businesses/1/chats/message?chatId=1",
		`,"headers":[{"name":"Content-Type","value":"application/x-www-form-urlencoded"},{"name":"Api-Key","value":"k"},{"name":":method","value":"POST"}],"postData":{"params":[{"name":"message"}]}`)), "-")
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "request: header Content-Type: must be application/json")
	code, out, _ = check(t, har(entry("GET", api+"/v2/businesses/1/chat?chatId=1", `,"headers":[{"name":"Api-Key","value":"k"}],"bodySize":20`)), "-")
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "request: body: none is declared")
}

// Interrupted, it stops between two entries.
func TestCheckIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := &checker{}
	require.NoError(t, c.prepare())
	var total summary
	err := c.file(ctx, "-", endless(1000, largeEntry(10)), &total, func(finding) {})
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, total.Entries)
}

// HTTP/2 writes as headers what is none.
func TestHARHeaders(t *testing.T) {
	var fields harFields
	require.NoError(t, json.Unmarshal([]byte(`[{"name":":authority","value":"x"},{"name":"api-key","value":"k"}]`), &fields))
	assert.Equal(t, http.Header{"Api-Key": {"k"}}, fields.header())
}

// What the file does not hold is not held against the client.
func TestCheckBodiesThatWereNotRecorded(t *testing.T) {
	har := `{"log":{"entries":[{"request":{"method":"POST","url":"https://api.partner.market.yandex.ru/v2/businesses/1/chats/message?chatId=1","bodySize":15,
		"headers":[{"name":"Api-Key","value":"k"},{"name":"Content-Type","value":"application/json"}]},"response":{"status":200,"headers":[],"content":{"size":15,"mimeType":"application/json"}}}]}}`
	code, out, _ := check(t, "\ufeff"+har, "-")
	assert.Zero(t, code, out)
	code, out, _ = check(t, strings.Replace(har, `"bodySize":15`, `"bodySize":0`, 1), "-")
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "request: body: required")
}

// endless is a HAR file of a given number of entries, made while it is read.
func endless(entries int, entry string) io.Reader {
	parts := []io.Reader{strings.NewReader(`{"log":{"entries":[` + entry)}
	for range entries - 1 {
		parts = append(parts, strings.NewReader(","), strings.NewReader(entry))
	}
	return io.MultiReader(append(parts, strings.NewReader(`]}}`))...)
}

func largeEntry(size int) string {
	text, _ := json.Marshal(strings.Repeat("x", size))
	return `{"request":{"method":"GET","url":"https://elsewhere.example/","headers":[]},"response":{"status":200,"headers":[],"content":{"text":` + string(text) + `}}}`
}

// A file of 100 MB needs a small part of that.
func TestCheckLargeFiles(t *testing.T) {
	entry := largeEntry(1 << 20)
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	peak := uint64(0)
	err := readHAR(endless(100, entry), func(int, *harEntry) error {
		runtime.GC()
		runtime.ReadMemStats(&during)
		peak = max(peak, during.HeapAlloc-min(before.HeapAlloc, during.HeapAlloc))
		return nil
	})
	require.NoError(t, err)
	assert.Less(t, peak, uint64(16<<20), "bytes held")
}

func BenchmarkCheck(b *testing.B) {
	har, err := os.ReadFile(filepath.Join("testdata", "proxy.har"))
	require.NoError(b, err)
	var file struct {
		Log struct {
			Entries []json.RawMessage `json:"entries"`
		} `json:"log"`
	}
	require.NoError(b, json.Unmarshal(har, &file))
	c := &checker{}
	require.NoError(b, c.prepare())
	b.ResetTimer()
	err = readHAR(endless(b.N, string(file.Log.Entries[0])), func(_ int, e *harEntry) error {
		if found, kind := c.entry(e); kind != ourTraffic || len(found) > 0 {
			return fmt.Errorf("the entry should be checked and clean: %v", found)
		}
		return nil
	})
	require.NoError(b, err)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

const (
	market  = "https://api.partner.market.yandex.ru"
	keyed   = `,"headers":[{"name":"Api-Key","value":"k"},{"name":"Content-Type","value":"application/json"}]`
	replied = `{"status":200,"headers":[{"name":"Content-Type","value":"application/json"}],"content":`
)

// harOf is a file of one entry: the rest of its request behind method and url, and its response.
func harOf(method, url, request, response string) string {
	return fmt.Sprintf(`{"log":{"entries":[{"request":{"method":%q,"url":%q%s},"response":%s}]}}`, method, url, request, response)
}

// Only the key is not asked for; everything else is.
func TestCheckIgnoresNothingButTheKey(t *testing.T) {
	_, all, _ := check(t, "", "testdata/violations.har")
	code, out, complaint := check(t, "", "--ignore-auth", "testdata/violations.har")
	const missing = "testdata/violations.har: entry 1: sendMessageToChat: request: header Api-Key: required, or another way to authorize: Api-Key, Authorization\n"
	assert.Equal(t, strings.NewReplacer(missing, "", "violations 8", "violations 7").Replace(all), out)
	assert.Equal(t, 1, code)
	assert.Empty(t, complaint)
}

// Each base URL is one whole: its scheme, host and path do not mix with those of another.
func TestCheckServers(t *testing.T) {
	for url, ours := range map[string]bool{
		"https://a.example/v2/businesses/1/chat?chatId=1":  true,
		"HTTPS://A.example/v2/businesses/1/chat?chatId=1":  true,
		"http://b.example/businesses/1/chat?chatId=1":      true,
		"http://a.example/v2/businesses/1/chat?chatId=1":   false,
		"https://c.example/v2/businesses/1/chat?chatId=1":  false,
		"https://a.example/businesses/1/chat?chatId=1":     false,
		"https://a.example/v2x/businesses/1/chat?chatId=1": false,
	} {
		_, out, _ := check(t, harOf("GET", url, keyed, `{}`), "--base-url", "https://a.example/v2,http://b.example//,https://d.example/v2x", "-")
		want := map[bool]string{true: "checked 1, skipped 0", false: "checked 0, skipped 1"}[ours]
		assert.Contains(t, out, want, url)
	}
}

func TestCheckWhatIsKnownOfBodies(t *testing.T) {
	const (
		url  = market + "/v2/businesses/1/chats/message?chatId=1"
		ok   = replied + `{"text":"{\"status\":\"OK\"}"}}`
		good = keyed + `,"postData":{"text":"{\"message\":\"x\"}"}`
	)
	rows := map[string]struct{ request, response, says string }{
		"all of it":                                {good, ok, ""},
		"no answer came":                           {good, `{"status":0,"content":{"size":0}}`, ""},
		"a body of one byte, not recorded":         {keyed + `,"bodySize":1`, ok, ""},
		"a body of unknown length, none":           {keyed + `,"bodySize":-1`, ok, "request: body: required"},
		"postData without its text":                {keyed + `,"postData":{"mimeType":"a/b"}`, ok, ""},
		"postData in base64":                       {keyed + `,"postData":{"text":"e30=","encoding":"base64"}`, ok, "request: body /message: required"},
		"not recorded, and no key":                 {`,"bodySize":1,"headers":[]`, ok, "request: header Api-Key: required"},
		"an answer without its text":               {good, replied + `{"size":15}}`, ""},
		"an answer of one byte, without it":        {good, replied + `{"size":1}}`, ""},
		"an answer without anything":               {good, replied + `{}}`, ""},
		"an answer that is known to be none":       {good, replied + `{"size":0}}`, "response: body: is not JSON"},
		"an answer in base64 with all its letters": {good, replied + `{"text":"eyJzdGF0dXMiOiJPSyIsIngiOiJ+fn4/Pz8+Pj4ifQ==","encoding":"base64"}}`, ""},
		"an answer in base64":                      {good, replied + `{"text":"e30=","encoding":"base64"}}`, "response: body /status: required"},
	}
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			code, out, complaint := check(t, harOf("POST", url, row.request, row.response), "-")
			assert.Empty(t, complaint)
			assert.Equal(t, row.says != "", code == 1, out)
			assert.Contains(t, out, row.says)
		})
	}
}

// GitHub shows one annotation for each, and the summary stands in the log.
func TestCheckGitHub(t *testing.T) {
	_, out, _ := check(t, "", "--format", "github", "testdata/violations.har")
	assert.Contains(t, out, "::error file=testdata/violations.har,title=no operation::entry 3: request: method: is not one of the path\n")
	assert.Regexp(t, `\nfiles 1, entries 5: checked 4, skipped 1 as other traffic; violations 8\n$`, out)
}

// A check that is green as it met none of the traffic says so.
func TestNothingChecked(t *testing.T) {
	const recording = "testdata/violations.har"
	code, _, complaint := run(t, "check", "--base-url", "http://127.0.0.1:1/v2", recording)
	assert.Zero(t, code)
	assert.Equal(t, "ymchats: nothing was checked: no request went to http://127.0.0.1:1/v2; see --base-url and --strict\n", complaint)
	_, _, complaint = run(t, "check", recording)
	assert.Empty(t, complaint)
}
