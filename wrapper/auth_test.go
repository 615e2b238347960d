package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

func TestAuthHeaders(t *testing.T) {
	for auth, want := range map[*wrapper.Auth]http.Header{
		ref(wrapper.APIKey("k")): {"Api-Key": {"k"}},
		ref(wrapper.OAuth("o")):  {"Authorization": {"Bearer o"}},
	} {
		s := newScript(t, ok("getChat"))
		client, err := wrapper.New(business, *auth, wrapper.WithHTTPClient(&http.Client{Transport: s}))
		require.NoError(t, err)
		_, err = client.GetChat(t.Context(), chatID)
		require.NoError(t, err)
		got := http.Header{}
		for _, name := range []string{"Api-Key", "Authorization"} {
			if values := s.asked[0].Header.Values(name); values != nil {
				got[name] = values
			}
		}
		assert.Equal(t, want, got)
	}
}

func ref(a wrapper.Auth) *wrapper.Auth { return &a }

func TestTokensThatAreRefused(t *testing.T) {
	for _, bad := range []string{"", "canary\n", "canary\r\nX-Evil: 1", "canary canary", "canary\x00", "канарейка", "canary\x7f"} {
		for _, auth := range []wrapper.Auth{wrapper.APIKey(bad), wrapper.OAuth(bad)} {
			s := newScript(t)
			client, err := wrapper.New(business, auth, wrapper.WithHTTPClient(&http.Client{Transport: s}))
			require.NoError(t, err)
			_, err = client.GetChat(t.Context(), chatID)
			assertClasses(t, err, []error{wrapper.ErrInvalidRequest})
			assert.ErrorContains(t, err, "allowed is visible ASCII")
			assert.NotContains(t, err.Error(), "canary")
			assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome)
			assert.Zero(t, s.attempts())
		}
	}
}

// An error of Auth ends the call: nothing was sent, nothing is tried again.
func TestAuthFails(t *testing.T) {
	noToken := errors.New("the vault is sealed")
	for op, call := range operations {
		s := newScript(t)
		client, err := wrapper.New(business, func(context.Context, *http.Request) error { return noToken },
			wrapper.WithHTTPClient(&http.Client{Transport: s}))
		require.NoError(t, err)
		err = call(t.Context(), client)
		assertClasses(t, err, []error{noToken})
		e := asError(t, err)
		assert.Equal(t, wrapper.NotSent, e.Outcome, op)
		assert.Zero(t, e.Attempts)
		assert.Zero(t, s.attempts())
	}
}

// A token may change while a call is tried again.
func TestAuthIsAskedForEveryAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, serverError(), tooMany(), ok("createChat"))
		asked := 0
		client, err := wrapper.New(business, func(_ context.Context, req *http.Request) error {
			asked++
			assert.Empty(t, req.Header.Get("Api-Key"), "each attempt starts without a key")
			req.Header.Set("Api-Key", fmt.Sprint("key-", asked))
			return nil
		}, wrapper.WithHTTPClient(&http.Client{Transport: s}))
		require.NoError(t, err)
		_, err = client.CreateChat(t.Context(), wrapper.Order(5))
		require.NoError(t, err)
		for i, req := range s.asked {
			assert.Equal(t, fmt.Sprint("key-", i+1), req.Header.Get("Api-Key"))
		}
		assert.Len(t, s.asked, 3)
	})
}

// After a 500 an Auth that fails leaves the message in doubt.
func TestAuthFailsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, serverError())
		asked := 0
		client, err := wrapper.New(business, func(_ context.Context, req *http.Request) error {
			req.Header.Set("Api-Key", "k")
			if asked++; asked > 1 {
				return errors.New("expired")
			}
			return nil
		}, wrapper.WithHTTPClient(&http.Client{Transport: s}))
		require.NoError(t, err)
		err = client.SendMessage(t.Context(), chatID, text)
		assertClasses(t, err, []error{wrapper.ErrOutcomeUnknown, wrapper.ErrServer})
		assert.ErrorContains(t, err, "expired")
		assert.Equal(t, 1, asError(t, err).Attempts)
	})
}

// What an Auth runs into on its way to a token is not a failure of the call's own request: it is asked once.
func TestAuthThatGoesToTheNetwork(t *testing.T) {
	refused := &url.Error{Op: "Post", URL: "https://auth.example/token", Err: errors.New("connection refused")}
	slow := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for what, fetchToken := range map[string]func(context.Context) error{
		"fails": func(context.Context) error { return refused },
		"hangs": slow,
	} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			client, err := wrapper.New(business, func(ctx context.Context, _ *http.Request) error {
				asked++
				return fetchToken(ctx)
			}, wrapper.WithHTTPClient(&http.Client{Transport: newScript(t)}))
			require.NoError(t, err)
			err = client.SendMessage(t.Context(), chatID, text)
			assertClasses(t, err, nil)
			assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome, what)
			assert.Equal(t, 1, asked, what)
		})
	}
}

func TestTokenBounds(t *testing.T) {
	s := newScript(t, ok("getChat"))
	client, err := wrapper.New(business, wrapper.APIKey("!~"), wrapper.WithHTTPClient(&http.Client{Transport: s}))
	require.NoError(t, err)
	_, err = client.GetChat(t.Context(), chatID)
	require.NoError(t, err)
}

func TestAuthErrorText(t *testing.T) {
	client, err := wrapper.New(business, func(context.Context, *http.Request) error { return errors.New("sealed") })
	require.NoError(t, err)
	_, err = client.GetChat(t.Context(), chatID)
	assert.EqualError(t, err, "getChat: sealed (attempts: 0, not sent)")
}

// Of the headers, those are secret which Auth has set or replaced, and without the name of the scheme; others are not.
func TestSecretsAreWhatAuthHasSet(t *testing.T) {
	placeholder := func(next wrapper.Doer) wrapper.Doer {
		return doerFunc(func(req *http.Request) (*http.Response, error) {
			req.Header.Set("Authorization", "Bearer placeholder")
			return next.Do(req)
		})
	}
	s := newScript(t, failure(403, "FORBIDDEN", "application/json of Bearer placeholder is invalid"),
		failure(403, "FORBIDDEN", "application/json of Bearer secret-token is invalid"))
	client, err := wrapper.New(business, wrapper.OAuth(token), wrapper.WithHTTPClient(&http.Client{Transport: s}), wrapper.WithMiddleware(placeholder))
	require.NoError(t, err)
	_, err = client.GetChat(t.Context(), chatID)
	assert.Equal(t, "application/json of Bearer placeholder is invalid", *asError(t, err).Errors[0].Message)
	_, err = client.GetChat(t.Context(), chatID)
	assert.Equal(t, "…", *asError(t, err).Errors[0].Message)
}

// What Auth changes in a request is gone with it: the next attempt, and the next call, start from the same one.
func TestAuthMayChangeTheWholeRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, serverError(), ok("getChat"), ok("getChat"))
		s.lax = true
		client, err := wrapper.New(business, func(_ context.Context, req *http.Request) error {
			req.URL.RawQuery += "&signed=1"
			req.Header["User-Agent"][0] += "; signed"
			return nil
		}, wrapper.WithHTTPClient(&http.Client{Transport: s}))
		require.NoError(t, err)
		for range 2 {
			_, err = client.GetChat(t.Context(), chatID)
			require.NoError(t, err)
		}
		require.Len(t, s.asked, 3)
		for _, req := range s.asked {
			assert.Equal(t, fmt.Sprintf("chatId=%d&signed=1", chatID), req.URL.RawQuery)
			assert.Equal(t, "ymarket-go-chats; signed", req.Header.Get("User-Agent"))
		}
	})
}

// A token is cut out of what comes back, however Auth has written the name of its header.
func TestTokenUnderANameInAnyCase(t *testing.T) {
	for _, name := range []string{"X-Vault-Key", "x-vault-key", "X-VAULT-KEY"} {
		s := newScript(t, reply{status: 403, body: `{"status":"ERROR","errors":[{"code":"FORBIDDEN","message":"bad key: canary"}]}`})
		s.lax = true
		client, err := wrapper.New(business, func(_ context.Context, req *http.Request) error {
			req.Header[name] = []string{"canary"}
			return nil
		}, wrapper.WithHTTPClient(&http.Client{Transport: s}))
		require.NoError(t, err)
		_, err = client.GetChat(t.Context(), chatID)
		assert.ErrorContains(t, err, "403: FORBIDDEN: … (", name)
		assert.NotContains(t, err.Error(), "canary", name)
	}
}
