package wrapper_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/wrapper"
)

const (
	business = 4200
	chatID   = 77
	text     = "Your order is on its way"
	token    = "secret-token"
)

// reply is one scripted answer of a Market without a socket.
type reply struct {
	status    int
	body      string
	header    http.Header
	err       error         // instead of an answer
	dial      bool          // err comes before there is a connection
	brokenOff bool          // err comes before all of the request was written
	readErr   error         // after the body
	hang      bool          // until the request's context ends
	slow      time.Duration // before the answer
	keeps     bool          // the contract: it is checked
}

// contract checks every request of these tests, and every answer that means to keep it. Base paths are those that the
// tests use.
var contract = sync.OnceValues(func() (*api.Validator, error) {
	return api.NewValidator(api.WithBasePaths("/v2", "/deep/down/v2", ""))
})

// script is a RoundTripper that gives its replies one after the other, and keeps what it was asked.
type script struct {
	t       *testing.T
	replies []reply
	began   time.Time

	mu     sync.Mutex
	at     []time.Duration // since the script began
	asked  []*http.Request
	bodies []string
	open   int  // bodies of answers that were not closed
	lax    bool // requests may break the contract

	history func() reply // answers the reads of messages; nil: they are answered as all else
	reads   int          // that it has answered
}

func newScript(t *testing.T, replies ...reply) *script {
	s := &script{t: t, replies: replies, began: time.Now()}
	t.Cleanup(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		assert.Zero(t, s.open, "bodies of answers left open")
	})
	return s
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	checks, err := contract()
	require.NoError(s.t, err)
	s.mu.Lock()
	unread := len(s.at) < len(s.replies) && s.replies[len(s.at)].dial // without a connection nothing is read
	s.mu.Unlock()
	if !s.lax && !unread {
		assert.NoError(s.t, checks.Request(req))
	}
	body := ""
	if req.Body != nil && !unread {
		data, err := io.ReadAll(req.Body)
		require.NoError(s.t, err)
		require.NoError(s.t, req.Body.Close())
		body = string(data)
	}
	s.mu.Lock()
	n := len(s.at) - s.reads
	var r reply
	read := s.history != nil && isHistory(req)
	if read {
		s.reads++
		r = s.history()
	}
	s.at = append(s.at, time.Since(s.began))
	s.asked = append(s.asked, req)
	s.bodies = append(s.bodies, body)
	s.mu.Unlock()
	if !read && n >= len(s.replies) {
		return nil, errors.New("the script is at its end")
	}
	if !read {
		r = s.replies[n]
	}
	if r.hang {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	if err := sleep(req.Context(), r.slow); err != nil {
		return nil, err
	}
	if r.dial {
		httptrace.ContextClientTrace(req.Context()).GetConn("host:443")
	}
	if r.brokenOff {
		trace := httptrace.ContextClientTrace(req.Context())
		trace.WroteHeaders()
		trace.WroteRequest(httptrace.WroteRequestInfo{Err: r.err})
	}
	if r.err != nil {
		return nil, r.err
	}
	header := http.Header{"Content-Type": {"application/json"}, "Date": {httpDate(time.Now())}}
	maps.Copy(header, r.header)
	s.mu.Lock()
	s.open++
	s.mu.Unlock()
	resp := &http.Response{StatusCode: r.status, Header: header, Request: req, ContentLength: -1, Body: &answerBody{s: s, r: r, rest: strings.NewReader(r.body)}}
	if r.keeps {
		assert.NoError(s.t, checks.Response(req, resp))
	}
	return resp, nil
}

func isHistory(req *http.Request) bool { return strings.HasSuffix(req.URL.Path, "/history") }

func (s *script) attempts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.at)
}

type answerBody struct {
	s      *script
	r      reply
	rest   io.Reader
	closed bool
}

func (b *answerBody) Read(p []byte) (int, error) {
	n, err := b.rest.Read(p)
	if err == io.EOF && b.r.readErr != nil {
		err = b.r.readErr
	}
	return n, err
}

func (b *answerBody) Close() error {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	if !b.closed {
		b.closed = true
		b.s.open--
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func httpDate(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// quota makes the headers of an answer whose window ends after so long.
func quota(remaining int, left time.Duration) http.Header {
	h := http.Header{}
	h.Set("X-RateLimit-Resource-Limit", "1000")
	h.Set("X-RateLimit-Resource-Remaining", strconv.Itoa(remaining))
	h.Set("X-RateLimit-Resource-Until", httpDate(time.Now().Add(left)))
	return h
}

func failure(status int, code, message string) reply {
	return reply{status: status, keeps: true, body: `{"errors":[{"code":"` + code + `","message":"` + message + `"}],"status":"ERROR"}`}
}

func serverError() reply { return failure(500, "INTERNAL_ERROR", "Internal server error") }

func tooMany() reply {
	return failure(420, "METHOD_FAILURE", "Hit rate limit of 4 parallel requests for businessId 4200")
}

func quotaUsedUp(left time.Duration) reply {
	r := failure(420, "METHOD_FAILURE", "Hit rate limit of '1000' requests per 'hour' for resource 'x' for businessId 4200")
	r.header = quota(0, left)
	return r
}

// ok is what the contract promises.
func ok(operation string) reply {
	c, known := operationCases[operation]
	if !known {
		panic("operationCases lacks " + operation)
	}
	return reply{status: 200, keeps: true, body: c.answer}
}

// half is the random part of every pause in tests: each is half of its bound.
func half() float64 { return 0.5 }

func newClient(t *testing.T, transport http.RoundTripper, opts ...wrapper.Option) *wrapper.Client {
	t.Helper()
	opts = append([]wrapper.Option{
		wrapper.WithHTTPClient(&http.Client{Transport: transport}),
		wrapper.WithRandom(half),
	}, opts...)
	if onRealTime := time.Now().Year() > 2020; onRealTime { // bubbles of testing/synctest begin in 2000
		opts = append([]wrapper.Option{wrapper.WithAbsence(ms, ms), impatient}, opts...)
	}
	client, err := wrapper.New(business, wrapper.APIKey(token), opts...)
	require.NoError(t, err)
	return client
}

// resending is what is done with messages that may have arrived.
func resending(r wrapper.Resend) wrapper.Option {
	return wrapper.WithRetry(wrapper.RetryPolicy{Resend: r})
}

// asError gives the *Error of a call, which is the only type that calls return.
func asError(t *testing.T, err error) *wrapper.Error {
	t.Helper()
	require.Error(t, err)
	e, ok := err.(*wrapper.Error)
	require.True(t, ok, "%T is not *wrapper.Error", err)
	return e
}
