package wrapper

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// reach is how far a request came.
type reach int

const (
	notHandedOver reach = iota // to the transport
	neverLeft                  // the transport had it, and for certain nothing left this machine
	mayHaveLeft
	leftInPart // it was cut off before its end
)

// trace follows the request of an attempt.
type trace struct {
	began  time.Time // when the attempt began; zero: it was not sent
	giveUp func()    // ends it

	before credentials   // what the request had before Auth
	signed *http.Request // with what Auth added; nil: Auth was not called

	bodyRead    atomic.Bool  // somebody has begun to read the body since a connection was wanted
	wouldResend atomic.Bool  // the transport was about to send the request again
	withheld    atomic.Bool  // Auth failed or the context had ended, so the transport did not get it
	handedOver  atomic.Bool  // the transport got it
	wanted      atomic.Bool  // the transport asked for a connection
	connected   atomic.Bool  // and got one
	named       atomic.Bool  // it names the headers that it writes
	written     atomic.Bool  // the headers were written, or about to be
	wrote       chan error   // how the writing of the request has ended; nil: nobody asks
	lastStep    atomic.Int64 // nanoseconds since the attempt began; 0: the request came no further

	reading sync.Mutex // of the body
	read    bool       // somebody has begun to read it
	over    bool       // the attempt is: nobody reads the body any more
}

var errWouldResend = errors.New("the connection was lost, and the transport would have sent the request again")

// traceKey is the key of the context value that is the *trace of an attempt.
type traceKey struct{}

// traceOf finds the trace of the attempt that a request belongs to. Where a middleware has replaced the context there
// is none: then the hooks write into a new one, the attempt counts as one that may have left, and the request of the
// answer has the new one.
func traceOf(req *http.Request) (*trace, *http.Request) {
	if t, ok := req.Context().Value(traceKey{}).(*trace); ok {
		return t, req
	}
	t := &trace{began: time.Now(), giveUp: func() {}}
	return t, req.WithContext(context.WithValue(req.Context(), traceKey{}, t))
}

// hooks follow a request of the attempt. A middleware may hand over more than one.
//
// net/http sends a request again on its own when a connection or a stream is lost. It asks for another connection
// then, and the attempt ends before the request is written to that.
//
// The hooks are in the context, so that they are called, too, for requests that the transport's own DialContext or
// Proxy makes with it. What Auth has added tells the headers of the attempt from those.
func (t *trace) hooks(added http.Header) *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) {
			t.endIfWritten()
			t.wanted.Store(true)
			t.bodyRead.Store(false) // by a middleware that signs or logs it: the transport reads it on a connection
		},
		// Over HTTP/2 net/http leaves GetConn out where a connection is there that another request has opened meanwhile.
		GotConn: func(httptrace.GotConnInfo) {
			t.endIfWritten()
			t.connected.Store(true)
			t.step()
		},
		// It is called before the headers leave; over HTTP/2 a stream may be reset before WroteHeaders is called.
		WroteHeaderField: func(name string, values []string) {
			t.named.Store(true)
			if len(added) == 0 || contains(added, name, values) {
				t.written.Store(true)
			}
		},
		WroteHeaders: func() {
			if !t.named.Load() {
				t.written.Store(true)
			}
			t.step()
		},
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			t.step()
			if !t.written.Load() {
				return // another request has ended
			}
			select {
			case t.wrote <- info.Err:
			default:
			}
		},
	}
}

// wroteWithin bounds the wait for the end of writing. Over HTTP/2 nothing tells of an end that is no success.
const wroteWithin = 100 * time.Millisecond

// couldNotWrite tells of a request that has failed whether it could not be written to its end. It waits for that, as
// net/http writes in another goroutine than the one that gives up.
func (t *trace) couldNotWrite(ctx context.Context) bool {
	if !t.written.Load() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, wroteWithin)
	defer cancel()
	select {
	case err := <-t.wrote:
		return err != nil
	case <-ctx.Done():
		return false
	}
}

// contains reports whether one of the values that were written is among those of a header. The transport may have
// changed the case of the name, and trimmed the value; over HTTP/2 it writes each cookie by itself.
func contains(header http.Header, name string, written []string) bool {
	isPart := func(value string) bool {
		return slices.ContainsFunc(written, func(part string) bool { return part != "" && strings.Contains(value, part) })
	}
	for own, values := range header {
		if strings.EqualFold(own, name) && slices.ContainsFunc(values, isPart) {
			return true
		}
	}
	return false
}

// endIfWritten ends the attempt when its request would be written once more.
func (t *trace) endIfWritten() {
	if t.written.Load() {
		t.wouldResend.Store(true)
		t.giveUp()
	}
}

func (t *trace) step() { t.lastStep.Store(int64(time.Since(t.began))) }

// sentAt is the latest moment at which the request may have left, as far as the hooks saw it.
func (t *trace) sentAt() time.Time { return t.began.Add(time.Duration(t.lastStep.Load())) }

// reach gives how far the request came. A transport that calls no hooks, as those of tests do, may have sent it; and
// net/http may still be writing when it gives up with the context. Whoever has read the body may have sent it by a way
// that shows nothing.
func (t *trace) reach(contextEnded bool) reach {
	switch {
	case t.bodyRead.Load() || t.written.Load():
		return mayHaveLeft
	case t.withheld.Load() && !t.handedOver.Load():
		return notHandedOver
	case !t.handedOver.Load(): // a middleware failed by itself
		return neverLeft
	case !t.wanted.Load():
		return mayHaveLeft
	case t.connected.Load() && contextEnded:
		return mayHaveLeft
	}
	return neverLeft
}

// authValues are what Auth has put into the request.
func (t *trace) authValues() []string {
	if t.signed == nil {
		return nil
	}
	return addedValues(t.before, credentials{t.signed.Header, t.signed.URL.RawQuery})
}

// watchedBody is the body of a request. Its trace learns that somebody has begun to read it. It can be read until the
// attempt is over: net/http may go on writing after that, and the content of a file may change then.
type watchedBody struct {
	io.Reader
	trace *trace
}

var errAttemptOver = errors.New("the attempt is over")

func (b watchedBody) Read(p []byte) (int, error) {
	b.trace.reading.Lock()
	defer b.trace.reading.Unlock()
	if b.trace.over {
		return 0, errAttemptOver
	}
	b.trace.read = true
	b.trace.bodyRead.Store(true)
	return b.Reader.Read(p)
}

// end ends the reading of the body, and tells whether somebody has begun it.
func (t *trace) end() (read bool) {
	t.reading.Lock()
	defer t.reading.Unlock()
	t.over = true
	return t.read
}

func (watchedBody) Close() error { return nil }
