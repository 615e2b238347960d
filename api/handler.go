package api

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

// Handler checks what goes through an http.Handler, for the tests of a server. A request that breaks the contract
// gets 400, and the handler does not see it; an answer that breaks it becomes 500. Both list the violations as text,
// one a line. The answer is held back until the handler is done. With WithReport requests and answers pass as they
// are, and nothing is held back.
func (v *Validator) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := v.stopping(v.Request(r)); err != nil {
			http.Error(w, "the request breaks the contract\n"+err.Error(), http.StatusBadRequest)
			return
		}
		if v.report != nil {
			v.watch(next, w, r)
			return
		}
		v.hold(next, w, r)
	})
}

// hold checks an answer before anybody sees it.
func (v *Validator) hold(next http.Handler, w http.ResponseWriter, r *http.Request) {
	held := &heldAnswer{header: w.Header(), status: http.StatusOK}
	next.ServeHTTP(held, r)
	body := held.body.Bytes()
	if err := v.Response(r, answered(held.status, held.header, body)); err != nil {
		clear(held.header)
		http.Error(w, fmt.Sprintf("the answer %d breaks the contract\n%v", held.status, err), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(held.status)
	_, _ = w.Write(body) // fails when the client is gone
}

// watch lets an answer pass, and checks a copy of it.
func (v *Validator) watch(next http.Handler, w http.ResponseWriter, r *http.Request) {
	watched := &watchedAnswer{ResponseWriter: w, status: http.StatusOK}
	next.ServeHTTP(watched, r)
	if v.Operation(r) == "" {
		return // what is wrong has been reported of the request
	}
	if watched.header == nil {
		watched.header = w.Header()
	}
	_ = v.stopping(v.Response(r, answered(watched.status, watched.header, watched.body.Bytes())))
}

func answered(status int, header http.Header, body []byte) *http.Response {
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body))}
}

// heldAnswer is the ResponseWriter that keeps an answer until it is checked.
type heldAnswer struct {
	header  http.Header
	status  int
	written bool
	body    bytes.Buffer
}

func (h *heldAnswer) Header() http.Header { return h.header }

func (h *heldAnswer) WriteHeader(status int) {
	if !h.written && status >= 200 {
		h.status, h.written = status, true
	}
}

func (h *heldAnswer) Write(p []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(p)
}

// watchedAnswer is the ResponseWriter that copies what it hands on, as much of it as a check looks at.
type watchedAnswer struct {
	http.ResponseWriter
	status int
	header http.Header // as it was sent; nil until then
	body   bytes.Buffer
}

func (a *watchedAnswer) WriteHeader(status int) {
	if a.header == nil && status >= 200 {
		a.status, a.header = status, a.Header().Clone()
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *watchedAnswer) Write(p []byte) (int, error) {
	if a.header == nil {
		a.WriteHeader(http.StatusOK)
	}
	n, err := a.ResponseWriter.Write(p)
	a.body.Write(p[:min(n, maxAnswer+1-a.body.Len())])
	return n, err
}

// Unwrap is for http.ResponseController.
func (a *watchedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
