package wrapper_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

func TestAnswerIsReadNoFurtherThanOneMiB(t *testing.T) {
	const sent = `{"status":"OK"}`
	for size, ok := range map[int]bool{1 << 20: true, 1<<20 + 1: false, 4 << 20: false} {
		rest := strings.NewReader(strings.Repeat(" ", size-len(sent)) + sent)
		client := newClient(t, newScript(t), resending(wrapper.ResendNever), wrapper.WithMiddleware(func(wrapper.Doer) wrapper.Doer {
			return doerFunc(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: io.NopCloser(rest)}, nil
			})
		}))
		err := client.SendMessage(t.Context(), chatID, text)
		assert.Equal(t, ok, err == nil, "%d: %v", size, err)
		assert.Equal(t, max(size-1<<20-1, 0), rest.Len(), "left unread")
	}
}

// A request without a body has none for a middleware either: one that copies bodies, or counts their bytes, looks there.
func TestReadsHaveNoBody(t *testing.T) {
	client := newClient(t, newScript(t, ok("getChat")), wrapper.WithMiddleware(func(next wrapper.Doer) wrapper.Doer {
		return doerFunc(func(req *http.Request) (*http.Response, error) {
			assert.Nil(t, req.Body)
			assert.Nil(t, req.GetBody)
			return next.Do(req)
		})
	}))
	_, err := client.GetChat(t.Context(), chatID)
	assert.NoError(t, err)
}

// A 101 has a connection for a body, and that has no end.
func TestSwitchingProtocols(t *testing.T) {
	read := 0
	client := newClient(t, newScript(t), wrapper.WithMiddleware(func(wrapper.Doer) wrapper.Doer {
		return doerFunc(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 101, Body: io.NopCloser(endless{&read})}, nil
		})
	}))
	_, err := client.GetChat(t.Context(), chatID)
	assertClasses(t, err, []error{wrapper.ErrInvalidResponse})
	assert.Zero(t, read)
}

// What the hooks of net/http tell of a request that failed, and whether it may have left.
func TestHowFarARequestCame(t *testing.T) {
	type hooks = *httptrace.ClientTrace
	getConn := func(h hooks) { h.GetConn("host:443") }
	gotConn := func(h hooks) { h.GotConn(httptrace.GotConnInfo{}) }
	wroteHeaders := func(h hooks) { h.WroteHeaders() }
	for what, row := range map[string]struct {
		fired   []func(hooks)
		ended   bool // the attempt's time
		outcome wrapper.Outcome
	}{
		"silence":                             {nil, false, wrapper.Unknown},
		"no connection":                       {[]func(hooks){getConn}, false, wrapper.NotSent},
		"no connection in time":               {[]func(hooks){getConn}, true, wrapper.NotSent},
		"a connection that cannot be written": {[]func(hooks){getConn, gotConn}, false, wrapper.NotSent},
		"a connection, and no time: the transport may be writing still": {[]func(hooks){getConn, gotConn}, true, wrapper.Unknown},
		"written":                               {[]func(hooks){getConn, gotConn, wroteHeaders}, false, wrapper.Unknown},
		"written, and then a second connection": {[]func(hooks){getConn, gotConn, wroteHeaders, getConn}, false, wrapper.Unknown},
	} {
		synctest.Test(t, func(t *testing.T) {
			transport := roundTripFunc(func(req *http.Request) (*http.Response, error) {
				for _, fire := range row.fired {
					fire(httptrace.ContextClientTrace(req.Context()))
				}
				if row.ended {
					<-req.Context().Done()
				}
				return nil, io.EOF
			})
			client := newClient(t, nil, wrapper.WithHTTPClient(&http.Client{Transport: transport}))
			err := client.SendMessage(t.Context(), chatID, text, wrapper.Attempts(1))
			assert.Equal(t, row.outcome, asError(t, err).Outcome, what)
		})
	}
}

// The hooks name the headers that are written. Those that Auth has added tell the attempt from what else is asked with
// its context, however the transport writes them; where it has added none, any may be the attempt's.
func TestHeadersThatWereWritten(t *testing.T) {
	for what, row := range map[string]struct {
		key     string // that Auth adds; empty: it adds nothing
		header  string // that is written
		value   string
		outcome wrapper.Outcome
	}{
		"as it is":            {token, "Api-Key", token, wrapper.Rejected},
		"in small letters":    {token, "api-key", token, wrapper.Rejected},
		"trimmed":             {" " + token + " ", "Api-Key", token, wrapper.Rejected},
		"not trimmed":         {" " + token + " ", "Api-Key", " " + token + " ", wrapper.Rejected},
		"in parts":            {"a=1; b=" + token, "Api-Key", "a=1", wrapper.Rejected}, // as HTTP/2 writes cookies
		"empty":               {token, "Api-Key", "", wrapper.NotSent},
		"another key":         {token, "Api-Key", "of-the-vault", wrapper.NotSent},
		"one that all have":   {token, "Accept", "application/json", wrapper.NotSent},
		"Auth has added none": {"", "Accept", "application/json", wrapper.Rejected},
	} {
		transport := roundTripFunc(func(req *http.Request) (*http.Response, error) {
			assert.Equal(t, "application/json", req.Header.Get("Accept"))
			hooks := httptrace.ContextClientTrace(req.Context())
			hooks.GetConn("host:443")
			hooks.GotConn(httptrace.GotConnInfo{})
			hooks.WroteHeaderField(row.header, []string{row.value})
			hooks.WroteHeaders()
			return nil, io.EOF
		})
		client, err := wrapper.New(business, func(_ context.Context, req *http.Request) error {
			if row.key != "" {
				req.Header["Api-Key"] = []string{row.key}
			}
			return nil
		}, wrapper.WithHTTPClient(&http.Client{Transport: transport}))
		require.NoError(t, err)
		_, err = client.GetChat(t.Context(), chatID, wrapper.Attempts(1))
		assert.Equal(t, row.outcome, asError(t, err).Outcome, what)
	}
}

// A middleware that replaces the context takes the hooks away from their attempt. They must not fail for that.
func TestHooksWithoutTheirAttempt(t *testing.T) {
	transport := roundTripFunc(func(req *http.Request) (*http.Response, error) {
		hooks := httptrace.ContextClientTrace(req.Context())
		hooks.GetConn("host:443")
		hooks.GotConn(httptrace.GotConnInfo{})
		hooks.WroteHeaders()
		hooks.GetConn("host:443")
		return nil, io.EOF
	})
	client := newClient(t, transport, wrapper.WithMiddleware(withoutContext))
	_, err := client.GetChat(t.Context(), chatID, wrapper.Attempts(1))
	assert.ErrorIs(t, err, io.EOF)
}

func withoutContext(next wrapper.Doer) wrapper.Doer {
	return doerFunc(func(req *http.Request) (*http.Response, error) {
		return next.Do(req.WithContext(context.Background()))
	})
}

// Nor does it show the key.
func TestKeyOfARequestWithoutItsAttempt(t *testing.T) {
	s := newScript(t, failure(401, "UNAUTHORIZED", "bad is "+token))
	_, err := newClient(t, s, wrapper.WithMiddleware(withoutContext)).GetChat(t.Context(), chatID)
	assert.ErrorContains(t, err, "UNAUTHORIZED: …")
}

// A middleware may hand a request over twice. Of the first time the transport may still be at work, in a goroutine that
// looks at the hooks.
func TestHooksAreReadWhileARequestIsHandedOverAgain(t *testing.T) {
	var working sync.WaitGroup
	transport := roundTripFunc(func(req *http.Request) (*http.Response, error) {
		hooks := httptrace.ContextClientTrace(req.Context())
		working.Go(func() {
			for range 1000 {
				hooks.GetConn("host:443")
				runtime.Gosched()
			}
		})
		return nil, io.EOF
	})
	twice := func(next wrapper.Doer) wrapper.Doer {
		return doerFunc(func(req *http.Request) (*http.Response, error) {
			_, _ = next.Do(req)
			return next.Do(req)
		})
	}
	client := newClient(t, nil, wrapper.WithHTTPClient(&http.Client{Transport: transport}), wrapper.WithMiddleware(twice))
	_, err := client.GetChat(t.Context(), chatID, wrapper.Attempts(1))
	working.Wait()
	assert.ErrorIs(t, err, io.EOF)
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

type endless struct{ read *int }

func (e endless) Read(p []byte) (int, error) { *e.read += len(p); return len(p), nil }
