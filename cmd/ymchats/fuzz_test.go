package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
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
		har, err := os.ReadFile("testdata/" + name + ".har")
		require.NoError(f, err)
		f.Add(har)
	}
	c := &checker{}
	require.NoError(f, c.prepare())
	f.Fuzz(func(t *testing.T, har []byte) {
		entries := 0
		_ = readHAR(bytes.NewReader(har), func(n int, e *harEntry) error {
			entries++
			require.Equal(t, entries, n)
			if found, kind := c.entry(e); kind == otherTraffic {
				require.Empty(t, found)
			}
			return nil
		})
	})
}
