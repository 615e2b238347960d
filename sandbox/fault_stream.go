package sandbox

import (
	"encoding/binary"
	"fmt"
	"net/http"
)

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
	return breakWith(func(stream uint32) []byte {
		return makeFrame(typeRSTStream, 0, stream, binary.BigEndian.AppendUint32(nil, uint32(code)))
	})
}

// GoAway ends the connection as an HTTP/2 server does that is going to stop: it says that the request, and those that
// came after it, were not looked at, so that a client sends them anew on another connection. Nothing happens in the
// Market; with CommitThen around it the message is in the chat all the same. What HTTP2 is needed for, and what
// happens elsewhere, is as with ResetStream.
func GoAway() Fault {
	return breakWith(func(stream uint32) []byte {
		last := stream - 2 // the streams of a client have odd numbers
		if stream < 2 {
			last = 0
		}
		payload := binary.BigEndian.AppendUint32(nil, last)
		return makeFrame(typeGoAway, 0, 0, append(payload, 0, 0, 0, 0)) // NO_ERROR
	})
}

func breakWith(frame func(stream uint32) []byte) Fault {
	return instead(func(_ http.ResponseWriter, r *http.Request) {
		if conn, stream, ok := streamOf(r); ok {
			conn.breakStream(stream, frame(stream))
		}
		panic(http.ErrAbortHandler)
	})
}
