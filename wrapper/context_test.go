package wrapper_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// The pause obeys the context, and both the context's error and the API's own can be found.
func TestContextEndsDuringThePause(t *testing.T) {
	for op, call := range operations {
		t.Run(op, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScript(t, quotaUsedUp(20*time.Second))
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(3*time.Second, cancel)
				err := call(ctx, newClient(t, s))
				assert.Equal(t, 3*time.Second, time.Since(s.began))
				assertClasses(t, err, []error{context.Canceled, wrapper.ErrRateLimited})
				e := asError(t, err)
				assert.Equal(t, "METHOD_FAILURE", e.Errors[0].Code)
				assert.Equal(t, wrapper.Rejected, e.Outcome)
			})
		})
	}
}

func TestContextEndsDuringAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, serverError(), reply{hang: true})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := newClient(t, s, resending(wrapper.ResendAlways)).SendMessage(ctx, chatID, text)
		assert.Equal(t, 5*time.Second, time.Since(s.began))
		assertClasses(t, err, []error{context.DeadlineExceeded, wrapper.ErrServer, wrapper.ErrOutcomeUnknown})
		assert.Equal(t, 2, asError(t, err).Attempts)
	})
}

func TestContextThatEndedBeforeSendsNothing(t *testing.T) {
	for op, call := range operations {
		t.Run(op, func(t *testing.T) {
			s := newScript(t)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err := call(ctx, newClient(t, s))
			assertClasses(t, err, []error{context.Canceled})
			assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome)
			assert.Zero(t, s.attempts())
		})
	}
}

// A pause that would outlast the deadline is not begun: the caller gets the API's error while there is time left.
func TestDeadlineBeforeTheNextAttempt(t *testing.T) {
	rows := map[string]struct {
		reply func() reply
		is    []error
	}{
		"quota":   {func() reply { return quotaUsedUp(20 * time.Second) }, []error{wrapper.ErrRateLimited}},
		"backoff": {serverError, []error{wrapper.ErrServer}},
	}
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScript(t, row.reply())
				ctx, cancel := context.WithTimeout(t.Context(), 250*ms)
				defer cancel()
				_, err := newClient(t, s).GetChat(ctx, chatID)
				assert.Zero(t, time.Since(s.began))
				assertClasses(t, err, row.is)
				assert.Contains(t, err.Error(), "would outlast the caller's deadline")
			})
		})
	}
}

// An attempt that ran into its own limit is not the end of the caller's context.
func TestAttemptTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, reply{hang: true}, ok("getChat"))
		_, err := newClient(t, s).GetChat(t.Context(), chatID)
		require.NoError(t, err)
		assert.Equal(t, []time.Duration{0, 15*time.Second + 250*ms}, s.at)

		s = newScript(t, reply{hang: true})
		err = newClient(t, s, resending(wrapper.ResendNever)).SendMessage(t.Context(), chatID, text)
		assertClasses(t, err, []error{wrapper.ErrOutcomeUnknown})
		assert.Equal(t, 15*time.Second, time.Since(s.began))
		assert.Contains(t, err.Error(), "the attempt ran out of time")
	})
}

func TestHTTPClientTimeoutLimitsAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, reply{hang: true}, ok("getChat"))
		client := newClient(t, s, wrapper.WithHTTPClient(&http.Client{Transport: s, Timeout: 2 * time.Second}))
		_, err := client.GetChat(t.Context(), chatID)
		require.NoError(t, err)
		assert.Equal(t, []time.Duration{0, 2*time.Second + 250*ms}, s.at)
	})
}

// The transport has timeouts of its own, which claim to be context.DeadlineExceeded.
func TestTransportTimeoutIsNotTheCallers(t *testing.T) {
	timeout := &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded}
	for _, err := range []error{timeout, context.DeadlineExceeded, context.Canceled} {
		s := newScript(t, reply{err: err})
		_, err := newClient(t, s).GetChat(t.Context(), chatID, wrapper.Attempts(1))
		assertClasses(t, err, nil)
		assert.Zero(t, asError(t, err).StatusCode)
	}
	s := newScript(t, reply{err: timeout})
	_, err := newClient(t, s).GetChat(t.Context(), chatID, wrapper.Attempts(1))
	var found *net.OpError
	assert.ErrorAs(t, err, &found, "what is no context's error can still be found")
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// An answer that came is worth more than a context that ended meanwhile.
func TestAnswerThatCameInTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := newScript(t, ok("sendMessageToChat"))
	client := newClient(t, s, wrapper.WithMiddleware(func(next wrapper.Doer) wrapper.Doer {
		return doerFunc(func(req *http.Request) (*http.Response, error) {
			resp, err := next.Do(req)
			cancel()
			return resp, err
		})
	}))
	require.NoError(t, client.SendMessage(ctx, chatID, text))
}

type doerFunc func(*http.Request) (*http.Response, error)

func (f doerFunc) Do(req *http.Request) (*http.Response, error) { return f(req) }

// The message may have arrived: its answer was on its way.
func TestContextEndsWhileTheAnswerIsRead(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	client := newClient(t, newScript(t), wrapper.WithMiddleware(func(wrapper.Doer) wrapper.Doer {
		return doerFunc(func(req *http.Request) (*http.Response, error) {
			cancel()
			return &http.Response{StatusCode: 200, Body: io.NopCloser(failingReader{req.Context().Err()})}, nil
		})
	}))
	err := client.SendMessage(ctx, chatID, text)
	assertClasses(t, err, []error{context.Canceled, wrapper.ErrOutcomeUnknown})
}

func TestContextEndsWithTheLastAttempt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := newScript(t, serverError())
	client := newClient(t, s, wrapper.WithMiddleware(func(next wrapper.Doer) wrapper.Doer {
		return doerFunc(func(req *http.Request) (*http.Response, error) {
			defer cancel()
			return next.Do(req)
		})
	}))
	_, err := client.GetChat(ctx, chatID, wrapper.Attempts(1))
	assertClasses(t, err, []error{context.Canceled, wrapper.ErrServer})
}

// Both reasons are told: why the attempt failed, and why there is no other.
func TestDeadlineAfterNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*ms)
		defer cancel()
		_, err := newClient(t, newScript(t, reply{err: io.EOF})).GetChat(ctx, chatID)
		assertClasses(t, err, []error{io.EOF})
		assert.ErrorContains(t, err, "would outlast the caller's deadline")
	})
}

func TestReadErrorIsNotTheCallersContext(t *testing.T) {
	for _, readErr := range []error{context.DeadlineExceeded, context.Canceled} {
		_, err := newClient(t, newScript(t, reply{status: 404, readErr: readErr})).GetChat(t.Context(), chatID)
		assertClasses(t, err, []error{wrapper.ErrNotFound})
	}
}

func TestAttemptContextIsReleased(t *testing.T) {
	var ctx context.Context
	client := newClient(t, newScript(t, ok("getChat")), wrapper.WithMiddleware(func(next wrapper.Doer) wrapper.Doer {
		return doerFunc(func(req *http.Request) (*http.Response, error) { ctx = req.Context(); return next.Do(req) })
	}))
	_, err := client.GetChat(t.Context(), chatID)
	require.NoError(t, err)
	assert.ErrorIs(t, ctx.Err(), context.Canceled)
}

// Why the caller gave up is the caller's own; what it gets is what it can ask for.
func TestCauseOfTheCallersContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the user went home"))
	_, err := newClient(t, newScript(t)).GetChat(ctx, chatID)
	assert.ErrorIs(t, err, context.Canceled)
}
