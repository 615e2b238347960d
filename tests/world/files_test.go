package world

import (
	"errors"
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

var perProxy = flag.Int("files", 5, "files that are sent through each proxy of TestFilesThroughALimit")

// largest is a file as large as the Market takes.
var largest = make([]byte, 5<<20)

// A proxy with a limit of its own refuses a large file, and its answer arrives: the client asks before it sends.
func TestFilesThroughALimit(t *testing.T) {
	const limit = "  http-request deny deny_status 413 if { req.hdr(content-length) -m int gt 1048576 }"
	for name, row := range map[string]struct {
		needs string
		start func(t *testing.T, market string) gate
	}{
		"nginx, HTTP/1":   {"nginx", nginx{Location: "client_max_body_size 1m;"}.start},
		"nginx, HTTP/2":   {"nginx", nginx{TLS: true, Location: "client_max_body_size 1m;"}.start},
		"HAProxy, HTTP/1": {"haproxy", haproxy{Frontend: limit}.start},
		"HAProxy, HTTP/2": {"haproxy", haproxy{TLS: true, Frontend: limit}.start},
	} {
		t.Run(name, func(t *testing.T) {
			needs(t, row.needs)
			t.Parallel()
			l := newLedger(t, 1, 1, nil, nil)
			client, chat := row.start(t, serve(t, l)).client(t, wrapper.ResendChecked), l.take(1)[0]
			small := make([]byte, 900_000)
			require.NoError(t, client.SendFile(t.Context(), chat, "small.pdf", small))
			for range *perProxy {
				err := client.SendFile(t.Context(), chat, "large.pdf", largest)
				var e *wrapper.Error
				if assert.True(t, errors.As(err, &e), "%v", err) {
					assert.Equal(t, 413, e.StatusCode, "%v", err)
					assert.Equal(t, wrapper.GiveUp, e.Advice())
					assert.Equal(t, 1, e.Attempts)
				}
			}
			assert.Len(t, l.market.Messages(chat), 1)
		})
	}
}

// Over a line of 250 KB a second the largest file takes 21 s, which is more than the 15 s that a message has.
func TestFileOverASlowLine(t *testing.T) {
	t.Parallel()
	l := newLedger(t, 1, 1, nil, nil)
	g := toxic(t, serve(t, l), `{"type":"bandwidth","stream":"upstream","attributes":{"rate":250}}`)
	client, err := wrapper.New(cabinet, wrapper.APIKey("key"), wrapper.WithBaseURL(g.url+"/v2"))
	require.NoError(t, err)
	chat, began := l.take(1)[0], time.Now()
	require.NoError(t, client.SendFile(t.Context(), chat, "large.pdf", largest, wrapper.Attempts(1)))
	assert.Greater(t, time.Since(began), 15*time.Second)
	assert.Len(t, l.market.Messages(chat), 1)
}
