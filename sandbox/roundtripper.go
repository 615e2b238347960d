package sandbox

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"syscall"
)

// RoundTripper is the sandbox without a socket. It works inside the bubble of testing/synctest, where reading from a
// network connection would stop the clock.
func (m *Market) RoundTripper() http.RoundTripper { return roundTripper{m} }

type roundTripper struct{ market *Market }

func (t roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	served := req.Clone(req.Context())
	if served.Body == nil {
		served.Body = http.NoBody
	}
	defer served.Body.Close()
	w := &memory{header: http.Header{}}
	w.serve(t.market, served)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	if w.refused {
		return nil, refused(req)
	}
	if w.status == 0 {
		return nil, io.EOF // as net/http says when a connection is closed before an answer
	}
	return w.response(req), nil
}

// response is the kept answer as http.Transport would give it.
func (w *memory) response(req *http.Request) *http.Response {
	maps.DeleteFunc(w.header, func(_ string, values []string) bool { return len(values) == 0 })
	body := io.Reader(&w.body)
	if w.aborted {
		body = io.MultiReader(body, brokenOff{})
	}
	unpacked := w.header.Get("Content-Encoding") == "gzip" && req.Header.Get("Accept-Encoding") == ""
	if unpacked {
		if unpacker, err := gzip.NewReader(body); err == nil {
			body = unpacker
		}
		w.header.Del("Content-Encoding")
	}
	return &http.Response{
		StatusCode:    w.status,
		Status:        fmt.Sprint(w.status, " ", http.StatusText(w.status)),
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.header.Clone(),
		Body:          io.NopCloser(body),
		ContentLength: -1,
		Request:       req,
		Uncompressed:  unpacked,
		Close:         w.header.Get("Connection") == "close",
	}
}

// refused fails as net/http does when nothing listens. The trace has a connection that was wanted, and nothing sent.
func refused(req *http.Request) error {
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.GetConn != nil {
		trace.GetConn(req.URL.Host)
	}
	return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
}

// memory is the ResponseWriter that keeps an answer.
type memory struct {
	header  http.Header
	status  int
	body    bytes.Buffer
	aborted bool
	refused bool
}

func (w *memory) Header() http.Header { return w.header }

func (w *memory) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
}

func (w *memory) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// ServeHTTP gives the kept answer once more.
func (w *memory) ServeHTTP(to http.ResponseWriter, _ *http.Request) {
	maps.Copy(to.Header(), w.header)
	to.WriteHeader(w.status)
	_, _ = to.Write(w.body.Bytes())
}

// serve does with http.ErrAbortHandler what a server does.
func (w *memory) serve(handler http.Handler, req *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			w.aborted = true
		}
	}()
	handler.ServeHTTP(w, req)
}

type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
