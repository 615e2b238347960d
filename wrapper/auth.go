package wrapper

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Auth adds to a request what authorizes it: headers. It is called afresh for every attempt, after all middleware, with
// a request that it may change. An error ends the call, and nothing was sent; keep the token out of its text.
type Auth func(ctx context.Context, req *http.Request) error

// APIKey authorizes with the header Api-Key. A token that is empty, or holds anything but visible ASCII, fails every
// call with ErrInvalidRequest before anything is sent.
func APIKey(token string) Auth { return header("Api-Key", "", token) }

// OAuth authorizes with the header Authorization: Bearer. The token is held to the same rules as APIKey's.
//
// Deprecated: the Market has deprecated OAuth and accepts it still. Use APIKey.
func OAuth(token string) Auth { return header("Authorization", "Bearer ", token) }

func header(name, scheme, token string) Auth {
	var refused error
	if token == "" || strings.IndexFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) >= 0 {
		refused = fmt.Errorf("%w: the token of %s is empty or holds a space, a line break or the like; allowed is visible ASCII", ErrInvalidRequest, name)
	}
	return func(_ context.Context, req *http.Request) error {
		req.Header[name] = []string{scheme + token} // the name is in canonical form
		return refused
	}
}

// authorized is the innermost Doer. It follows no redirect: http.Client would, and hand Api-Key to another host.
type authorized struct {
	auth    Auth
	next    http.RoundTripper
	watched bool // there is middleware: neither it nor whoever holds the answer must meet the token
}

func (a authorized) Do(req *http.Request) (*http.Response, error) {
	signed := req
	if a.watched {
		signed = req.Clone(req.Context())
	}
	if err := a.auth(req.Context(), signed); err != nil {
		_ = cmp.Or[io.ReadCloser](req.Body, http.NoBody).Close() // a Doer closes the body, whatever happens
		return nil, &refusal{err}
	}
	if attempt, ok := req.Context().Value(attemptKey{}).(*attempt); ok {
		attempt.signed = signed
	}
	resp, err := a.next.RoundTrip(signed)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}
