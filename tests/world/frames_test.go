package world

import (
	"bytes"
	"crypto/tls"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// framesServer is an HTTP/2 server made of frames. It does to a fourth of the requests what no proxy does on purpose.
type framesServer struct {
	ledger   *ledger
	listener net.Listener

	mu     sync.Mutex
	random *rand.Rand
}

// serveFrames starts one before a sandbox.
func serveFrames(t *testing.T, l *ledger, seed uint64) (url string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &framesServer{ledger: l, listener: tls.NewListener(listener, serverTLS()), random: rand.New(rand.NewPCG(seed, 1))}
	var connections sync.WaitGroup
	go func() {
		for {
			conn, err := s.listener.Accept()
			if err != nil {
				return
			}
			connections.Go(func() { s.serve(conn) })
		}
	}()
	t.Cleanup(func() { _ = listener.Close() })
	return "https://" + listener.Addr().String()
}

// framesConn is one connection. Its requests are answered one after the other.
type framesConn struct {
	net.Conn
	framer *http2.Framer
	open   map[uint32]*http.Request // those that have not come to their end
	bodies map[uint32]*bytes.Buffer
}

func (s *framesServer) serve(conn net.Conn) {
	defer conn.Close()
	begin := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(conn, begin); err != nil || string(begin) != http2.ClientPreface {
		return
	}
	c := &framesConn{conn, http2.NewFramer(conn, conn), map[uint32]*http.Request{}, map[uint32]*bytes.Buffer{}}
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	for goesOn := c.framer.WriteSettings() == nil; goesOn; {
		frame, err := c.framer.ReadFrame()
		if err != nil {
			return
		}
		var req *http.Request
		if req, err = c.take(frame); err != nil {
			return
		}
		goesOn = req == nil || s.answer(c, frame.Header().StreamID, req)
	}
}

// take takes a frame, and gives the request that it ends, if it ends one.
func (c *framesConn) take(frame http2.Frame) (*http.Request, error) {
	id, ended := frame.Header().StreamID, false
	switch f := frame.(type) {
	case *http2.SettingsFrame:
		if !f.IsAck() {
			return nil, c.framer.WriteSettingsAck()
		}
	case *http2.PingFrame:
		if !f.IsAck() {
			return nil, c.framer.WritePing(true, f.Data)
		}
	case *http2.MetaHeadersFrame:
		c.open[id], c.bodies[id], ended = requestOf(f), &bytes.Buffer{}, f.StreamEnded()
	case *http2.DataFrame:
		if c.bodies[id] != nil {
			c.bodies[id].Write(f.Data())
		}
		ended = f.StreamEnded()
	case *http2.RSTStreamFrame:
		delete(c.open, id)
	}
	req := c.open[id]
	if !ended || req == nil {
		return nil, nil
	}
	req.Body = io.NopCloser(c.bodies[id])
	delete(c.open, id)
	delete(c.bodies, id)
	return req, nil
}

func requestOf(f *http2.MetaHeadersFrame) *http.Request {
	req := httptest.NewRequest(f.PseudoValue("method"), f.PseudoValue("path"), nil)
	for _, field := range f.RegularFields() {
		req.Header.Add(field.Name, field.Value)
	}
	return req
}

// answer answers a request, or breaks it, before the Market has got it or after. It tells whether the connection goes
// on.
func (s *framesServer) answer(c *framesConn, stream uint32, req *http.Request) bool {
	s.mu.Lock()
	breaks, before, way := s.random.IntN(4) == 0, s.random.IntN(2) == 0, s.random.IntN(len(ways))
	s.mu.Unlock()
	if breaks {
		s.ledger.countFault()
		if before {
			return ways[way](c, stream, []byte(`{"status":"OK"}`))
		}
	}
	answer := httptest.NewRecorder()
	s.ledger.market.ServeHTTP(answer, req)
	if breaks {
		return ways[way](c, stream, answer.Body.Bytes())
	}
	c.header(stream, answer.Code, answer.Header(), false)
	return c.framer.WriteData(stream, true, answer.Body.Bytes()) == nil
}

func (c *framesConn) header(stream uint32, status int, header http.Header, end bool) {
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	_ = encoder.WriteField(hpack.HeaderField{Name: ":status", Value: strconv.Itoa(status)})
	for name, values := range header {
		for _, value := range values {
			_ = encoder.WriteField(hpack.HeaderField{Name: strings.ToLower(name), Value: value})
		}
	}
	_ = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true,
		EndStream: end})
}

// ways to break a stream whose answer would be known. They tell whether the connection goes on.
var ways = []func(c *framesConn, stream uint32, answer []byte) bool{
	reset(http2.ErrCodeProtocol), reset(http2.ErrCodeRefusedStream), reset(http2.ErrCodeInternal),
	reset(http2.ErrCodeCancel), reset(http2.ErrCodeEnhanceYourCalm), reset(http2.ErrCodeNo),
	reset(http2.ErrCodeHTTP11Required),
	goAway(http2.ErrCodeNo), goAway(http2.ErrCodeEnhanceYourCalm),
	func(*framesConn, uint32, []byte) bool { return false }, // the connection ends without a word
	func(c *framesConn, stream uint32, answer []byte) bool { // the answer is reset in its middle
		c.header(stream, 200, nil, false)
		_ = c.framer.WriteData(stream, false, answer[:len(answer)/2])
		return reset(http2.ErrCodeProtocol)(c, stream, answer)
	},
	func(c *framesConn, stream uint32, answer []byte) bool { // it is cut, and its end is said to be there
		c.header(stream, 200, nil, false)
		return c.framer.WriteData(stream, true, answer[:len(answer)/2]) == nil
	},
	func(c *framesConn, stream uint32, answer []byte) bool { // the connection ends in its middle
		c.header(stream, 200, nil, false)
		_ = c.framer.WriteData(stream, false, answer[:len(answer)/2])
		return false
	},
	func(c *framesConn, stream uint32, _ []byte) bool { // a header that is none
		_ = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, EndHeaders: true, BlockFragment: []byte{0xff}})
		return false
	},
	func(c *framesConn, stream uint32, _ []byte) bool { // a header, and then nothing for longer than an attempt
		c.header(stream, 200, nil, false)
		time.Sleep(latest)
		return false
	},
}

func reset(code http2.ErrCode) func(*framesConn, uint32, []byte) bool {
	return func(c *framesConn, stream uint32, _ []byte) bool { return c.framer.WriteRSTStream(stream, code) == nil }
}

// goAway says that the stream was not looked at.
func goAway(code http2.ErrCode) func(*framesConn, uint32, []byte) bool {
	return func(c *framesConn, stream uint32, _ []byte) bool {
		_ = c.framer.WriteGoAway(max(stream, 2)-2, code, nil)
		time.Sleep(10 * time.Millisecond) // else the client meets the end of the connection first
		return false
	}
}
