package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// corpus has a small recording for each tool, in the form that it writes: a clean call, a broken one, and what the tool
// is known for. Of each entry everything else keeps the contract.
var corpus = map[string]struct {
	findings []string // line, entry, and what is wrong
	summary  string
}{
	"browsermob": {[]string{ // no headers and no bodies, unless it is asked for them
		"1: entry 2: request: query chatId: type integer",
	}, "entries 2: ours 2; checked 2, violations 1, headers and bodies that were not recorded 7"},
	"charles": {[]string{ // answers in base64 beside Content-Encoding, tunnels, null for texts
		"118: entry 3: request: body /context/type: enum [ORDER RETURN]",
	}, "entries 3: ours 2; checked 2, violations 1"},
	"chrome": {[]string{ // the headers of HTTP/2, unpacked text beside Content-Encoding
		"132: entry 2: request: body /message: type string",
		"132: entry 2: request: body /message/text: is not declared",
	}, "entries 2: ours 2; checked 2, violations 2"},
	"fiddler": {[]string{ // a byte order mark, bodies that are still packed
		"81: entry 2: response 200: body /result/chatId: type integer",
	}, "entries 2: ours 2; checked 2, violations 1"},
	"firefox": {[]string{ // plain text that is said to be base64, bodies left out
		"100: entry 2: request: query chatId: minimum 1",
	}, "entries 2: ours 2; checked 2, violations 1, headers and bodies that were not recorded 1"},
	"insomnia": {[]string{ // the query apart from the URL, -1 for all sizes, an empty postData of a GET
		"133: entry 3: request: query chatId: type integer",
		"133: entry 3: response 400: body /errors: minItems 1",
	}, "entries 3: ours 3; checked 3, violations 2, notices 1"},
	"mitmproxy": {[]string{ // status 0 and no content where no answer came, sizes of the packed body
		"141: entry 3: request: body /message: minLength 1",
		"141: entry 3: response 400: body: is not JSON",
	}, "entries 3: ours 3; checked 3, violations 2"},
	"playwright-attach": {[]string{ // bodies in files of their own, size 0
		"104: entry 2: request: query chatId: minimum 1",
	}, "entries 2: ours 2; checked 2, violations 1, headers and bodies that were not recorded 4"},
	"playwright-embed": {[]string{ // status -1 where no answer came
		"172: entry 3: request: body /message: type string",
		"172: entry 3: request: body /message/text: is not declared",
	}, "entries 3: ours 3; checked 3, violations 2"},
	"playwright-omit": {[]string{ // an empty text in the place of a body
		"102: entry 2: request: query chatId: required",
		"102: entry 2: request: query chat_id: is not declared",
	}, "entries 2: ours 2; checked 2, violations 2, headers and bodies that were not recorded 4"},
	"postman": {[]string{ // numbers as text, a method in lower case, a header that is a number
		"80: entry 2: request: body /context/id: type integer",
	}, "entries 2: ours 2; checked 2, violations 1, notices 1"},
	"proxyman": {[]string{ // answers in base64, a request without its body, all on one line
		"1: entry 2: request: body /message: type string",
		"1: entry 2: request: body /message/text: is not declared",
	}, "entries 2: ours 2; checked 2, violations 2, headers and bodies that were not recorded 1"},
	"puppeteer": {[]string{ // size 0 and bodySize -1 of a body that was not asked for, sizes as fractions
		"90: entry 2: response 200: body /result/chatId: type integer",
	}, "entries 2: ours 2; checked 2, violations 1, headers and bodies that were not recorded 1"},
	"safari": {[]string{ // -1 for all sizes, status 0, no headers of an answer that did not come
		"152: entry 3: response 200: body /result/chatId: type integer",
	}, "entries 3: ours 3; checked 3, violations 1"},
	"webpagetest": {[]string{ // an empty postData of every POST, status -2, no bodies
		"1: entry 3: request: header Api-Key: required, or another way to authorize: Api-Key, Authorization",
	}, "entries 3: ours 3; checked 3, violations 1, headers and bodies that were not recorded 5"},
}

func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/har/*.har")
	require.NoError(t, err)
	require.Len(t, files, len(corpus), "a row for each file")
	for _, file := range files {
		tool := strings.TrimSuffix(filepath.Base(file), ".har")
		t.Run(tool, func(t *testing.T) {
			want, known := corpus[tool]
			require.True(t, known)
			code, out, complaint := check(t, "", file)
			assert.Equal(t, 1, code)
			assert.Empty(t, complaint)
			var findings []string
			for line := range strings.Lines(out) {
				if at, found := strings.CutPrefix(line, file+":"); found {
					findings = append(findings, shortened(strings.TrimSuffix(at, "\n")))
				}
			}
			assert.Equal(t, want.findings, findings)
			summary := out[strings.LastIndex(strings.TrimSuffix(out, "\n"), "\n")+1:]
			said, _, _ := strings.Cut(want.summary, ";")
			assert.Contains(t, summary, said)
			assert.True(t, strings.HasSuffix(summary, strings.TrimPrefix(want.summary, said)+"\n"), summary)
			assert.Contains(t, out, ", 2026-11-02T", "the time")
		})
	}
}

// shortened leaves out of "81: entry 2, TIME, METHOD PATH: OPERATION: request: …" what the table does not tell.
func shortened(line string) string {
	entry, rest, _ := strings.Cut(line, ", ")
	parts := strings.SplitN(rest, ": ", 3)
	return entry + ": " + parts[2]
}

// The lines that are reported are those where the entries begin.
func TestCorpusLines(t *testing.T) {
	for tool, want := range corpus {
		file, err := os.ReadFile("testdata/har/" + tool + ".har")
		require.NoError(t, err)
		lines := strings.Split(string(file), "\n")
		for _, finding := range want.findings {
			var line int
			at, _, _ := strings.Cut(finding, ":")
			for _, digit := range at {
				line = 10*line + int(digit-'0')
			}
			assert.Contains(t, lines[line-1], "{", tool)
			if line > 1 {
				assert.Equal(t, "{", strings.TrimSpace(lines[line-1]), tool)
				assert.Equal(t, "},", strings.TrimSpace(lines[line-2]), tool)
			}
		}
	}
}
