package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"

	"github.com/ymarket-go/chats/internal/peek"
)

// Route is the operation that a request is for, found once for all that is checked of the request and its answer.
// Validator.Route makes one. It is safe for concurrent use.
type Route struct {
	v         *Validator
	operation *openapi3.Operation
	path      map[string]string // the parameters in it
}

// Route finds the operation of a request by its method and path. The error is a *Violation of one of the two.
func (v *Validator) Route(req *http.Request) (*Route, error) {
	sent, err := sentURL(req)
	if err != nil {
		return nil, &Violation{Where: "path", Rule: "is not one of the contract"}
	}
	method := req.Method
	if method == "" {
		method = http.MethodGet // as net/http sends it
	}
	route, params, err := v.router.FindRoute(&http.Request{Method: method, URL: sent, Host: req.Host})
	switch {
	case errors.Is(err, routers.ErrMethodNotAllowed):
		return nil, &Violation{Where: "method", Rule: "is not one of the path"}
	case err != nil:
		return nil, &Violation{Where: "path", Rule: "is not one of the contract"}
	}
	return &Route{v, route.Operation, params}, nil
}

// sentURL is a request's URL as net/http sends it: an opaque one stands for path and host.
func sentURL(req *http.Request) (*url.URL, error) {
	switch {
	case req.URL == nil:
		return nil, errors.New("the request has no URL")
	case req.URL.Opaque == "":
		return req.URL, nil
	}
	return url.Parse(req.URL.RequestURI())
}

// Operation is the operationId.
func (r *Route) Operation() string { return r.operation.OperationID }

// Request checks a request as Validator.Request does.
func (r *Route) Request(req *http.Request) error {
	var found findings
	if r.v.profile.addressed {
		r.checkParameters(req, &found)
		checkSecurity(r.v.doc, req.Header, &found)
	}
	failed := r.checkRequestBody(req, &found)
	return withFailure(found.err(r.Operation()), failed, "request")
}

func (r *Route) checkRequestBody(req *http.Request, found *findings) error {
	limit := r.maxRequest()
	data, again, err := peek.Body(req.Body, limit)
	req.Body = again
	declared := r.operation.RequestBody
	tooLarge := fmt.Sprintf("has more than %d bytes", limit)
	switch {
	case err != nil:
		return err
	case int64(len(data)) > limit:
		found.add("body", tooLarge)
	case req.ContentLength > 0 && req.ContentLength != int64(len(data)):
		found.add("header Content-Length", "must be the length of the body")
	case declared == nil && len(data) > 0:
		found.add("body", "none is declared")
	case declared == nil:
	case len(data) == 0 && declared.Value.Required:
		found.add("body", "required")
	case len(data) == 0:
	default:
		unpacked, problem := unpack(req.Header, data, limit)
		switch problem {
		case packedTooLarge:
			found.add("body", tooLarge)
		case packedOtherwise:
			found.add("header Content-Encoding", "must be gzip or deflate, or none")
		case packedWrong:
			found.add("body", "is not packed as Content-Encoding says")
		case notPacked:
			r.checkSent(declared.Value.Content, req.Header, unpacked, found)
		}
	}
	return nil
}

// maxRequest is what the body of a request may have in bytes, packed and unpacked.
func (r *Route) maxRequest() int64 {
	if described, ok := r.operation.Extensions["x-max-request"].(float64); ok {
		return int64(described)
	}
	return r.v.profile.maxRequest
}

// checkSent checks the body of a request, unpacked.
func (r *Route) checkSent(content openapi3.Content, header http.Header, data []byte, found *findings) {
	if isForm(content) {
		found.take(checkForm(r.v.shapes.ofContent(content), header, data))
		return
	}
	if !isJSON(header.Values("Content-Type")) {
		found.add("header Content-Type", "must be application/json, in UTF-8")
		return
	}
	found.take(r.v.profile.request(r.v.shapes.ofContent(content), data))
}

// emptyMeansDone are the operations whose 200 may be empty: the contract says so in its descriptions.
var emptyMeansDone = []string{"sendMessageToChat", "sendFileToChat"}

// Response checks the answer as Validator.Response does, and lists what Validator.Notices does, in one reading.
func (r *Route) Response(resp *http.Response) (notices []*Violation, err error) {
	var found, notes findings
	var failed error
	switch {
	case resp == nil:
		found.add("status", "there is no answer")
	case r.operation.Responses.Status(resp.StatusCode) == nil:
		found.add("status", "is not declared")
	case resp.Body != nil: // it was recorded
		failed = r.checkAnswer(resp, &found, &notes)
	}
	return notes.violations(r.Operation()), withFailure(found.err(r.Operation()), failed, "answer")
}

func (r *Route) checkAnswer(resp *http.Response, found, notes *findings) error {
	limit := r.v.profile.maxAnswer
	data, again, err := peek.Body(resp.Body, limit)
	resp.Body = again
	if err != nil {
		return err
	}
	problem := notPacked
	if int64(len(data)) > limit {
		problem = packedTooLarge
	} else if len(data) > 0 { // nothing is nothing, however it is packed
		data, problem = unpack(resp.Header, data, limit)
	}
	switch {
	case problem == packedTooLarge:
		found.add("body", "is too large to be checked")
	case problem == packedOtherwise:
		notes.add("header Content-Encoding", "is neither gzip nor deflate: the body is not checked")
	case problem == packedWrong:
		found.add("body", "is not packed as Content-Encoding says")
	case len(data) == 0 && slices.Contains(emptyMeansDone, r.Operation()) && resp.StatusCode == http.StatusOK:
		notes.add("body", "is empty, which means sent")
	case !isJSON(resp.Header.Values("Content-Type")):
		found.add("header Content-Type", "must be application/json, in UTF-8")
	default:
		declared := r.operation.Responses.Status(resp.StatusCode).Value.Content
		*found, *notes = walk(r.v.shapes.ofContent(declared), data, false)
		if !r.v.profile.newValues {
			found.take(*notes)
			*notes = findings{}
		}
	}
	return nil
}
