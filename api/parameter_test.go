package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats"
	"github.com/ymarket-go/chats/api"
)

// changed is a Validator of a contract in which chatId has another schema. The contract itself is as it was afterwards.
func changed(t testing.TB, schema string) *api.Validator {
	t.Helper()
	const chatID = "description: The id of the chat.\n      schema:\n        type: integer\n        format: int64\n        minimum: 1\n      example: 67890\n"
	was := chats.Spec
	defer func() { chats.Spec = was }()
	require.Contains(t, string(was), chatID, "the change does not fit the contract any more")
	chats.Spec = []byte(strings.Replace(string(was), chatID, "description: The id of the chat.\n      "+schema+"\n", 1))
	return newValidator(t)
}

// The contract has integers only, today.
func TestParametersOfOtherTypes(t *testing.T) {
	rows := map[string]struct {
		schema string
		want   map[string][]string // by the query, without its ?
	}{
		"text": {"schema: {type: string, maxLength: 3}", map[string][]string{
			"chatId=abc": nil, "chatId=": nil, "chatId=%2B1": nil,
			"chatId=abcd":        {"query chatId: maxLength 3"},
			"":                   {"query chatId: required"},
			"chatId=a&chatId=ab": {"query chatId: comes more than once"},
		}},
		"a date": {"schema: {type: string, format: date-time}", map[string][]string{
			"chatId=2026-02-28T00:00:00Z": nil,
			"chatId=2026-02-30T00:00:00Z": {"query chatId: format date-time"},
		}},
		"an enum": {"schema: {type: string, enum: [ASC, DESC]}", map[string][]string{
			"chatId=ASC": nil, "chatId=asc": {"query chatId: enum [ASC DESC]"},
		}},
		"a boolean": {"schema: {type: boolean}", map[string][]string{
			"chatId=true": nil, "chatId=false": nil,
			"chatId=True": {"query chatId: type boolean"}, "chatId=1": {"query chatId: type boolean"}, "chatId=": {"query chatId: type boolean"},
		}},
		"an enum of booleans": {"schema: {type: boolean, enum: [true]}", map[string][]string{
			"chatId=true": nil, "chatId=false": {"query chatId: enum [true]"},
		}},
		"a number": {"schema: {type: number, maximum: 2.5}", map[string][]string{
			"chatId=2.5": nil, "chatId=-1e2": nil, "chatId=0": nil,
			"chatId=2.6": {"query chatId: maximum 2.5"},
			"chatId=.5":  {"query chatId: type number"}, "chatId=01": {"query chatId: type number"}, "chatId=1.": {"query chatId: type number"},
			"chatId=NaN": {"query chatId: type number"}, "chatId=0x1": {"query chatId: type number"}, "chatId=": {"query chatId: type number"},
		}},
		"an empty value": {"allowEmptyValue: true\n      schema: {type: boolean}", map[string][]string{
			"chatId=": nil, "chatId": nil, "chatId=x": {"query chatId: type boolean"},
		}},
		"a list": {"schema: {type: array, minItems: 2, maxItems: 3, items: {type: integer, minimum: 1}}", map[string][]string{
			"chatId=1&chatId=2":                   nil,
			"chatId=1":                            {"query chatId: minItems 2"},
			"chatId=1&chatId=0":                   {"query chatId/1: minimum 1"},
			"chatId=1,2":                          {"query chatId: minItems 2", "query chatId/0: type integer"},
			"chatId=1&chatId=2&chatId=3&chatId=4": {"query chatId: maxItems 3"},
			"":                                    {"query chatId: required"},
		}},
		"a list with commas": {"explode: false\n      schema: {type: array, items: {type: string, maxLength: 2}}", map[string][]string{
			"chatId=a,b": nil, "chatId=a": nil,
			"chatId=a,bcd":      {"query chatId/1: maxLength 2"},
			"chatId=a&chatId=b": {"query chatId: comes more than once"},
		}},
		"a list with spaces": {"style: spaceDelimited\n      explode: false\n      schema: {type: array, items: {type: boolean}}", map[string][]string{
			"chatId=true+false": nil, "chatId=true%20x": {"query chatId/1: type boolean"},
		}},
		"a list with bars": {"style: pipeDelimited\n      explode: false\n      schema: {type: array, items: {type: boolean}}", map[string][]string{
			"chatId=true%7Cfalse": nil, "chatId=true%7Cx": {"query chatId/1: type boolean"},
		}},
		"an object": {"schema: {type: object, required: [from], properties: {from: {type: integer, minimum: 1}, to: {type: integer}}}", map[string][]string{
			"from=1&to=2": nil, "from=1": nil,
			"from=0":          {"query chatId/from: minimum 1"},
			"to=x":            {"query chatId/from: required", "query chatId/to: type integer"},
			"from=1&from=2":   {"query chatId/from: comes more than once"},
			"from=1&chatId=1": {"query chatId: is not declared"},
			"":                {"query chatId: required"},
		}},
		"a deep object": {"style: deepObject\n      schema: {type: object, properties: {from: {type: integer, minimum: 1}}}", map[string][]string{
			"chatId[from]=1":             nil,
			"chatId[from]=0":             {"query chatId/from: minimum 1"},
			"chatId[from]=1&chatId[x]=1": {"query …: is not declared"},
			"from=1":                     {"query chatId: required", "query from: is not declared"},
		}},
	}
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			v := changed(t, row.schema)
			for query, want := range row.want {
				req := request(t, "GET", chat, "")
				req.URL.RawQuery = query
				assert.Equal(t, want, places(v.Request(req)), query)
			}
		})
	}
}

// In a query that is not required, nothing at all is fine.
func TestParametersThatMayBeAbsent(t *testing.T) {
	const old = "in: query\n      required: true\n      description: The id of the chat.\n      schema:\n        type: integer\n"
	change(t, old+"        format: int64\n        minimum: 1\n      example: 67890\n",
		"in: query\n      required: false\n      description: x\n      schema: {type: object, properties: {from: {type: integer}}}\n")
	assert.NoError(t, newValidator(t).Request(request(t, "GET", chat, "")))
}

func TestParametersInHeaders(t *testing.T) {
	const old = "name: chatId\n      in: query\n      required: true\n      description: The id of the chat.\n      schema:\n" +
		"        type: integer\n        format: int64\n        minimum: 1\n      example: 67890\n"
	for _, explode := range []string{"", "explode: true\n      "} {
		t.Run(explode, func(t *testing.T) {
			change(t, old, "name: X-Ids\n      in: header\n      required: true\n      description: x\n      "+explode+
				"schema: {type: array, items: {type: integer}}\n")
			v := newValidator(t)
			for _, row := range []struct{ lines, want []string }{
				{[]string{"1, 2"}, nil},
				{[]string{"1", "2,3"}, nil},
				{[]string{"1", "2,x"}, []string{"header X-Ids/2: type integer"}},
				{nil, []string{"header X-Ids: required"}},
			} {
				req := request(t, "GET", chat, "")
				req.Header[http.CanonicalHeaderKey("X-Ids")] = row.lines
				assert.Equal(t, row.want, places(v.Request(req)), row.lines)
			}
		})
	}
}
