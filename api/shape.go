package api

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
)

// shape is a schema made ready for checking: what its allOf adds is part of it.
type shape struct {
	kind       string // object, array, string, integer, number or boolean
	nullable   bool
	properties map[string]*shape
	required   []string
	items      *shape
	minItems   uint64
	maxItems   *uint64
	unique     bool             // no two items may be equal
	scalar     *openapi3.Schema // what is neither object nor array is left to kin-openapi
}

// shapes makes shapes of schemas, each once. It refuses what a check would pass over.
type shapes map[*openapi3.Schema]*shape

func (s shapes) of(schema *openapi3.Schema) (*shape, error) {
	if made, ok := s[schema]; ok {
		return made, nil
	}
	made := &shape{nullable: schema.Nullable, properties: map[string]*shape{}}
	s[schema] = made // before its parts, which may hold it again
	if err := s.fill(made, schema); err != nil {
		return nil, err
	}
	switch made.kind {
	case "object":
	case "array":
		if made.items == nil {
			return nil, fmt.Errorf("an array without items is not checked")
		}
	case "string", "integer", "number", "boolean":
		made.scalar = schema
	default:
		return nil, fmt.Errorf("a schema without one type is not checked")
	}
	return made, nil
}

// ofContent gives the shape of a body, which has one content type. checkable has made it.
func (s shapes) ofContent(content openapi3.Content) *shape {
	for _, media := range content {
		return s[media.Schema.Value]
	}
	return nil
}

// fill adds what a schema says, and what its allOf says.
func (s shapes) fill(made *shape, schema *openapi3.Schema) error {
	if keyword := unchecked(schema); keyword != "" {
		return fmt.Errorf("%s is not checked", keyword)
	}
	if types := schema.Type.Slice(); len(types) == 1 && (made.kind == "" || made.kind == types[0]) {
		made.kind = types[0]
	} else if len(types) > 0 {
		return fmt.Errorf("a schema of several types is not checked")
	}
	made.required = append(made.required, schema.Required...)
	made.minItems, made.maxItems, made.unique = schema.MinItems, schema.MaxItems, schema.UniqueItems
	if schema.Items != nil {
		items, err := s.of(schema.Items.Value)
		if err != nil {
			return err
		}
		made.items = items
	}
	for name, property := range schema.Properties {
		of, err := s.of(property.Value)
		if err != nil {
			return err
		}
		made.properties[name] = of
	}
	for _, part := range schema.AllOf {
		if err := s.fill(made, part.Value); err != nil {
			return err
		}
	}
	if len(schema.AllOf) > 0 && made.kind != "object" {
		return fmt.Errorf("allOf of anything but objects is not checked")
	}
	return nil
}

// unchecked names a keyword of a schema that no check here looks at.
func unchecked(schema *openapi3.Schema) string {
	switch {
	case len(schema.OneOf) > 0:
		return "oneOf"
	case len(schema.AnyOf) > 0:
		return "anyOf"
	case schema.Not != nil:
		return "not"
	case schema.MinProps > 0:
		return "minProperties"
	case schema.MaxProps != nil:
		return "maxProperties"
	case schema.AdditionalProperties.Schema != nil:
		return "additionalProperties"
	case schema.Discriminator != nil:
		return "discriminator"
	}
	return ""
}
