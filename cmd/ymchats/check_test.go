package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/cmd/ymchats/internal/har"
)

// check runs the command on a standard input, and gives its exit code and what it printed.
func check(t *testing.T, stdin string, args ...string) (code int, out, complaint string) {
	t.Helper()
	return shell{in: strings.NewReader(stdin)}.run(t, append([]string{"check"}, args...)...)
}

func TestCheckCleanTraffic(t *testing.T) {
	code, out, complaint := check(t, "", "testdata/browser.har", "testdata/proxy.har")
	assert.Equal(t, strings.TrimPrefix(`
other requests to the same host, which were not checked:
  1 × GET /v2/campaigns: path is not one of the contract, first at testdata/browser.har:130
files 2, entries 6: ours 4, other requests to the same host 1, requests to other hosts 1; checked 4, violations 0
`, "\n"), out)
	assert.Zero(t, code)
	assert.Empty(t, complaint)
}

const (
	at1 = "testdata/violations.har:20: entry 1, 2026-11-02T10:15:30.000+03:00, POST /v2/businesses/{businessId}/chats/message: sendMessageToChat: "
	at2 = "testdata/violations.har:69: entry 2, 2026-11-02T10:15:30.000+03:00, GET /v2/businesses/{businessId}/chat: getChat: "
	at4 = "testdata/violations.har:167: entry 4, 2026-11-02T10:15:30.000+03:00, POST /v2/businesses/{businessId}/chats/new: createChat: "
)

func TestCheckViolations(t *testing.T) {
	code, out, complaint := check(t, "", "testdata/violations.har")
	assert.Equal(t, at1+"request: body /message: type string\n"+
		at1+"request: body /message/text: is not declared\n"+
		at1+"request: header Api-Key: required, or another way to authorize: Api-Key, Authorization\n"+
		at2+"request: query chatId: required\n"+
		at2+"request: query chat_id: is not declared\n"+
		at2+"response 400: body: is not JSON\n"+
		at4+"response 502: status: is not declared\n"+
		"other requests to the same host, which were not checked:\n"+
		"  1 × PUT /v2/businesses/…/chats/new: method is not one of the path, first at testdata/violations.har:114\n"+
		"files 1, entries 5: ours 3, other requests to the same host 1, requests to other hosts 1; checked 3, violations 7\n", out)
	assert.Equal(t, 1, code)
	assert.Empty(t, complaint)
	assert.NotContains(t, out, "canary")
}

func TestCheckFlags(t *testing.T) {
	_, out, _ := check(t, "", "--ignore-auth", "testdata/violations.har")
	assert.NotContains(t, out, "Api-Key")
	code, out, _ := check(t, "", "--strict", "testdata/browser.har")
	assert.Equal(t, 1, code)
	assert.Equal(t, "testdata/browser.har:130: entry 3, 2026-11-02T10:15:30.000+03:00, GET /v2/campaigns: no operation: request: path: is not one of the contract\n"+
		"files 1, entries 4: ours 2, other requests to the same host 1, requests to other hosts 1; checked 2, violations 1\n", out, "other hosts stay what they are")
	har, err := os.ReadFile("testdata/browser.har")
	require.NoError(t, err)
	local := strings.ReplaceAll(string(har), "https://api.partner.market.yandex.ru/v2", "http://127.0.0.1:8080/v2")
	code, out, _ = check(t, local, "--base-url", "http://127.0.0.1:8080/v2/", "-")
	assert.Zero(t, code)
	assert.Contains(t, out, "ours 2, other requests to the same host 1, requests to other hosts 1;", "from standard input")
}

// Each side can be checked without the other.
func TestCheckSides(t *testing.T) {
	_, both, _ := check(t, "", "testdata/violations.har")
	for side, want := range map[string][2]int{"request": {1, 5}, "response": {1, 2}, "both": {1, 7}} {
		code, out, _ := check(t, "", "--side", side, "testdata/violations.har")
		assert.Equal(t, want[0], code)
		assert.Contains(t, out, fmt.Sprintf("checked 3, violations %d\n", want[1]), side)
		for line := range strings.Lines(out) {
			if strings.Contains(line, ": entry ") {
				assert.Contains(t, both, line)
				assert.Equal(t, side == "both" || strings.Contains(line, ": "+side), true, line)
			}
		}
	}
	gateway := harOf("GET", market+"/v2/businesses/1/chat?chatId=1", keyed, `{"status":502}`)
	code, _, _ := check(t, gateway, "--side", "request", "-")
	assert.Zero(t, code, "the gateway's answer is none of the client's mistakes")
	code, _, _ = check(t, gateway, "-")
	assert.Equal(t, 1, code)
	silent := harOf("GET", market+"/v2/businesses/0/chat?chatId=1", keyed, `{"status":0}`)
	code, out, complaint := check(t, silent, "--side", "response", "-")
	assert.Equal(t, 3, code, out)
	assert.Contains(t, complaint, "no answer of an operation at https://api.partner.market.yandex.ru/v2")
	assert.Contains(t, complaint, "found instead: 1 requests without an answer\n")
	code, _, _ = check(t, harOf("GET", market+"/v2/businesses/1/chat?chatId=1", `,"headers":7`, replied+`{"text":"{\"status\":\"OK\"}"}}`), "--side", "response", "-")
	assert.Zero(t, code, "a damaged request is nothing to the answer")
}

func TestCheckFormats(t *testing.T) {
	code, out, _ := check(t, "", "--format", "json", "testdata/violations.har")
	assert.Equal(t, 1, code)
	var r struct {
		Violations    []finding
		Notices       []listing
		OtherRequests []listing
		Unreadable    map[string]string
		Summary       summary
	}
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	assert.Equal(t, summary{Files: 1, Entries: 5, Ours: 3, SameHost: 1, OtherHosts: 1, Checked: 3, Violations: 7}, r.Summary)
	require.Len(t, r.Violations, 7)
	assert.Equal(t, finding{"testdata/violations.har", 69, 2, "2026-11-02T10:15:30.000+03:00", "GET", "/v2/businesses/{businessId}/chat",
		"getChat", "response", 400, "body", "is not JSON"}, r.Violations[5])
	require.Len(t, r.OtherRequests, 1)
	assert.Equal(t, listing{finding{"testdata/violations.har", 114, 3, "2026-11-02T10:15:30.000+03:00", "PUT", "/v2/businesses/…/chats/new",
		"", "request", 0, "method", "is not one of the path"}, 1}, r.OtherRequests[0])

	_, out, _ = check(t, "", "--format", "json", "testdata/proxy.har")
	assert.JSONEq(t, `{"violations": [], "notices": [], "otherRequests": [], "unreadable": {}, "summary": {"files": 1, "entries": 2, "ours": 2,
		"sameHost": 0, "otherHosts": 0, "checked": 2, "unreadable": 0, "violations": 0, "notices": 0, "notRecorded": 0}}`, out)

	_, out, _ = check(t, "", "--format", "github", "testdata/violations.har")
	assert.Contains(t, out, "::error file=testdata/violations.har,line=69,title=getChat::entry 2, 2026-11-02T10:15:30.000+03:00, "+
		"GET /v2/businesses/{businessId}/chat: getChat: request: query chatId: required\n")
	var escaped bytes.Buffer
	(&githubReport{&escaped}).violation(finding{File: "a,b:c%\n", Line: 3, Operation: "x", Entry: 1, Method: "GET", Path: "/", Part: "request", Where: "query %\n", Rule: "r"})
	assert.Equal(t, "::error file=a%2Cb%3Ac%25%0A,line=3,title=x::entry 1, GET /: x: request: query %25%0A: r\n", escaped.String())
}

// Notices are listed in every format, and change no exit code.
func TestCheckNotices(t *testing.T) {
	har := harOf("POST", market+"/v2/businesses/1/chats/message?chatId=1", keyed+`,"postData":{"text":"{\"message\":\"x\"}"}`, replied+`{"text":"{\"status\":\"LATER\"}"}}`)
	entry := har[strings.Index(har, `[{"request"`)+1 : len(har)-3]
	har = strings.Replace(har, entry, entry+",\n"+entry, 1)
	for format, says := range map[string]string{
		"text":   "notices, which break nothing:\n  2 × sendMessageToChat: response 200: body /status: enum [OK ERROR], first at -:1\n",
		"json":   `"notices": [`,
		"github": "::notice file=-,line=1,title=sendMessageToChat::2 × sendMessageToChat: response 200: body /status: enum [OK ERROR]\n",
		"junit":  `tests="2" failures="0" errors="0"`,
	} {
		code, out, complaint := check(t, har, "--format", format, "-")
		assert.Zero(t, code, out)
		assert.Empty(t, complaint)
		assert.Contains(t, out, says)
		assert.NotContains(t, out, "LATER")
	}
}

// A suite for each file, a case for each side of each operation, the same from run to run.
func TestCheckJUnit(t *testing.T) {
	code, out, _ := check(t, "", "--format", "junit", "testdata/violations.har", "testdata/proxy.har", "testdata/missing.har")
	assert.Equal(t, 2, code)
	var r junitSuites
	require.NoError(t, xml.Unmarshal([]byte(out), &r))
	require.Len(t, r.Suites, 3)
	type suite struct{ tests, failures, errors int }
	var got []suite
	for _, s := range r.Suites {
		got = append(got, suite{s.Tests, s.Failures, s.Errors})
		assert.Len(t, s.Cases, s.Tests)
	}
	assert.Equal(t, []suite{{6, 4, 0}, {2, 0, 0}, {1, 0, 1}}, got)
	first := r.Suites[0].Cases[0]
	assert.Equal(t, []string{"sendMessageToChat", "request", "testdata/violations.har"}, []string{first.Class, first.Name, first.File})
	assert.Equal(t, 20, first.Line)
	assert.Equal(t, "3 violations", first.Failure.Message)
	assert.Equal(t, 3, strings.Count(first.Failure.Text, at1))
	assert.Nil(t, r.Suites[0].Cases[1].Failure)
	assert.Equal(t, "no such file or directory", r.Suites[2].Cases[0].Error.Message)
	assert.Contains(t, r.Suites[2].Output, "violations 7")
	_, out, _ = check(t, `{"log":{"entries":[]}}`, "--format", "junit", "-")
	require.NoError(t, xml.Unmarshal([]byte(out), &r))
}

// A case shows a hundred violations, and tells of the others.
func TestCheckJUnitOfManyViolations(t *testing.T) {
	har, err := io.ReadAll(endless(250, `{"request":{"method":"GET","url":"`+market+`/v2/businesses/0/chat?chatId=1"`+keyed+`}}`+"\n"))
	require.NoError(t, err)
	_, out, _ := check(t, string(har), "--format", "junit", "-")
	assert.Contains(t, out, `message="250 violations"`)
	assert.Equal(t, 100, strings.Count(out, "businessId: minimum 1"))
	assert.Contains(t, out, "and 150 more")
	assert.Contains(t, out, `file="-" line="1"`, "the first of them")
}

func TestCheckUnreadable(t *testing.T) {
	entry := func(request, response string) string {
		return `{"log":{"entries":[{"request":` + request + `,"response":` + response + `}]}}`
	}
	ok := `{"method":"GET","url":"https://api.partner.market.yandex.ru/v2/businesses/1/chat?chatId=1","headers":[{"name":"Api-Key","value":"k"}]}`
	rows := map[string]struct{ har, says string }{
		"empty":                     {``, "it ends too early"},
		"not JSON":                  {`canary`, "it is not JSON at byte 1"},
		"cut off":                   {`{"log":{"entries":[{"request":`, "entry 1: it ends too early"},
		"an array":                  {`[]`, "this is no HAR file: { is missing at byte 1"},
		"no log":                    {`{"version":"1.2"}`, "this is no HAR file: it has no log.entries"},
		"no entries":                {`{"log":{"pages":[{"a":[]}]}}`, "this is no HAR file: it has no log.entries"},
		"entries: no list":          {`{"log":{"entries":{}}}`, "this is no HAR file: [ is missing"},
		"two documents":             {`{"log":{"entries":[]}}{}`, "there is something after the end"},
		"packed by zip":             {"PK\x03\x04canary", "this is packed: unpack it, and check the .har file in it"},
		"packed by gzip":            {"\x1f\x8bcanary", "this is packed: unpack it, and check the .har file in it"},
		"UTF-16":                    {"\xff\xfe{\x00", "this is UTF-16: a HAR file is UTF-8"},
		"headers of another type":   {entry(strings.Replace(ok, `[{"name":"Api-Key","value":"k"}]`, `"canary"`, 1), `{}`), "getChat: request: entry: request.headers is not of the type that HAR gives it"},
		"a header of another type":  {entry(strings.Replace(ok, `"k"`, `["canary"]`, 1), `{}`), "getChat: request: entry: request.headers is not of the type that HAR gives it"},
		"a body of another type":    {entry(strings.Replace(ok, `"headers"`, `"postData":"canary","headers"`, 1), `{}`), "getChat: request: entry: request.postData is not of the type that HAR gives it"},
		"a query of another type":   {entry(strings.NewReplacer("?chatId=1", "", `"headers"`, `"queryString":"canary","headers"`).Replace(ok), `{}`), "getChat: request: entry: request.queryString is not of the type that HAR gives it"},
		"a status of another type":  {entry(ok, `{"status":["canary"]}`), "getChat: response: entry: response.status is not of the type that HAR gives it"},
		"a status that is a word":   {entry(ok, `{"status":"canary"}`), "getChat: response: entry: response.status is not of the type that HAR gives it"},
		"half a status":             {entry(ok, `{"status":200.5}`), "getChat: response: entry: response.status is not of the type that HAR gives it"},
		"a text of another type":    {entry(ok, `{"status":200,"content":{"text":{"canary":1}}}`), "getChat: response: entry: response.content is not of the type that HAR gives it"},
		"an answer of another type": {entry(ok, `"canary"`), "getChat: response: entry: response is not of the type that HAR gives it"},
		"an unknown encoding":       {entry(ok, `{"status":200,"content":{"text":"canary","encoding":"rot13"}}`), "getChat: response: entry: response.content: the encoding is unknown, allowed is base64"},
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
	assert.Contains(t, out, "violations 7", "the other files are checked all the same")
	_, out, _ = check(t, "canary", "--format", "json", "-")
	assert.Contains(t, out, `"-": "it is not JSON at byte 1"`)
	_, out, _ = check(t, "canary", "--format", "github", "-")
	assert.Contains(t, out, "::error file=-,title=unreadable::it is not JSON at byte 1\n")
}

func TestCheckUsage(t *testing.T) {
	for says, args := range map[string][]string{
		"check needs at least one file":                                  {},
		`--format is "xml", allowed is text, json, junit or github`:      {"--format", "xml", "testdata/browser.har"},
		`--side is "client", allowed is request, response or both`:       {"--side", "client", "testdata/browser.har"},
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
	code, _, _ := run(t, "chekc")
	assert.Equal(t, 2, code)
}

// Other traffic cannot be in the way, whatever it is; our own is found however its address is written.
func TestCheckOddEntries(t *testing.T) {
	entry := func(method, url, more string) string {
		return `{"request":{"method":"` + method + `","url":"` + url + `"` + more + `},"response":{"status":0}}`
	}
	har := func(entries ...string) string { return `{"log":{"entries":[` + strings.Join(entries, ",") + `]}}` }
	odd := []string{entry("GET", "https://ads.example/%zz", ""), entry("GET", "chrome-extension://abc/%", ""), entry("GET", "data:text/plain,x", ""),
		entry("POST", "https://other.example/", `,"postData":{"text":"x","encoding":"odd"}`), entry("GET", "https://other.example/", `,"bodySize":12.5,"headers":7`),
		`{"request":{"method":7,"url":7}}`, `{"request":{"url":"https://other.example/"},"response":{"status":"200"}}`, `{"request":[]}`, `{}`, `null`, `7`, `[]`}
	code, out, _ := check(t, har(odd...), "--allow-empty", "--strict", "-")
	assert.Zero(t, code, out)
	assert.Contains(t, out, "ours 0, other requests to the same host 0, requests to other hosts 12; checked 0, violations 0\n")
	for _, address := range []string{":443/v2", "./v2", "/v2", ""} {
		code, out, _ := check(t, har(append(odd, entry("GET", market+address+"/businesses/0/chat?chatId=1", ""))...), "-")
		assert.Equal(t, 1, code, address)
		assert.Contains(t, out, "entry 13, GET "+strings.TrimLeft(address, ":.43")+"/businesses/{businessId}/chat: getChat: request: path businessId: minimum 1")
	}
	code, out, _ = check(t, har(entry("POST", market+"/v2/businesses/1/chats/message?chatId=1",
		`,"headers":[{"name":"Content-Type","value":"application/x-www-form-urlencoded"},{"name":"Api-Key","value":"k"},{"name":":method","value":"POST"}],"postData":{"params":[{"name":"message"}]}`)), "-")
	assert.Equal(t, exitViolations, code, "its parameters show that there was a body")
	assert.Contains(t, out, "sendMessageToChat: request: header Content-Type: must be application/json, in UTF-8\n")
	assert.Contains(t, out, "violations 1, ")
	assert.Contains(t, out, "headers and bodies that were not recorded 1")
	code, out, _ = check(t, har(entry("POST", market+"/v2/businesses/1/chats/message?chatId=1",
		`,"headers":[{"name":"Content-Type","value":"application/x-www-form-urlencoded"},{"name":"Api-Key","value":"k"}],"postData":{"text":"message=x"}`)), "-")
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "request: header Content-Type: must be application/json")
	code, out, _ = check(t, har(entry("GET", market+"/v2/businesses/1/chat?chatId=1", `,"headers":[{"name":"Api-Key","value":"k"}],"bodySize":20`)), "-")
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "request: body: none is declared")
}

// Interrupted, it stops between two entries.
func TestCheckIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := newChecker(t)
	err := c.file(ctx, "-", endless(1000, largeEntry(10)), &textReport{io.Discard})
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, c.outcome.Summary.Entries)
}

// What the file does not hold is not held against the client.
func TestCheckBodiesThatWereNotRecorded(t *testing.T) {
	har := `{"log":{"entries":[{"request":{"method":"POST","url":"https://api.partner.market.yandex.ru/v2/businesses/1/chats/message?chatId=1","bodySize":15,
		"headers":[{"name":"Api-Key","value":"k"},{"name":"Content-Type","value":"application/json"}]},"response":{"status":200,"headers":[],"content":{"size":15,"mimeType":"application/json"}}}]}}`
	code, out, _ := check(t, "\ufeff"+har, "-")
	assert.Zero(t, code, out)
	assert.Contains(t, out, "headers and bodies that were not recorded 3\n", "two bodies, and the headers of the answer")
	code, out, _ = check(t, strings.Replace(har, `"bodySize":15`, `"bodySize":0`, 1), "-")
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "request: body: required")
	code, out, _ = check(t, strings.Replace(har, `"bodySize":15`, `"bodySize":-1`, 1), "-")
	assert.Zero(t, code, out)
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

func newChecker(t testing.TB) *checker {
	t.Helper()
	c := &checker{side: "both"}
	require.NoError(t, c.prepare())
	return c
}

// heapOf gives the most memory that a check of a file has in use, in bytes. What is garbage does not count: how much of
// it there is depends on what other tests have left in memory.
func heapOf(t *testing.T, format string, file io.Reader, every int) uint64 {
	t.Helper()
	c := newChecker(t)
	r, err := newReport(format, io.Discard)
	require.NoError(t, err)
	inUse := func() uint64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := inUse()
	entries, peak := 0, before
	require.NoError(t, har.Read(file, func(e *har.Entry) error {
		require.NoError(t, c.take("-", e, r))
		if entries++; entries%every == 0 {
			peak = max(peak, inUse())
		}
		return nil
	}))
	r.end(c.outcome)
	return max(peak, inUse()) - before
}

// A file needs a small part of its size, and a large entry a few times its own.
func TestCheckLargeFiles(t *testing.T) {
	const entrySize, entries = 256 << 10, 40
	inUse := heapOf(t, "text", endless(entries, largeEntry(entrySize)), 1)
	assert.Less(t, inUse, uint64(8*entrySize), "bytes in use, of a file of %d", entries*entrySize)
	t.Logf("%.1f MB", float64(inUse)/(1<<20))
}

// What a check has in use does not grow with the entries, whatever they are: clean, broken, or not ours.
func TestCheckManyEntries(t *testing.T) {
	const url = market + "/v2/businesses/1/chats/message?chatId=1"
	whole := harOf("POST", url, keyed+`,"postData":{"text":"{\"message\":\"x\"}"}`, replied+`{"text":"{\"status\":\"OK\"}"}}`)
	clean := whole[strings.Index(whole, `[{"request"`)+1 : len(whole)-3]
	for what, entry := range map[string]string{
		"clean":          clean,
		"broken":         strings.ReplaceAll(clean, `\"message\"`, `\"text\"`),
		"with a notice":  strings.Replace(clean, `\"OK\"`, `\"LATER\"`, 1),
		"other requests": strings.Replace(clean, "/chats/message", "/offers", 1),
		"other hosts":    largeEntry(100),
	} {
		for _, format := range []string{"text", "json", "junit", "github"} {
			inUse := heapOf(t, format, endless(*manyEntries, entry+"\n"), *manyEntries/3)
			assert.Less(t, inUse, uint64(64<<10), "%s as %s: bytes in use", what, format)
			t.Logf("%s as %s: %.2f MB", what, format, float64(inUse)/(1<<20))
		}
	}
}

var manyEntries = flag.Int("entries", 600, "how many entries TestCheckManyEntries reads in each case")

func BenchmarkCheck(b *testing.B) {
	file, err := os.ReadFile(filepath.Join("testdata", "proxy.har"))
	require.NoError(b, err)
	var recorded struct {
		Log struct {
			Entries []json.RawMessage `json:"entries"`
		} `json:"log"`
	}
	require.NoError(b, json.Unmarshal(file, &recorded))
	c := newChecker(b)
	b.ResetTimer()
	err = har.Read(endless(b.N, string(recorded.Log.Entries[0])), func(e *har.Entry) error {
		if found, err := c.entry(e); err != nil || found.kind != ours || len(found.violations) > 0 {
			return fmt.Errorf("the entry should be checked and clean: %v, %w", found, err)
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
	const missing = at1 + "request: header Api-Key: required, or another way to authorize: Api-Key, Authorization\n"
	assert.Equal(t, strings.NewReplacer(missing, "", "violations 7", "violations 6").Replace(all), out)
	assert.Equal(t, 1, code)
	assert.Empty(t, complaint)
}

// Each base URL is one whole: its scheme, host and path do not mix with those of another.
func TestCheckServers(t *testing.T) {
	for url, want := range map[string]string{
		"https://a.example/v2/businesses/1/chat?chatId=1":     "ours",
		"HTTPS://A.example/v2/businesses/1/chat?chatId=1":     "ours",
		"https://a.example:443/v2/businesses/1/chat?chatId=1": "ours",
		"https://a.example./v2/businesses/1/chat?chatId=1":    "ours",
		"http://b.example/businesses/1/chat?chatId=1":         "ours",
		"http://a.example/v2/businesses/1/chat?chatId=1":      "ours", // and a violation: see TestCheckSchemes
		"https://c.example/v2/businesses/1/chat?chatId=1":     "other host",
		"https://a.example:8443/v2/businesses/1/chat":         "other host",
		"https://a.example/businesses/1/chat?chatId=1":        "same host",
		"https://a.example/v2x/businesses/1/chat?chatId=1":    "same host",
		"http://b.example/v2/businesses/1/chat?chatId=1":      "same host",
		"https://a.example/V2/businesses/1/chat?chatId=1":     "same host",
		"https://a.example/v2/businesses/1/chat/?chatId=1":    "same host",
		"https://a.example/v2/businesses/%zz/chat?chatId=1":   "same host",
		"https://a.example":     "same host",
		"/v2/businesses/1/chat": "other host",
		"":                      "other host",
	} {
		_, out, _ := check(t, harOf("GET", url, keyed, `{}`), "--allow-empty", "--base-url", "https://a.example/v2,http://b.example//,https://d.example/v2x", "-")
		assert.Contains(t, out, map[string]string{
			"ours":       "ours 1, other requests to the same host 0, requests to other hosts 0;",
			"same host":  "ours 0, other requests to the same host 1, requests to other hosts 0;",
			"other host": "ours 0, other requests to the same host 0, requests to other hosts 1;",
		}[want], url)
	}
}

// Of a path only what cannot be a value is shown.
func TestShownPath(t *testing.T) {
	for path, want := range map[string]string{
		"":                                  "…",
		"/":                                 "/",
		"/v2/businesses/1/chats/new":        "/v2/businesses/…/chats/new",
		"/V2/BUSINESSES/1/Chats/New":        "/V2/BUSINESSES/…/Chats/New",
		"/v22/campaigns/ivan/orders/7/full": "/v22/campaigns/…/orders/…/full",
		"/v222/a/ivan2/Ivan/offer-mapping":  "/…/…/…/…/offer-mapping",
		"/" + strings.Repeat("a", 33):       "/…",
		"/x" + strings.Repeat("/x", 500):    "/" + strings.Repeat("…/", 127) + "…",
	} {
		assert.Equal(t, want, shownPath(path), path)
	}
}

// Lists have an end, and count on for what is on them.
func TestListsAreBounded(t *testing.T) {
	var list listings
	var hosts hostCounts
	for range 2 {
		for i := range 3000 {
			list.add(finding{Entry: i, Path: fmt.Sprint(i)})
			hosts.add(fmt.Sprintf("h%d.example", i))
		}
	}
	require.Len(t, list.list, 1000)
	assert.Equal(t, listing{finding{Entry: 999, Path: "999"}, 2}, *list.list[999])
	require.Len(t, hosts.names, 100)
	assert.Equal(t, 2, hosts.counts["h99.example"])
}

// A key that everybody on the way can read is a violation, whatever else the request is.
func TestCheckSchemes(t *testing.T) {
	const (
		open  = "request: scheme: a key is sent over http, where others can read it"
		plain = "request: scheme: must be https"
		path  = "/v2/businesses/1/chat?chatId=1"
	)
	bearer := strings.NewReplacer("Api-Key", "Authorization", `"k"`, `"Bearer t"`).Replace(keyed)
	none := strings.Replace(keyed, `"k"`, `" "`, 1)
	for what, row := range map[string]struct {
		url, request, base string
		code               int
		says               string
	}{
		"https":                      {market + path, keyed, "", 0, ""},
		"http":                       {"http://api.partner.market.yandex.ru" + path, keyed, "", 1, open},
		"http, in another case":      {"HTTP://api.partner.market.yandex.ru" + path, keyed, "", 1, open},
		"http, with its port":        {"http://api.partner.market.yandex.ru:80" + path, bearer, "", 1, open},
		"http without a key":         {"http://api.partner.market.yandex.ru" + path, none, "", 1, plain},
		"to another path":            {"http://api.partner.market.yandex.ru/v2/campaigns", keyed, "", 1, open},
		"to another path, without":   {"http://api.partner.market.yandex.ru/v2/campaigns", none, "", 3, ""},
		"to a path that is broken":   {"http://api.partner.market.yandex.ru/%zz", keyed, "", 1, open},
		"to another host":            {"http://shop.example/", keyed, "", 3, ""},
		"loopback":                   {"http://127.0.0.1:8080" + path, keyed, "http://127.0.0.1:8080/v2", 0, ""},
		"loopback by name":           {"http://localhost:8080" + path, keyed, "http://localhost:8080/v2", 0, ""},
		"loopback without a port":    {"http://localhost" + path, keyed, "http://localhost/v2", 0, ""},
		"loopback of IPv6":           {"http://[::1]:8080" + path, keyed, "http://[::1]:8080/v2", 0, ""},
		"another machine":            {"http://10.0.0.7" + path, keyed, "http://10.0.0.7/v2", 1, open},
		"another machine, by https":  {"https://10.0.0.7" + path, keyed, "http://10.0.0.7/v2", 0, ""},
		"another machine, by choice": {"http://10.0.0.7" + path, none, "http://10.0.0.7/v2", 1, "request: header Api-Key: required"},
	} {
		t.Run(what, func(t *testing.T) {
			args := []string{"-"}
			if row.base != "" {
				args = []string{"--base-url", row.base, "-"}
			}
			for _, side := range []string{"both", "request"} {
				code, out, _ := check(t, harOf("GET", row.url, row.request, `{}`), append(args, "--side", side)...)
				assert.Equal(t, row.code, code, out)
				assert.Contains(t, out, row.says)
				assert.Equal(t, row.says == open || row.says == plain, strings.Contains(out, "scheme:"))
			}
		})
	}
	code, out, _ := check(t, harOf("GET", "http://api.partner.market.yandex.ru/v2/businesses/1/chat?chatId=1", keyed, `{"status":0}`), "--side", "response", "-")
	assert.Equal(t, 1, code, "it is one always")
	assert.Contains(t, out, open)
}

// Other requests to the same host are listed once each.
func TestCheckOtherRequests(t *testing.T) {
	entry := func(method, path string) string {
		return `{"request":{"method":"` + method + `","url":"` + market + path + `"}}`
	}
	list := `{"log":{"entries":[` + strings.Join([]string{
		entry("PUT", "/v2/businesses/1/chats/message?chatId=7&messageId=9"), entry("PUT", "/v2/businesses/2/chats/message?chatId=8&messageId=9"),
		entry("POST", "/V2/businesses/1/chats/new"), entry("GET", "/v2/businesses/1/chat/"), entry("GET", "/v2/campaigns/7/orders/Ivan/buyer"), entry("GET", "/v2/%zz"),
		entry("OPTIONS", "/v2/businesses/1/chats/new"), entry("CONNECT", ""), entry("canary me", "/v2/Canary/canary1/"+strings.Repeat("canary1", 50)),
	}, ",\n") + `]}}`
	code, out, _ := check(t, list, "--allow-empty", "-")
	assert.Equal(t, 1, code)
	assert.Equal(t, strings.TrimPrefix(`
-:4: entry 4, GET /v2/businesses/…/chat/: no operation: request: path: is not one of the contract
other requests to the same host, which were not checked:
  2 × PUT /v2/businesses/…/chats/message: method is not one of the path, first at -:1
  1 × POST /V2/businesses/…/chats/new: path is not one of the contract, first at -:3
  1 × GET /v2/campaigns/…/orders/…/buyer: path is not one of the contract, first at -:5
  1 × GET …: path cannot be parsed, first at -:6
  1 × OPTIONS /v2/businesses/…/chats/new: method is not one of the path, first at -:7
  1 × CONNECT …: path is not one of the contract, first at -:8
  1 × … /v2/…/…/…: path is not one of the contract, first at -:9
files 1, entries 9: ours 0, other requests to the same host 9, requests to other hosts 0; checked 0, violations 1
`, "\n"), out)
	code, out, _ = check(t, list, "--strict", "-")
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "-:2: entry 2, PUT /v2/businesses/…/chats/message: no operation: request: method: is not one of the path\n")
	assert.Contains(t, out, "-:6: entry 6, GET …: no operation: request: path: cannot be parsed\n")
	assert.Contains(t, out, "violations 7\n", "what a browser and a proxy do on their own is not the client's")
	assert.Contains(t, out, "  1 × CONNECT …")
	assert.NotContains(t, strings.ToLower(out), "canary")
}

func TestCheckWhatIsKnownOfBodies(t *testing.T) {
	const (
		url  = market + "/v2/businesses/1/chats/message?chatId=1"
		ok   = replied + `{"text":"{\"status\":\"OK\"}"}}`
		good = keyed + `,"postData":{"text":"{\"message\":\"x\"}"}`
		none = `{"status":400,"bodySize":0,"headers":[{"name":"Content-Type","value":"application/json"}],"content":`
	)
	length := func(request string, n int) string {
		return strings.Replace(request, "[", fmt.Sprintf(`[{"name":"Content-Length","value":%d},`, n), 1)
	}
	rows := map[string]struct{ request, response, says string }{
		"all of it":                                {good, ok, ""},
		"no answer came":                           {good, `{"status":0,"content":{"size":0}}`, ""},
		"no answer came, as others write it":       {good, `{"status":-1}`, ""},
		"no answer came, as a browser writes it":   {good, `{"status":-999,"content":"?"}`, ""},
		"no answer at all":                         {good, `null`, ""},
		"a status as text":                         {good, strings.Replace(ok, "200", `"200"`, 1), ""},
		"a status as a fraction":                   {good, strings.Replace(ok, "200", `418.0`, 1), "response 418: status: is not declared"},
		"a status that is none yet":                {good, `{"status":99}`, ""},
		"a body of one byte, not recorded":         {keyed + `,"bodySize":1`, ok, ""},
		"a body of unknown length":                 {keyed + `,"bodySize":-1`, ok, ""},
		"nothing is said of a body":                {keyed, ok, ""},
		"no body":                                  {keyed + `,"bodySize":0`, ok, "request: body: required"},
		"no body, as a fraction":                   {keyed + `,"bodySize":0.0`, ok, "request: body: required"},
		"a packed body, not recorded":              {strings.Replace(keyed, "[", `[{"name":"Content-Encoding","value":"br"},`, 1) + `,"bodySize":15`, ok, ""},
		"a size of half a byte":                    {keyed + `,"bodySize":12.5`, ok, ""},
		"a size that is none":                      {keyed + `,"bodySize":{}`, ok, ""},
		"no body, and Content-Length says it had":  {length(keyed, 15) + `,"bodySize":0`, ok, ""},
		"no body, and Content-Length says none":    {length(keyed, 0) + `,"bodySize":0`, ok, "request: body: required"},
		"no body, but it came in chunks":           {strings.Replace(keyed, "[", `[{"name":"Transfer-Encoding","value":"chunked"},`, 1) + `,"bodySize":0`, ok, ""},
		"postData without its text":                {keyed + `,"postData":{"mimeType":"a/b"}`, ok, ""},
		"postData without its text, and none":      {keyed + `,"bodySize":0,"postData":{"mimeType":"a/b"}`, ok, ""},
		"postData without a text to read":          {keyed + `,"bodySize":0,"postData":{"text":""}`, ok, "request: body: required"},
		"postData in a file":                       {keyed + `,"bodySize":0,"postData":{"text":"","_file":"a.json"}`, ok, ""},
		"postData by its sum":                      {keyed + `,"bodySize":0,"postData":{"text":"","_sha1":"a"}`, ok, ""},
		"postData with a size":                     {keyed + `,"bodySize":15,"postData":{"text":""}`, ok, ""},
		"postData with a length":                   {length(keyed, 15) + `,"bodySize":0,"postData":{"text":""}`, ok, ""},
		"postData of unknown size":                 {keyed + `,"bodySize":-1,"postData":{"text":""}`, ok, ""},
		"postData left out":                        {keyed + `,"bodySize":0,"postData":{"text":"","comment":"left out"}`, ok, ""},
		"postData in base64":                       {keyed + `,"postData":{"text":"e30=","encoding":"base64"}`, ok, "request: body /message: required"},
		"postData that is cut":                     {keyed + `,"bodySize":900,"postData":{"text":"{\"message\":\"x"}`, ok, ""},
		"postData that is cut by its length":       {length(keyed, 900) + `,"postData":{"text":"{\"message\":\"x"}`, ok, ""},
		"postData that is not cut":                 {keyed + `,"bodySize":13,"postData":{"text":"{\"message\":\"x"}`, ok, "request: body: is not JSON"},
		"postData that is whole and wrong":         {keyed + `,"bodySize":900,"postData":{"text":"{}"}`, ok, "request: body /message: required"},
		"not recorded, and no key":                 {`,"bodySize":1,"headers":[{"name":"Host","value":"x"}]`, ok, "request: header Api-Key: required"},
		"headers that were not recorded":           {`,"headers":[],"postData":{"text":"{\"message\":\"x\"}"}`, ok, ""},
		"a type beside such headers":               {`,"headers":[],"postData":{"mimeType":"text/plain","text":"x"}`, ok, "request: header Content-Type: must be"},
		"a wrong body under such headers":          {`,"headers":[],"postData":{"text":"{}"}`, ok, "request: body /message: required"},
		"an answer without its text":               {good, replied + `{"size":15}}`, ""},
		"an answer of one byte, without it":        {good, replied + `{"size":1}}`, ""},
		"an answer without anything":               {good, replied + `{}}`, ""},
		"an answer of which nothing is said":       {good, replied + `null}`, ""},
		"an answer of no size":                     {good, replied + `{"size":0}}`, ""},
		"an answer that is known to be none":       {good, none + `{"size":0}}`, "response 400: body: is not JSON"},
		"an answer that is none by its text":       {good, strings.Replace(none, `"bodySize":0`, `"bodySize":-1`, 1) + `{"size":0,"text":""}}`, "response 400: body: is not JSON"},
		"an answer of size 0 with bodySize":        {good, strings.Replace(none, `"bodySize":0`, `"bodySize":430`, 1) + `{"size":0}}`, ""},
		"an answer in a file":                      {good, none + `{"size":0,"text":"","_file":"a"}}`, ""},
		"an answer with a length":                  {good, strings.Replace(none, `[`, `[{"name":"Content-Length","value":"7"},`, 1) + `{"size":0,"text":""}}`, ""},
		"an answer that is cut":                    {good, replied + `{"size":900,"text":"{\"sta"}}`, ""},
		"an answer that is shorter than packed":    {good, strings.Replace(replied, `[`, `[{"name":"Content-Encoding","value":"gzip"},`, 1) + `{"size":900,"text":"{\"sta"}}`, "response 200: body: is not JSON"},
		"an answer with more bytes on the way":     {good, strings.Replace(replied, `"content"`, `"bodySize":900,"content"`, 1) + `{"size":5,"text":"{\"sta"}}`, "response 200: body: is not JSON"},
		"an answer in base64 with all its letters": {good, replied + `{"text":"eyJzdGF0dXMiOiJPSyIsIngiOiJ+fn4/Pz8+Pj4ifQ==","encoding":"base64"}}`, ""},
		"an answer in base64 for URLs":             {good, replied + `{"text":"eyJzdGF0dXMiOiJPSyIsIngiOiJ-fn4_Pz8-Pj4ifQ","encoding":"base64"}}`, ""},
		"an answer in base64 on two lines":         {good, replied + `{"text":"eyJzdGF0dXMi\r\nOiJPSyJ9","encoding":"BASE64"}}`, ""},
		"an answer in base64":                      {good, replied + `{"text":"e30=","encoding":"base64"}}`, "response 200: body /status: required"},
		"an answer that is only said to be base64": {good, replied + `{"text":"{\"status\":7}","encoding":"base64"}}`, "response 200: body /status: type string"},
		"an answer in UTF-8":                       {good, replied + `{"text":"{}","encoding":"utf-8"}}`, "response 200: body /status: required"},
		"an answer that is still packed":           {good, replied + `{"text":"` + packed(`{"status":7}`) + `","encoding":"base64"}}`, "response 200: body /status: type string"},
		"an answer that is packed, as it says":     {good, strings.Replace(replied, `[`, `[{"name":"content-encoding","value":"gzip"},`, 1) + `{"text":"` + packed(`{"status":7}`) + `","encoding":"base64"}}`, "response 200: body /status: type string"},
		"an answer that was unpacked":              {good, strings.Replace(replied, `[`, `[{"name":"content-encoding","value":"br"},`, 1) + `{"text":"{\"status\":7}"}}`, "response 200: body /status: type string"},
		"an answer packed in another way":          {good, strings.Replace(replied, `[`, `[{"name":"content-encoding","value":"br"},`, 1) + `{"text":"CwKA/w==","encoding":"base64"}}`, ""},
		"a packed answer taken for text":           {good, replied + `{"text":"\u001f\ufffd\b\u0000"}}`, ""},
		"a packed answer taken for another text":   {good, replied + `{"text":"\u001f\u008b\b\u0000"}}`, ""},
		"headers of an answer, not recorded":       {good, `{"status":200,"headers":[],"content":{"mimeType":"x-unknown","text":"{}"}}`, "response 200: body /status: required"},
	}
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			code, out, complaint := check(t, harOf("POST", url, row.request, row.response), "-")
			assert.Empty(t, complaint)
			assert.Equal(t, map[bool]int{true: 1, false: 0}[row.says != ""], code, out)
			assert.Contains(t, out, row.says)
		})
	}
}

// GitHub shows one annotation for each, and the summary stands in the log.
func TestCheckGitHub(t *testing.T) {
	_, out, _ := check(t, "", "--format", "github", "testdata/violations.har")
	assert.Equal(t, 7, strings.Count(out, "::error file=testdata/violations.har,line="))
	assert.Contains(t, out, "::notice file=testdata/violations.har,line=114,title=no operation::1 × PUT /v2/businesses/…/chats/new: method is not one of the path: not checked\n")
	assert.Regexp(t, `\nfiles 1, entries 5: .*; checked 3, violations 7\n$`, out)
}

// A check that met none of the traffic is not green, and says what it met instead.
func TestNothingChecked(t *testing.T) {
	const recording = "testdata/violations.har"
	code, _, complaint := run(t, "check", "--base-url", "http://127.0.0.1:1/v2", recording)
	assert.Equal(t, 3, code)
	assert.Equal(t, strings.TrimPrefix(`
ymchats: nothing was checked: no request of an operation at http://127.0.0.1:1/v2 was found
ymchats: found instead: 4 × api.partner.market.yandex.ru
ymchats: found instead: 1 × shop.example
ymchats: --base-url says where the recorded API is, --allow-empty that this is meant
`, "\n"), complaint)
	code, _, complaint = run(t, "check", "--base-url", "https://api.partner.market.yandex.ru/v3", recording)
	assert.Equal(t, 3, code)
	assert.Contains(t, complaint, "found instead: 1 × POST /v2/businesses/…/chats/message on the same host\n")
	code, _, complaint = run(t, "check", "--allow-empty", "--base-url", "http://127.0.0.1:1/v2", recording)
	assert.Zero(t, code)
	assert.Empty(t, complaint)
	code, _, complaint = check(t, `{"log":{"entries":[]}}`, "-")
	assert.Equal(t, 3, code)
	assert.Contains(t, complaint, "found instead: no entries at all\n")
	_, _, complaint = run(t, "check", recording)
	assert.Empty(t, complaint)
}

// The list of what was found instead is short, and shows no host that is none.
func TestNothingCheckedOfMany(t *testing.T) {
	var entries []string
	for i := range 300 {
		entries = append(entries, fmt.Sprintf(`{"request":{"url":"https://h%d.example/"}}`, i), fmt.Sprintf(`{"request":{"url":"%s/v2/x%s"}}`, market, strings.Repeat("x", i)))
	}
	entries = append([]string{`{"request":{"url":"https://canary user@@/"}}`, `{"request":{"url":"https://Канарейка/"}}`}, entries...)
	code, _, complaint := check(t, `{"log":{"entries":[`+strings.Join(entries, ",")+`]}}`, "-")
	assert.Equal(t, 3, code)
	assert.LessOrEqual(t, strings.Count(complaint, "\n"), 24)
	assert.Equal(t, 2, strings.Count(complaint, "ymchats: and more\n"))
	assert.Contains(t, complaint, "found instead: 2 × addresses without a host\n")
	assert.NotContains(t, complaint, "canary")
	assert.NotContains(t, complaint, "анарейка")
}

func packed(text string) string {
	var into bytes.Buffer
	w := gzip.NewWriter(&into)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return base64.StdEncoding.EncodeToString(into.Bytes())
}

// A path below those of chats that the Market does not have is a mistake, whatever the method.
func TestCheckMistypedPaths(t *testing.T) {
	for url, code := range map[string]int{
		"/v2/businesses/1/chats/mesage?chatId=1":    1,
		"/businesses/1/chats/send":                  1,
		"/v2/businesses/1/chat/message?chatId=1":    1,
		"/v2/businesses/1/chat/":                    1,
		"/v2/businesses/1/Chats/new":                1,
		"/v2/businesses/1/chats/new/":               1,
		"/v2/businesses/x/chats/history/1":          1,
		"/v2/businesses/1/chats/histroy?chatId=1":   1,
		"/v2/businesses/1/chats/file/sent":          1,
		"/v2/businesses/1/chats/file":               1,
		"/v2/businesses/1/offers":                   3,
		"/v2/businesses/1/chatter":                  3,
		"/v3/businesses/1/chats/mesage":             3, // below no server
		"/v2/campaigns/1/businesses/1/chats/mesage": 3,
	} {
		got, out, _ := check(t, harOf("POST", market+url, keyed, `{}`), "-")
		assert.Equal(t, code, got, url)
		assert.Equal(t, code == 1, strings.Contains(out, "no operation: request: path: is not one of the contract\n"), out)
	}
	for _, method := range []string{"OPTIONS", "CONNECT"} {
		code, _, _ := check(t, harOf(method, market+"/v2/businesses/1/chats/mesage", "", `{}`), "--allow-empty", "-")
		assert.Zero(t, code, method)
	}
}

// A recording that is not UTF-8 does not show what was sent. Other traffic may be of any encoding.
func TestCheckEncodings(t *testing.T) {
	const refused = "entry 1: this is not UTF-8: a HAR file is UTF-8"
	entry := func(text string) string {
		return harOf("POST", market+"/v2/businesses/1/chats/message?chatId=1",
			keyed+`,"postData":{"text":"{\"message\":\"`+text+`\"}"}`, replied+`{"text":"{\"status\":\"OK\"}"}}`)
	}
	utf16 := func(text string, low int) string {
		wide := make([]byte, 2*len(text))
		for i := range len(text) {
			wide[2*i+low] = text[i]
		}
		return string(wide)
	}
	clean := entry("x")
	for what, row := range map[string]struct {
		har  string
		code int
		says string
	}{
		"UTF-8":                      {entry("Здравствуйте"), 0, ""},
		"CP1251":                     {entry("\xc7\xe4\xf0\xe0\xe2\xf1\xf2\xe2\xf3\xe9\xf2\xe5"), 2, refused},
		"KOI8-R":                     {entry("\xfa\xc4\xd2\xc1\xd7\xd3\xd4\xd7\xd5\xca\xd4\xc5"), 2, refused},
		"CP1251 in the answer":       {strings.Replace(clean, `OK`, "\xce\xca", 1), 2, refused},
		"CP1251 in a header":         {strings.Replace(clean, `"k"`, "\"\xea\"", 1), 2, refused},
		"Latin-1 of another host":    {strings.Replace(entry("\xe9"), market, "https://other.example", 1), 0, ""},
		"UTF-16, little endian":      {utf16(clean, 0), 2, "this is UTF-16: a HAR file is UTF-8"},
		"UTF-16, big endian":         {utf16(clean, 1), 2, "this is UTF-16: a HAR file is UTF-8"},
		"UTF-16 with its byte order": {"\xff\xfe" + utf16(clean, 0), 2, "this is UTF-16: a HAR file is UTF-8"},
	} {
		code, _, complaint := check(t, row.har, "--allow-empty", "-")
		assert.Equal(t, row.code, code, what)
		assert.Contains(t, complaint, row.says, what)
	}
}

// A cut emoji is found in the JSON of a body, and where the recorder has unescaped it.
func TestCheckHalfPairs(t *testing.T) {
	for text, code := range map[string]int{
		`\\ud83d`: 1, `\ud83d`: 1, `x\ude9a`: 1, `\uDE9A\uD83D`: 1,
		`\\ud83d\\ude9a`: 0, `\ud83d\ude9a`: 0, `\ud83d\ude9a \\n`: 0,
	} {
		har := harOf("POST", market+"/v2/businesses/1/chats/message?chatId=1", keyed+`,"postData":{"text":"{\"message\":\"`+text+`\"}"}`, `{}`)
		got, out, _ := check(t, har, "-")
		assert.Equal(t, code, got, text)
		assert.Equal(t, code == 1, strings.Contains(out, "request: body /message: has half of a surrogate pair\n"), out)
	}
}
