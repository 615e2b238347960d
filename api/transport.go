package api

import (
	"errors"
	"net/http"
)

// Transport checks what goes through an http.RoundTripper, for the tests of a client. A request that breaks the
// contract is not sent; for it, and for an answer that breaks the contract, the caller gets the violations as the
// error. WithReport lets both pass. Failures of the network, in the middle of a body too, are handed on as they are,
// and so is all that the contract says nothing of: trailers, say. An answer is handed on once its body has come, or
// its first 8 MiB. A nil next is http.DefaultTransport.
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
	checked := req.WithContext(req.Context()) // a RoundTripper must not change the request
	checked.Header = req.Header.Clone()       // its trailers stay the caller's, who sets them while the body is read
	route, err := t.v.checkedRoute(checked)
	if err := t.v.stopping(err); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	resp, err := t.next.RoundTrip(checked)
	if err != nil {
		return resp, err
	}
	if resp == nil {
		return nil, errors.New("api: the RoundTripper gave neither an answer nor an error")
	}
	if resp.Body == nil {
		resp.Body = http.NoBody // as http.Client takes it
	}
	if route == nil {
		return resp, nil // what is wrong has been reported of the request
	}
	_, err = route.Response(resp)
	if err := t.v.stopping(err); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// checkedRoute finds the operation of a request and checks the request. The route is nil where there is none.
func (v *Validator) checkedRoute(req *http.Request) (*Route, error) {
	route, err := v.Route(req)
	if err != nil {
		return nil, err
	}
	return route, route.Request(req)
}

// stopping gives the violations that stop the traffic, or reports them. What is not a violation stops nothing: the
// reader of the body will meet it.
func (v *Validator) stopping(err error) error {
	switch {
	case len(Violations(err)) == 0:
		return nil
	case v.report == nil:
		return err
	}
	v.report(err)
	return nil
}
