package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Validator checks traffic against the contract. NewValidator makes one. It is safe for concurrent use.
type Validator struct {
	doc     *openapi3.T
	router  routers.Router
	shapes  shapes
	profile profile
	report  func(error) // nil: violations stop the traffic
}

// NewValidator loads the contract and parses all of it, so one for many checks is better than one for each. It fails
// on an option that makes no sense, and on a contract with more in it than a Validator can check.
func NewValidator(opts ...Option) (*Validator, error) {
	doc, err := Load()
	if err != nil {
		return nil, err
	}
	o := options{basePaths: basePaths(doc.Servers)}
	if err := o.apply(opts); err != nil {
		return nil, err
	}
	doc.Servers = nil // hosts do not matter: a client is tested against a server on loopback
	for _, p := range o.basePaths {
		doc.Servers = append(doc.Servers, &openapi3.Server{URL: p + "/"})
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	v := &Validator{doc: doc, router: router, shapes: shapes{}, profile: calls, report: o.report}
	if err := checkable(doc, v.shapes); err != nil {
		return nil, err
	}
	return v, nil
}

func basePaths(servers openapi3.Servers) []string {
	var paths []string
	for _, server := range servers {
		if u, err := url.Parse(server.URL); err == nil && !slices.Contains(paths, u.Path) {
			paths = append(paths, u.Path)
		}
	}
	return paths
}

// NewNotificationValidator makes a Validator of notifications.yaml, for what the Market posts to a shop: Request
// checks a delivery, Response the shop's answer to it. A delivery may come to any path, as the shop chooses it; so
// WithBasePaths is refused. A delivery may be of a type that the contract does not know, as the Market may add some
// any day, and both may have fields that it does not know. Each may have up to 1 MiB.
func NewNotificationValidator(opts ...Option) (*Validator, error) {
	var o options
	if err := o.apply(opts); err != nil {
		return nil, err
	}
	if o.basePaths != nil {
		return nil, errors.New("api: WithBasePaths is given, but a delivery may come to any path")
	}
	doc, err := LoadNotifications()
	if err != nil {
		return nil, err
	}
	v := &Validator{doc: doc, router: onePath(doc), shapes: shapes{}, report: o.report}
	if v.profile, err = deliveries(doc, v.shapes); err != nil {
		return nil, err
	}
	if err := checkable(doc, v.shapes); err != nil {
		return nil, err
	}
	return v, nil
}

// Operation gives the operationId of the operation that a request is for, by its method and path, and "" when it is
// for none. The rest of the request is not looked at.
func (v *Validator) Operation(req *http.Request) string {
	route, err := v.Route(req)
	if err != nil {
		return ""
	}
	return route.Operation()
}

// Operations lists the operationIds of the contract, sorted.
func (v *Validator) Operations() []string {
	var ids []string
	for _, item := range v.doc.Paths.Map() {
		for _, op := range item.Operations() {
			ids = append(ids, op.OperationID)
		}
	}
	slices.Sort(ids)
	return ids
}

// Request checks a request, as a client would send it or a server got it, and names its violations at once, up to a
// hundred: see Violations. nil means that there is none. A body may have up to 512 KiB, that of sendFileToChat a file
// of 5 MiB; one that Content-Encoding says is packed, by gzip or deflate, is unpacked for the check. It leaves the
// request as it was; the body that it read can be read again. A body whose reading fails is no violation: errors.Is
// finds in the error what the reading ended with, and the second reading ends with it too.
func (v *Validator) Request(req *http.Request) error {
	route, err := v.Route(req)
	if err != nil {
		return err
	}
	return route.Request(req)
}

// Response checks the answer to a request. Fields and enum values that the contract does not know are allowed, as the
// Market may add some any day, and so is an empty 200 to a send, which means sent; Notices names the last two. nil
// means that there is no violation; Violations lists what an error has found, up to a hundred. A body may have up to 8
// MiB; one that Content-Encoding says is packed, by gzip or deflate, is unpacked for the check, and one that is
// packed in another way is not checked. It leaves the answer as it was; the body that it read can be read again. A
// nil Body is one that was not recorded: only the status is checked then. A body whose reading fails is no violation:
// errors.Is finds in the error what the reading ended with, and the second reading ends with it too.
func (v *Validator) Response(req *http.Request, resp *http.Response) error {
	route, err := v.Route(req)
	if err != nil {
		return err
	}
	_, err = route.Response(resp)
	return err
}

// Notices lists what Response passes and a reader should see all the same, sorted by place: an enum value that the
// contract does not know, an empty 200 to a send, a body that is packed in a way that cannot be undone here. It lists
// no more than a hundred. It is nil where there is nothing of that, and where the answer belongs to no operation of
// the contract. It leaves the answer as it was, as Response does, and reads as much of it.
func (v *Validator) Notices(req *http.Request, resp *http.Response) []*Violation {
	route, err := v.Route(req)
	if err != nil {
		return nil
	}
	notices, _ := route.Response(resp)
	return notices
}
