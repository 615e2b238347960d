package tests

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats"
	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

func load(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := api.Load()
	require.NoError(t, err)
	return doc
}

// What the pages and the Market's documentation say of the operations, apart from their schemas, written once more in
// short: a question mark for optional.
func TestOperations(t *testing.T) {
	doc := load(t)
	type operation struct {
		id     string
		quota  any
		params []string
		body   string // its content type and its largest size in bytes
	}
	const cabinet, chat = "path businessId int64 from 1", "query chatId int64 from 1"
	const json = "application/json 524288"
	const page = "query pageToken string also page_token?"
	want := map[string]operation{
		"POST /businesses/{businessId}/chats/new":     {"createChat", 1000.0, []string{cabinet}, json},
		"POST /businesses/{businessId}/chats/message": {"sendMessageToChat", 1000.0, []string{cabinet, chat}, json},
		"GET /businesses/{businessId}/chat":           {"getChat", 1000.0, []string{cabinet, chat}, ""},
		"POST /businesses/{businessId}/chats": {"getChats", 5000.0,
			[]string{cabinet, page, "query limit int32 from 1 to 20 default 10?"}, json},
		"POST /businesses/{businessId}/chats/history": {"getChatHistory", 10000.0,
			[]string{cabinet, chat, page, "query limit int32 from 1 to 100 default 50?"}, json},
		"GET /businesses/{businessId}/chats/message": {"getChatMessage", 1000.0,
			[]string{cabinet, chat, "query messageId int64 from 1"}, ""},
		"POST /businesses/{businessId}/chats/file/send": {"sendFileToChat", 1000.0, []string{cabinet, chat},
			"multipart/form-data 5308416"},
	}
	got := map[string]operation{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			o := operation{id: op.OperationID, quota: op.Extensions["x-quota"]}
			if op.RequestBody != nil && op.RequestBody.Value.Required {
				o.body = fmt.Sprintf("%s %.0f", onlyType(t, op.RequestBody.Value.Content), op.Extensions["x-max-request"])
			}
			for _, p := range op.Parameters {
				o.params = append(o.params, describeParameter(p.Value))
			}
			got[method+" "+path] = o
			var statuses []string
			for status := range op.Responses.Map() {
				statuses = append(statuses, status)
			}
			assert.ElementsMatch(t, []string{"200", "400", "401", "403", "404", "420", "500"}, statuses, op.OperationID)
			for _, prose := range []string{"Available for all models", "Scopes of the Api-Key, any of:"} {
				assert.Contains(t, op.Description, prose, op.OperationID)
			}
			assert.Equal(t, op.Extensions["x-quota"], quotaInProse(t, op.Description), "%s: what is read by people and by programs", op.OperationID)
			assert.Equal(t, op.Extensions["x-scopes"], scopesInProse(op.Description), "%s: what is read by people and by programs", op.OperationID)
		}
	}
	assert.Equal(t, want, got)
}

// onlyType is the content type of a body.
func onlyType(t *testing.T, content openapi3.Content) string {
	t.Helper()
	require.Len(t, content, 1)
	return slices.Collect(maps.Keys(content))[0]
}

// describeParameter writes one in short.
func describeParameter(p *openapi3.Parameter) string {
	schema := p.Schema.Value
	kind := schema.Format
	if kind == "" {
		kind = strings.Join(schema.Type.Slice(), " or ")
	}
	short := p.In + " " + p.Name + " " + kind
	if schema.Min != nil {
		short += fmt.Sprint(" from ", *schema.Min)
	}
	if schema.Max != nil {
		short += fmt.Sprint(" to ", *schema.Max)
	}
	if schema.Default != nil {
		short += fmt.Sprint(" default ", schema.Default)
	}
	if aliases, ok := p.Extensions["x-aliases"].([]any); ok {
		short += fmt.Sprint(" also ", aliases[0])
	}
	if !p.Required {
		short += "?"
	}
	return short
}

// scopesInProse are those that a description lists, each with what it means.
func scopesInProse(description string) []any {
	var scopes []any
	for _, line := range regexp.MustCompile("(?m)^- `([a-z:-]+)`: [a-z ]+\\.$").FindAllStringSubmatch(description, -1) {
		scopes = append(scopes, line[1])
	}
	return scopes
}

// quotaInProse reads the requests an hour that a description promises, as JSON gives them.
func quotaInProse(t *testing.T, description string) any {
	t.Helper()
	found := regexp.MustCompile(`Quota: ([0-9,]+) requests an hour`).FindStringSubmatch(description)
	require.NotNil(t, found, description)
	quota, err := strconv.ParseFloat(strings.ReplaceAll(found[1], ",", ""), 64)
	require.NoError(t, err)
	return quota
}

// What the pages say beside the constraints, and a reader of the contract needs.
func TestSentencesOfThePages(t *testing.T) {
	doc := load(t)
	info := doc.Components.Schemas["ChatFullContextDTO"].Value.Properties["campaignId"].Value.Description
	for _, prose := range []string{"GET v2/campaigns", "API and modules", "Campaign ID", "Request log", "Show logs"} {
		assert.Contains(t, info, prose)
	}
	getChat := doc.Paths.Value("/businesses/{businessId}/chat").Get.Description
	assert.Contains(t, getChat, "switch on the notifications of the API")
	history := doc.Paths.Value("/businesses/{businessId}/chats/history").Post.Description
	assert.Contains(t, history, "The order of the messages is not documented")
	assert.Contains(t, history, "the message that `messageIdFrom` names comes too")
	assert.Contains(t, history, "A message of files alone has no text")
	file := doc.Paths.Value("/businesses/{businessId}/chats/file/send").Post.Description
	assert.Contains(t, file, "The documentation of the method allows 5 MB")
	assert.Contains(t, file, "which of the two the Market keeps to was not tried")
}

// An example for each parameter, each request and each answer: mock servers show them, and Dredd sends them. Those of
// errors tell of their own status, so a schema that several answers share has none.
func TestExamplesOfTheContract(t *testing.T) {
	doc := load(t)
	codes := map[string]string{"400": "BAD_REQUEST", "401": "UNAUTHORIZED", "403": "FORBIDDEN", "404": "NOT_FOUND", "420": "METHOD_FAILURE", "500": "INTERNAL_ERROR"}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			for _, p := range op.Parameters {
				assert.NotNil(t, p.Value.Example, "%s %s", op.OperationID, p.Value.Name)
			}
			if op.RequestBody != nil {
				content := op.RequestBody.Value.Content
				assert.NotNil(t, content[onlyType(t, content)].Example, op.OperationID)
			}
			for status, response := range op.Responses.Map() {
				example, ok := response.Value.Content.Get("application/json").Example.(map[string]any)
				if !assert.True(t, ok, "%s %s", op.OperationID, status) || status == "200" {
					continue
				}
				first := example["errors"].([]any)[0].(map[string]any)
				assert.Equal(t, codes[status], first["code"], "%s %s", op.OperationID, status)
			}
		}
	}
	assert.Nil(t, doc.Components.Schemas["ApiErrorResponse"].Value.Example)
	for name, header := range doc.Components.Headers {
		assert.NotNil(t, header.Value.Example, name)
	}
}

// An anchor or an alias of YAML is valid, and many generators cannot read it; $ref is understood by all.
func TestContractHasNoAliases(t *testing.T) {
	alias := regexp.MustCompile(`(?m)^[^#'"]*(:|-)\s+[&*][A-Za-z].*$`)
	for _, spec := range [][]byte{chats.Spec, chats.NotificationsSpec, sandbox.ControlSpec} {
		assert.Empty(t, alias.FindAllString(string(spec), -1))
	}
	for _, line := range []string{"headers: &limits", "      headers: *limits", "- *one"} {
		assert.Regexp(t, alias, line)
	}
}

// The constants that the generator makes of the servers.
func TestServers(t *testing.T) {
	var urls []string
	for _, s := range load(t).Servers {
		urls = append(urls, s.URL)
	}
	assert.Equal(t, []string{"https://api.partner.market.yandex.ru/v2", "https://api.partner.market.yandex.net/v2", "https://api.partner.market.yandex.ru"}, urls)
	assert.Equal(t, []string{gen.ServerURL, gen.ServerURLUzbekistan, gen.ServerURLUnversioned}, urls)
}

// The schemas, written once more in short: a star for required, a question mark for nullable, "set" for values that
// differ from each other.
func TestSchemas(t *testing.T) {
	const id = "int64>=1"
	want := map[string]map[string]string{
		"ApiResponse":              {"status*": "ApiResponseStatusType"},
		"CreateChatRequest":        {"context": "ChatContextDTO", "orderId": "int64 deprecated"},
		"ChatContextDTO":           {"type*": "ChatContextIdentifiableType", "id*": id},
		"CreateChatResponse":       {"status*": "ApiResponseStatusType", "result": "CreateChatResultDTO"},
		"CreateChatResultDTO":      {"chatId*": id},
		"SendMessageToChatRequest": {"message*": "string 1..4096"},
		"SendFileToChatRequest":    {"file*": "binary 0..5242880"},
		"EmptyApiResponse":         {"status*": "ApiResponseStatusType"},
		"GetChatResponse":          {"status*": "ApiResponseStatusType", "result": "GetChatInfoDTO"},
		"GetChatInfoDTO": {"chatId*": id, "orderId": id + " deprecated", "context*": "ChatFullContextDTO", "type*": "ChatType",
			"status*": "ChatStatusType", "createdAt*": "date-time", "updatedAt*": "date-time"},
		"ChatFullContextDTO": {"type*": "ChatContextType", "customer": "ChatCustomerDTO", "campaignId": id, "orderId": id, "returnId": id},
		"ChatCustomerDTO":    {"name": "string 1..", "publicId": "string 1.."},
		"GetChatsRequest": {"orderIds": "set of 1.. of int64 deprecated?", "contexts": "set of 1.. of ChatContextDTO?",
			"contextTypes": "set of 1.. of ChatContextType?", "types": "set of 1.. of ChatType?", "statuses": "set of 1.. of ChatStatusType?"},
		"GetChatsResponse":       {"status*": "ApiResponseStatusType", "result": "GetChatsInfoDTO"},
		"GetChatsInfoDTO":        {"chats*": "0.. of GetChatInfoDTO", "paging": "ForwardScrollingPagerDTO"},
		"GetChatHistoryRequest":  {"messageIdFrom": id},
		"GetChatHistoryResponse": {"status*": "ApiResponseStatusType", "result": "ChatMessagesResultDTO"},
		"ChatMessagesResultDTO": {"context*": "ChatFullContextDTO", "messages*": "0.. of ChatMessageDTO",
			"orderId": "int64 deprecated", "paging": "ForwardScrollingPagerDTO"},
		"ChatMessageDTO": {"messageId*": id, "createdAt*": "date-time", "sender*": "ChatMessageSenderType",
			"message": "string", "payload": "1.. of ChatMessagePayloadDTO?"},
		"ChatMessagePayloadDTO":    {"name*": "string", "url*": "string 1..2000", "size*": "int32"},
		"ForwardScrollingPagerDTO": {"nextPageToken": "string"},
		"GetChatMessageResponse":   {"status*": "ApiResponseStatusType", "result": "ChatMessageDTO"},
		"ApiErrorResponse":         {"status*": "ApiResponseStatusType", "errors": "1.. of ApiErrorDTO?"},
		"ApiErrorDTO":              {"code*": "string", "message": "string"},
	}
	enums := map[string][]any{
		"ApiResponseStatusType":       {"OK", "ERROR"},
		"ChatContextIdentifiableType": {"ORDER", "RETURN"},
		"ChatContextType":             {"ORDER", "RETURN", "DIRECT"},
		"ChatMessageSenderType":       {"PARTNER", "CUSTOMER", "MARKET", "SUPPORT"},
		"ChatType":                    {"CHAT", "ARBITRAGE"},
		"ChatStatusType":              {"NEW", "WAITING_FOR_CUSTOMER", "WAITING_FOR_PARTNER", "WAITING_FOR_ARBITER", "WAITING_FOR_MARKET", "FINISHED"},
	}
	got, gotEnums := map[string]map[string]string{}, map[string][]any{}
	for name, schema := range load(t).Components.Schemas {
		if schema.Value.Enum != nil {
			gotEnums[name] = schema.Value.Enum
			continue
		}
		got[name] = map[string]string{}
		describe(schema.Value, got[name])
	}
	assert.Equal(t, want, got)
	assert.Equal(t, enums, gotEnums)
}

func describe(schema *openapi3.Schema, into map[string]string) {
	for _, part := range schema.AllOf {
		describe(part.Value, into)
	}
	required := map[string]bool{}
	for _, name := range schema.Required {
		required[name] = true
	}
	for name, p := range schema.Properties {
		if required[name] {
			name += "*"
		}
		into[name] = kind(p)
	}
}

func kind(ref *openapi3.SchemaRef) string {
	s := ref.Value
	var text string
	switch {
	case ref.Ref != "":
		return ref.Ref[len("#/components/schemas/"):]
	case s.Type.Is("array"):
		text = fmt.Sprint(s.MinItems, ".. of ", kind(s.Items))
	case s.MaxLength != nil:
		text = fmt.Sprint(cmp.Or(s.Format, "string"), " ", s.MinLength, "..", *s.MaxLength)
	case s.MinLength > 0:
		text = fmt.Sprint("string ", s.MinLength, "..")
	case s.Format != "":
		text = s.Format
	default:
		text = s.Type.Slice()[0]
	}
	if s.UniqueItems {
		text = "set of " + text
	}
	if s.Min != nil {
		text += fmt.Sprint(">=", *s.Min)
	}
	if s.Deprecated {
		text += " deprecated"
	}
	if s.Nullable {
		text += "?"
	}
	return text
}
