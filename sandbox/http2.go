package sandbox

import (
	"context"
	"net"
	"net/http"
	"strconv"
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
	return &frameConn{Conn: conn, breaks: map[uint32][]byte{}}, nil
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
