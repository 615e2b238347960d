package sandbox

import (
	"maps"
	"slices"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
)

// The operations of the contract, by their operationIds. Script and Every take them, and Call.Operation is one of them.
const (
	OperationCreateChat        = gen.OperationCreateChat
	OperationGetChat           = gen.OperationGetChat
	OperationSendMessageToChat = gen.OperationSendMessageToChat
)

// operation is what the contract says of an operation.
type operation struct {
	gen.Operation
	query []string         // the parameters in the query that are integers
	body  *openapi3.Schema // nil when it has no body
}

// contractOperations are all operations of the contract, by operationId.
var contractOperations = sync.OnceValue(func() map[string]operation {
	doc, err := api.Load()
	if err != nil {
		panic(err)
	}
	all := map[string]operation{}
	for _, op := range gen.Operations {
		described := doc.Paths.Value(op.Path).GetOperation(op.Method)
		all[op.ID] = operation{op, integersInQuery(described.Parameters), bodySchema(described, op.ContentType)}
	}
	return all
})

func integersInQuery(parameters openapi3.Parameters) (names []string) {
	for _, p := range parameters {
		if p.Value.In == openapi3.ParameterInQuery && p.Value.Schema.Value.Type.Is("integer") {
			names = append(names, p.Value.Name)
		}
	}
	return names
}

func bodySchema(described *openapi3.Operation, contentType string) *openapi3.Schema {
	if described.RequestBody == nil {
		return nil
	}
	return described.RequestBody.Value.Content.Get(contentType).Schema.Value
}

// allOperations lists the operationIds, sorted.
func allOperations() []string { return slices.Sorted(maps.Keys(contractOperations())) }

// allScopes lists what a key can be allowed to do: every scope of every operation, sorted.
func allScopes() []string {
	var all []string
	for _, op := range gen.Operations {
		all = append(all, op.Scopes...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
