package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A stream that is reset after the message is stored, as --fault asks for it.
func TestSandboxSpeaksHTTP2(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	in, out := io.Pipe()
	ended := make(chan error, 1)
	s := sandboxServer{addr: "127.0.0.1:0", quota: 1000, parallel: 4, faults: []string{
		`sendMessageToChat={"kind":"resetStream","streamError":"ENHANCE_YOUR_CALM","commit":true}`}}
	market, err := s.market()
	require.NoError(t, err)
	go func() { ended <- s.serve(ctx, market, out); _ = out.Close() }()
	lines := bufio.NewScanner(in)
	require.True(t, lines.Scan())
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(lines.Text())
	go func() { _, _ = io.Copy(io.Discard, in) }()

	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	post := func(path, body string) (*http.Response, error) {
		req, err := http.NewRequest("POST", url+"/v2/businesses/1/chats/"+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
		return transport.RoundTrip(req)
	}
	resp, err := post("new", `{"context":{"type":"ORDER","id":1}}`)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, "HTTP/2.0", resp.Proto)
	_, err = post("message?chatId=7000001", `{"message":"Hello!"}`)
	assert.ErrorContains(t, err, "ENHANCE_YOUR_CALM")
	assert.Len(t, market.Messages(7000001), 1)
	cancel()
	assert.NoError(t, <-ended)
}
