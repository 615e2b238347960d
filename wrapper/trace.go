package wrapper

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// reach is how far a request came.
type reach int

const (
	notHandedOver reach = iota // to the transport
	neverLeft                  // the transport had it, and for certain nothing left this machine
	mayHaveLeft
)

// trace follows the request of an attempt.
type trace struct {
	began  time.Time // when the attempt began; zero: it was not sent
	giveUp func()    // ends it
	hooks  httptrace.ClientTrace

	before credentials   // what the request had before Auth
	signed *http.Request // with what Auth added; nil: Auth was not called

	wouldResend atomic.Bool  // the transport was about to send the request again
	withheld    atomic.Bool  // Auth failed or the context had ended, so the transport did not get it
	wanted      atomic.Bool  // the transport asked for a connection
	connected   atomic.Bool  // and got one
	written     atomic.Bool  // the headers were written, or about to be
	lastStep    atomic.Int64 // nanoseconds since the attempt began; 0: the request came no further
}

var errWouldResend = errors.New("the connection was lost, and the transport would have sent the request again")

// traceKey is the key of the context value that is the *trace of an attempt.
type traceKey struct{}

// traceOf finds the trace of the attempt that a request belongs to. Where a middleware has replaced the context there
// is none: then the hooks write into a new one, and the attempt counts as one that may have left.
func traceOf(ctx context.Context) *trace {
	if t, ok := ctx.Value(traceKey{}).(*trace); ok {
		return t
	}
	t := &trace{}
	t.start(time.Now(), func() {})
	return t
}

// start prepares a trace for the requests of an attempt. A middleware may hand over more than one.
//
// net/http sends a request again on its own when a connection or a stream is lost. It asks for another connection
// then, and the attempt ends before the request is written to that.
func (t *trace) start(began time.Time, giveUp func()) {
	t.began, t.giveUp = began, giveUp
	t.hooks = httptrace.ClientTrace{
		GetConn: func(string) {
			t.endIfWritten()
			t.wanted.Store(true)
		},
		// Over HTTP/2 net/http leaves GetConn out where a connection is there that another request has opened meanwhile.
		GotConn: func(httptrace.GotConnInfo) {
			t.endIfWritten()
			t.connected.Store(true)
			t.step()
		},
		// Over HTTP/2 a stream may be reset before WroteHeaders is called; this one is called before the headers leave.
		WroteHeaderField: func(string, []string) { t.written.Store(true) },
		WroteHeaders: func() {
			t.written.Store(true)
			t.step()
		},
	}
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
// net/http may still be writing when it gives up with the context.
func (t *trace) reach(contextEnded bool) reach {
	switch {
	case t.withheld.Load():
		return notHandedOver
	case !t.wanted.Load() || t.written.Load():
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
