package api

import (
	"errors"
	"net/http"
)

// Transport checks what goes through an http.RoundTripper, for the tests of a client. A request that breaks the contract
// is not sent; for it, and for an answer that breaks the contract, the caller gets the violations as the error.
// A nil next is http.DefaultTransport.
func (v *Validator) Transport(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return transport{v, next}
}

type transport struct {
	v    *Validator
	next http.RoundTripper
}

func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	checked := req.Clone(req.Context()) // a RoundTripper must not change the request
	if err := t.v.Request(checked); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	resp, err := t.next.RoundTrip(checked)
	if err != nil {
		return nil, err
	}
	if resp == nil {
		return nil, errors.New("api: the RoundTripper gave neither an answer nor an error")
	}
	if resp.Body == nil {
		resp.Body = http.NoBody // as http.Client takes it
	}
	if err := t.v.Response(req, resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}
