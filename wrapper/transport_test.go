package wrapper_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/internal/closedport"
	"github.com/ymarket-go/chats/wrapper"
)

// These tests go over real connections, so the clock is the real one; they wait for nothing longer than a second.

var impatient = wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: time.Millisecond})

// checked is a handler whose requests keep the contract.
func checked(t *testing.T, handler http.HandlerFunc) http.Handler {
	checks, err := contract()
	require.NoError(t, err)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, checks.Request(r))
		handler(w, r)
	})
}

func startServer(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	server := httptest.NewUnstartedServer(checked(t, handler))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// The retry of TestPromise once more, with real answers over a real connection.
func TestRetryOverLoopback(t *testing.T) {
	for op, call := range operations {
		t.Run(op, func(t *testing.T) {
			t.Parallel() // each waits for a window
			var attempts atomic.Int32
			var first, second time.Time
			server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, token, r.Header.Get("Api-Key"))
				if isSend(op) && strings.HasSuffix(r.URL.Path, "/history") { // the look
					_, _ = io.WriteString(w, ok("getChatHistory").body)
					return
				}
				replies := []reply{quotaUsedUp(time.Second), serverError(), ok(op)}
				n := attempts.Add(1)
				switch n {
				case 1:
					first = time.Now()
				case 2:
					second = time.Now()
				}
				for name, values := range replies[n-1].header {
					w.Header()[name] = values
				}
				w.WriteHeader(replies[n-1].status)
				_, _ = io.WriteString(w, replies[n-1].body)
			})
			client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL(server.URL+"/v2"), impatient,
				wrapper.WithAbsence(ms, ms))
			require.NoError(t, err)
			require.NoError(t, call(t.Context(), client))
			assert.EqualValues(t, 3, attempts.Load())
			assert.GreaterOrEqual(t, second.Sub(first), time.Second-10*time.Millisecond, "the window was waited for")
		})
	}
}

// Nothing listens: the request never left, so even a message is tried again, and surely not sent.
func TestConnectionRefused(t *testing.T) {
	address := closedport.Address(t)
	for op, call := range operations {
		client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL("http://"+address), impatient)
		require.NoError(t, err)
		err = call(t.Context(), client)
		assertClasses(t, err, nil)
		e := asError(t, err)
		assert.Equal(t, wrapper.NotSent, e.Outcome, op)
		assert.Equal(t, 4, e.Attempts)
		assert.ErrorContains(t, err, "refused")
	}
}

// A certificate that nobody trusts ends the handshake before the key is on its way.
func TestTLSFailure(t *testing.T) {
	var reached atomic.Bool
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL(server.URL), impatient)
	require.NoError(t, err)
	err = client.SendMessage(t.Context(), chatID, text)
	assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome)
	var unknown x509.UnknownAuthorityError
	assert.ErrorAs(t, err, &unknown)
	assert.False(t, reached.Load())
}

// The request left, and the connection was cut: a message is in doubt, everything else is tried again.
func TestConnectionCut(t *testing.T) {
	for op, call := range operations {
		var attempts atomic.Int32
		server := startServer(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case isSend(op) && strings.HasSuffix(r.URL.Path, "/history"): // the look
				_, _ = io.WriteString(w, ok("getChatHistory").body)
			case attempts.Add(1) == 1:
				panic(http.ErrAbortHandler)
			default:
				_, _ = io.WriteString(w, ok(op).body)
			}
		})
		client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL(server.URL), impatient,
			wrapper.WithAbsence(100*ms, 100*ms))
		require.NoError(t, err)
		require.NoError(t, call(t.Context(), client), op)
		assert.EqualValues(t, 2, attempts.Load(), op)
	}
}

// net/http would follow, and hand Api-Key to the other host.
func TestRedirectIsNotFollowed(t *testing.T) {
	var reached atomic.Bool
	other := startServer(t, func(http.ResponseWriter, *http.Request) { reached.Store(true) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := startServer(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, status) })
		for op, call := range operations {
			for _, hc := range []*http.Client{{}, {CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}} {
				client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL(server.URL), wrapper.WithHTTPClient(hc))
				require.NoError(t, err)
				err = call(t.Context(), client)
				assertClasses(t, err, []error{wrapper.ErrInvalidResponse})
				assert.Equal(t, status, asError(t, err).StatusCode, op)
			}
		}
	}
	assert.False(t, reached.Load())
}

func TestRedirectToNowhere(t *testing.T) {
	server := startServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://[::1")
		w.WriteHeader(http.StatusFound)
	})
	client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL(server.URL))
	require.NoError(t, err)
	err = client.SendMessage(t.Context(), chatID, text)
	assertClasses(t, err, []error{wrapper.ErrInvalidResponse})
	assert.Equal(t, wrapper.Rejected, asError(t, err).Outcome)
}

// A peer that accepts and stays silent is given up, connection and all: net/http would go on with the handshake.
func TestSilentPeerIsNotHeldOn(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	ctx, giveUp := context.WithCancel(t.Context())
	closed := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		giveUp()
		if err == nil {
			_, err = io.Copy(io.Discard, conn)
		}
		closed <- err
	}()
	transport := wrapper.NewTransport()
	assert.Equal(t, 15*time.Second, transport.TLSHandshakeTimeout)
	transport.TLSHandshakeTimeout = time.Second
	client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL("https://"+listener.Addr().String()),
		wrapper.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	_, err = client.GetChat(ctx, chatID, wrapper.Attempts(1))
	assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome)
	select {
	case err := <-closed:
		assert.ErrorIs(t, err, syscall.ECONNRESET)
	case <-time.After(10 * time.Second):
		t.Error("the connection is still open")
	}
}

// A small answer that unpacks to a large one is read no further than any other.
func TestGzipBomb(t *testing.T) {
	var bomb bytes.Buffer
	packer := gzip.NewWriter(&bomb)
	for range 64 {
		_, err := packer.Write(make([]byte, 1<<20))
		require.NoError(t, err)
	}
	require.NoError(t, packer.Close())
	server := startServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL(server.URL))
	require.NoError(t, err)
	_, err = client.GetChat(t.Context(), chatID)
	assertClasses(t, err, []error{wrapper.ErrInvalidResponse})
	assert.ErrorContains(t, err, "larger than 1 MiB")
}

func TestHeaderFlood(t *testing.T) {
	server := startServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Flood", strings.Repeat("x", 128<<10))
	})
	client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL(server.URL), impatient)
	require.NoError(t, err)
	_, err = client.GetChat(t.Context(), chatID)
	assertClasses(t, err, nil)
	assert.ErrorContains(t, err, "server response headers exceeded")
}

// An answer that drips is cut off at the limit of the attempt.
func TestSlowAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, newScript(t), resending(wrapper.ResendNever), wrapper.WithMiddleware(func(wrapper.Doer) wrapper.Doer {
			return doerFunc(func(req *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(dripping{req.Context()})}, nil
			})
		}))
		began := time.Now()
		err := client.SendMessage(t.Context(), chatID, text)
		assertClasses(t, err, []error{wrapper.ErrInvalidResponse, wrapper.ErrOutcomeUnknown})
		assert.ErrorContains(t, err, "the attempt ran out of time")
		assert.Equal(t, 15*time.Second, time.Since(began))
	})
}

// dripping is a body without end, of which a byte comes every 10 ms until its request ends.
type dripping struct{ ctx context.Context }

func (d dripping) Read(p []byte) (int, error) {
	if err := sleep(d.ctx, 10*time.Millisecond); err != nil {
		return 0, err
	}
	return copy(p, " "), nil
}

// The Market closes every connection. The second handshake resumes the session of the first one.
func TestTLSSessionsAreResumed(t *testing.T) {
	server := httptest.NewTLSServer(checked(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		_, _ = io.WriteString(w, ok("getChat").body)
	}))
	defer server.Close()
	transport := wrapper.NewTransport()
	transport.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL(server.URL), wrapper.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	var reused, resumed []bool
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			reused = append(reused, info.Reused)
			resumed = append(resumed, info.Conn.(*tls.Conn).ConnectionState().DidResume)
		},
	})
	for range 3 {
		_, err := client.GetChat(ctx, chatID)
		require.NoError(t, err)
	}
	assert.Equal(t, []bool{false, false, false}, reused)
	assert.Equal(t, []bool{false, true, true}, resumed)
}

func TestDefaultTransport(t *testing.T) {
	transport := wrapper.NewTransport()
	assert.NotNil(t, transport.Proxy, "the environment's proxy is used")
	assert.True(t, transport.DisableKeepAlives, "the Market closes each connection")
}

func TestHTTP2(t *testing.T) {
	server := httptest.NewUnstartedServer(checked(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, 2, r.ProtoMajor)
		_, _ = io.WriteString(w, ok("getChat").body)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	transport := wrapper.NewTransport()
	transport.TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL(server.URL), wrapper.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)
	_, err = client.GetChat(t.Context(), chatID)
	require.NoError(t, err)
}
