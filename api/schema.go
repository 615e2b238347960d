package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// checkValue checks a value against a schema: by kin-openapi, and by the rules that it does not hold to. strict refuses
// properties that the schema does not know: a client must not send them, a server may.
func checkValue(schema *openapi3.Schema, value any, where string, strict bool) []finding {
	err := schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.DisableSchemaErrorDetails())
	findings := schemaFindings(err, where)
	return append(findings, checkMore(schema, value, where, strict)...)
}

// schemaFindings takes kin-openapi's errors apart. An allOf wraps the errors of its parts.
func schemaFindings(err error, where string) []finding {
	switch e := err.(type) {
	case nil:
		return nil
	case openapi3.MultiError:
		var findings []finding
		for _, err := range e {
			findings = append(findings, schemaFindings(err, where)...)
		}
		return findings
	case *openapi3.SchemaError:
		if e.SchemaField == "allOf" {
			return schemaFindings(errors.Unwrap(e.Origin), where)
		}
		return []finding{{pointer(where, e.JSONPointer()...), rule(e)}}
	default:
		if inner := errors.Unwrap(err); inner != nil {
			return schemaFindings(inner, where)
		}
		return []finding{{where, "does not fit its schema"}}
	}
}

// pointer goes on from a place to what is within it. A key is one of the contract, an index, or what name makes of it.
func pointer(where string, keys ...string) string {
	for _, key := range keys {
		if strings.HasPrefix(where, "body") && !strings.Contains(where, "/") {
			where += " "
		}
		where += "/" + key
	}
	return where
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,63}$`)

// name keeps a foreign name out of a report that may be a value: {"Dear Ivan": 1}.
func name(s string) string {
	if plainName.MatchString(s) {
		return s
	}
	return "…"
}

// rule names what was broken in the words of the contract.
func rule(e *openapi3.SchemaError) string {
	s := e.Schema
	switch e.SchemaField {
	case "type":
		return "type " + strings.Join(s.Type.Slice(), " or ")
	case "minimum":
		return fmt.Sprint("minimum ", *s.Min)
	case "minLength":
		return fmt.Sprint("minLength ", s.MinLength)
	case "maxLength":
		return fmt.Sprint("maxLength ", *s.MaxLength)
	case "minItems":
		return fmt.Sprint("minItems ", s.MinItems)
	case "enum":
		return fmt.Sprint("enum ", s.Enum)
	case "format":
		return "format " + s.Format
	case "nullable":
		return "must not be null"
	default:
		return e.SchemaField
	}
}

// checkMore holds to what kin-openapi lets through: properties that nobody declared, integers beyond their format, and
// dates that do not exist.
func checkMore(schema *openapi3.Schema, value any, where string, strict bool) []finding {
	switch value := value.(type) {
	case json.Number:
		if _, err := strconv.ParseInt(value.String(), 10, 64); err != nil && schema.Format == "int64" {
			return []finding{{where, "format int64"}}
		}
	case string:
		if _, err := time.Parse(time.RFC3339, value); err != nil && schema.Format == "date-time" {
			return []finding{{where, "format date-time"}}
		}
	case []any:
		var findings []finding
		for i, item := range value {
			if schema.Items != nil {
				findings = append(findings, checkMore(schema.Items.Value, item, pointer(where, strconv.Itoa(i)), strict)...)
			}
		}
		return findings
	case map[string]any:
		return checkProperties(properties(schema), value, where, strict)
	}
	return nil
}

func checkProperties(known map[string]*openapi3.Schema, value map[string]any, where string, strict bool) []finding {
	var findings []finding
	for key, v := range value {
		schema, ok := known[key]
		switch {
		case ok:
			findings = append(findings, checkMore(schema, v, pointer(where, key), strict)...)
		case strict:
			findings = append(findings, finding{pointer(where, name(key)), "is not declared"})
		case inAnotherCase(known, key):
			findings = append(findings, finding{pointer(where, name(key)), "is declared in another case"})
		}
	}
	return findings
}

// inAnotherCase finds a name that a reader who passes over case, as Go's does, takes for a declared one.
func inAnotherCase(known map[string]*openapi3.Schema, key string) bool {
	for name := range known {
		if strings.EqualFold(name, key) {
			return true
		}
	}
	return false
}

// properties are those of a schema and of all its allOf.
func properties(schema *openapi3.Schema) map[string]*openapi3.Schema {
	all := map[string]*openapi3.Schema{}
	for name, p := range schema.Properties {
		all[name] = p.Value
	}
	for _, part := range schema.AllOf {
		for name, p := range properties(part.Value) {
			all[name] = p
		}
	}
	return all
}
