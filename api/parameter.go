package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// separators are what stands between the values of an array that is sent in one parameter.
var separators = map[string]string{
	openapi3.SerializationForm: ",", openapi3.SerializationSimple: ",",
	openapi3.SerializationSpaceDelimited: " ", openapi3.SerializationPipeDelimited: "|",
}

// checkableParameter refuses parameters that checkParameter knows nothing of.
func checkableParameter(p *openapi3.Parameter, shapes shapes) error {
	if p.In == openapi3.ParameterInCookie {
		return errors.New("cookies are not checked")
	}
	if p.Schema == nil {
		return errors.New("only parameters with a schema are checked")
	}
	if p.Extensions["x-aliases"] != nil && (p.In != openapi3.ParameterInQuery || len(aliases(p)) == 0) {
		return errors.New("only x-aliases that are a list of names, of parameters in the query, are checked")
	}
	shape, err := shapes.of(p.Schema.Value)
	if err != nil {
		return err
	}
	method, err := p.SerializationMethod()
	if err != nil {
		return err
	}
	switch shape.kind {
	case "object":
		return checkableObject(p, shape, method)
	case "array":
		if shape.items.scalar == nil || separators[method.Style] == "" {
			return errors.New("only arrays of strings, numbers and booleans, in the styles form, simple, " +
				"spaceDelimited and pipeDelimited, are checked")
		}
	}
	return nil
}

func checkableObject(p *openapi3.Parameter, shape *shape, method *openapi3.SerializationMethod) error {
	exploded := method.Explode && method.Style == openapi3.SerializationForm
	if p.In != openapi3.ParameterInQuery || !exploded && method.Style != openapi3.SerializationDeepObject {
		return errors.New("only objects in the query, in the styles form with explode and deepObject, are checked")
	}
	for name, property := range shape.properties {
		if property.scalar == nil {
			return fmt.Errorf("property %s: only strings, numbers and booleans are checked", name)
		}
	}
	return nil
}

// checkParameters checks path, query and header.
func (r *Route) checkParameters(req *http.Request, found *findings) {
	sent, err := sentURL(req)
	if err != nil {
		sent = &url.URL{}
	}
	query, err := url.ParseQuery(sent.RawQuery)
	if err != nil {
		found.add("query", "cannot be parsed")
	}
	declared := map[string]bool{}
	for _, p := range r.operation.Parameters {
		p, shape := p.Value, r.v.shapes[p.Value.Schema.Value]
		switch {
		case p.In == openapi3.ParameterInPath:
			value, _ := url.PathUnescape(r.path[p.Name]) // the router has it from a path that was parsed
			checkParameter(p, shape, []string{value}, found)
		case p.In == openapi3.ParameterInHeader:
			checkParameter(p, shape, req.Header.Values(p.Name), found)
		case shape.kind == "object":
			checkObjectParameter(p, shape, query, declared, found)
		default:
			var values []string
			for _, name := range append(aliases(p), p.Name) {
				declared[name] = true
				values = append(values, query[name]...)
			}
			checkParameter(p, shape, values, found)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(query)) {
		if !declared[key] {
			found.add("query "+name(key), "is not declared")
		}
	}
}

// aliases are the other names of a parameter, in the extension x-aliases.
func aliases(p *openapi3.Parameter) []string {
	var names []string
	list, _ := p.Extensions["x-aliases"].([]any)
	for _, item := range list {
		if name, ok := item.(string); ok {
			names = append(names, name)
		}
	}
	return names
}

// checkObjectParameter checks an object whose properties are parameters of their own: name[property]=value as a
// deepObject, property=value in the style form.
func checkObjectParameter(p *openapi3.Parameter, shape *shape, query url.Values, declared map[string]bool,
	found *findings) {
	sent := map[string][]string{}
	for property := range shape.properties {
		key := property
		if p.Style == openapi3.SerializationDeepObject {
			key = p.Name + "[" + property + "]"
		}
		declared[key] = true
		if values, ok := query[key]; ok {
			sent[property] = values
		}
	}
	if len(sent) == 0 {
		if p.Required {
			found.add("query "+p.Name, "required")
		}
		return
	}
	for property, values := range sent {
		checkSingle(shape.properties[property], "query "+p.Name+"/"+property, values, found)
	}
	for _, property := range shape.required {
		if _, ok := sent[property]; !ok {
			found.add("query "+p.Name+"/"+property, "required")
		}
	}
}

func checkParameter(p *openapi3.Parameter, shape *shape, values []string, found *findings) {
	where := p.In + " " + p.Name
	switch {
	case len(values) == 0 && p.Required:
		found.add(where, "required")
	case len(values) == 0, p.AllowEmptyValue && len(values) == 1 && values[0] == "":
	case shape.kind == "array":
		checkArrayParameter(p, shape, where, values, found)
	default:
		checkSingle(shape, where, values, found)
	}
}

func checkArrayParameter(p *openapi3.Parameter, shape *shape, where string, values []string, found *findings) {
	method, _ := p.SerializationMethod() // checkableParameter had no error of it
	repeated := method.Explode && p.In == openapi3.ParameterInQuery
	if !repeated && len(values) > 1 && p.In != openapi3.ParameterInHeader { // several lines of a header are one list
		found.add(where, "comes more than once")
		return
	}
	if !repeated {
		values = strings.Split(strings.Join(values, ","), separators[method.Style])
	}
	if rule := shape.brokenLength(uint64(len(values))); rule != "" {
		found.add(where, rule)
	}
	before := map[string]bool{}
	for i, text := range values {
		if p.In == openapi3.ParameterInHeader {
			text = strings.TrimSpace(text)
		}
		if shape.unique && before[text] {
			found.add(fmt.Sprintf("%s/%d", where, i), "uniqueItems")
		}
		before[text] = true
		checkText(shape.items, fmt.Sprintf("%s/%d", where, i), text, found)
	}
}

func checkSingle(shape *shape, where string, values []string, found *findings) {
	if len(values) > 1 {
		found.add(where, "comes more than once")
		return
	}
	checkText(shape, where, values[0], found)
}

func checkText(shape *shape, where, text string, found *findings) {
	value, ok := typed(shape.kind, text)
	if !ok {
		found.add(where, "type "+shape.kind)
		return
	}
	for _, rule := range brokenRules(shape.scalar, value) {
		found.add(where, rule)
	}
}

// Numbers are written as JSON writes them: no plus, no leading zeros.
var (
	integer = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	number  = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
)

// typed makes a value of a text, as the parameter's type writes it.
func typed(kind, text string) (any, bool) {
	switch kind {
	case "integer":
		return json.Number(text), integer.MatchString(text)
	case "number":
		return json.Number(text), number.MatchString(text)
	case "boolean":
		return text == "true", text == "true" || text == "false"
	}
	return text, true
}
