package tests

import (
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats"
	"github.com/ymarket-go/chats/api"
)

func loadNotifications(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := api.LoadNotifications()
	require.NoError(t, err)
	return doc
}

// The schemas of the notifications, written once more in short, as TestSchemas has those of the operations.
func TestNotificationSchemas(t *testing.T) {
	about := map[string]string{"notificationType*": "NotificationType", "chatId*": "int64", "businessId*": "int64>=1"}
	with := func(more map[string]string) map[string]string {
		all := map[string]string{}
		for _, part := range []map[string]string{about, more} {
			for name, kind := range part {
				all[name] = kind
			}
		}
		return all
	}
	want := map[string]map[string]string{
		"Notification":                         {"notificationType*": "NotificationType"},
		"PingNotificationDTO":                  {"notificationType*": "NotificationType", "time": "date-time"},
		"ChatCreatedNotificationDTO":           with(map[string]string{"createdAt*": "date-time"}),
		"ChatMessageSentNotificationDTO":       with(map[string]string{"messageId*": "string", "sentAt*": "date-time"}),
		"ChatArbitrageStartedNotificationDTO":  with(map[string]string{"startedAt*": "date-time"}),
		"ChatArbitrageFinishedNotificationDTO": with(map[string]string{"finishedAt*": "date-time"}),
		"OtherNotificationDTO":                 {"notificationType*": "NotificationType"},
		"SendNotificationResponse":             {"version*": "string 1..100", "name*": "string 1..100", "time*": "date-time"},
		"SendNotificationErrorResponse":        {"error": "NotificationApiErrorDTO"},
		"NotificationApiErrorDTO":              {"type": "NotificationApiErrorType", "message": "string"},
	}
	enums := map[string][]any{
		"NotificationType": {"PING", "CHAT_CREATED", "CHAT_MESSAGE_SENT", "CHAT_ARBITRAGE_STARTED", "CHAT_ARBITRAGE_FINISHED",
			"ORDER_CREATED", "ORDER_CANCELLED", "ORDER_STATUS_UPDATED", "ORDER_RETURN_CREATED", "ORDER_CANCELLATION_REQUEST",
			"ORDER_RETURN_STATUS_UPDATED", "ORDER_UPDATED", "ORDER_LINE_SERVICE_STATUS_UPDATED", "GOODS_FEEDBACK_CREATED",
			"GOODS_FEEDBACK_COMMENT_CREATED", "QUESTION_CREATED", "QUESTION_ANSWER_CREATED", "QUESTION_COMMENT_CREATED"},
		"NotificationApiErrorType": {"UNKNOWN", "WRONG_EVENT_FORMAT", "DUPLICATED_EVENT"},
	}
	got, gotEnums := map[string]map[string]string{}, map[string][]any{}
	for name, schema := range loadNotifications(t).Components.Schemas {
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

// Each type of notification is mapped to a schema, and each schema of a notification is reached so.
func TestNotificationTypesAreMapped(t *testing.T) {
	schemas := loadNotifications(t).Components.Schemas
	notification := schemas["Notification"].Value
	reached := map[string]bool{}
	for _, kind := range schemas["NotificationType"].Value.Enum {
		ref := notification.Discriminator.Mapping[kind.(string)].Ref
		assert.NotEmpty(t, ref, kind)
		reached[ref] = true
	}
	assert.Len(t, notification.Discriminator.Mapping, len(schemas["NotificationType"].Value.Enum))
	for _, part := range notification.OneOf {
		assert.True(t, reached[part.Ref], part.Ref)
	}
	assert.Len(t, reached, len(notification.OneOf))
}

// The examples keep the contract by the checks of this module, each answer has one, and each schema of the request.
func TestNotificationExamples(t *testing.T) {
	op := loadNotifications(t).Paths.Value("/notification").Post
	schema := op.RequestBody.Value.Content["application/json"]
	shown := map[string]bool{}
	for name, example := range schema.Examples {
		value := example.Value.Value.(map[string]any)
		ref := schema.Schema.Value.Discriminator.Mapping[value["notificationType"].(string)].Ref
		shown[ref] = true
		for _, part := range schema.Schema.Value.OneOf {
			if part.Ref == ref {
				assert.NoError(t, part.Value.VisitJSON(value, openapi3.EnableFormatValidation()), name)
			}
		}
	}
	assert.Len(t, shown, len(schema.Schema.Value.OneOf))
	for status, response := range op.Responses.Map() {
		media := response.Value.Content["application/json"]
		if assert.NotNil(t, media.Example, status) {
			assert.NoError(t, media.Schema.Value.VisitJSON(media.Example, openapi3.EnableFormatValidation()), status)
		}
	}
}

// Other people's generators do not understand aliases of YAML.
func TestNotificationsHaveNoAliases(t *testing.T) {
	assert.NotRegexp(t, regexp.MustCompile(`(?m)(:|-)\s+[*&]\w`), string(chats.NotificationsSpec))
}

// Contracts of notifications that are wrong in one point each, and what lint says of it.
func TestNotificationsLintCatches(t *testing.T) {
	overlay := readOverlay(t, "overlay-notify")
	refused := 0
	rows := []struct{ what, old, new, says string }{
		{"no operationId", "      operationId: sendNotification\n", "", "no operationId"},
		{"a status that is missing", "        '403':\n", "        '404':\n", "status 403 is missing"},
		{"an error with another schema", "SendNotificationErrorResponse'\n              example: {error: {type: WRONG", "SendNotificationResponse'\n              example: {error: {type: WRONG", "status 400 has not the schema of errors"},
		{"a new type without a Go name", "        - QUESTION_COMMENT_CREATED\n", "        - QUESTION_COMMENT_CREATED\n        - CHAT_READ\n", "NotificationType: 19 values, 18 Go names in the overlay"},
		{"a type twice", "        - ORDER_UPDATED\n", "        - ORDER_UPDATED\n        - ORDER_UPDATED\n", "enum value ORDER_UPDATED comes twice"},
		{"an id of 32 bits", "          format: int64\n", "          format: int32\n", "an id that is no int64"},
		{"required, but no property", "required: [version, name, time]", "required: [version, name, date]", "required date is no property"},
		{"an inline enum", "          $ref: '#/components/schemas/NotificationApiErrorType'", "          {type: string, enum: [UNKNOWN]}", "an enum without a name"},
		{"a schema without a description", "      description: Why a notification was not taken.\n", "", "NotificationApiErrorDTO: no description"},
		{"minLength above maxLength", "maxLength: 100", "maxLength: 0", "the minimum is above the maximum"},
		{"an example that breaks the contract", "example: {version: 1.0.0, name: shop", "example: {version: 1.0.0, name: ''", "minimum string length"},
		{"a schema that does not exist", "schemas/NotificationApiErrorDTO'", "schemas/ErrorDTO'", "ErrorDTO"},
	}
	for _, row := range rows {
		t.Run(row.what, func(t *testing.T) {
			require.Contains(t, string(chats.NotificationsSpec), row.old, "the mutation does not fit the contract any more")
			spec := strings.Replace(string(chats.NotificationsSpec), row.old, row.new, 1)
			if assert.Contains(t, strings.Join(lint([]byte(spec), overlay, notificationsRules), "\n"), row.says) {
				refused++
			}
		})
	}
	t.Logf("contracts refused: %d of %d", refused, len(rows))
}
