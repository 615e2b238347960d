package wrapper

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strings"
)

// Auth authorizes a request by setting headers of it. It is called afresh for every attempt, after all middleware, with
// a request that it may change. An error ends the call, and nothing was sent; keep the token out of its text.
type Auth func(ctx context.Context, req *http.Request) error

// APIKey authorizes with the header Api-Key. A token that is empty, or holds anything but visible ASCII, fails every
// call with ErrInvalidRequest before anything is sent.
func APIKey(token string) Auth { return headerAuth("Api-Key", "", token) }

// OAuth authorizes with the header Authorization: Bearer. The token is held to the same rules as APIKey's.
//
// Deprecated: the Market has deprecated OAuth and accepts it still. Use APIKey.
func OAuth(token string) Auth { return headerAuth("Authorization", "Bearer ", token) }

func headerAuth(name, scheme, token string) Auth {
	isInvisible := func(r rune) bool { return r <= ' ' || r > '~' }
	if token == "" || strings.ContainsFunc(token, isInvisible) {
		refused := fmt.Errorf("%w: the token of %s %w", ErrInvalidRequest, name, errBadToken)
		return func(context.Context, *http.Request) error { return refused }
	}
	values := []string{scheme + token}
	return func(_ context.Context, req *http.Request) error {
		req.Header[name] = values // shared by all requests: to change a header is to give it other values
		return nil
	}
}

// authorized is the innermost Doer. It follows no redirect: http.Client would, and hand Api-Key to another host.
type authorized struct {
	auth      Auth
	transport http.RoundTripper
	watched   bool // there is a middleware, which must not meet the token
}

// Do authorizes a request: where there is a middleware, a copy of it.
func (a authorized) Do(req *http.Request) (*http.Response, error) {
	t, req := traceOf(req)
	signed := req
	if a.watched {
		signed = req.Clone(req.Context())
		t.before = credentials{req.Header, req.URL.RawQuery}
	}
	t.signed = signed
	err := a.auth(req.Context(), signed)
	if err == nil {
		err = req.Context().Err()
	}
	if err != nil {
		t.withheld.Store(true)
		if req.Body != nil {
			_ = req.Body.Close() // a Doer closes the body also where it fails
		}
		return nil, err
	}
	t.handedOver.Store(true)
	hooks := t.hooks(addedHeaders(t.before.header, signed.Header))
	resp, err := a.transport.RoundTrip(signed.WithContext(httptrace.WithClientTrace(req.Context(), hooks)))
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}
