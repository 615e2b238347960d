// Command contractbreaks says what a new version of a contract takes away from those who speak HTTP, where oasdiff is
// silent: ways to authorize, headers of answers, scopes that allow an operation, and the largest body that it takes.
//
//	contractbreaks old.yaml new.yaml
//
// It prints one line for each and exits with 1 when there is any, with 2 when a contract cannot be read.
package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: contractbreaks old.yaml new.yaml")
		os.Exit(2)
	}
	broken, err := compare(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "contractbreaks:", err)
		os.Exit(2)
	}
	for _, line := range broken {
		fmt.Println(line)
	}
	if len(broken) > 0 {
		os.Exit(1)
	}
}

// compare lists, sorted, what the old contract promises and the new one does not.
func compare(oldFile, newFile string) ([]string, error) {
	before, err := load(oldFile)
	if err != nil {
		return nil, err
	}
	after, err := load(newFile)
	if err != nil {
		return nil, err
	}
	kept := promises(after)
	var broken []string
	for _, promise := range slices.Sorted(maps.Keys(promises(before))) {
		if !kept[promise] {
			broken = append(broken, "gone: "+promise)
		}
	}
	smaller := largestRequests(after)
	for at, size := range largestRequests(before) {
		if now, described := smaller[at]; described && now < size {
			broken = append(broken, fmt.Sprintf("less: %s takes a body of %.0f bytes", at, size))
		}
	}
	slices.Sort(broken)
	return broken, nil
}

func load(file string) (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return doc, nil
}

// promises are sentences that hold for a contract. One that holds no more may break a client. An operation that is gone
// takes its sentences along.
func promises(doc *openapi3.T) map[string]bool {
	all := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			at := method + " " + path
			for _, way := range securityOf(doc, op) {
				all[at+" is authorized by "+way] = true
			}
			for _, scope := range scopesOf(op) {
				all[at+" is allowed by the scope "+scope] = true
			}
			for status, response := range op.Responses.Map() {
				for header := range response.Value.Headers {
					all[fmt.Sprintf("%s answers %s with the header %s", at, status, header)] = true
				}
			}
		}
	}
	return all
}

// securityOf lists the ways to authorize an operation, each as it is seen on the wire: "header Api-Key", or "nothing".
func securityOf(doc *openapi3.T, op *openapi3.Operation) []string {
	requirements := doc.Security
	if op.Security != nil {
		requirements = *op.Security
	}
	if len(requirements) == 0 {
		return []string{"nothing"}
	}
	var ways []string
	for _, requirement := range requirements {
		var together []string
		for _, name := range slices.Sorted(maps.Keys(requirement)) {
			together = append(together, onTheWire(doc, name))
		}
		if together == nil {
			together = []string{"nothing"}
		}
		ways = append(ways, strings.Join(together, " and "))
	}
	return ways
}

func onTheWire(doc *openapi3.T, name string) string {
	scheme := doc.Components.SecuritySchemes[name]
	switch {
	case scheme == nil || scheme.Value == nil:
		return name + ", which is not described"
	case scheme.Value.Type == "apiKey":
		return scheme.Value.In + " " + scheme.Value.Name
	default:
		return strings.TrimSpace(scheme.Value.Type + " " + scheme.Value.Scheme)
	}
}

// largestRequests are the sizes of the largest bodies, by operation.
func largestRequests(doc *openapi3.T) map[string]float64 {
	sizes := map[string]float64{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if size, described := op.Extensions["x-max-request"].(float64); described {
				sizes[method+" "+path] = size
			}
		}
	}
	return sizes
}

func scopesOf(op *openapi3.Operation) []string {
	list, _ := op.Extensions["x-scopes"].([]any)
	var scopes []string
	for _, scope := range list {
		scopes = append(scopes, fmt.Sprint(scope))
	}
	return scopes
}
