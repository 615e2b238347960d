package wrapper

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
)

// reach tells how far a request came.
type reach int

const (
	notHandedOver reach = iota // the transport was not asked
	neverLeft                  // it was, and for certain nothing left this machine
	mayHaveLeft
)

// trace follows the request of an attempt.
type trace struct {
	given  http.Header // before Auth
	signed http.Header // after it; nil: Auth was not asked, or failed

	failedAuth                  atomic.Bool
	wanted, connected, wroteOut atomic.Bool // a connection was wanted, was there, and headers were written to it
}

type traceKey struct{}

// withTrace gives a context in which traceOf finds the trace.
func withTrace(ctx context.Context, t *trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// traceOf finds the trace of the attempt that a request belongs to. A middleware that has replaced the context has lost
// it: then a trace is made that nobody asks.
func traceOf(ctx context.Context) *trace {
	if t, ok := ctx.Value(traceKey{}).(*trace); ok {
		return t
	}
	return new(trace)
}

// follow gives a context in which the transport reports how far the request comes. Whatever else was asked for
// connections with the context that is followed is not the attempt's.
func (t *trace) follow(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:      func(string) { t.wanted.Store(true) },
		GotConn:      func(httptrace.GotConnInfo) { t.connected.Store(true) },
		WroteHeaders: func() { t.wroteOut.Store(true) },
	})
}

// reach tells how far the request came. A transport that wants no connection tells nothing, as those of tests do, so it
// may have left; and net/http may still be writing when it gives up with the context.
func (t *trace) reach(contextEnded bool) reach {
	switch {
	case t.failedAuth.Load():
		return notHandedOver
	case !t.wanted.Load() || t.wroteOut.Load():
		return mayHaveLeft
	case t.connected.Load() && contextEnded:
		return mayHaveLeft
	}
	return neverLeft
}

// authValues are what Auth has put into the headers: each value, or what follows its last blank.
func (t *trace) authValues() []string {
	return addedValues(t.given, t.signed)
}
