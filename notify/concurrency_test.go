package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// numbered is a message of its own.
func numbered(n int) string { return field(`"9"`, fmt.Sprintf(`"%d"`, n)) }

func status(h http.Handler, body string) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, deliver(body))
	return w.Code
}

// A PING is answered at once while a thousand functions hang.
func TestPingWhileFunctionsHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var hanging atomic.Int32
		h, err := New("a/1", Anywhere(), Events{MessageSent: func(context.Context, ChatMessageSentNotificationDTO) error {
			hanging.Add(1)
			<-release
			return nil
		}}, WithSeen(Recent(10)))
		require.NoError(t, err)
		for n := range 1000 {
			go status(h, numbered(n))
		}
		synctest.Wait()
		require.EqualValues(t, 1000, hanging.Load())
		began := time.Now()
		assert.Equal(t, 200, status(h, ping))
		assert.Zero(t, time.Since(began))
		close(release)
	})
}

// Of equal notifications at the same moment one calls the function; the others wait, and get its 200.
func TestEqualAtTheSameMoment(t *testing.T) {
	for name, opts := range map[string][]Option{"with Seen": {WithSeen(Recent(10))}, "without": nil} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var called atomic.Int32
				h, err := New("a/1", Anywhere(), Events{MessageSent: func(context.Context, ChatMessageSentNotificationDTO) error {
					called.Add(1)
					time.Sleep(5 * time.Second)
					return nil
				}}, opts...)
				require.NoError(t, err)
				began := time.Now()
				var group sync.WaitGroup
				for range 100 {
					group.Go(func() { assert.Equal(t, 200, status(h, message)) })
				}
				group.Wait()
				assert.EqualValues(t, 1, called.Load())
				assert.Equal(t, 5*time.Second, time.Since(began))
			})
		})
	}
}

// When the first of equal ones has failed, the next one takes its turn, within its own time.
func TestEqualAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var called atomic.Int32
		h, err := New("a/1", Anywhere(), Events{MessageSent: func(context.Context, ChatMessageSentNotificationDTO) error {
			first := called.Add(1) == 1
			time.Sleep(2 * time.Second)
			if first {
				return errors.New("the first one fails")
			}
			return nil
		}})
		require.NoError(t, err)
		var answers [3]int
		var group sync.WaitGroup
		for i := range answers {
			group.Go(func() { answers[i] = status(h, message) })
		}
		group.Wait()
		slow := 0
		for _, a := range answers {
			if a == 500 {
				slow++
			}
		}
		assert.Equal(t, 1, slow, "answers: %v", answers)
		assert.EqualValues(t, 2, called.Load())
	})
}

// One that waited so long that no time is left for its own turn is answered with 500, and calls nothing.
func TestEqualWithoutTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var called atomic.Int32
		h, err := New("a/1", Anywhere(), Events{MessageSent: func(context.Context, ChatMessageSentNotificationDTO) error {
			called.Add(1)
			time.Sleep(9500 * time.Millisecond)
			return errors.New("fails late")
		}})
		require.NoError(t, err)
		began := time.Now()
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() { assert.Equal(t, 500, status(h, message)) })
		}
		group.Wait()
		assert.EqualValues(t, 1, called.Load())
		assert.Equal(t, 9500*time.Millisecond, time.Since(began))
	})
}

// A function that takes 11 s has missed the Market's 10 s. When the notification comes again, the function is not
// called again; and while it is still at work, neither.
func TestSlowFunctionIsCalledOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var called atomic.Int32
		h, err := New("a/1", Anywhere(), Events{MessageSent: func(context.Context, ChatMessageSentNotificationDTO) error {
			called.Add(1)
			time.Sleep(11 * time.Second)
			return nil
		}}, WithSeen(Recent(10)))
		require.NoError(t, err)
		assert.Equal(t, 500, status(h, message))
		assert.Equal(t, 200, status(h, message), "the repeat waits for the one that is at work")
		time.Sleep(time.Minute)
		assert.Equal(t, 200, status(h, message))
		assert.EqualValues(t, 1, called.Load())
	})
}

// The context of Seen.Add has not ended, however late a function returns.
func TestSeenAddHasTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var added []string
		var ended []error
		h, err := New("a/1", Anywhere(), Events{MessageSent: func(ctx context.Context, _ ChatMessageSentNotificationDTO) error {
			<-ctx.Done()
			return nil // the work was done all the same
		}}, WithSeen(fixedSeen{added: &added, addContexts: &ended, addWaits: 500 * time.Millisecond}))
		require.NoError(t, err)
		ctx, hangUp := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, hangUp)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, deliver(message).WithContext(ctx))
		assert.Equal(t, 200, w.Code)
		assert.Equal(t, []error{nil}, ended)
		assert.Len(t, added, 1)
	})
}

// A function learns when the sender has hung up, and sees the values of the request's context.
func TestContextOfTheRequest(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		h, err := New("a/1", Anywhere(), Events{MessageSent: func(ctx context.Context, _ ChatMessageSentNotificationDTO) error {
			assert.Equal(t, "value", ctx.Value(key{}))
			deadline, ok := ctx.Deadline()
			assert.True(t, ok)
			assert.Equal(t, 9*time.Second, time.Until(deadline))
			<-ctx.Done()
			return context.Cause(ctx)
		}})
		require.NoError(t, err)
		ctx, hangUp := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		time.AfterFunc(time.Second, hangUp)
		began := time.Now()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, deliver(message).WithContext(ctx))
		assert.Equal(t, time.Second, time.Since(began))
		assert.Equal(t, 500, w.Code)
	})
}

// pipes is a net.Listener without sockets: its connections wait in channels, which virtual time understands.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (p pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

var slowSenders = 10_000

// Ten thousand senders that stop in the middle of a body are gone after 10 s, on a server that has no time limit of its
// own. Meanwhile others are served. A goroutine that stays behind would fail the test at the end of its bubble.
func TestSlowSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var called atomic.Int32
		h, err := New("a/1", Anywhere(), Events{MessageSent: func(context.Context, ChatMessageSentNotificationDTO) error {
			called.Add(1)
			return nil
		}})
		require.NoError(t, err)
		listener := pipes{make(chan net.Conn), make(chan struct{})}
		var open atomic.Int32 // connections
		server := &http.Server{Handler: h, ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				open.Add(1)
			case http.StateClosed:
				open.Add(-1)
			}
		}}
		go func() { _ = server.Serve(listener) }()

		head := fmt.Sprintf("POST /market HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", len(message))
		for range slowSenders {
			conn := listener.dial()
			_, err := io.WriteString(conn, head+message[:len(message)/2])
			require.NoError(t, err)
			go func() {
				_, _ = io.Copy(io.Discard, conn) // until the server hangs up
				_ = conn.Close()
			}()
		}
		synctest.Wait()
		require.EqualValues(t, slowSenders, open.Load())

		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
			DialContext: func(context.Context, string, string) (net.Conn, error) { return listener.dial(), nil }}}
		resp, err := client.Post("http://shop/market", "application/json", strings.NewReader(message))
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, 200, resp.StatusCode)

		time.Sleep(9900 * time.Millisecond) // the Market waits for 10 s
		synctest.Wait()
		assert.Zero(t, open.Load(), "connections")
		assert.EqualValues(t, 1, called.Load(), "half a body calls nothing")
		require.NoError(t, server.Close())
	})
}

// The time limit of the body ends with the body: it does not end the context of a function.
func TestTimeLimitOfTheBodyEndsWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		h, err := New("a/1", Anywhere(), Events{MessageSent: func(ctx context.Context, _ ChatMessageSentNotificationDTO) error {
			time.Sleep(8500 * time.Millisecond)
			ended <- ctx.Err()
			return nil
		}})
		require.NoError(t, err)
		listener := pipes{make(chan net.Conn), make(chan struct{})}
		server := &http.Server{Handler: h}
		go func() { _ = server.Serve(listener) }()
		conn := listener.dial()
		_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(message), message[:9])
		require.NoError(t, err)
		time.Sleep(4 * time.Second) // the body comes slowly, and in time; the limit would fall into the function
		_, err = io.WriteString(conn, message[9:])
		require.NoError(t, err)
		assert.NoError(t, <-ended)
		answer := make([]byte, 12)
		_, err = io.ReadFull(conn, answer)
		require.NoError(t, err)
		assert.Equal(t, "HTTP/1.1 200", string(answer))
		require.NoError(t, conn.Close())
		require.NoError(t, server.Close())
	})
}

// Ten thousand over 500 sockets at once: each is answered, and nothing stays behind.
func TestManyAtOnce(t *testing.T) {
	const senders = 10_000
	var called atomic.Int32
	h, err := New("a/1", Anywhere(), Events{MessageSent: func(context.Context, ChatMessageSentNotificationDTO) error {
		called.Add(1)
		return nil
	}}, WithSeen(Recent(senders)))
	require.NoError(t, err)
	server := httptest.NewServer(h)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 500}}
	defer client.CloseIdleConnections()
	var group sync.WaitGroup
	var good, next atomic.Int32
	for range 500 {
		group.Go(func() {
			for n := next.Add(1); n <= senders; n = next.Add(1) {
				body := strings.NewReader(numbered(int(n) % (senders / 2))) // each comes twice
				resp, err := client.Post(server.URL, "application/json", body)
				if !assert.NoError(t, err) {
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				if resp.StatusCode == 200 {
					good.Add(1)
				}
			}
		})
	}
	group.Wait()
	assert.EqualValues(t, senders, good.Load())
	assert.EqualValues(t, senders/2, called.Load())
	assert.Empty(t, h.(*handler).flights)
}
