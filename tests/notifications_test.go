package tests

import (
	"maps"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
		maps.Copy(more, about)
		return more
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
