package api

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// checkSecurity wants one of the ways to authorize that the contract offers.
func checkSecurity(doc *openapi3.T, header http.Header, found *findings) {
	var ways []string
	for _, way := range doc.Security {
		for name := range way {
			scheme := doc.Components.SecuritySchemes[name].Value
			where, ok := authorizes(scheme, header)
			if ok {
				return
			}
			ways = append(ways, where)
		}
	}
	if len(ways) > 0 {
		found.add("header "+ways[0], "required, or another way to authorize: "+strings.Join(ways, ", "))
	}
}

func authorizes(scheme *openapi3.SecurityScheme, header http.Header) (name string, ok bool) {
	if scheme.Type == "apiKey" {
		values := header.Values(scheme.Name)
		return scheme.Name, len(values) == 1 && strings.TrimSpace(values[0]) != ""
	}
	values := header.Values("Authorization")
	if len(values) != 1 {
		return "Authorization", false
	}
	kind, token, _ := strings.Cut(values[0], " ")
	return "Authorization", strings.EqualFold(kind, scheme.Scheme) && strings.TrimSpace(token) != ""
}

// checkableSecurity refuses ways to authorize that checkSecurity does not look at.
func checkableSecurity(doc *openapi3.T) error {
	for _, way := range doc.Security {
		for name := range way {
			scheme := doc.Components.SecuritySchemes[name].Value
			key := scheme.Type == "apiKey" && scheme.In == "header"
			bearer := scheme.Type == "http" && scheme.Scheme == "bearer"
			if len(way) != 1 || !key && !bearer {
				return fmt.Errorf("api: security %s: only one API key in a header or one bearer token at a time is checked", name)
			}
		}
	}
	return nil
}
