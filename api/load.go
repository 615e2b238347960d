package api

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ymarket-go/chats"
)

// Load parses the contract, chats.Spec, and validates it as OpenAPI. Each call gives a document of its own, which may
// be changed. It fails only when openapi.yaml was broken before the build.
func Load() (*openapi3.T, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(chats.Spec)
	if err != nil {
		return nil, fmt.Errorf("api: the contract cannot be read: %w", err)
	}
	if err := doc.Validate(loader.Context, openapi3.EnableSchemaFormatValidation()); err != nil {
		return nil, fmt.Errorf("api: the contract is not valid: %w", err)
	}
	return doc, nil
}
