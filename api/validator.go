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
	doc        *openapi3.T
	router     routers.Router
	shapes     shapes
	report     func(error) // nil: violations stop the traffic
	deliveries *deliveries // what the Market posts to a shop; nil: what a shop asks the Market for
}

// NewValidator loads the contract and parses all of it, so one for many checks is better than one for each. It fails
// on an option that makes no sense, and on a contract that asks for more than a Validator can check.
func NewValidator(opts ...Option) (*Validator, error) {
	doc, err := Load()
	if err != nil {
		return nil, err
	}
	o := options{basePaths: basePaths(doc.Servers)}
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("api: an option is nil")
		}
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	doc.Servers = nil // hosts do not matter: a client is tested against a server on loopback
	for _, p := range o.basePaths {
		doc.Servers = append(doc.Servers, &openapi3.Server{URL: p + "/"})
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	shapes := shapes{}
	if err := checkable(doc, shapes); err != nil {
		return nil, err
	}
	return &Validator{doc: doc, router: router, shapes: shapes, report: o.report}, nil
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

// Operation gives the operationId of the operation that a request is for, by its method and path, and "" when it is
// for none. The rest of the request is not looked at.
func (v *Validator) Operation(req *http.Request) string {
	found, violation := v.find(req)
	if violation != nil {
		return ""
	}
	return found.operation.OperationID
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

// addressed is what a request asks for.
type addressed struct {
	operation *openapi3.Operation
	path      map[string]string // the parameters in it
	query     string
}

// find gives what a request asks for, or what is wrong with its address.
func (v *Validator) find(req *http.Request) (addressed, *Violation) {
	sent, err := sentAddress(req)
	if err != nil {
		return addressed{}, &Violation{Where: "path", Rule: "is not one of the contract"}
	}
	route, params, err := v.router.FindRoute(sent)
	switch {
	case errors.Is(err, routers.ErrMethodNotAllowed):
		return addressed{}, &Violation{Where: "method", Rule: "is not one of the path"}
	case err != nil:
		return addressed{}, &Violation{Where: "path", Rule: "is not one of the contract"}
	}
	return addressed{route.Operation, params, sent.URL.RawQuery}, nil
}

// sentAddress is method and URL as net/http sends them: no method means GET, and an opaque URL stands for path and
// host.
func sentAddress(req *http.Request) (*http.Request, error) {
	if req.URL == nil {
		return nil, errors.New("the request has no URL")
	}
	sent := &http.Request{Method: req.Method, URL: req.URL, Host: req.Host}
	if sent.Method == "" {
		sent.Method = http.MethodGet
	}
	if req.URL.Opaque == "" {
		return sent, nil
	}
	var err error
	sent.URL, err = url.Parse(req.URL.RequestURI())
	return sent, err
}
