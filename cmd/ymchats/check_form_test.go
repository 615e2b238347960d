package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recordedForm is a form as a recorder has it: request is what stands behind the URL of the entry.
func recordedForm(t *testing.T, headers, rest string, more ...any) string {
	t.Helper()
	return harOf("POST", market+"/v2/businesses/1/chats/file/send?chatId=1", headers+fmt.Sprintf(rest, more...),
		replied+`{"text":"{\"status\":\"OK\"}"}}`)
}

// quoted is a text as JSON has it.
func quoted(t *testing.T, text string) string {
	t.Helper()
	written, err := json.Marshal(text)
	require.NoError(t, err)
	return string(written)
}

func partOf(name, fileName, content string) string {
	return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"; filename=\"" + fileName +
		"\"\r\nContent-Type: image/png\r\n\r\n" + content + "\r\n"
}

const formed = `,"headers":[{"name":"Api-Key","value":"k"},{"name":"Content-Type","value":"multipart/form-data; boundary=b"}]`

// Recorders write a form with a file each in their own way. What they have lost is no violation, and what they still
// show is checked: the whole form, or the names of its parts, or nothing.
func TestCheckForms(t *testing.T) {
	const whole, names, nothing = "whole", "names", "nothing"
	good := partOf("file", "Счёт.png", "\x89PNG\r\n\x1a\n") + "--b--\r\n"
	bad := partOf("file", "", "\x89PNG\r\n\x1a\n") + partOf("photo", "ф.png", "x") + "--b--\r\n"
	lossy := func(form string) string { return strings.ReplaceAll(form, "\x89", "\ufffd") }
	decoded := func(form string) string { return strings.ReplaceAll(form, "\x89", "\u0089") } // as Latin-1
	size := func(form string) string { return fmt.Sprint(len(form)) }
	base64Of := func(form string) string { return base64.StdEncoding.EncodeToString([]byte(form)) }
	params := func(form string) string {
		if form == good {
			return `[{"name":"file","fileName":"Счёт.png","contentType":"image/png"}]`
		}
		return `[{"name":"file"},{"name":"photo","fileName":"a.png"}]`
	}
	for recorder, row := range map[string]struct {
		shows string
		entry func(form string) string // what follows the headers
		head  string                   // the headers, where they are not formed
	}{
		"Chrome: decoded text, params": {names, func(f string) string {
			return `,"bodySize":` + size(f) + `,"postData":{"mimeType":"multipart/form-data; boundary=b","text":` + quoted(t, decoded(f)) + `,"params":` + params(f) + `}`
		}, ""},
		"Chrome: U+FFFD": {names, func(f string) string {
			return `,"bodySize":` + size(f) + `,"postData":{"mimeType":"multipart/form-data; boundary=b","text":` + quoted(t, lossy(f)) + `}`
		}, ""},
		"Chrome: U+FFFD, as long as what it stands for": {names, func(f string) string {
			return `,"bodySize":` + size(lossy(f)) + `,"postData":{"text":` + quoted(t, lossy(f)) + `}`
		}, ""},
		"Chrome: without the files": {names, func(f string) string {
			return `,"bodySize":` + size(f) + `,"postData":{"text":` + quoted(t, strings.ReplaceAll(f, "\x89PNG\r\n\x1a\n", "")) + `}`
		}, ""},
		"Firefox: text": {names, func(f string) string {
			return `,"bodySize":` + size(f) + `,"postData":{"mimeType":"multipart/form-data; boundary=b","params":[],"text":` + quoted(t, lossy(f)) + `}`
		}, ""},
		"Firefox: a comment": {nothing, func(f string) string {
			return `,"bodySize":` + size(f) + `,"postData":{"mimeType":"multipart/form-data; boundary=b","params":[],"comment":"Request body is not included."}`
		}, ""},
		"Firefox: nothing": {nothing, func(f string) string { return `,"bodySize":` + size(f) }, ""},
		"mitmproxy: lone surrogates": {names, func(f string) string {
			text := strings.ReplaceAll(quoted(t, strings.ReplaceAll(f, "\x89", "@@")), "@@", `\udc89`)
			return `,"bodySize":` + size(f) + `,"postData":{"mimeType":"multipart/form-data; boundary=b","text":` + text + `,"params":` + params(f) + `}`
		}, ""},
		"Playwright: U+FFFD": {names, func(f string) string {
			return `,"bodySize":` + size(f) + `,"postData":{"mimeType":"multipart/form-data; boundary=b","params":[],"text":` + quoted(t, lossy(f)) + `}`
		}, ""},
		"Playwright: a file of its own": {nothing, func(f string) string {
			return `,"bodySize":` + size(f) + `,"postData":{"mimeType":"multipart/form-data; boundary=b","params":[],"_file":"a.bin"}`
		}, ""},
		"HTTP Toolkit": {whole, func(f string) string {
			return `,"bodySize":` + size(f) + `,"_content":{"text":"` + base64Of(f) + `","size":` + size(f) + `,"encoding":"base64"}`
		}, ""},
		"HTTP Toolkit, beside params": {whole, func(f string) string {
			return `,"bodySize":` + size(f) + `,"postData":{"params":[],"mimeType":"multipart/form-data; boundary=b"},"_content":{"text":"` + base64Of(f) + `","encoding":"base64"}`
		}, ""},
		"base64": {whole, func(f string) string {
			return `,"bodySize":` + size(f) + `,"postData":{"text":"` + base64Of(f) + `","encoding":"base64"}`
		}, ""},
		"base64 without a size": {whole, func(f string) string {
			return `,"bodySize":-1,"postData":{"text":"` + base64Of(f) + `","encoding":"base64"}`
		}, ""},
		"base64, cut": {names, func(f string) string {
			return `,"bodySize":100000,"postData":{"text":"` + base64Of(f) + `","encoding":"base64"}`
		}, ""},
		"params alone": {names, func(f string) string {
			return `,"bodySize":-1,"postData":{"mimeType":"multipart/form-data","params":` + params(f) + `}`
		}, ""},
		"params alone, no headers": {names, func(f string) string {
			return `,"bodySize":-1,"postData":{"mimeType":"multipart/form-data","params":` + params(f) + `}`
		}, `,"headers":[]`},
		"base64 without headers": {whole, func(f string) string {
			return `,"bodySize":-1,"postData":{"mimeType":"multipart/form-data","text":"` + base64Of(f) + `","encoding":"base64"}`
		}, `,"headers":[]`},
		"nothing at all": {nothing, func(string) string { return `` }, `,"headers":[]`},
		"a size alone":   {nothing, func(f string) string { return `,"bodySize":` + size(f) }, `,"headers":[]`},
		"text of another boundary": {nothing, func(f string) string { return `,"bodySize":-1,"postData":{"text":` + quoted(t, lossy(f)) + `}` },
			strings.Replace(formed, "boundary=b", "boundary=c", 1)},
		"line ends of another machine": {names, func(f string) string {
			return `,"bodySize":` + size(f) + `,"postData":{"text":` + quoted(t, strings.ReplaceAll(lossy(f), "\r\n", "\n")) + `}`
		}, ""},
		"letters without a size": {names, func(f string) string {
			return `,"bodySize":-1,"postData":{"text":` + quoted(t, strings.ReplaceAll(f, "\x89", "")) + `}`
		}, ""},
	} {
		t.Run(recorder, func(t *testing.T) {
			headers := formed
			if row.head != "" {
				headers = row.head
			}
			code, out, complaint := check(t, recordedForm(t, headers, "%s", row.entry(good)), "-")
			assert.Zero(t, code, out+complaint)
			assert.Equal(t, row.shows == names, strings.Contains(out, "the file is not in the recording"), out)
			assert.Equal(t, row.shows != whole || headers != formed, strings.Contains(out, "were not recorded"), out)

			code, out, _ = check(t, recordedForm(t, headers, "%s", row.entry(bad)), "-")
			var want []string
			switch row.shows {
			case whole:
				want = []string{"body /file: has no filename", "body /photo: is not declared"}
			case names:
				want = []string{"body /photo: is not declared"}
			}
			assert.Equal(t, len(want) > 0, code == 1, out)
			for _, violation := range want {
				assert.Contains(t, out, "request: "+violation+"\n")
			}
			assert.Contains(t, out, fmt.Sprintf("violations %d", len(want)))
			assert.NotContains(t, out, "PNG")
		})
	}
}

// A form without a file, twice the file, and an empty body are found in each recording that shows the names.
func TestCheckNamesOfForms(t *testing.T) {
	for names, want := range map[string]string{
		`{"name":"photo"}`:                  "body /file: required",
		`{"name":"file"},{"name":"file"}`:   "body /file: comes twice",
		`{"name":"file"},{"name":"Dear I"}`: "body /…: is not declared",
		`{"name":""},{"name":"file"}`:       "body /…: is not declared",
	} {
		_, out, _ := check(t, recordedForm(t, formed, `,"bodySize":-1,"postData":{"params":[%s]}`, names), "-")
		assert.Contains(t, out, want+"\n", names)
	}
	_, out, _ := check(t, recordedForm(t, formed, `,"bodySize":0`), "-")
	assert.Contains(t, out, "body: required\n")
	_, out, _ = check(t, recordedForm(t, keyed, `,"postData":{"text":"{}"}`), "-")
	assert.Contains(t, out, "header Content-Type: must be multipart/form-data, with a boundary\n")
	code, _, complaint := check(t, recordedForm(t, formed, `,"_content":[]`), "-")
	assert.Equal(t, 2, code, complaint)
	code, _, complaint = check(t, recordedForm(t, formed, `,"postData":{"params":{}}`), "-")
	assert.Equal(t, 2, code, complaint)
}
