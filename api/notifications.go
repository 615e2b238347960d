package api

import (
	"encoding/json"
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
	shapes := shapes{}
	deliveries, err := deliveriesOf(doc, shapes)
	if err != nil {
		return nil, err
	}
	if err := checkable(doc, shapes); err != nil {
		return nil, err
	}
	v := &Validator{doc: doc, router: onePath(doc), shapes: shapes, report: o.report, deliveries: deliveries}
	return v, nil
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

// deliveries checks each delivery against the shape of its type.
type deliveries struct {
	anyType *shape            // what all have
	byType  map[string]*shape // those that the contract describes
}

// deliveriesOf takes the oneOf of the deliveries out of a contract: a check needs the one shape that the type names,
// and a type that the contract does not know is none of them.
func deliveriesOf(doc *openapi3.T, shapes shapes) (*deliveries, error) {
	schema := doc.Components.Schemas["Notification"].Value
	described, named := schema.OneOf, schema.Discriminator
	schema.OneOf, schema.Discriminator = nil, nil
	anyType, err := shapes.of(schema)
	if err != nil {
		return nil, fmt.Errorf("api: a notification cannot be checked: %w", err)
	}
	d := &deliveries{anyType: anyType, byType: map[string]*shape{}}
	for kind, mapped := range named.Mapping {
		for _, one := range described {
			if one.Ref != mapped.Ref {
				continue
			}
			if d.byType[kind], err = shapes.of(one.Value); err != nil {
				return nil, fmt.Errorf("api: the notification %s cannot be checked: %w", kind, err)
			}
		}
	}
	return d, nil
}

func (d *deliveries) check(header http.Header, data []byte) findings {
	var found findings
	if !isJSON(header.Values("Content-Type")) {
		found.add("header Content-Type", "must be application/json, in UTF-8")
		return found
	}
	kind, given := typeOf(data)
	shape := d.byType[kind]
	if shape == nil {
		shape = d.anyType
	}
	found, _ = walk(shape, data, false)
	if given && kind == "" {
		found.add("body /notificationType", "must not be empty")
	}
	return found
}

// typeOf gives the type of a delivery, and whether it has one that is a string. What is wrong otherwise is the
// walk's to say.
func typeOf(data []byte) (kind string, given bool) {
	value, _, err := firstValue(data)
	if err != nil {
		return "", false
	}
	var delivery struct {
		Type any `json:"notificationType"`
	}
	if json.Unmarshal(value, &delivery) != nil {
		return "", false
	}
	kind, given = delivery.Type.(string)
	return kind, given
}
