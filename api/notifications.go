package api

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"

	"github.com/ymarket-go/chats"
)

// LoadNotifications parses the contract of the notifications, chats.NotificationsSpec, and validates it as OpenAPI.
// Each call gives a document of its own, which may be changed. It fails only when notifications.yaml was broken before
// the build.
func LoadNotifications() (*openapi3.T, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(chats.NotificationsSpec)
	if err != nil {
		return nil, fmt.Errorf("api: the contract of the notifications cannot be read: %w", err)
	}
	if err := doc.Validate(loader.Context, openapi3.EnableSchemaFormatValidation()); err != nil {
		return nil, fmt.Errorf("api: the contract of the notifications is not valid: %w", err)
	}
	return doc, nil
}

// NewNotificationValidator makes a Validator of notifications.yaml, for what the Market posts to a shop: Request
// checks a delivery, Response the shop's answer to it. A delivery may come to any path, as the shop chooses it; so
// WithBasePaths is refused. A delivery may be of a type that the contract does not know, as the Market may add some
// any day, and both may have fields that it does not know. Each may have up to 1 MiB.
func NewNotificationValidator(opts ...Option) (*Validator, error) {
	var o options
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("api: an option is nil")
		}
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	if o.basePaths != nil {
		return nil, errors.New("api: WithBasePaths is given, but a delivery may come to any path")
	}
	doc, err := LoadNotifications()
	if err != nil {
		return nil, err
	}
	if err := checkable(doc); err != nil {
		return nil, err
	}
	return &Validator{doc: doc, router: onePath(doc), deliveries: true}, nil
}

// anyPath finds the operations of the only path of a contract, whatever path a request has.
type anyPath struct{ item *openapi3.PathItem }

func onePath(doc *openapi3.T) anyPath {
	for _, item := range doc.Paths.Map() {
		return anyPath{item}
	}
	return anyPath{&openapi3.PathItem{}}
}

// FindRoute is that of routers.Router.
func (p anyPath) FindRoute(req *http.Request) (*routers.Route, map[string]string, error) {
	operation := p.item.Operations()[req.Method]
	if operation == nil {
		return nil, nil, routers.ErrMethodNotAllowed
	}
	return &routers.Route{Operation: operation}, nil, nil
}

// maxDelivery bounds what is read of a delivery, in bytes. The Market documents no limit.
const maxDelivery = 1 << 20

// delivery checks what the Market sends.
func (v *Validator) delivery(req *http.Request) error {
	route, _, violation := v.find(req)
	if violation != nil {
		return violation
	}
	data, again, err := peek(req.Body, maxDelivery)
	req.Body = again
	var findings []finding
	switch {
	case err != nil:
		findings = []finding{{"body", "cannot be read"}}
	case len(data) > maxDelivery:
		findings = []finding{{"body", fmt.Sprintf("has more than %d bytes", maxDelivery)}}
	case len(data) == 0:
		findings = []finding{{"body", "required"}}
	case !isJSON(req.Header.Values("Content-Type")):
		findings = []finding{{"header Content-Type", "must be application/json, in UTF-8"}}
	default:
		findings = checkNotification(route.Operation.RequestBody.Value.Content.Get("application/json").Schema.Value, data)
	}
	return join(route.Operation.OperationID, findings)
}

// checkNotification checks a body against the schema of its type. What kin-openapi reports of a oneOf names neither
// place nor rule, and it refuses types that are not in the contract.
func checkNotification(schema *openapi3.Schema, data []byte) []finding {
	value, findings, ok := parse(data, "body")
	if !ok {
		return findings
	}
	object, ok := value.(map[string]any)
	if !ok {
		return append(findings, finding{"body", "type object"})
	}
	property := schema.Discriminator.PropertyName
	kind, given := object[property]
	text, isText := kind.(string)
	switch {
	case !given:
		return append(findings, finding{pointer("body", property), "required"})
	case !isText || text == "":
		return append(findings, finding{pointer("body", property), "must be a string that is not empty"})
	}
	for _, described := range schema.OneOf {
		if described.Ref == schema.Discriminator.Mapping[text].Ref {
			return append(findings, checkValue(described.Value, value, "body", false)...)
		}
	}
	return findings // the Market may add types
}

// answer checks what a shop says to a delivery.
func (v *Validator) answer(req *http.Request, resp *http.Response) error {
	route, _, violation := v.find(req)
	if violation != nil {
		return violation
	}
	operation := route.Operation.OperationID
	if resp == nil {
		return &Violation{Operation: operation, Where: "status", Rule: "there is no answer"}
	}
	declared := route.Operation.Responses.Status(resp.StatusCode)
	if declared == nil {
		return &Violation{Operation: operation, Where: "status", Rule: "is not declared"}
	}
	if resp.Body == nil {
		return nil // nobody recorded it
	}
	data, again, err := peek(resp.Body, maxAnswer)
	resp.Body = again
	var findings []finding
	switch {
	case err != nil:
		findings = []finding{{"body", "cannot be read"}}
	case len(data) > maxAnswer:
		findings = []finding{{"body", "is too large to be checked"}}
	default:
		findings = checkJSON(declared.Value.Content, resp.Header, data, false)
	}
	return join(operation, findings)
}
