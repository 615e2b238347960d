package tests

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats"
)

func TestContractLint(t *testing.T) {
	assert.Empty(t, lint(chats.Spec, readOverlay(t, "overlay"), operationsRules))
	assert.Empty(t, lint(chats.NotificationsSpec, readOverlay(t, "overlay-notify"), notificationsRules))
}

func readOverlay(t *testing.T, name string) []byte {
	t.Helper()
	overlay, err := os.ReadFile("../api/" + name + ".yaml")
	require.NoError(t, err)
	return overlay
}

// rules are what the contracts differ in.
type rules struct {
	statuses []string // that each operation has
	errors   string   // the schema of every status but 200
	textIDs  []string // ids that are no integers
}

var (
	operationsRules = rules{[]string{"200", "400", "401", "403", "404", "420", "500"},
		"#/components/schemas/ApiErrorResponse", []string{"ChatCustomerDTO.publicId"}}
	notificationsRules = rules{[]string{"200", "400", "403", "500"},
		"#/components/schemas/SendNotificationErrorResponse", []string{"ChatMessageSentNotificationDTO.messageId"}}
)

// lint lists what is wrong with a contract: kin-openapi's findings, and what it lets through and the generator stumbles
// over, or makes bad code of.
func lint(spec, overlay []byte, r rules) []string {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(spec)
	if err != nil {
		return []string{err.Error()}
	}
	l := &linter{doc: doc, spec: string(spec), rules: r}
	if err := doc.Validate(loader.Context, openapi3.EnableSchemaFormatValidation()); err != nil {
		l.report("%v", err)
	}
	l.operations()
	for name, schema := range doc.Components.Schemas {
		l.schema(name, schema.Value, false)
	}
	l.unusedComponents()
	l.varnames(overlay)
	slices.Sort(l.problems)
	return l.problems
}

type linter struct {
	doc      *openapi3.T
	spec     string
	rules    rules
	problems []string
}

func (l *linter) report(format string, args ...any) {
	l.problems = append(l.problems, fmt.Sprintf(format, args...))
}

var threeDigits = regexp.MustCompile(`^[1-5][0-9][0-9]$`)

func (l *linter) operations() {
	seen := map[string]bool{}
	for path, item := range l.doc.Paths.Map() {
		for method, op := range item.Operations() {
			at := method + " " + path
			if op.OperationID == "" {
				l.report("%s: no operationId", at)
			}
			if seen[op.OperationID] {
				l.report("%s: operationId %s comes twice", at, op.OperationID)
			}
			seen[op.OperationID] = true
			for _, p := range op.Parameters {
				l.property(at+" "+p.Value.Name, p.Value.Schema)
			}
			l.responses(at, op.Responses)
			if op.RequestBody != nil {
				l.content(at+" request", op.RequestBody.Value.Content)
			}
		}
	}
}

func (l *linter) responses(at string, responses *openapi3.Responses) {
	for _, status := range l.rules.statuses {
		if responses.Value(status) == nil {
			l.report("%s: status %s is missing", at, status)
		}
	}
	for status, response := range responses.Map() {
		if !threeDigits.MatchString(status) {
			l.report("%s: status %s is not one of three digits", at, status)
		}
		l.content(at+" "+status, response.Value.Content)
		if ref := schemaRef(response.Value.Content); status != "200" && ref != l.rules.errors {
			l.report("%s: status %s has not the schema of errors", at, status)
		}
	}
}

func schemaRef(content openapi3.Content) string {
	if media := content.Get("application/json"); media != nil && media.Schema != nil {
		return media.Schema.Ref
	}
	return ""
}

func (l *linter) content(at string, content openapi3.Content) {
	if schemaRef(content) == "" {
		l.report("%s: no named schema of application/json", at)
	}
}

// schema checks a component. A part of an allOf is an object without a name of its own.
func (l *linter) schema(at string, s *openapi3.Schema, part bool) {
	known := map[string]bool{}
	collect(s, known)
	for _, name := range s.Required {
		if !known[name] {
			l.report("%s: required %s is no property", at, name)
		}
	}
	for i, value := range s.Enum {
		if slices.Contains(s.Enum[:i], value) {
			l.report("%s: enum value %v comes twice", at, value)
		}
	}
	for name, p := range s.Properties {
		l.property(at+"."+name, p)
	}
	for _, p := range s.AllOf {
		l.schema(at, p.Value, true)
	}
	if s.Description == "" && !part {
		l.report("%s: no description", at)
	}
	l.bounds(at, s)
}

func collect(s *openapi3.Schema, into map[string]bool) {
	for name := range s.Properties {
		into[name] = true
	}
	for _, part := range s.AllOf {
		collect(part.Value, into)
	}
}

// property checks what is not a component: it must be simple, as the generator makes a copy of anything else.
func (l *linter) property(at string, ref *openapi3.SchemaRef) {
	if ref.Ref != "" {
		return
	}
	s := ref.Value
	if s.Type.Is("object") || len(s.Properties) > 0 || len(s.AllOf) > 0 {
		l.report("%s: an object without a name", at)
	}
	if len(s.Enum) > 0 {
		l.report("%s: an enum without a name", at)
	}
	if s.Items != nil {
		l.property(at+"[]", s.Items)
	}
	if extra := s.AdditionalProperties.Schema; extra != nil {
		l.property(at+"{}", extra)
	}
	if isID := strings.HasSuffix(at, "Id") || strings.HasSuffix(at, ".id") || strings.HasSuffix(at, " id"); isID && !slices.Contains(l.rules.textIDs, at) {
		if !s.Type.Is("integer") || s.Format != "int64" {
			l.report("%s: an id that is no int64", at)
		}
	}
	l.bounds(at, s)
}

func (l *linter) bounds(at string, s *openapi3.Schema) {
	if s.Min != nil && s.Max != nil && *s.Min > *s.Max ||
		s.MaxLength != nil && s.MinLength > *s.MaxLength ||
		s.MaxItems != nil && s.MinItems > *s.MaxItems {
		l.report("%s: the minimum is above the maximum", at)
	}
}

func (l *linter) unusedComponents() {
	c := l.doc.Components
	for kind, names := range map[string][]string{"schemas": names(c.Schemas), "parameters": names(c.Parameters), "responses": names(c.Responses),
		"headers": names(c.Headers), "requestBodies": names(c.RequestBodies), "examples": names(c.Examples)} {
		for _, name := range names {
			if !regexp.MustCompile(`\$ref: '#/components/` + kind + `/` + regexp.QuoteMeta(name) + `'`).MatchString(l.spec) {
				l.report("%s: %s is used nowhere", name, kind)
			}
		}
	}
	for name := range c.SecuritySchemes {
		if !slices.ContainsFunc(l.doc.Security, func(way openapi3.SecurityRequirement) bool { return way[name] != nil }) {
			l.report("%s: securitySchemes is used nowhere", name)
		}
	}
}

func names[T any](m map[string]T) []string {
	var all []string
	for name := range m {
		all = append(all, name)
	}
	return all
}

var varnames = regexp.MustCompile(`schemas\.(\w+)\n +update:\n +x-enum-varnames: \[(.+)\]`)

// varnames checks that each enum has Go names in the overlay: for each value its own, WaitingForCustomer for
// WAITING_FOR_CUSTOMER.
func (l *linter) varnames(overlay []byte) {
	named := map[string][]string{}
	for _, action := range varnames.FindAllSubmatch(overlay, -1) {
		named[string(action[1])] = strings.Split(string(action[2]), ", ")
	}
	for name, schema := range l.doc.Components.Schemas {
		values := schema.Value.Enum
		if len(values) != len(named[name]) {
			l.report("%s: %d values, %d Go names in the overlay", name, len(values), len(named[name]))
			continue
		}
		for i, value := range values {
			if goName := named[name][i]; !strings.EqualFold(strings.ReplaceAll(fmt.Sprint(value), "_", ""), goName) {
				l.report("%s: the value %v has the Go name %s", name, value, goName)
			}
		}
	}
}

// Contracts that are wrong in one point each, and what lint says of it.
func TestContractLintCatches(t *testing.T) {
	overlay := string(readOverlay(t, "overlay"))
	rows := []struct{ what, old, new, says string }{
		{"no operationId", "      operationId: getChat\n", "", "GET /businesses/{businessId}/chat: no operationId"},
		{"a misspelt operationId", "operationId: getChat", "operationID: getChat", "operationID"},
		{"an operationId twice", "operationId: getChat", "operationId: createChat", "createChat"},
		{"required, but no property", "required: [chatId]", "required: [chatID]", "CreateChatResultDTO: required chatID is no property"},
		{"a required property that is gone", "required: [type, id]", "required: [type, id, kind]", "ChatContextDTO: required kind is no property"},
		{"an unused schema", "    ChatType:\n", "    Unused:\n      description: x\n      type: string\n    ChatType:\n", "Unused: schemas is used nowhere"},
		{"an unused parameter", "  headers:\n    X-RateLimit-Resource-Limit:\n      desc", "  headers:\n    X-Unused: {description: x, schema: {type: string}}\n    X-RateLimit-Resource-Limit:\n      desc", "X-Unused: headers is used nowhere"},
		{"an unused security scheme", "  - OAuth: []\n", "", "OAuth: securitySchemes is used nowhere"},
		{"an unused body", "  headers:\n    X-RateLimit-Resource-Limit:\n      desc", "  requestBodies:\n    Unused: {content: {application/json: {schema: {$ref: '#/components/schemas/ApiErrorDTO'}}}}\n  headers:\n    X-RateLimit-Resource-Limit:\n      desc", "Unused: requestBodies is used nowhere"},
		{"a parameter id of 32 bits", "        - $ref: '#/components/parameters/businessId'\n      requestBody", "        - $ref: '#/components/parameters/businessId'\n        - {name: id, in: query, schema: {type: integer, format: int32}}\n      requestBody", "id: an id that is no int64"},
		{"an inline object in a map", "          $ref: '#/components/schemas/ChatCustomerDTO'", "          {type: string, additionalProperties: {type: object}}", "an object without a name"},
		{"a schema that does not exist", "schemas/ChatType'", "schemas/ChatKind'", "ChatKind"},
		{"an enum value twice", "enum: [OK, ERROR]", "enum: [OK, OK, ERROR]", "ApiResponseStatusType: enum value OK comes twice"},
		{"a new enum value without a Go name", "enum: [OK, ERROR]", "enum: [OK, ERROR, MAYBE]", "ApiResponseStatusType: 3 values, 2 Go names in the overlay"},
		{"an enum of numbers", "enum: [OK, ERROR]", "enum: [1, 2]", "enum"},
		{"a status of two digits", "'404': {$ref: '#/components/responses/NotFound'}", "'40': {$ref: '#/components/responses/NotFound'}", "40"},
		{"a range of statuses", "'404': {$ref: '#/components/responses/NotFound'}", "'4XX': {$ref: '#/components/responses/NotFound'}", "status 4XX is not one of three digits"},
		{"a default status", "'500': {$ref: '#/components/responses/InternalServerError'}", "default: {$ref: '#/components/responses/InternalServerError'}", "status default is not one of three digits"},
		{"a status that is missing", "        '420': {$ref: '#/components/responses/MethodFailure'}\n", "", "status 420 is missing"},
		{"an error with another schema", "            $ref: '#/components/schemas/ApiErrorResponse'", "            $ref: '#/components/schemas/ApiResponse'", "has not the schema of errors"},
		{"an answer without a schema", "              schema:\n                $ref: '#/components/schemas/GetChatResponse'\n", "", "no named schema of application/json"},
		{"an inline enum", "          $ref: '#/components/schemas/ChatType'", "          {type: string, enum: [CHAT]}", "GetChatInfoDTO.type: an enum without a name"},
		{"an inline object", "          $ref: '#/components/schemas/ChatCustomerDTO'", "          {type: object, properties: {name: {type: string}}}", "ChatFullContextDTO.customer: an object without a name"},
		{"an inline object in a list", "                $ref: '#/components/schemas/ApiErrorDTO'", "                {type: object}", "an object without a name"},
		{"an inline body", "            schema:\n              $ref: '#/components/schemas/CreateChatRequest'", "            schema:\n              type: object", "no named schema of application/json"},
		{"an id of 32 bits", "        chatId:\n          description: The id of the chat.\n          type: integer\n          format: int64", "        chatId:\n          description: The id of the chat.\n          type: integer\n          format: int32", "an id that is no int64"},
		{"an id without a format", "        id:\n          description: The id of the order or of the return.\n          type: integer\n          format: int64", "        id:\n          description: The id of the order or of the return.\n          type: integer", "ChatContextDTO.id: an id that is no int64"},
		{"an id as text", "        returnId:\n          description: The id of the return. It comes with chats about returns only.\n          type: integer\n          format: int64\n          minimum: 1", "        returnId:\n          description: x\n          type: string", "ChatFullContextDTO.returnId: an id that is no int64"},
		{"a parameter of 32 bits", "      description: The id of the chat.\n      schema:\n        type: integer\n        format: int64", "      description: The id of the chat.\n      schema:\n        type: integer\n        format: int32", "chatId: an id that is no int64"},
		{"minLength above maxLength", "minLength: 1\n          maxLength: 4096", "minLength: 4097\n          maxLength: 4096", "SendMessageToChatRequest.message: the minimum is above the maximum"},
		{"minimum above maximum", "      description: The id of the chat.\n      schema:\n        type: integer\n        format: int64\n        minimum: 1", "      description: The id of the chat.\n      schema:\n        type: integer\n        format: int64\n        minimum: 9\n        maximum: 1", "chatId: the minimum is above the maximum"},
		{"a path parameter that is not in the path", "/businesses/{businessId}/chat:", "/businesses/{id}/chat:", "businessId"},
		{"a schema without a description", "      description: An error.\n", "", "ApiErrorDTO: no description"},
		{"a misspelt keyword", "maxLength: 4096", "maxlength: 4096", "maxlength"},
		{"an unknown format of a type", "type: string\n      enum: [OK, ERROR]", "type: text\n      enum: [OK, ERROR]", "text"},
		{"no security scheme of that name", "  - ApiKey: []", "  - Apikey: []", "Apikey"},
		{"not YAML", "openapi: 3.0.3", "openapi: [3.0.3", "yaml"},
	}
	refused, tried := 0, 0
	for _, row := range rows {
		tried++
		t.Run(row.what, func(t *testing.T) {
			require.True(t, strings.Contains(string(chats.Spec), row.old), "the mutation does not fit the contract any more")
			problems := lint([]byte(strings.Replace(string(chats.Spec), row.old, row.new, 1)), []byte(overlay), operationsRules)
			if assert.Contains(t, strings.Join(problems, "\n"), row.says) {
				refused++
			}
		})
	}
	t.Run("a Go name too few in the overlay", func(t *testing.T) {
		tried++
		problems := lint(chats.Spec, []byte(strings.Replace(overlay, "[OK, Error]", "[OK]", 1)), operationsRules)
		if assert.Contains(t, problems, "ApiResponseStatusType: 2 values, 1 Go names in the overlay") {
			refused++
		}
	})
	t.Run("Go names in the wrong order", func(t *testing.T) {
		tried++
		problems := lint(chats.Spec, []byte(strings.Replace(overlay, "[OK, Error]", "[Error, OK]", 1)), operationsRules)
		if assert.Contains(t, problems, "ApiResponseStatusType: the value OK has the Go name Error") {
			refused++
		}
	})
	t.Logf("contracts refused: %d of %d", refused, tried)
}
