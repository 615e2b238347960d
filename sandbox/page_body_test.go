package sandbox

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ymarket-go/chats/api"
)

// shownText is the text of a body; what is marked stands in ‹›.
func shownText(p pageBody) string {
	var text strings.Builder
	for _, part := range p.Parts {
		if part.Marked {
			text.WriteString("‹" + part.Text + "›")
			continue
		}
		text.WriteString(part.Text)
	}
	return text.String()
}

// A body that is longer than what is kept of it may be cut within a character: what is left is text all the same.
func TestPageBodyCutWithinACharacter(t *testing.T) {
	var kept keptBody
	_, _ = kept.Write([]byte(strings.Repeat("x", maxKeptBody-1) + "ü"))
	p := newPageBody(kept, maxKeptBody, nil)
	assert.Equal(t, strings.Repeat("x", maxKeptBody-1)+"…", shownText(p))
	assert.Equal(t, "the first 32768 of 32769 bytes; more is not kept", p.Note)
}

// JSON has a line for each value, and what breaks the contract in it is marked; a text that is no JSON stays as it is.
func TestPageBodyMarksViolations(t *testing.T) {
	at := func(where string) *api.Violation { return &api.Violation{Where: where} }
	deep := strings.Repeat("[", maxIndentDepth) + strings.Repeat("]", maxIndentDepth)
	for body, want := range map[string]string{
		`{"a":{"b":[1,"]"]},"c":2}`: "{\n  \"a\": {\n    \"b\": [\n      1,\n      ‹\"]\"›\n    ]\n  },\n  \"c\": ‹2›\n}",
		`{"a":{"b":3},"c":{"d":4}}`: "{\n  \"a\": {\n    \"b\": 3\n  },\n  \"c\": ‹{\n    \"d\": 4\n  }›\n}",
		`{"a":5,"d":"\""}`:          "{\n  \"a\": 5,\n  \"d\": \"\\\"\"\n}",
		`{"a":`:                     `{"a":`,
		`c`:                         `c`,
		`{"x":` + deep + `}`:        `{"x":` + deep + `}`,
		`{"x":[[[[[[[0]]]]]]]}`: "{\n  \"x\": [\n    [\n      [\n        [\n          [\n            [\n              [\n                0\n" +
			"              ]\n            ]\n          ]\n        ]\n      ]\n    ]\n  ]\n}",
		strings.Repeat(`[[],"["],`, 9): strings.Repeat(`[[],"["],`, 9),
	} {
		var kept keptBody
		_, _ = kept.Write([]byte(body))
		p := newPageBody(kept, maxKeptBody, []*api.Violation{at("body /c"), at("body /a/b/1"), at("body /c/d"), at("query a"), at("body"), at("body /z")})
		assert.Equal(t, want, shownText(p), body)
		assert.Empty(t, p.Note)
	}
	assert.Empty(t, newPageBody(keptBody{}, maxKeptBody, nil))
}

// A violation is a sentence: what is wrong, where it stands, what it must be, and what came in its place.
func TestPageBreach(t *testing.T) {
	const body = `{"message":{"text":1},"list":[true,null,"x",[],1.5]}`
	for violation, want := range map[api.Violation]string{
		{Where: "body /message", Rule: "type string"}:           "message in the body must be a string; an object came.",
		{Where: "body /message/text", Rule: "type string"}:      "message.text in the body must be a string; a number came.",
		{Where: "body /list/0", Rule: "type integer"}:           "list.0 in the body must be an integer; a boolean came.",
		{Where: "body /list/1", Rule: "type object"}:            "list.1 in the body must be an object; null came.",
		{Where: "body /list/2", Rule: "type array"}:             "list.2 in the body must be an array; a string came.",
		{Where: "body /list/3", Rule: "type string"}:            "list.3 in the body must be a string; an array came.",
		{Where: "body /list/4", Rule: "type integer"}:           "list.4 in the body must be an integer; a number came.",
		{Where: "body /gone", Rule: "type string"}:              "gone in the body must be a string.",
		{Where: "body /gone", Rule: "required"}:                 "gone in the body is missing.",
		{Where: "body /message", Rule: "must not be null"}:      "message in the body must not be null.",
		{Where: "body /message", Rule: "maxLength 4096"}:        "message in the body must have a length of at most 4096.",
		{Where: "body /message", Rule: "minLength 1"}:           "message in the body must have a length of at least 1.",
		{Where: "body /type", Rule: "enum [ORDER RETURN]"}:      "type in the body must be one of ORDER, RETURN.",
		{Where: "body /x", Rule: "comes twice"}:                 "x in the body comes twice.",
		{Where: "body", Rule: "is not JSON"}:                    " The body is not JSON.",
		{Where: "body", Rule: "type object"}:                    " The body must be an object.",
		{Where: "query chatId", Rule: "minimum 1"}:              "chatId in the query must be at least 1.",
		{Where: "query limit", Rule: "maximum 100"}:             "limit in the query must be at most 100.",
		{Where: "path businessId", Rule: "type integer"}:        "businessId in the path must be an integer.",
		{Where: "header Content-Type", Rule: "must be x"}:       "Content-Type in the headers must be x.",
		{Where: "method", Rule: "is not one of the path"}:       " The method is not one of the path.",
		{Where: "…", Rule: "there are more violations than 99"}: " There are more violations than 99.",
		{Where: "body /at", Rule: "format date"}:                "at in the body must be of the format date.",
		{Where: "body /id", Rule: "format int64"}:               "id in the body must be an integer of 64 bits.",
		{Where: "body /statuses", Rule: "minItems 1"}:           "statuses in the body must have a length of at least 1.",
		{Where: "body /statuses", Rule: "uniqueItems"}:          "statuses in the body must not have an item twice.",
		{Where: "body", Rule: "has no last delimiter"}:          " The body has no last delimiter.",
		{Where: "body", Rule: "none is declared"}:               " The body must be left out.",
		{Where: "header A", Rule: "required, or another"}:       "A in the headers is required, or another.",
	} {
		b := newPageBreach(&violation, []byte(body))
		assert.Equal(t, want, b.Name+" "+b.Text)
	}
}
