package wrapper_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ymarket-go/chats/wrapper"
)

// Where this side gave up, the Market may still work on the request, and counts it for its 10 s. Where the connection
// broke or something answered, the slot is free at once.
func TestSlotOfARequestThatWasGivenUp(t *testing.T) {
	waits := func(d time.Duration) func(*http.Request) (*http.Response, error) {
		return func(req *http.Request) (*http.Response, error) {
			if err := sleep(req.Context(), d); err != nil {
				return nil, err
			}
			return nil, io.ErrUnexpectedEOF
		}
	}
	for what, row := range map[string]struct {
		transport func(*http.Request) (*http.Response, error)
		patience  time.Duration // of the callers; 0: no end
		free      time.Duration // when a fifth request begins
	}{
		"a deadline":                              {waits(time.Hour), 3 * time.Second, 10 * time.Second},
		"the attempt's own 15 s":                  {waits(time.Hour), 0, 15 * time.Second},
		"a connection that broke":                 {waits(2 * time.Second), 0, 2 * time.Second},
		"one that broke in the last":              {waits(3*time.Second - 1), 3 * time.Second, 3*time.Second - 1},
		"a gateway's answer":                      {answersAfter(3 * time.Second), 0, 3 * time.Second},
		"an answer after a deadline":              {answersAfter(4 * time.Second), 3 * time.Second, 4 * time.Second},
		"a dial that was given up":                {dialsForEver, 3 * time.Second, 3 * time.Second},
		"written late, then given up":             {writesAfter(2 * time.Second), 3 * time.Second, 12 * time.Second},
		"written late, on a connection of before": {connectsFirst(2 * time.Second), 3 * time.Second, 12 * time.Second},
		"begun late, then given up":               {connectsAfter(2 * time.Second), 3 * time.Second, 12 * time.Second},
		"a connection that was lost":              {losesAfter(2 * time.Second), 0, 2 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			began, fifth := time.Now(), time.Duration(0)
			client := newClient(t, roundTripFunc(func(req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodGet {
					fifth = time.Since(began)
					return newScript(t, ok("getChat")).RoundTrip(req)
				}
				return row.transport(req)
			}), resending(wrapper.ResendNever))
			for n := range 4 {
				ctx, cancel := context.WithCancel(t.Context())
				if row.patience > 0 {
					ctx, cancel = context.WithTimeout(t.Context(), row.patience)
				}
				go func() {
					defer cancel()
					_ = client.SendMessage(ctx, int64(n+1), text, wrapper.Attempts(1))
				}()
			}
			synctest.Wait()
			_, err := client.GetChat(t.Context(), chatID)
			assert.NoError(t, err, what)
			assert.Equal(t, row.free, fifth, what)
		})
	}
}

func answersAfter(d time.Duration) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		time.Sleep(d)
		return &http.Response{StatusCode: 504, Body: http.NoBody}, nil
	}
}

func dialsForEver(req *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(req.Context()).GetConn("host:443")
	<-req.Context().Done()
	return nil, req.Context().Err()
}

func writesAfter(d time.Duration) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		hooks := httptrace.ContextClientTrace(req.Context())
		hooks.GetConn("host:443")
		time.Sleep(d)
		hooks.GotConn(httptrace.GotConnInfo{})
		hooks.WroteHeaders()
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
}

// connectsFirst is a transport that has its connection at once, and writes later.
func connectsFirst(d time.Duration) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		hooks := httptrace.ContextClientTrace(req.Context())
		hooks.GetConn("host:443")
		hooks.GotConn(httptrace.GotConnInfo{})
		time.Sleep(d)
		hooks.WroteHeaders()
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
}

// connectsAfter is a transport that is still writing when it is given up.
func connectsAfter(d time.Duration) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		hooks := httptrace.ContextClientTrace(req.Context())
		hooks.GetConn("host:443")
		time.Sleep(d)
		hooks.GotConn(httptrace.GotConnInfo{})
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
}

// losesAfter is a transport that loses its connection, and would send the request again.
func losesAfter(d time.Duration) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		hooks := httptrace.ContextClientTrace(req.Context())
		hooks.GetConn("host:443")
		hooks.GotConn(httptrace.GotConnInfo{})
		hooks.WroteHeaders()
		time.Sleep(d)
		hooks.GetConn("host:443")
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
}

// The attempt ends before its request is sent again, and its error says so: nobody's context has ended.
func TestResendOfTheTransportIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := newClient(t, roundTripFunc(losesAfter(time.Second)), resending(wrapper.ResendNever)).
			SendMessage(t.Context(), chatID, text)
		assert.ErrorIs(t, err, wrapper.ErrOutcomeUnknown)
		assert.ErrorContains(t, err, "the transport would have sent the request again")
		assert.Equal(t, time.Second, time.Since(began))
	})
}
