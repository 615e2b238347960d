package sandbox

import (
	"bytes"
	"io"
	"net/http"
	"time"
)

// CloseSilently gives the true answer on a connection that it seems to keep, and closes it so long after, without a
// word: what is sent on it meanwhile is lost. So do servers whose idle time is over. It needs HTTP/1 over a socket;
// elsewhere it is the true answer alone, which does not say that the connection is closed.
func CloseSilently(after time.Duration) Fault {
	return onceKnown(func(w http.ResponseWriter, r *http.Request, status int, body []byte) {
		w.Header().Del("Connection")
		x := exchangeOf(r)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil || x == nil {
			w.WriteHeader(status)
			_, _ = w.Write(body)
			return
		}
		x.status = status
		x.settle()
		_, _ = x.answer.Write(body) // it cannot fail
		answer := &http.Response{
			StatusCode:    status,
			ProtoMajor:    1,
			ProtoMinor:    1,
			Header:        w.Header(),
			ContentLength: int64(len(body)),
			Body:          io.NopCloser(bytes.NewReader(body)),
			Request:       r,
		}
		_ = answer.Write(conn) // fails when the client is gone
		time.AfterFunc(after, func() { _ = conn.Close() })
	})
}
