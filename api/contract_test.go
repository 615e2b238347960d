package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats"
	"github.com/ymarket-go/chats/api"
)

func TestBasePathsThatAreRefused(t *testing.T) {
	v := newValidator(t, api.WithBasePaths(""))
	assert.Equal(t, "getChat", v.Operation(request(t, "GET", "/businesses/1/chat", "")))
	assert.Equal(t, "", v.Operation(request(t, "GET", chat, "")))
	_, err := api.NewValidator(api.WithBasePaths("/%zz"))
	assert.ErrorContains(t, err, "api: ", "one that is no path")
	for _, slash := range []string{"/v1/", "/v1//v2", "/"} {
		_, err = api.NewValidator(api.WithBasePaths("/v2", slash))
		assert.ErrorContains(t, err, "is not allowed", slash)
	}
	_, err = api.NewValidator(api.WithBasePaths("v2"))
	assert.EqualError(t, err, `api: the base path "v2" is not allowed, allowed is "" or one like "/v2"`)
	_, err = api.NewValidator(nil)
	assert.EqualError(t, err, "api: an option is nil")
}

// change changes the contract for the length of a test.
func change(t testing.TB, old, by string) {
	t.Helper()
	was := chats.Spec
	t.Cleanup(func() { chats.Spec = was })
	require.Contains(t, string(was), old, "the change does not fit the contract any more")
	chats.Spec = []byte(strings.Replace(string(was), old, by, 1))
}

// What a Validator would pass over in silence is refused.
func TestContractsThatAreRefused(t *testing.T) {
	const (
		getChat = "  /businesses/{businessId}/chat:\n    get:"
		chatID  = "description: The id of the chat.\n      schema:\n        type: integer\n        format: int64\n        minimum: 1\n      example: 67890\n"
		request = "content:\n          application/json:\n            schema:\n              $ref: '#/components/schemas/SendMessageToChatRequest'"
		form    = "multipart/form-data:\n            schema:\n              $ref: '#/components/schemas/SendFileToChatRequest'"
		reply   = "content:\n            application/json:\n              schema:\n                $ref: '#/components/schemas/EmptyApiResponse'"
	)
	rows := map[string]struct{ old, new, says string }{
		"parameters of a path": {getChat, strings.Replace(getChat, "    get:", "    parameters:\n      - $ref: '#/components/parameters/businessId'\n    get:", 1),
			"api: parameters of a whole path are not checked: /businesses/{businessId}/chat"},
		"a parameter in a cookie":        {"in: query", "in: cookie", ": parameter chatId: cookies are not checked"},
		"a parameter that is JSON":       {chatID, "description: x\n      content: {application/json: {schema: {type: integer}}}\n", ": parameter chatId: only parameters with a schema are checked"},
		"a parameter of lists of lists":  {chatID, "description: x\n      schema: {type: array, items: {type: array, items: {type: string}}}\n", ": parameter chatId: only arrays of strings, numbers and booleans"},
		"a list without items":           {chatID, "description: x\n      schema: {type: array, items: {}}\n", ": parameter chatId: a schema without one type is not checked"},
		"an object in one parameter":     {chatID, "description: x\n      explode: false\n      schema: {type: object, properties: {a: {type: string}}}\n", ": parameter chatId: only objects in the query, in the styles form with explode and deepObject"},
		"an object of objects":           {chatID, "description: x\n      schema: {type: object, properties: {a: {type: object}}}\n", ": parameter chatId: property a: only strings, numbers and booleans"},
		"one schema of several":          {chatID, "description: x\n      schema: {oneOf: [{type: string}]}\n", ": parameter chatId: oneOf is not checked"},
		"any schema of several":          {chatID, "description: x\n      schema: {anyOf: [{type: string}]}\n", ": parameter chatId: anyOf is not checked"},
		"what is not":                    {chatID, "description: x\n      schema: {not: {type: string}}\n", ": parameter chatId: not is not checked"},
		"another name in a path":         {"in: query\n      required: true\n      description: The id of the chat.", "in: header\n      required: true\n      x-aliases: [chat]\n      description: The id of the chat.", ": parameter chatId: only x-aliases that are a list of names"},
		"another name that is a number":  {"x-aliases: [page_token]", "x-aliases: 7", ": parameter pageToken: only x-aliases that are a list of names"},
		"at least so many properties":    {chatID, "description: x\n      schema: {type: object, minProperties: 1}\n", ": parameter chatId: minProperties is not checked"},
		"no more than so many":           {chatID, "description: x\n      schema: {type: object, maxProperties: 1}\n", ": parameter chatId: maxProperties is not checked"},
		"properties of any name":         {chatID, "description: x\n      schema: {type: object, additionalProperties: {type: string}}\n", ": parameter chatId: additionalProperties is not checked"},
		"all of two texts":               {chatID, "description: x\n      schema: {type: string, allOf: [{type: string}]}\n", ": parameter chatId: allOf of anything but objects is not checked"},
		"all of two types":               {chatID, "description: x\n      schema: {type: object, allOf: [{type: string}]}\n", ": parameter chatId: a schema of several types is not checked"},
		"a schema deep in an answer":     {"type: array\n              nullable: true", "type: array\n              maxProperties: 1", "cannot be checked: maxProperties is not checked"},
		"a request that is text":         {request, strings.Replace(request, "application/json", "text/plain", 1), "api: sendMessageToChat: the request is not described as JSON"},
		"a request that may be text":     {request, strings.Replace(request, "content:\n", "content:\n          text/plain: {}\n", 1), "api: sendMessageToChat: the request is not described as JSON"},
		"a form that may be JSON":        {form, "application/json: {}\n          " + form, "api: sendFileToChat: the request is more than a form with a schema"},
		"a form without a schema":        {form, "multipart/form-data:", "api: sendFileToChat: the request is more than a form with a schema"},
		"a form with an encoding":        {form, form + "\n            encoding: {file: {contentType: image/png}}", "api: sendFileToChat: the request is more than a form with a schema"},
		"a form that is a list":          {form + "\n            example:\n              file: What is in the file.", "multipart/form-data:\n            schema: {type: array, items: {type: string}}", "api: sendFileToChat: the request cannot be checked: only forms that are objects are checked"},
		"a form with a text":             {form, "multipart/form-data:\n            schema: {type: object, properties: {name: {type: string, maxLength: 9}}}", "api: sendFileToChat: the request cannot be checked: property name: only files with a maxLength are checked"},
		"a form with a list":             {form, "multipart/form-data:\n            schema: {type: object, properties: {a: {type: array, items: {type: string}}}}", "api: sendFileToChat: the request cannot be checked: property a: only files with a maxLength are checked"},
		"a form with a file of any size": {form, "multipart/form-data:\n            schema: {type: object, properties: {file: {type: string, format: binary}}}", "api: sendFileToChat: the request cannot be checked: property file: only files with a maxLength are checked"},
		"a form that cannot be checked":  {form, "multipart/form-data:\n            schema: {type: object, minProperties: 1}", "api: sendFileToChat: the request cannot be checked: minProperties is not checked"},
		"an answer that is text":         {reply, strings.Replace(reply, "application/json", "text/plain", 1), "api: sendMessageToChat: the answer 200 is not described as JSON"},
		"an answer that may be anything": {reply, "content:\n            application/json:", "api: sendMessageToChat: the answer 200 is not described as JSON"},
		"security of an operation":       {"operationId: getChat\n", "operationId: getChat\n      security: []\n", "api: getChat: security of an operation is not checked"},
		"a key in the query":             {"      in: header\n      name: Api-Key", "      in: query\n      name: Api-Key", "api: security ApiKey: only one API key in a header"},
		"two ways at once":               {"  - ApiKey: []\n  - OAuth: []", "  - ApiKey: []\n    OAuth: []", "only one API key in a header or one bearer token at a time"},
		"no JSON at all":                 {"openapi: ", "]openapi: ", "api: the contract cannot be read: "},
		"an OpenAPI that is not valid":   {"in: query", "in: nowhere", "api: the contract is not valid: "},
	}
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			change(t, row.old, row.new)
			_, err := api.NewValidator()
			assert.ErrorContains(t, err, row.says)
		})
	}
}

// The contract asks for all this today, so that only a changed one shows that the Validator reads it.
func TestContractsThatAskForLess(t *testing.T) {
	for i, row := range []struct {
		old, new, method, target, body string
		header                         http.Header
	}{
		{"in: query\n      required: true", "in: query\n      required: false", "GET", chat, "", nil},
		{"requestBody:\n        required: true", "requestBody:\n        required: false", "POST", newChat, "", nil},
		{"security:\n  - ApiKey: []\n  - OAuth: []", "security: []", "GET", chat + "?chatId=1", "", http.Header{}},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			change(t, row.old, row.new)
			req := request(t, row.method, row.target, row.body)
			if row.header != nil {
				req.Header = row.header
			}
			assert.NoError(t, newValidator(t).Request(req))
		})
	}
}
