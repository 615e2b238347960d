package main

import (
	"bytes"
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
