package sandbox

import (
	"encoding/json"
	"strings"

	"github.com/ymarket-go/chats/api"
)

// pageBreach is a violation in a sentence: Name is that of the value, Text says where it stands, what it must be and
// what came.
type pageBreach struct{ Name, Text string }

// newPageBreach writes a violation for people. body is the request's, as far as it is kept.
func newPageBreach(v *api.Violation, body []byte) pageBreach {
	part, name, named := strings.Cut(v.Where, " ")
	rule := ruleOf(v.Rule)
	switch {
	case part == "body" && named:
		name = strings.TrimPrefix(name, "/")
		steps := strings.Split(name, "/")
		text := "in the body " + rule
		if came := kindAt(body, steps); came != "" && strings.HasPrefix(v.Rule, "type ") {
			text += "; " + came + " came"
		}
		return pageBreach{strings.Join(steps, "."), text + "."}
	case part == "query" && named:
		return pageBreach{name, "in the query " + rule + "."}
	case part == "header" && named:
		return pageBreach{name, "in the headers " + rule + "."}
	case part == "path" && named:
		return pageBreach{name, "in the path " + rule + "."}
	case part == "…":
		return pageBreach{"", strings.ToUpper(rule[:1]) + rule[1:] + "."}
	default:
		return pageBreach{"", "The " + v.Where + " " + rule + "."}
	}
}

// ruleOf says what a rule asks for. One that is no keyword of the contract is a sentence without its subject.
func ruleOf(rule string) string {
	name, value, _ := strings.Cut(rule, " ")
	switch name {
	case "required":
		return "is missing"
	case "required,": // or another way to authorize
		return "is " + rule
	case "type":
		return "must be " + kindName(value)
	case "minimum":
		return "must be at least " + value
	case "maximum":
		return "must be at most " + value
	case "minLength", "minItems":
		return "must have a length of at least " + value
	case "maxLength", "maxItems":
		return "must have a length of at most " + value
	case "uniqueItems":
		return "must not have an item twice"
	case "enum":
		values := strings.Fields(strings.Trim(value, "[]"))
		return "must be one of " + strings.Join(values, ", ")
	case "format":
		return "must be " + formatName(value)
	case "none": // is declared
		return "must be left out"
	default:
		return rule
	}
}

// formatName is a format of the contract with its article.
func formatName(format string) string {
	switch format {
	case "int32", "int64":
		return "an integer of " + strings.TrimPrefix(format, "int") + " bits"
	case "date-time":
		return "a date and time that exist, as 2026-01-31T23:59:59Z"
	default:
		return "of the format " + format
	}
}

// kindName is a type of JSON with its article.
func kindName(kind string) string {
	if strings.Contains("aeiou", kind[:min(len(kind), 1)]) {
		return "an " + kind
	}
	return "a " + kind
}

// kindAt is the type of a value in JSON; empty: it is not there.
func kindAt(body []byte, steps []string) string {
	value, ok := valueAt(json.NewDecoder(strings.NewReader(string(body))), steps)
	if !ok {
		return ""
	}
	switch value[0] {
	case '{':
		return kindName("object")
	case '[':
		return kindName("array")
	case '"':
		return kindName("string")
	case 't', 'f':
		return kindName("boolean")
	case 'n':
		return "null"
	default:
		return kindName("number")
	}
}
