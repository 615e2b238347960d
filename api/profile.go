package api

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"

	"github.com/ymarket-go/chats/internal/jsontext"
)

// profile is what sets the checks of one contract apart from those of another.
type profile struct {
	addressed  bool  // parameters and authorization are the contract's; the address of a shop is the shop's own
	maxRequest int64 // bytes of a request's body, packed and unpacked, where x-max-request does not say it
	maxAnswer  int64 // bytes that are read of an answer's body, packed and unpacked
	newValues  bool  // an answer may have enum values that the contract does not know: each is a notice
	request    func(declared *shape, body []byte) findings
}

// calls are a shop's calls of the Market: openapi.yaml.
var calls = profile{
	addressed: true,
	maxAnswer: 8 << 20, // a page of 100 messages of 4,096 emoji has 5 MB
	newValues: true,
	request: func(declared *shape, body []byte) findings {
		found, _ := walk(declared, body, true)
		return found
	},
}

// deliveries are the Market's notifications of a shop: notifications.yaml. Its oneOf is taken out of the contract: a
// check needs the one shape that the type of a delivery names, and a type that the contract does not know is none of
// them.
func deliveries(doc *openapi3.T, shapes shapes) (profile, error) {
	schema := doc.Components.Schemas["Notification"].Value
	described, named := schema.OneOf, schema.Discriminator
	schema.OneOf, schema.Discriminator = nil, nil
	byType := map[string]*shape{}
	for kind, mapped := range named.Mapping {
		for _, one := range described {
			if one.Ref != mapped.Ref {
				continue
			}
			shape, err := shapes.of(one.Value)
			if err != nil {
				return profile{}, fmt.Errorf("api: the notification %s cannot be checked: %w", kind, err)
			}
			byType[kind] = shape
		}
	}
	return profile{
		maxRequest: 1 << 20, // the Market documents no limit
		maxAnswer:  1 << 20, // nor of this
		request: func(declared *shape, body []byte) findings {
			kind, isText := typeOf(body)
			if shape := byType[kind]; shape != nil {
				declared = shape
			}
			found, _ := walk(declared, body, false)
			if isText && kind == "" {
				found.add("body /notificationType", "must not be empty")
			}
			return found
		},
	}, nil
}

// typeOf gives the type of a delivery, and whether it has one that is a string. The walk reports what else is wrong.
func typeOf(body []byte) (kind string, isText bool) {
	value, _, err := jsontext.First(body)
	if err != nil {
		return "", false
	}
	var delivery struct {
		Type any `json:"notificationType"`
	}
	if json.Unmarshal(value, &delivery) != nil {
		return "", false
	}
	kind, isText = delivery.Type.(string)
	return kind, isText
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
