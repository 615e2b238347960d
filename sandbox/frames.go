package sandbox

import (
	"bytes"
	"encoding/binary"
	"net"
	"strconv"
	"strings"
	"sync"
)

// The parts of HTTP/2 that are needed here: RFC 9113, sections 3.4, 4.1 and 6.
const (
	preface     = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	frameHeader = 9       // bytes: three of the payload's length, then type, flags, and four of the stream
	maxFrame    = 1 << 20 // bytes of a payload: more than net/http takes

	typeHeaders      = 0x1
	typeRSTStream    = 0x3
	typeGoAway       = 0x7
	typeContinuation = 0x9

	flagEndHeaders = 0x4
	flagPadded     = 0x8
)

// streamHeader tells a handler which stream its request came on: net/http does not.
const streamHeader = "x-sandbox-stream"

// frameConn is a server's end of a connection. When the client speaks HTTP/2, it adds streamHeader to each request that
// is read, and puts what a fault has asked for in the place of the RST_STREAM that net/http writes when a handler gives
// up. HTTP/1 passes as it is. One goroutine may read while another one writes.
type frameConn struct {
	net.Conn
	read, written []byte // what is no whole frame yet
	ready         []byte // to be read by the server
	begun, http2  bool

	mu     sync.Mutex
	breaks map[uint32][]byte // by stream
}

// breakStream sets what is written when the handler of this stream gives up.
func (c *frameConn) breakStream(stream uint32, frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.breaks[stream] = frame
}

// instead gives what is written in the place of a frame of the server.
func (c *frameConn) instead(frame []byte) []byte {
	if frame[3] != typeRSTStream {
		return frame
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	stream := binary.BigEndian.Uint32(frame[5:])
	if other, ok := c.breaks[stream]; ok {
		delete(c.breaks, stream)
		return other
	}
	return frame
}

func (c *frameConn) Read(p []byte) (int, error) {
	for len(c.ready) == 0 {
		buffer := make([]byte, 16<<10)
		n, err := c.Conn.Read(buffer)
		c.read = append(c.read, buffer[:n]...)
		c.makeReady()
		if err != nil && len(c.ready) == 0 {
			return 0, err
		}
	}
	n := copy(p, c.ready)
	c.ready = c.ready[n:]
	return n, nil
}

// makeReady moves what has been read as far as it is known what it is.
func (c *frameConn) makeReady() {
	if !c.begun {
		start := string(c.read[:min(len(c.read), len(preface))])
		if len(start) < len(preface) && strings.HasPrefix(preface, start) {
			return
		}
		c.begun, c.http2 = true, start == preface
		c.ready, c.read = append(c.ready, start...), c.read[len(start):]
	}
	for c.http2 {
		frame, rest := cutFrame(c.read)
		if frame == nil {
			break
		}
		c.ready, c.read = append(c.ready, withStreamHeader(frame)...), rest
	}
	if !c.http2 || payloadLength(c.read) > maxFrame { // the server refuses what is too large
		c.ready, c.read = append(c.ready, c.read...), nil
	}
}

func (c *frameConn) Write(p []byte) (int, error) {
	if !c.http2 {
		return c.Conn.Write(p)
	}
	c.written = append(c.written, p...)
	var out []byte
	for {
		frame, rest := cutFrame(c.written)
		if frame == nil {
			break
		}
		out, c.written = append(out, c.instead(frame)...), rest
	}
	if _, err := c.Conn.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

func payloadLength(b []byte) int {
	if len(b) < 3 {
		return 0
	}
	return int(b[0])<<16 | int(b[1])<<8 | int(b[2])
}

// cutFrame gives the first frame, nil when it is not whole yet, and what follows.
func cutFrame(b []byte) (frame, rest []byte) {
	end := frameHeader + payloadLength(b)
	if len(b) < end {
		return nil, b
	}
	return b[:end:end], b[end:]
}

// withStreamHeader adds streamHeader where the header of a request ends, as a literal that changes no table of the
// compression: RFC 7541, section 6.2.2.
func withStreamHeader(frame []byte) []byte {
	kind, flags := frame[3], frame[4]
	if kind != typeHeaders && kind != typeContinuation || flags&flagEndHeaders == 0 {
		return frame
	}
	end := len(frame)
	if kind == typeHeaders && flags&flagPadded != 0 && end > frameHeader {
		end = max(end-int(frame[frameHeader]), frameHeader+1)
	}
	value := strconv.FormatUint(uint64(binary.BigEndian.Uint32(frame[5:])), 10)
	field := []byte{0, byte(len(streamHeader))}
	field = append(field, streamHeader...)
	field = append(field, byte(len(value)))
	field = append(field, value...)
	payload := bytes.Join([][]byte{frame[frameHeader:end], field, frame[end:]}, nil)
	return makeFrame(kind, flags, binary.BigEndian.Uint32(frame[5:]), payload)
}

func makeFrame(kind, flags byte, stream uint32, payload []byte) []byte {
	n := len(payload)
	frame := []byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags}
	frame = binary.BigEndian.AppendUint32(frame, stream)
	return append(frame, payload...)
}
