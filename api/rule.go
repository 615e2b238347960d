package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// brokenRules names the rules that a string, a number or a boolean breaks, in the words of the contract: those that
// kin-openapi holds to, and further ones.
func brokenRules(schema *openapi3.Schema, value any) []string {
	if kind := schema.Type.Slice()[0]; !isOf(kind, value) {
		return []string{"type " + kind}
	}
	err := schema.VisitJSON(value, openapi3.MultiErrors(), openapi3.DisableSchemaErrorDetails())
	rules := schemaRules(err)
	if rule := furtherRule(schema, value); rule != "" {
		rules = append(rules, rule)
	}
	return rules
}

// isOf is whether a value of JSON may be of a type. Integers are numbers until kin-openapi looks at them.
func isOf(kind string, value any) bool {
	switch value.(type) {
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	}
	return kind == "integer" || kind == "number"
}

// schemaRules takes kin-openapi's errors apart.
func schemaRules(err error) []string {
	switch e := err.(type) {
	case nil:
		return nil
	case openapi3.MultiError:
		var rules []string
		for _, err := range e {
			rules = append(rules, schemaRules(err)...)
		}
		return rules
	case *openapi3.SchemaError:
		return []string{ruleText(e)}
	default:
		if inner := errors.Unwrap(err); inner != nil {
			return schemaRules(inner)
		}
		return []string{"does not fit its schema"}
	}
}

// ruleText names what was broken.
func ruleText(e *openapi3.SchemaError) string {
	s := e.Schema
	switch e.SchemaField {
	case "type":
		return "type " + strings.Join(s.Type.Slice(), " or ")
	case "minimum":
		return fmt.Sprint("minimum ", *s.Min)
	case "maximum":
		return fmt.Sprint("maximum ", *s.Max)
	case "minLength":
		return fmt.Sprint("minLength ", s.MinLength)
	case "maxLength":
		return fmt.Sprint("maxLength ", *s.MaxLength)
	case "enum":
		return fmt.Sprint("enum ", s.Enum)
	case "format":
		return "format " + s.Format
	default:
		return e.SchemaField
	}
}

// furtherRule holds to what kin-openapi lets through: integers beyond their format, and dates that do not exist.
func furtherRule(schema *openapi3.Schema, value any) string {
	switch value := value.(type) {
	case json.Number:
		if _, err := strconv.ParseInt(value.String(), 10, 64); err != nil && schema.Format == "int64" {
			return "format int64"
		}
	case string:
		if _, err := time.Parse(time.RFC3339, value); err != nil && schema.Format == "date-time" {
			return "format date-time"
		}
	}
	return ""
}
