package sandbox_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/ymarket-go/chats/sandbox"
)

// http2Market is a Market behind HTTP2, and what speaks HTTP/2 with it.
type http2Market struct {
	*sandbox.Market
	url       string
	transport *http.Transport
}

func plainHTTP2(t *testing.T, m *sandbox.Market) *http2Market {
	server := httptest.NewUnstartedServer(m)
	server.Listener = sandbox.HTTP2(server.Config, server.Listener)
	server.Start()
	return &http2Market{m, server.URL, http2Transport(t, server, nil)}
}

func tlsHTTP2(t *testing.T, m *sandbox.Market) *http2Market {
	lender := httptest.NewTLSServer(nil) // of a certificate
	t.Cleanup(lender.Close)
	config := &tls.Config{Certificates: lender.TLS.Certificates, NextProtos: []string{"h2", "http/1.1"}}
	server := httptest.NewUnstartedServer(m)
	server.Listener = sandbox.HTTP2(server.Config, tls.NewListener(server.Listener, config))
	server.Start()
	trusting := lender.Client().Transport.(*http.Transport).TLSClientConfig
	return &http2Market{m, strings.Replace(server.URL, "http:", "https:", 1), http2Transport(t, server, trusting)}
}

func http2Transport(t *testing.T, server *httptest.Server, config *tls.Config) *http.Transport {
	transport := &http.Transport{TLSClientConfig: config, Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP2(config != nil)
	transport.Protocols.SetUnencryptedHTTP2(config == nil)
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return transport
}

// send sends a message, once: net/http would send it anew if it could have its body again.
func (m *http2Market) send(t *testing.T, chat int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(t.Context(), "POST", m.url+messageTo(chat), io.NopCloser(strings.NewReader(hello)))
	require.NoError(t, err)
	req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}, "X-Sandbox-Stream": {"99"}}
	resp, err := m.transport.RoundTrip(req)
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		require.NoError(t, resp.Body.Close())
	}
	return resp, err
}

func TestResetStream(t *testing.T) {
	for way, start := range map[string]func(*testing.T, *sandbox.Market) *http2Market{"plain": plainHTTP2, "TLS": tlsHTTP2} {
		for code, says := range map[sandbox.StreamError]string{
			sandbox.ProtocolError: "PROTOCOL_ERROR", sandbox.InternalError: "INTERNAL_ERROR", sandbox.RefusedStream: "REFUSED_STREAM",
			sandbox.Cancel: "CANCEL", sandbox.EnhanceYourCalm: "ENHANCE_YOUR_CALM",
		} {
			t.Run(way+" "+says, func(t *testing.T) {
				m := start(t, newMarket())
				chat := startChat(t, m.Market, order5)
				m.Script("sendMessageToChat", nil, sandbox.ResetStream(code), sandbox.CommitThen(sandbox.ResetStream(code)), nil)
				resp, err := m.send(t, chat)
				require.NoError(t, err)
				assert.Equal(t, "HTTP/2.0", resp.Proto)
				for stored := 1; stored <= 2; stored++ { // before it was stored, and after
					_, err = m.send(t, chat)
					assert.ErrorContains(t, err, says)
					assert.Len(t, m.Messages(chat), stored)
				}
				_, err = m.send(t, chat)
				require.NoError(t, err, "the connection goes on")
			})
		}
	}
}

func TestGoAway(t *testing.T) {
	for way, start := range map[string]func(*testing.T, *sandbox.Market) *http2Market{"plain": plainHTTP2, "TLS": tlsHTTP2} {
		for what, warm := range map[string]bool{"the first request of a connection": false, "a later one": true} {
			t.Run(way+", "+what, func(t *testing.T) {
				m := start(t, newMarket())
				chat := startChat(t, m.Market, order5)
				if warm {
					_, err := m.send(t, chat)
					require.NoError(t, err)
				}
				before := len(m.Messages(chat))
				m.Script("sendMessageToChat", sandbox.GoAway(), sandbox.CommitThen(sandbox.GoAway()))
				for range 2 {
					_, err := m.send(t, chat)
					assert.Error(t, err)
				}
				assert.Len(t, m.Messages(chat), before+1, "one was stored all the same")
				_, err := m.send(t, chat)
				require.NoError(t, err, "on another connection")
			})
		}
	}
}

// What these faults are for: a client of net/http sends anew by itself what it can have again.
func TestNetHTTPRepeatsResetStreams(t *testing.T) {
	for what, test := range map[string]struct {
		fault sandbox.Fault
		anew  bool
	}{
		// PROTOCOL_ERROR is sent anew by Go 1.26, and no more by 1.27.
		"REFUSED_STREAM": {sandbox.ResetStream(sandbox.RefusedStream), true},
		"GOAWAY":         {sandbox.GoAway(), true},
		"INTERNAL_ERROR": {sandbox.ResetStream(sandbox.InternalError), false},
		"CANCEL":         {sandbox.ResetStream(sandbox.Cancel), false},
	} {
		t.Run(what, func(t *testing.T) {
			m := tlsHTTP2(t, newMarket())
			chat := startChat(t, m.Market, order5)
			m.Script("sendMessageToChat", sandbox.CommitThen(test.fault))
			connections := 0
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GetConn: func(string) { connections++ }})
			req, err := http.NewRequestWithContext(ctx, "POST", m.url+messageTo(chat), strings.NewReader(hello))
			require.NoError(t, err)
			req.Header = http.Header{"Api-Key": {"k"}, "Content-Type": {"application/json"}}
			resp, err := m.transport.RoundTrip(req)
			if !test.anew {
				require.Error(t, err)
				assert.Len(t, m.Messages(chat), 1)
				return
			}
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			assert.Len(t, m.Messages(chat), 2, "the buyer reads it twice")
			assert.Equal(t, 2, connections)
		})
	}
}

// Streams of one connection are told apart.
func TestConcurrentStreams(t *testing.T) {
	m := plainHTTP2(t, newMarket(sandbox.WithParallel(100)))
	chat := startChat(t, m.Market, order5)
	_, err := m.send(t, chat) // all others wait for its connection
	require.NoError(t, err)
	codes := map[string]sandbox.StreamError{"CANCEL": sandbox.Cancel, "ENHANCE_YOUR_CALM": sandbox.EnhanceYourCalm,
		"INTERNAL_ERROR": sandbox.InternalError}
	var all sync.WaitGroup
	const each = 20
	var mu sync.Mutex
	got := map[string]int{}
	for _, code := range codes {
		for range each {
			m.Script("sendMessageToChat", sandbox.ResetStream(code))
			all.Go(func() {
				_, err := m.send(t, chat)
				mu.Lock()
				defer mu.Unlock()
				for says := range codes {
					if err != nil && strings.Contains(err.Error(), says) {
						got[says]++
					}
				}
			})
		}
	}
	all.Wait()
	assert.Equal(t, map[string]int{"CANCEL": each, "ENHANCE_YOUR_CALM": each, "INTERNAL_ERROR": each}, got)
}

// Over HTTP/1, over an HTTP/2 that is not of HTTP2, and without a socket, nothing says what was asked for.
func TestResetStreamWithoutHTTP2(t *testing.T) {
	for _, fault := range []sandbox.Fault{sandbox.ResetStream(sandbox.ProtocolError), sandbox.GoAway()} {
		withAndWithoutSocket(t, func() sandbox.Fault { return fault }, func(t *testing.T, s seenAnswer) { assert.ErrorIs(t, s.err, io.EOF) })

		m := newMarket()
		m.Script("getChat", fault, fault)
		both := plainHTTP2(t, m)
		_, err := http.Get(both.url + chatOf(1)) // HTTP/1, by a client that has the choice
		assert.ErrorIs(t, err, io.EOF)

		server := httptest.NewUnstartedServer(m)
		server.EnableHTTP2 = true
		server.StartTLS()
		_, err = server.Client().Get(server.URL + chatOf(1))
		assert.ErrorContains(t, err, "INTERNAL_ERROR")
		server.Close()
	}
	assert.PanicsWithValue(t, "sandbox: ResetStream is given 14, allowed is 0 to 13", func() { sandbox.ResetStream(14) })
	assert.NotPanics(t, func() { sandbox.ResetStream(13) })
}

// HTTP/1 passes HTTP2 as it is, however its first bytes come.
func TestHTTP2PassesHTTP1(t *testing.T) {
	m := plainHTTP2(t, newMarket())
	chat := startChat(t, m.Market, order5)
	conn, err := net.Dial("tcp", strings.TrimPrefix(m.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	request := "GET " + chatOf(chat) + " HTTP/1.1\r\nHost: x\r\nApi-Key: k\r\nConnection: close\r\n\r\n"
	for i := range len(request) {
		_, err = io.WriteString(conn, request[i:i+1])
		require.NoError(t, err)
	}
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	assert.Contains(t, string(answer), "HTTP/1.1 200 OK")
	resp, err := http.Get(m.url + chatOf(chat))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, "HTTP/1.1", resp.Proto)
}

// What was there stays.
func TestHTTP2KeepsConnContext(t *testing.T) {
	type key struct{}
	seen := make(chan any, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen <- r.Context().Value(key{})
	}))
	server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, key{}, "kept")
	}
	server.Listener = sandbox.HTTP2(server.Config, server.Listener)
	server.Start()
	defer server.Close()
	resp, err := http.Get(server.URL)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, "kept", <-seen)
}

// A request whose header takes several frames, or is padded, has its stream too.
func TestHTTP2HeaderForms(t *testing.T) {
	seen := make(chan []string, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen <- append(r.Header.Values("X-Sandbox-Stream"), r.Header.Get("X-Long")[:3])
	}))
	server.Listener = sandbox.HTTP2(server.Config, server.Listener)
	server.Start()
	transport := http2Transport(t, server, nil)
	req, err := http.NewRequest("GET", server.URL, nil)
	require.NoError(t, err)
	req.Header = http.Header{"X-Long": {strings.Repeat("abc", 20_000)}, "X-Sandbox-Stream": {"77"}}
	resp, err := transport.RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, []string{"77", "1", "abc"}, <-seen, "CONTINUATION; the last one counts")

	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	fields := "\x82\x86\x84\x41\x01x" + "\x00\x06x-long\x03abc" // GET http / of the host x
	padded := "\x02" + fields + "\x00\x00"
	_, err = io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+"\x00\x00\x00\x04\x00\x00\x00\x00\x00"+
		"\x00\x00"+string(rune(len(padded)))+"\x01\x0d\x00\x00\x00\x05"+padded)
	require.NoError(t, err)
	assert.Equal(t, []string{"5", "abc"}, <-seen, "PADDED")
}

// What is no HTTP/2 after all is for net/http to refuse; nothing is kept for ever.
func TestHTTP2OfAFrameThatIsTooLarge(t *testing.T) {
	m := plainHTTP2(t, newMarket())
	conn, err := net.Dial("tcp", strings.TrimPrefix(m.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+"\x00\x00\x00\x04\x00\x00\x00\x00\x00"+"\xff\xff\xff\x00\x00\x00\x00\x00\x01")
	require.NoError(t, err)
	frames := http2.NewFramer(nil, conn)
	for {
		frame, err := frames.ReadFrame()
		require.NoError(t, err)
		if _, ok := frame.(*http2.GoAwayFrame); ok {
			break
		}
	}
}
