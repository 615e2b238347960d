package api

import (
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ymarket-go/chats/internal/formdata"
)

// checkable refuses what this package would pass over in silence, should the contract grow it one day. It makes the
// shapes of all that it finds.
func checkable(doc *openapi3.T, shapes shapes) error {
	if err := checkableSecurity(doc); err != nil {
		return err
	}
	for path, item := range doc.Paths.Map() {
		if len(item.Parameters) > 0 {
			return fmt.Errorf("api: parameters of a whole path are not checked: %s", path)
		}
		for _, op := range item.Operations() {
			if err := checkableOperation(op, shapes); err != nil {
				return fmt.Errorf("api: %s: %w", op.OperationID, err)
			}
		}
	}
	return nil
}

func checkableOperation(op *openapi3.Operation, shapes shapes) error {
	if op.Security != nil {
		return fmt.Errorf("security of an operation is not checked")
	}
	for _, p := range op.Parameters {
		if err := checkableParameter(p.Value, shapes); err != nil {
			return fmt.Errorf("parameter %s: %w", p.Value.Name, err)
		}
	}
	if op.RequestBody != nil {
		if err := checkableRequest(op.RequestBody.Value.Content, shapes); err != nil {
			return fmt.Errorf("the request %w", err)
		}
	}
	for status, response := range op.Responses.Map() {
		if err := checkableContent(response.Value.Content, shapes); err != nil {
			return fmt.Errorf("the answer %s %w", status, err)
		}
	}
	return nil
}

func checkableRequest(content openapi3.Content, shapes shapes) error {
	if !isForm(content) {
		return checkableContent(content, shapes)
	}
	media := content[formdata.MediaType]
	if len(content) != 1 || media.Schema == nil || len(media.Encoding) > 0 {
		return fmt.Errorf("is more than a form with a schema")
	}
	form, err := shapes.of(media.Schema.Value)
	if err == nil {
		err = checkableForm(form)
	}
	if err != nil {
		return fmt.Errorf("cannot be checked: %w", err)
	}
	return nil
}

func checkableContent(content openapi3.Content, shapes shapes) error {
	media := content.Get("application/json")
	if len(content) != 1 || media == nil || media.Schema == nil {
		return fmt.Errorf("is not described as JSON")
	}
	if _, err := shapes.of(media.Schema.Value); err != nil {
		return fmt.Errorf("cannot be checked: %w", err)
	}
	return nil
}
