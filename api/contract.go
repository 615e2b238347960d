package api

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ymarket-go/chats"
)

// Load parses the contract, chats.Spec, and validates it as OpenAPI. Each call gives a document of its own, which may
// be changed. It fails only when openapi.yaml was broken before the build.
func Load() (*openapi3.T, error) { return load(chats.Spec, "the contract") }

// LoadNotifications parses the contract of the notifications, chats.NotificationsSpec, and validates it as OpenAPI.
// Each call gives a document of its own, which may be changed. It fails only when notifications.yaml was broken before
// the build.
func LoadNotifications() (*openapi3.T, error) {
	return load(chats.NotificationsSpec, "the contract of the notifications")
}

func load(spec []byte, what string) (*openapi3.T, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(spec)
	if err != nil {
		return nil, fmt.Errorf("api: %s cannot be read: %w", what, err)
	}
	if err := doc.Validate(loader.Context, openapi3.EnableSchemaFormatValidation()); err != nil {
		return nil, fmt.Errorf("api: %s is not valid: %w", what, err)
	}
	return doc, nil
}
