package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
)

// statusMethodFailure is the Market's answer to a request beyond one of its limits.
const statusMethodFailure = 420

// trueAnswer lets a request through to its operation when the Market would: it is authorized, within the limits, and it
// fits the contract. It is a pointer, as a Fault that lets the request through gives it back.
type trueAnswer struct {
	to        *exchange
	operation http.HandlerFunc
}

func (t *trueAnswer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, m, cabinet := t.to, t.to.market, r.PathValue("businessId")
	scopes := contractOperations()[x.operation].Scopes
	switch {
	case m.unauthorized(w, r.Header):
	case !m.serves(cabinet):
		fail(w, http.StatusForbidden, "FORBIDDEN", "Access denied to businessId "+cabinet)
	case !m.hasOneOf(scopes):
		message := fmt.Sprintf("Access denied: the token needs one of the scopes %v", scopes)
		fail(w, http.StatusForbidden, "FORBIDDEN", message)
	case x.ticket.tooMany:
		fail(w, statusMethodFailure, "METHOD_FAILURE", tooManyText(m.limits.parallel, cabinet))
	case x.ticket.usedUp:
		fail(w, statusMethodFailure, "METHOD_FAILURE", usedUpText(x.ticket.window.limit, x.operation, cabinet))
	case x.verdict != nil:
		x.refuse(w, r, api.Violations(x.verdict)...)
	default:
		x.reached = t.operation
		t.operation(w, r)
	}
}

func tooManyText(parallel int, cabinet string) string {
	return fmt.Sprintf("Hit rate limit of %d parallel requests for businessId %s", parallel, cabinet)
}

func usedUpText(perHour int, operation, cabinet string) string {
	return fmt.Sprintf("Hit rate limit of '%d' requests per 'hour' for resource '%s' for businessId %s",
		perHour, operation, cabinet)
}

// unauthorized answers a request whose key or token is not good; true: it did.
func (m *Market) unauthorized(w http.ResponseWriter, header http.Header) bool {
	key, token := header.Get("Api-Key"), bearer(header)
	switch {
	case key == "" && token == "":
		fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "Api-Key token is missing")
	case key != "" && m.key != "" && key != m.key:
		fail(w, http.StatusUnauthorized, "UNAUTHORIZED", "Api-Key token is invalid")
	case key == "" && m.key != "" && token != m.key:
		fail(w, http.StatusForbidden, "FORBIDDEN", "OAuth token is invalid")
	default:
		return false
	}
	return true
}

// hasOneOf is true when the key has one of the scopes.
func (m *Market) hasOneOf(scopes []string) bool {
	return m.scopes == nil || slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(m.scopes, s) })
}

func (m *Market) serves(cabinet string) bool {
	id, err := strconv.ParseInt(cabinet, 10, 64)
	return err != nil || m.cabinets == nil || slices.Contains(m.cabinets, id)
}

func bearer(header http.Header) string {
	scheme, token, _ := strings.Cut(header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

// A refusal says what is wrong in the words of bean validation, which the Market uses, and cites the value that was
// sent. So a program that logs the API's texts logs the buyer's text here, as it would with the Market. What is kept of
// the request, in Call, has no values.

const (
	maxErrors   = 10       // of one refusal
	maxRejected = 16 << 10 // bytes of a value that is cited: the longest message has as many, of four bytes a character
)

// refuse answers 400, and makes the violations the verdict.
func (x *exchange) refuse(w http.ResponseWriter, r *http.Request, violations ...*api.Violation) {
	x.verdict = verdictOf(violations)
	for _, v := range violations {
		if v.Where == "header Content-Type" { // what is in the body does not matter then
			mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
			message := fmt.Sprintf("Content type '%s' not supported", shorten(mediaType, 100))
			fail(w, http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", message)
			return
		}
	}
	sent := newSentValues(r, x.body, contractOperations()[x.operation].body)
	var errs []gen.APIErrorDTO
	for _, v := range violations[:min(len(violations), maxErrors)] {
		message := sent.refusal(v)
		errs = append(errs, gen.APIErrorDTO{Code: "BAD_REQUEST", Message: &message})
	}
	write(w, http.StatusBadRequest, gen.APIErrorResponse{Status: gen.APIResponseStatusTypeError, Errors: errs})
}

// sentValues finds what a violation is about in the request.
type sentValues struct {
	request *http.Request
	schema  *openapi3.Schema // of the body
	text    []byte           // of the body
	body    any              // its JSON, if it is JSON
}

func newSentValues(r *http.Request, text []byte, schema *openapi3.Schema) sentValues {
	s := sentValues{request: r, schema: schema, text: text}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()         // a number is cited as it was written
	_ = decoder.Decode(&s.body) // a body that is not JSON is cited as it is
	return s
}

// refusal is one violation in the Market's words.
func (s sentValues) refusal(v *api.Violation) string {
	place, name, _ := strings.Cut(v.Where, " ")
	switch {
	case place == "query" && v.Rule == "required":
		return fmt.Sprintf("Required request parameter '%s' is not present", name)
	case v.Where == "body" && v.Rule == "required":
		return "Required request body is missing"
	case place == "header":
		return fmt.Sprintf("'%s' %s", name, v.Rule) // without its value, which may be the key
	case place == "path":
		return rejection(name, v.Rule, nil, s.request.PathValue(name))
	case place == "query":
		return rejection(name, v.Rule, nil, strings.Join(s.request.URL.Query()[name], ","))
	case v.Where == "body" && strings.Contains(v.Rule, "JSON"):
		return fmt.Sprintf("JSON parse error (rejected value: %s)", shorten(string(s.text), maxRejected))
	case v.Where == "body" && s.body == nil:
		return fmt.Sprintf("'body' %s", v.Rule)
	case v.Where == "body":
		return rejection("body", v.Rule, s.schema, textOf(s.body))
	default:
		return s.ofBody(strings.Split(strings.TrimPrefix(name, "/"), "/"), v.Rule)
	}
}

// ofBody names a property as bean validation does, 'context.id', and cites its value.
func (s sentValues) ofBody(path []string, rule string) string {
	value, schema := s.body, s.schema
	for _, key := range path {
		switch parent := value.(type) {
		case map[string]any:
			value = parent[key]
		case []any:
			value = itemOf(parent, key)
		}
		schema = propertyOf(schema, key)
	}
	return rejection(strings.Join(path, "."), rule, schema, textOf(value))
}

func itemOf(list []any, key string) any {
	if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(list) {
		return list[i]
	}
	return nil
}

// propertyOf is nil where the contract knows no such property.
func propertyOf(schema *openapi3.Schema, name string) *openapi3.Schema {
	if schema == nil || schema.Properties[name] == nil {
		return nil
	}
	return schema.Properties[name].Value
}

// textOf writes a value as it is cited: a text without quotes, all else as JSON.
func textOf(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	return string(encode(value))
}

// rejection puts a rule of the contract into the Market's words. A rule that it has no words for stays as it is.
func rejection(name, rule string, schema *openapi3.Schema, value string) string {
	kind, bound, _ := strings.Cut(rule, " ")
	words := rule
	switch kind {
	case "required":
		words = "must not be null"
	case "minimum":
		words = fmt.Sprintf("must be greater than or equal to '%s'", bound)
	case "type", "format":
		words = fmt.Sprintf("must be of type '%s'", bound)
	case "minLength", "maxLength":
		if schema != nil && schema.MaxLength != nil {
			words = fmt.Sprintf("size must be between '%d' and '%d'", schema.MinLength, *schema.MaxLength)
		}
	case "enum":
		words = "must be one of " + bound
	case "is":
		words = strings.Replace(rule, "declared", "known", 1)
	}
	return fmt.Sprintf("'%s' %s (rejected value: %s)", name, words, shorten(value, maxRejected))
}

// shorten cuts a text after so many bytes, between two characters.
func shorten(text string, size int) string {
	if len(text) <= size {
		return text
	}
	return strings.ToValidUTF8(text[:size], "") + "…"
}
