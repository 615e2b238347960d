package wrapper_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

func TestNewRefuses(t *testing.T) {
	good := wrapper.APIKey(token)
	base := wrapper.WithBaseURL
	rows := map[string]struct {
		business int64
		auth     wrapper.Auth
		opt      wrapper.Option
		says     string
	}{
		"businessID 0":              {0, good, base("https://host/v2"), "businessID is 0, allowed is 1 and above"},
		"businessID -1":             {-1, good, base("https://host/v2"), "businessID is -1, allowed is 1 and above"},
		"nil Auth":                  {1, nil, base("https://host/v2"), "auth is nil, give APIKey or OAuth"},
		"nil Option":                {1, good, nil, "option 1 is nil"},
		"base URL: empty":           {1, good, base(""), "the base URL has none of the schemes"},
		"base URL: no scheme":       {1, good, base("api.partner.market.yandex.ru/v2"), "the base URL has none of the schemes"},
		"base URL: other scheme":    {1, good, base("ftp://host/v2"), "the base URL has none of the schemes"},
		"base URL: no host":         {1, good, base("https:///v2"), "the base URL has no host"},
		"base URL: only a port":     {1, good, base("https://:443/v2"), "the base URL has no host"},
		"base URL: an empty port":   {1, good, base("https://host:/v2"), "no port after the colon"},
		"base URL: port 0":          {1, good, base("https://host:0/v2"), "not one of 1 to 65535"},
		"base URL: port 65536":      {1, good, base("https://host:65536/v2"), "not one of 1 to 65535"},
		"base URL: a query":         {1, good, base("https://host/v2?x=1"), "the base URL has user info, a query or a fragment"},
		"base URL: a bare ?":        {1, good, base("https://host/v2?"), "the base URL has user info, a query or a fragment"},
		"base URL: a fragment":      {1, good, base("https://host/v2#top"), "the base URL has user info, a query or a fragment"},
		"base URL: user info":       {1, good, base("https://user:canary@host/v2"), "the base URL has user info"},
		"base URL: cannot parse":    {1, good, base("https://user:canary@ho st/"), "the base URL cannot be parsed"},
		"base URL: no scheme, user": {1, good, base("canary:canary@host/v2"), "the base URL has none of the schemes"},
		"base URL: http":            {1, good, base("http://host/v2"), "its host is not loopback"},
		"base URL: http, private":   {1, good, base("http://10.0.0.1/v2"), "its host is not loopback"},
		"nil http.Client":           {1, good, wrapper.WithHTTPClient(nil), "WithHTTPClient is given nil"},
		"nil Logger":                {1, good, wrapper.WithLogger(nil), "WithLogger is given nil"},
		"nil middleware":            {1, good, wrapper.WithMiddleware(nil), "WithMiddleware is given nil"},
		"middleware without Doer":   {1, good, wrapper.WithMiddleware(func(wrapper.Doer) wrapper.Doer { return nil }), "middleware 1 gave back a nil Doer"},
		"no user agent":             {1, good, wrapper.WithUserAgent(""), "allowed is name/version in printable ASCII, 1 to 100 characters"},
		"user agent, no version":    {1, good, wrapper.WithUserAgent("shop"), "allowed is name/version"},
		"user agent, no name":       {1, good, wrapper.WithUserAgent("/1"), "allowed is name/version"},
		"user agent, a space":       {1, good, wrapper.WithUserAgent(" shop/1"), "allowed is name/version"},
		"long user agent":           {1, good, wrapper.WithUserAgent("x/" + strings.Repeat("1", 99)), "allowed is name/version in printable ASCII, 1 to 100 characters"},
		"user agent, line break":    {1, good, wrapper.WithUserAgent("shop/1\r\nX: y"), "allowed is name/version in printable ASCII"},
		"user agent, not ASCII":     {1, good, wrapper.WithUserAgent("магазин/1"), "allowed is name/version in printable ASCII"},
		"attempts below 0":          {1, good, wrapper.WithRetry(wrapper.RetryPolicy{MaxAttempts: -1}), "RetryPolicy is"},
		"base delay below 0":        {1, good, wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: -1}), "allowed is 0 (the default) and above"},
		"max delay below 0":         {1, good, wrapper.WithRetry(wrapper.RetryPolicy{MaxDelay: -time.Second}), "MaxDelay:-1s"},
	}
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			client, err := wrapper.New(row.business, row.auth, row.opt)
			assert.Nil(t, client)
			require.ErrorContains(t, err, row.says)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

// A program that has names of its own for the options needs the parts of the text.
func TestOptionError(t *testing.T) {
	withHTTP := "is http:// and its host is not loopback, so the token could be read on its way"
	rows := []struct {
		err  error
		want wrapper.OptionError
		text string
	}{
		{newError(wrapper.WithBaseURL("https:///v2")),
			wrapper.OptionError{Option: "WithBaseURL", Value: "has no host, or no port after the colon", Allowed: "one like https://host/v2"},
			"wrapper: the base URL has no host, or no port after the colon, allowed is one like https://host/v2"},
		{newError(wrapper.WithBaseURL("http://host/v2")),
			wrapper.OptionError{Option: "WithBaseURL", Value: withHTTP, Allowed: "https://"},
			"wrapper: the base URL " + withHTTP + ", allowed is https://, or WithPlainHTTP"},
		{newError(wrapper.WithHTTPClient(nil)),
			wrapper.OptionError{Option: "WithHTTPClient", Value: "nil", Allowed: "an *http.Client"},
			"wrapper: WithHTTPClient is given nil, allowed is an *http.Client"},
		{newError(wrapper.WithRetry(wrapper.RetryPolicy{Resend: 3})),
			wrapper.OptionError{Option: "RetryPolicy", Value: "{MaxAttempts:0 BaseDelay:0s MaxDelay:0s Resend:3}", Allowed: "0 (the default) and above, and for Resend one of its constants"},
			"wrapper: RetryPolicy is {MaxAttempts:0 BaseDelay:0s MaxDelay:0s Resend:3}, allowed is 0 (the default) and above, and for Resend one of its constants"},
		{newClient(t, newScript(t)).SendMessage(t.Context(), chatID, text, wrapper.Attempts(-1)),
			wrapper.OptionError{Option: "Attempts", Value: "-1", Allowed: "1 and above"},
			"sendMessageToChat: invalid request: Attempts is -1, allowed is 1 and above (attempts: 0, not sent)"},
		{newClient(t, newScript(t)).SendMessage(t.Context(), chatID, text, wrapper.Capture(nil)),
			wrapper.OptionError{Option: "Capture", Value: "nil", Allowed: "a pointer to a Response"},
			"sendMessageToChat: invalid request: Capture is given nil, allowed is a pointer to a Response (attempts: 0, not sent)"},
	}
	for _, row := range rows {
		var e *wrapper.OptionError
		require.ErrorAs(t, row.err, &e)
		assert.Equal(t, row.want, *e)
		assert.EqualError(t, row.err, row.text)
	}
}

// newError is the error of New with an option that it refuses.
func newError(opt wrapper.Option) error {
	_, err := wrapper.New(business, wrapper.APIKey(token), opt)
	return err
}

func TestBaseURL(t *testing.T) {
	const path = "/businesses/4200/chat?chatId=77"
	rows := map[string]string{
		"https://api.partner.market.yandex.net/v2":  "https://api.partner.market.yandex.net/v2" + path,
		"https://api.partner.market.yandex.net/v2/": "https://api.partner.market.yandex.net/v2" + path,
		"https://host":                 "https://host" + path,
		"https://host/a/../v2/.":       "https://host/v2" + path,
		"https://host/v2//":            "https://host/v2" + path,
		"http://localhost:8080/v2":     "http://localhost:8080/v2" + path,
		"http://127.0.0.2/v2":          "http://127.0.0.2/v2" + path,
		"http://[::1]:80/deep/down/v2": "http://[::1]:80/deep/down/v2" + path,
	}
	for base, want := range rows {
		s := newScript(t, ok("getChat"))
		_, err := newClient(t, s, wrapper.WithBaseURL(base)).GetChat(t.Context(), chatID)
		require.NoError(t, err, base)
		assert.Equal(t, want, s.asked[0].URL.String())
	}
}

func TestDefaultBaseURL(t *testing.T) {
	s := newScript(t, ok("getChat"))
	_, err := newClient(t, s).GetChat(t.Context(), chatID)
	require.NoError(t, err)
	assert.Equal(t, "https://api.partner.market.yandex.ru/v2/businesses/4200/chat?chatId=77", s.asked[0].URL.String())
}

func TestPlainHTTPWorksInAnyOrder(t *testing.T) {
	for _, opts := range [][]wrapper.Option{
		{wrapper.WithPlainHTTP(), wrapper.WithBaseURL("http://host/v2")},
		{wrapper.WithBaseURL("http://host/v2"), wrapper.WithPlainHTTP()},
	} {
		_, err := wrapper.New(business, wrapper.APIKey(token), opts...)
		assert.NoError(t, err)
	}
}

func TestHTTPClientIsNotChanged(t *testing.T) {
	given := &http.Client{Transport: newScript(t, ok("getChat")), Timeout: time.Minute}
	client := newClient(t, nil, wrapper.WithHTTPClient(given))
	assert.Nil(t, given.CheckRedirect)
	assert.Equal(t, time.Minute, given.Timeout)
	given.Transport = nil
	_, err := client.GetChat(t.Context(), chatID)
	assert.NoError(t, err, "a later change of the given one does not matter")
}

func TestHeaders(t *testing.T) {
	s := newScript(t, ok("sendMessageToChat"), ok("sendMessageToChat"))
	require.NoError(t, newClient(t, s).SendMessage(t.Context(), chatID, text))
	require.NoError(t, newClient(t, s, wrapper.WithUserAgent("shop/1.0")).SendMessage(t.Context(), chatID, text))

	first, second := s.asked[0].Header, s.asked[1].Header
	assert.Equal(t, "application/json", first.Get("Accept"))
	assert.Equal(t, "application/json", first.Get("Content-Type"))
	assert.Equal(t, "ymarket-go-chats", first.Get("User-Agent"))
	assert.NotContains(t, first, "X-Market-Integration")
	assert.NotContains(t, first, "Idempotency-Key", "net/http would send a POST twice by itself")
	assert.Equal(t, "shop/1.0", second.Get("User-Agent"))
	assert.Equal(t, "shop/1.0", second.Get("X-Market-Integration"))
}

func TestMiddlewareOrder(t *testing.T) {
	var order []string
	named := func(name string) func(wrapper.Doer) wrapper.Doer {
		return func(next wrapper.Doer) wrapper.Doer {
			return doerFunc(func(req *http.Request) (*http.Response, error) {
				order = append(order, name)
				assert.NotContains(t, req.Header, "Api-Key", "a middleware does not meet the key")
				resp, err := next.Do(req)
				if err == nil {
					assert.NotContains(t, resp.Request.Header, "Api-Key", "nor in the answer")
				}
				return resp, err
			})
		}
	}
	s := newScript(t, serverError(), ok("getChat"))
	client := newClient(t, s,
		wrapper.WithMiddleware(named("a"), named("b")),
		wrapper.WithMiddleware(named("c")),
		wrapper.WithRetry(wrapper.RetryPolicy{BaseDelay: 1}))
	_, err := client.GetChat(t.Context(), chatID)
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b", "c", "a", "b", "c"}, order, "around each attempt, the first one outermost")
	assert.Equal(t, token, s.asked[1].Header.Get("Api-Key"))
}

func TestMiddlewareThatAnswersNothing(t *testing.T) {
	for _, resp := range []*http.Response{nil, {StatusCode: 200}} {
		synctest.Test(t, func(t *testing.T) {
			client := newClient(t, newScript(t), wrapper.WithMiddleware(func(wrapper.Doer) wrapper.Doer {
				return doerFunc(func(*http.Request) (*http.Response, error) { return resp, nil })
			}))
			err := client.SendMessage(t.Context(), chatID, text)
			assertClasses(t, err, nil)
			assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome, "it has not read the message either")
			assert.Contains(t, err.Error(), "neither an answer nor an error came")
		})
	}
}

// A body is closed even when a middleware hands on both.
func TestMiddlewareThatGivesBoth(t *testing.T) {
	client := newClient(t, newScript(t, ok("getChat")), wrapper.WithMiddleware(func(next wrapper.Doer) wrapper.Doer {
		return doerFunc(func(req *http.Request) (*http.Response, error) {
			resp, _ := next.Do(req)
			return resp, io.ErrNoProgress
		})
	}))
	_, err := client.GetChat(t.Context(), chatID, wrapper.Attempts(1))
	assert.ErrorIs(t, err, io.ErrNoProgress)
}

// A Client is used from many goroutines.
func TestClientIsSafeForConcurrentUse(t *testing.T) {
	s := newScript(t)
	for range 64 {
		s.replies = append(s.replies, ok("getChat"))
	}
	client := newClient(t, s, wrapper.WithLogger(slog.New(slog.DiscardHandler)))
	done := make(chan error)
	for range 64 {
		go func() {
			_, err := client.GetChat(context.Background(), chatID)
			done <- err
		}()
	}
	for range 64 {
		assert.NoError(t, <-done)
	}
	assert.Equal(t, url.Values{"chatId": {"77"}}, s.asked[63].URL.Query())
}

func TestUserAgentBounds(t *testing.T) {
	for product, ok := range map[string]bool{"my shop/1.0": true, "~/~": true, strings.Repeat("x", 98) + "/1": true, "a/1\x7f": false, strings.Repeat("x", 99) + "/1": false} {
		_, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithUserAgent(product))
		assert.Equal(t, ok, err == nil, product)
	}
	_, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithUserAgent(strings.Repeat("x", 1<<20)))
	assert.Less(t, len(err.Error()), 300)
}

// Plain HTTP is for this machine: a name that only looks like it would lead the token away.
func TestLoopbackNames(t *testing.T) {
	for host, ok := range map[string]bool{"LOCALHOST": true, "localhost.evil.example": false, "notlocalhost": false,
		"127.0.0.1.evil.example": false, "0.0.0.0": false, "[::ffff:127.0.0.1]": true} {
		_, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL("http://"+host+"/v2"))
		assert.Equal(t, ok, err == nil, host)
	}
}

func TestNegativeTimeoutIsTheDefault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := ok("getChat")
		r.slow = time.Second
		s := newScript(t, r)
		client := newClient(t, s, wrapper.WithHTTPClient(&http.Client{Transport: s, Timeout: -1}))
		_, err := client.GetChat(t.Context(), chatID)
		require.NoError(t, err)
		assert.Equal(t, 1, s.attempts())
	})
}

func TestRequestBodiesAreClosed(t *testing.T) {
	closed := false
	resp, err := newClient(t, newScript(t, ok("sendMessageToChat"))).Raw().SendMessageToChatWithBody(t.Context(), business, sendParams, "application/json", closing{strings.NewReader(`{"message":"x"}`), &closed})
	require.NoError(t, err)
	_ = resp.Body.Close()
	assert.True(t, closed, "of the request given to Raw")

	closed = false
	client, err := wrapper.New(business, wrapper.APIKey(""), wrapper.WithMiddleware(func(next wrapper.Doer) wrapper.Doer {
		return doerFunc(func(req *http.Request) (*http.Response, error) {
			req.Body = closing{req.Body, &closed}
			return next.Do(req)
		})
	}))
	require.NoError(t, err)
	_ = client.SendMessage(t.Context(), chatID, text)
	assert.True(t, closed, "when Auth refuses")
}

type closing struct {
	io.Reader
	closed *bool
}

func (c closing) Close() error { *c.closed = true; return nil }

func TestNameVersion(t *testing.T) {
	for product, good := range map[string]bool{
		"a/b": true, "my shop/1 beta": true, "!/!": true, "~/~": true, "a/b/c": true,
		"a/": false, "a/ ": false, "a/ b": false, "a/b ": false, "a /b": false, "/": false,
	} {
		_, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithUserAgent(product))
		assert.Equal(t, good, err == nil, "%q", product)
	}
}

// A client without a Transport uses the one that the program may have replaced.
func TestReplacedDefaultTransport(t *testing.T) {
	was := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = was })
	s := newScript(t, ok("getChat"))
	http.DefaultTransport = s
	client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithHTTPClient(&http.Client{}))
	require.NoError(t, err)
	_, err = client.GetChat(t.Context(), chatID)
	require.NoError(t, err)
	assert.Equal(t, 1, s.attempts())
}
