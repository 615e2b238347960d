package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// maxRequest is what a request body may have, in bytes; the API's own limit.
const maxRequest = 512 << 10

// Request checks a request, as a client would send it or a server got it, and names every violation at once: see
// Violations. nil means that there is none. A body may have up to 512 KiB. It leaves the request as it was; the body
// that it read can be read again.
func (v *Validator) Request(req *http.Request) error {
	if v.deliveries {
		return v.delivery(req)
	}
	route, path, violation := v.find(req)
	if violation != nil {
		return violation
	}
	query, err := url.ParseQuery(req.URL.RawQuery)
	findings := checkQueryNames(route.Operation.Parameters, query)
	if err != nil {
		findings = append(findings, finding{"query", "cannot be parsed"})
	}
	for _, p := range route.Operation.Parameters {
		values := query[p.Value.Name]
		if p.Value.In == openapi3.ParameterInPath {
			values = []string{path[p.Value.Name]}
		}
		findings = append(findings, checkParameter(p.Value, values)...)
	}
	findings = append(findings, checkSecurity(v.doc, req.Header)...)
	findings = append(findings, checkRequestBody(route.Operation.RequestBody, req)...)
	return join(route.Operation.OperationID, findings)
}

func checkQueryNames(declared openapi3.Parameters, query url.Values) []finding {
	var findings []finding
	for key := range query {
		if declared.GetByInAndName(openapi3.ParameterInQuery, key) == nil {
			findings = append(findings, finding{"query " + name(key), "is not declared"})
		}
	}
	return findings
}

// integer is how JSON writes one: no plus, no leading zeros.
var integer = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

func checkParameter(p *openapi3.Parameter, values []string) []finding {
	where := p.In + " " + p.Name
	switch {
	case len(values) == 0 && p.Required:
		return []finding{{where, "required"}}
	case len(values) == 0:
		return nil
	case len(values) > 1:
		return []finding{{where, "comes more than once"}}
	case !integer.MatchString(values[0]):
		return []finding{{where, "type integer"}}
	}
	return checkValue(p.Schema.Value, json.Number(values[0]), where, true)
}

// checkSecurity wants one of the ways to authorize that the contract offers.
func checkSecurity(doc *openapi3.T, header http.Header) []finding {
	var ways []string
	for _, way := range doc.Security {
		for name := range way {
			scheme := doc.Components.SecuritySchemes[name].Value
			where, ok := authorizes(scheme, header)
			if ok {
				return nil
			}
			ways = append(ways, where)
		}
	}
	if len(ways) == 0 {
		return nil
	}
	return []finding{{"header " + ways[0], fmt.Sprint("required, or another way to authorize: ", strings.Join(ways, ", "))}}
}

func authorizes(scheme *openapi3.SecurityScheme, header http.Header) (string, bool) {
	if scheme.Type == "apiKey" {
		values := header.Values(scheme.Name)
		return scheme.Name, len(values) == 1 && strings.TrimSpace(values[0]) != ""
	}
	kind, token, _ := strings.Cut(header.Get("Authorization"), " ")
	return "Authorization", strings.EqualFold(kind, scheme.Scheme) && strings.TrimSpace(token) != "" && len(header.Values("Authorization")) == 1
}

func checkRequestBody(declared *openapi3.RequestBodyRef, req *http.Request) []finding {
	data, again, err := peek(req.Body, maxRequest)
	req.Body = again
	switch {
	case err != nil:
		return []finding{{"body", "cannot be read"}}
	case len(data) > maxRequest:
		return []finding{{"body", fmt.Sprintf("has more than %d bytes", maxRequest)}}
	case req.ContentLength > 0 && req.ContentLength != int64(len(data)):
		return []finding{{"header Content-Length", "must be the length of the body"}}
	case declared == nil && len(data) > 0:
		return []finding{{"body", "none is declared"}}
	case declared == nil:
		return nil
	case len(data) == 0 && declared.Value.Required:
		return []finding{{"body", "required"}}
	case len(data) == 0:
		return nil
	}
	return checkJSON(declared.Value.Content, req.Header, data, true)
}
