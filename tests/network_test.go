package tests

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// network connects a client and a server in memory, as TCP would: what is written waits for its reader, an end is read as
// io.EOF, and a reset as ECONNRESET. Whoever waits waits on a condition, so that a bubble of testing/synctest knows it, and
// time passes only when all of them wait.
type network struct {
	accepted chan *conn // nil: nobody listens
	closed   chan struct{}
}

func newNetwork() *network {
	return &network{make(chan *conn), make(chan struct{})}
}

// dial fits http.Transport.
func (n *network) dial(ctx context.Context, kind, _ string) (net.Conn, error) {
	client, server := connect()
	select {
	case n.accepted <- server:
		return client, nil
	case <-n.closed:
		return nil, &net.OpError{Op: "dial", Net: kind, Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: kind, Err: ctx.Err()}
	}
}

// conn is one end of a connection.
type conn struct{ in, out *stream }

// connect gives both ends.
func connect() (client, server *conn) {
	up, down := newStream(), newStream()
	return &conn{in: down, out: up}, &conn{in: up, out: down}
}

func (c *conn) Read(p []byte) (int, error)  { return c.in.read(p) }
func (c *conn) Write(p []byte) (int, error) { return c.out.write(p) }

// CloseWrite ends what the other side reads.
func (c *conn) CloseWrite() { c.out.end(io.EOF, syscall.EPIPE) }

// Close does so too, and nothing that the other side writes arrives any more.
func (c *conn) Close() error {
	c.CloseWrite()
	c.in.end(net.ErrClosed, syscall.EPIPE)
	return nil
}

// reset ends the connection at once, whatever is on its way.
func (c *conn) reset() {
	c.out.cut(syscall.ECONNRESET)
	c.in.cut(syscall.ECONNRESET)
}

func (*conn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*conn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*conn) SetDeadline(time.Time) error      { return nil } // net/http sets none over HTTP/1
func (*conn) SetReadDeadline(time.Time) error  { return nil }
func (*conn) SetWriteDeadline(time.Time) error { return nil }

// window is how much of a stream may be on its way.
const window = 64 << 10

// stream is one direction of a connection.
type stream struct {
	mu       sync.Mutex
	changed  *sync.Cond
	waiting  bytes.Buffer
	ended    bool
	readErr  error // after all that waits was read
	writeErr error
}

func newStream() *stream {
	s := &stream{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.waiting.Len() == 0 && !s.ended {
		s.changed.Wait()
	}
	defer s.changed.Broadcast()
	if s.waiting.Len() == 0 {
		return 0, s.readErr
	}
	return s.waiting.Read(p)
}

func (s *stream) write(p []byte) (written int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(p) > 0 {
		for s.waiting.Len() >= window && !s.ended {
			s.changed.Wait()
		}
		if s.ended {
			return written, s.writeErr
		}
		n, _ := s.waiting.Write(p[:min(len(p), window-s.waiting.Len())])
		written, p = written+n, p[n:]
		s.changed.Broadcast()
	}
	return written, nil
}

// end lets the reader have what waits, and then its error.
func (s *stream) end(readErr, writeErr error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended, s.readErr, s.writeErr = true, readErr, writeErr
		s.changed.Broadcast()
	}
}

// cut throws away what waits.
func (s *stream) cut(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting.Reset()
	s.ended, s.readErr, s.writeErr = true, err, err
	s.changed.Broadcast()
}
