package wrapper_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// An attempt that is given up is gone: its connection is reset, so that the kernel sends nothing more of it. A closed
// socket would go on sending, and end with a FIN.
func TestGivenUpIsGone(t *testing.T) {
	for _, secured := range []bool{false, true} {
		market := httptest.NewUnstartedServer(nil)
		if market.StartTLS(); !secured {
			market = httptest.NewServer(nil)
		}
		defer market.Close()
		certificates := market.TLS
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		ctx, giveUp := context.WithCancel(t.Context())
		gone, end := make(chan struct{}), make(chan error, 1)
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				end <- err
				return
			}
			defer conn.Close()
			read := io.Reader(conn)
			if secured {
				read = tls.Server(conn, certificates)
			}
			_, _ = bufio.NewReader(read).ReadString('\n') // the request has begun to arrive
			giveUp()
			<-gone
			_, err = io.Copy(io.Discard, conn)
			end <- err
		}()
		base := "http://" + listener.Addr().String()
		transport := wrapper.NewTransport()
		if secured {
			base = "https://" + listener.Addr().String()
			transport.TLSClientConfig.RootCAs = market.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
		}
		client := newClient(t, transport, wrapper.WithBaseURL(base))
		err = client.SendMessage(ctx, chatID, text)
		assert.ErrorIs(t, err, context.Canceled)
		time.AfterFunc(50*ms, func() { close(gone) })
		assert.ErrorIs(t, <-end, syscall.ECONNRESET, "TLS: %v", secured)
	}
}

// closingServer is a server that answers with a Content-Length, says nothing of closing, and closes a little later.
type closingServer struct {
	net.Listener
	after time.Duration
	sends atomic.Int32
}

func newClosing(t *testing.T, certificates *tls.Config, after time.Duration) *closingServer {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	s := &closingServer{Listener: listener, after: after}
	if certificates != nil {
		s.Listener = tls.NewListener(listener, certificates)
	}
	go func() {
		for {
			conn, err := s.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

// serve answers one request and drops whatever comes after it, as a server does that is about to close.
func (s *closingServer) serve(conn net.Conn) {
	defer conn.Close()
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, req.Body)
	answer := ok("getChat").body
	if strings.HasSuffix(req.URL.Path, "/history") {
		answer = ok("getChatHistory").body
	}
	if strings.HasSuffix(req.URL.Path, "/message") {
		answer = ok("sendMessageToChat").body
		s.sends.Add(1)
	}
	resp := http.Response{
		StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(answer)), Body: io.NopCloser(strings.NewReader(answer)),
		Header: http.Header{"Content-Type": {"application/json"}, "Date": {httpDate(time.Now())}},
	}
	_ = resp.Write(conn)
	time.Sleep(s.after)
}

// The Market closes each connection after its answer, and need not say so. No send may meet a connection that is about
// to be closed.
func TestServerThatClosesWithoutSayingSo(t *testing.T) {
	trusted := httptest.NewTLSServer(nil)
	defer trusted.Close()
	for _, certificates := range []*tls.Config{nil, trusted.TLS} {
		for _, after := range []time.Duration{0, 5 * ms, 30 * ms} {
			server := newClosing(t, certificates, after)
			transport, base := wrapper.NewTransport(), "http://"+server.Addr().String()
			if certificates != nil {
				base = "https://" + server.Addr().String()
				transport.TLSClientConfig.RootCAs = trusted.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
			}
			client := newClient(t, transport, wrapper.WithBaseURL(base), resending(wrapper.ResendNever))
			for range 50 {
				require.NoError(t, client.SendMessage(t.Context(), chatID, text), "%v, TLS: %v", after, certificates != nil)
			}
			assert.EqualValues(t, 50, server.sends.Load())
		}
	}
}

// A repeat does not take a connection that was idle before: it may be in the state of the one that failed.
func TestRepeatMeetsNoIdleConnection(t *testing.T) {
	server := newClosing(t, nil, 200*ms)
	transport := &http.Transport{}
	var dials atomic.Int32
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	client := newClient(t, transport, wrapper.WithBaseURL("http://"+server.Addr().String()), impatient,
		wrapper.WithAbsence(time.Millisecond, time.Millisecond))
	_, err := client.GetChat(t.Context(), chatID)
	require.NoError(t, err)
	require.NoError(t, client.SendMessage(t.Context(), chatID, text))
	assert.EqualValues(t, 3, dials.Load())
}

// A connection of HTTP/2 that went silent is left, also while other requests keep it open: a ping is not answered.
func TestDeadHTTP2ConnectionIsLeft(t *testing.T) {
	held := make(chan struct{})
	market := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, 2, r.ProtoMajor)
		if r.Method == http.MethodPost {
			close(held)
			<-r.Context().Done()
		}
		_, _ = io.WriteString(w, ok("getChat").body)
	}))
	market.EnableHTTP2 = true
	market.StartTLS()
	defer market.Close()
	line, dials := newLine(t, market.Listener.Addr().String())
	transport := wrapper.NewTransport()
	require.Less(t, transport.HTTP2.SendPingTimeout+transport.HTTP2.PingTimeout, 10*time.Second, "an attempt has 15 s")
	transport.HTTP2 = &http.HTTP2Config{SendPingTimeout: 50 * ms, PingTimeout: 50 * ms}
	transport.TLSClientConfig.RootCAs = market.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	client := newClient(t, transport, wrapper.WithBaseURL("https://"+line), wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: time.Millisecond, Resend: wrapper.ResendNever}))
	sent := make(chan error, 1)
	go func() { sent <- client.SendMessage(t.Context(), chatID, text) }()
	<-held
	dials.die()
	_, err := client.GetChat(t.Context(), chatID)
	require.NoError(t, err)
	assert.ErrorIs(t, <-sent, wrapper.ErrOutcomeUnknown)
}

// line joins connections with a server. It may die: what is open goes silent.
type line struct {
	mu   sync.Mutex
	open []*silent
}

// silent is a connection that passes nothing on once it is dead.
type silent struct {
	net.Conn
	dead atomic.Bool
}

func (s *silent) Write(p []byte) (int, error) {
	if s.dead.Load() {
		return len(p), nil
	}
	return s.Conn.Write(p)
}

func (l *line) die() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.open {
		conn.dead.Store(true)
	}
}

func newLine(t *testing.T, address string) (string, *line) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	l := &line{}
	join := func(conn net.Conn) *silent {
		l.mu.Lock()
		defer l.mu.Unlock()
		s := &silent{Conn: conn}
		l.open = append(l.open, s)
		return s
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", address)
			if err != nil {
				return
			}
			near, far := join(conn), join(server)
			go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
			go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
		}
	}()
	return listener.Addr().String(), l
}
