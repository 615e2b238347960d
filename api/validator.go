package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// Validator checks traffic against the contract. NewValidator makes one. It is safe for concurrent use.
type Validator struct {
	doc        *openapi3.T
	router     routers.Router
	deliveries bool // the Market's to a shop: see notifications.go
}

// Option changes what NewValidator makes. Every option refuses values that make no sense.
type Option func(*options) error

type options struct{ basePaths []string }

// WithBasePaths sets the paths that stand before those of the contract: "/v2", or "" for none. The default is what the
// contract's server URLs have, and that is both. At least one path is needed, each without a slash at its end.
func WithBasePaths(paths ...string) Option {
	return func(o *options) error {
		for _, p := range paths {
			if !basePath.MatchString(p) {
				return fmt.Errorf("api: the base path %.40q is not allowed, allowed is \"\" or one like \"/v2\"", p)
			}
		}
		if len(paths) == 0 {
			return errors.New("api: WithBasePaths is given none, allowed is at least one")
		}
		o.basePaths = paths
		return nil
	}
}

var basePath = regexp.MustCompile(`^(/[\w.~-]+)*$`)

// NewValidator loads the contract and parses all of it, so one for many checks is better than one for each. It fails on
// an option that makes no sense, and on a contract that asks for more than a Validator can check.
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
	if err := checkable(doc); err != nil {
		return nil, err
	}
	return &Validator{doc: doc, router: router}, nil
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

// Operation gives the operationId of the operation that a request is for, by its method and path, and "" when it is for
// none. The rest of the request is not looked at.
func (v *Validator) Operation(req *http.Request) string {
	route, _, violation := v.find(req)
	if violation != nil {
		return ""
	}
	return route.Operation.OperationID
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

// find gives the route of a request, or what is wrong with its address.
func (v *Validator) find(req *http.Request) (*routers.Route, map[string]string, *Violation) {
	if req.URL == nil {
		return nil, nil, &Violation{Where: "path", Rule: "is not one of the contract"}
	}
	route, params, err := v.router.FindRoute(req)
	switch {
	case errors.Is(err, routers.ErrMethodNotAllowed):
		return nil, nil, &Violation{Where: "method", Rule: "is not one of the path"}
	case err != nil:
		return nil, nil, &Violation{Where: "path", Rule: "is not one of the contract"}
	}
	return route, params, nil
}

// checkable refuses what this package would pass over in silence, should the contract grow it one day.
func checkable(doc *openapi3.T) error {
	for _, way := range doc.Security {
		for name := range way {
			scheme := doc.Components.SecuritySchemes[name].Value
			if len(way) != 1 || !(scheme.Type == "apiKey" && scheme.In == "header" || scheme.Type == "http" && scheme.Scheme == "bearer") {
				return fmt.Errorf("api: security %s: only one API key in a header or one bearer token at a time is checked", name)
			}
		}
	}
	for path, item := range doc.Paths.Map() {
		if len(item.Parameters) > 0 {
			return fmt.Errorf("api: parameters of a whole path are not checked: %s", path)
		}
		for _, op := range item.Operations() {
			if op.Security != nil {
				return fmt.Errorf("api: %s: security of an operation is not checked", op.OperationID)
			}
			for _, p := range op.Parameters {
				if in := p.Value.In; in != "path" && in != "query" || p.Value.Schema == nil || !p.Value.Schema.Value.Type.Is("integer") {
					return fmt.Errorf("api: %s: parameter %s: only integers in path and query are checked", op.OperationID, p.Value.Name)
				}
			}
			if op.RequestBody != nil && !describesJSON(op.RequestBody.Value.Content) {
				return fmt.Errorf("api: %s: the request is not described as JSON", op.OperationID)
			}
			for status, response := range op.Responses.Map() {
				if !describesJSON(response.Value.Content) {
					return fmt.Errorf("api: %s: the answer %s is not described as JSON", op.OperationID, status)
				}
			}
		}
	}
	return nil
}

func describesJSON(content openapi3.Content) bool {
	media := content.Get("application/json")
	return len(content) == 1 && media != nil && media.Schema != nil
}
