package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/cmd/ymchats/internal/har"
)

// Whatever the file holds: no panic, an end, and a finding for each entry that is ours and wrong.
func FuzzHAR(f *testing.F) {
	f.Add([]byte(harOf("POST", market+"/v2/businesses/1/chats/message?chatId=1", keyed+`,"postData":{"text":"{\"message\":\"x\"}"}`, replied+`{"text":"e30=","encoding":"base64"}}`)))
	f.Add([]byte(harOf("GET", market+"/businesses/0/chat", `,"bodySize":1`, `{"status":0}`)))
	f.Add([]byte("\ufeff" + harOf("GET", "https://elsewhere.example/", "", `{}`)))
	f.Add([]byte(`{"log":{"entries":[null,{}]}}`))
	f.Add([]byte(`{"log":{"a":[[[{"b":[`))
	f.Add([]byte(harOf("POST", market+"/v2/businesses/1/chats/new", keyed+`,"postData":{"text":"{\"context\":{\"type\":\"ORDER\",\"id\":1}}"}`, replied+`{"text":"not base64","encoding":"base64"}}`)))
	f.Add([]byte(harOf("OPTIONS", market+"/v2/businesses/1/chat?chatId=1", "", `{"status":204,"headers":[{"name":":status","value":"204"}]}`)))
	f.Add([]byte(harOf("B A D", market+"/v2/businesses/%zz/chat", `,"headers":[{"name":7}]`, `{"status":"200"}`)))
	for _, name := range []string{"browser", "proxy", "violations"} {
		file, err := os.ReadFile("testdata/" + name + ".har")
		require.NoError(f, err)
		f.Add(file)
	}
	corpus, err := filepath.Glob("testdata/har/*.har")
	require.NoError(f, err)
	for _, name := range corpus {
		file, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(file)
	}
	c := newChecker(f)
	f.Fuzz(func(t *testing.T, file []byte) {
		c.outcome = outcome{}
		c.strict = len(file)%2 == 0
		entries, line := 0, 1
		_ = har.Read(bytes.NewReader(file), func(e *har.Entry) error {
			entries++
			require.Equal(t, entries, e.Number)
			require.GreaterOrEqual(t, e.Line, line)
			line = e.Line
			found, unreadable := c.entry(e)
			if unreadable != nil {
				require.Equal(t, ours, found.kind)
				return unreadable
			}
			if found.kind == otherHost {
				require.Empty(t, found.violations)
				require.Nil(t, found.other)
			}
			if found.kind != ours {
				require.Empty(t, found.checked)
			}
			return nil
		})
		require.LessOrEqual(t, line, 1+bytes.Count(file, []byte("\n")))
		for _, format := range []string{"text", "json", "junit", "github"} {
			var said bytes.Buffer
			c.outcome = outcome{}
			r, err := newReport(format, &said)
			require.NoError(t, err)
			_ = c.file(t.Context(), "-", bytes.NewReader(file), r)
			r.end(c.outcome)
			if format == "json" {
				require.True(t, json.Valid(said.Bytes()), said.String())
			}
		}
	})
}
