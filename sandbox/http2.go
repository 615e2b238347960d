package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"

	"golang.org/x/net/http2"
)

// HTTP2 lets server speak HTTP/2 beside HTTP/1 on the listener that it gives back, in the way that ResetStream and
// GoAway need. Call it before server.Serve:
//
//	server := &http.Server{Handler: market}
//	err := server.Serve(sandbox.HTTP2(server, listener))
//
// The connections of the listener may be plain (HTTP/2 with prior knowledge), or those of tls.NewListener with h2 and
// http/1.1 in the NextProtos of its config. It sets server.Protocols, and adds to server.ConnContext. Requests
// that come by HTTP/2 have one header more, X-Sandbox-Stream: it names their stream.
func HTTP2(server *http.Server, listener net.Listener) net.Listener {
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true) // what has come out of TLS is not encrypted either
	outer := server.ConnContext
	server.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		if outer != nil {
			ctx = outer(ctx, conn)
		}
		return context.WithValue(ctx, frameConnKey{}, conn)
	}
	return frameListener{listener}
}

type frameConnKey struct{}

type frameListener struct{ net.Listener }

func (l frameListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newFrameConn(conn), nil
}

// streamOf gives the connection and the stream of a request. ok is false when it did not come by HTTP/2 through a
// listener of HTTP2.
func streamOf(r *http.Request) (conn *frameConn, stream uint32, ok bool) {
	conn, ok = r.Context().Value(frameConnKey{}).(*frameConn)
	values := r.Header.Values(streamHeader)
	if !ok || r.ProtoMajor != 2 || len(values) == 0 {
		return nil, 0, false
	}
	id, err := strconv.ParseUint(values[len(values)-1], 10, 32) // the last one is ours: a client may have sent others
	return conn, uint32(id), err == nil
}

// streamHeader names the stream of a request for its handler: net/http does not.
const streamHeader = "x-sandbox-stream"

// breakage writes what ends a stream instead of an answer.
type breakage func(to *http2.Framer, stream uint32) error

// frameConn is a server's end of a connection. When the client speaks HTTP/2, it adds streamHeader to each request that
// is read, and writes what a fault asks for in the place of the RST_STREAM that net/http writes when a handler gives
// up. HTTP/1 passes as it is. One goroutine may read while another one writes.
type frameConn struct {
	net.Conn
	speaksHTTP2 bool // settled once the first bytes are read

	in     *bufio.Reader
	ready  bytes.Buffer  // to be read by the server
	frames *http2.Framer // writes into ready
	begun  bool
	passes bool // what is read passes as it is

	written bytes.Buffer // what is no whole frame yet

	mu     sync.Mutex
	breaks map[uint32]breakage // by stream
}

func newFrameConn(conn net.Conn) *frameConn {
	c := &frameConn{Conn: conn, in: bufio.NewReader(conn), breaks: map[uint32]breakage{}}
	c.frames = http2.NewFramer(&c.ready, nil)
	return c
}

// breakStream sets what is written when the handler of this stream gives up.
func (c *frameConn) breakStream(stream uint32, write breakage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.breaks[stream] = write
}

// breakOf gives what breakStream has set for a stream, once.
func (c *frameConn) breakOf(stream uint32) breakage {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer delete(c.breaks, stream)
	return c.breaks[stream]
}

func (c *frameConn) Read(p []byte) (int, error) {
	if !c.begun {
		c.begin()
	}
	for c.ready.Len() == 0 {
		if c.passes {
			return c.in.Read(p)
		}
		if err := c.readFrame(); err != nil {
			return 0, err
		}
	}
	return c.ready.Read(p)
}

// begin looks whether the client begins as HTTP/2 does, and reads no more of HTTP/1 than there is.
func (c *frameConn) begin() {
	c.begun = true
	for i := range http2.ClientPreface {
		start, err := c.in.Peek(i + 1)
		if err != nil || start[i] != http2.ClientPreface[i] {
			c.passes = true
			return
		}
	}
	c.speaksHTTP2 = true
	_, _ = io.CopyN(&c.ready, c.in, int64(len(http2.ClientPreface))) // it was peeked at
}

// maxFrame is the longest payload that is read, in bytes: more than net/http takes.
const maxFrame = 1 << 20

func (c *frameConn) readFrame() error {
	start, err := c.in.Peek(frameHeader)
	if err != nil {
		return err
	}
	head, err := http2.ReadFrameHeader(bytes.NewReader(start))
	if err != nil || head.Length > maxFrame { // the server refuses it by its header
		c.passes = true
		return err
	}
	_, _ = c.in.Discard(frameHeader) // it was peeked at
	payload := make([]byte, head.Length)
	if _, err := io.ReadFull(c.in, payload); err != nil {
		return err
	}
	if isRequest(head) {
		payload = withStreamHeader(head, payload)
	}
	return c.frames.WriteRawFrame(head.Type, head.Flags, head.StreamID, payload)
}

// isRequest is true for a frame with which the header of a request ends.
func isRequest(head http2.FrameHeader) bool {
	return head.Type == http2.FrameHeaders && head.Flags.Has(http2.FlagHeadersEndHeaders) ||
		head.Type == http2.FrameContinuation && head.Flags.Has(http2.FlagContinuationEndHeaders)
}

// withStreamHeader adds streamHeader behind the header of a request, before its padding, as a literal that changes no
// table of the compression: RFC 7541, section 6.2.2.
func withStreamHeader(head http2.FrameHeader, payload []byte) []byte {
	end := len(payload)
	if head.Type == http2.FrameHeaders && head.Flags.Has(http2.FlagHeadersPadded) && end > 0 {
		end = max(end-int(payload[0]), 1)
	}
	value := strconv.FormatUint(uint64(head.StreamID), 10)
	field := append([]byte{0, byte(len(streamHeader))}, streamHeader...)
	field = append(append(field, byte(len(value))), value...)
	return bytes.Join([][]byte{payload[:end], field, payload[end:]}, nil)
}

// frameHeader is the length of what http2.ReadFrameHeader reads.
const frameHeader = 9

func (c *frameConn) Write(p []byte) (int, error) {
	if !c.speaksHTTP2 {
		return c.Conn.Write(p)
	}
	c.written.Write(p)
	var out bytes.Buffer
	for {
		head, err := http2.ReadFrameHeader(bytes.NewReader(c.written.Bytes()))
		if err != nil || c.written.Len() < frameHeader+int(head.Length) {
			break
		}
		frame := c.written.Next(frameHeader + int(head.Length))
		var instead breakage
		if head.Type == http2.FrameRSTStream {
			instead = c.breakOf(head.StreamID)
		}
		if instead == nil {
			out.Write(frame)
		} else if err := instead(http2.NewFramer(&out, nil), head.StreamID); err != nil {
			return 0, err
		}
	}
	if _, err := c.Conn.Write(out.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// StreamError is why a stream of HTTP/2 is reset: an error code of RFC 9113, section 7.
type StreamError uint32

// What servers and proxies were seen to reset streams with. net/http's client sends a request anew, by itself and
// without an end, after RefusedStream and, until Go 1.26, ProtocolError: each one without a body, and each one whose
// body it can have again.
const (
	ProtocolError   StreamError = 0x1 // what the client sent was against the protocol, it says
	InternalError   StreamError = 0x2 // a handler of net/http that has panicked
	RefusedStream   StreamError = 0x7 // nothing was done yet, it says
	Cancel          StreamError = 0x8 // it is not wanted any more
	EnhanceYourCalm StreamError = 0xb // there were too many
)

// ResetStream resets the stream of the request instead of an answer, and nothing happens in the sandbox; the
// connection goes on. With CommitThen around it the message is in the chat. It needs a listener of HTTP2: over
// another HTTP/2 the stream is reset with InternalError, and over HTTP/1, or without a socket, it is Abort. It panics
// when code is above 13, the last one that RFC 9113 knows.
func ResetStream(code StreamError) Fault {
	if code > 0xd {
		panic(fmt.Sprintf("sandbox: ResetStream is given %d, allowed is 0 to 13", code))
	}
	return breakWith(func(to *http2.Framer, stream uint32) error {
		return to.WriteRSTStream(stream, http2.ErrCode(code))
	})
}

// GoAway ends the connection as an HTTP/2 server does that is going to stop: it says that the request, and those that
// came after it, were not looked at, so that a client sends them anew on another connection. Nothing happens in the
// Market; with CommitThen around it the message is in the chat all the same. What HTTP2 is needed for, and what
// happens elsewhere, is as with ResetStream.
func GoAway() Fault {
	return breakWith(func(to *http2.Framer, stream uint32) error {
		return to.WriteGoAway(max(stream, 2)-2, http2.ErrCodeNo, nil) // the streams of a client have odd numbers
	})
}

func breakWith(write breakage) Fault {
	return instead(func(_ http.ResponseWriter, r *http.Request) {
		if conn, stream, ok := streamOf(r); ok {
			conn.breakStream(stream, write)
		}
		panic(http.ErrAbortHandler)
	})
}
