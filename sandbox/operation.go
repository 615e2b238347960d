package sandbox

import (
	"maps"
	"slices"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ymarket-go/chats/api"
)

// The operations of the contract, by their operationIds. Script and Every take them, and Call.Operation is one of them.
const (
	OperationCreateChat        = "createChat"
	OperationGetChat           = "getChat"
	OperationSendMessageToChat = "sendMessageToChat"
)

// operation is what the contract says of an operation, as far as it is needed here.
type operation struct {
	scopes []string         // any of them allows it
	query  []string         // the parameters in the query that are integers
	body   *openapi3.Schema // nil when it has no body
}

// contractOperations are all operations of the contract, by operationId.
var contractOperations = sync.OnceValue(func() map[string]operation {
	doc, err := api.Load()
	if err != nil {
		panic(err)
	}
	all := map[string]operation{}
	for _, item := range doc.Paths.Map() {
		for _, described := range item.Operations() {
			all[described.OperationID] = newOperation(described)
		}
	}
	return all
})

func newOperation(described *openapi3.Operation) operation {
	op := operation{scopes: scopesOf(described)}
	for _, p := range described.Parameters {
		if p.Value.In == openapi3.ParameterInQuery && p.Value.Schema.Value.Type.Is("integer") {
			op.query = append(op.query, p.Value.Name)
		}
	}
	if described.RequestBody != nil {
		op.body = described.RequestBody.Value.Content.Get("application/json").Schema.Value
	}
	return op
}

// scopesOf reads the extension x-scopes, a list of strings.
func scopesOf(described *openapi3.Operation) []string {
	list, _ := described.Extensions["x-scopes"].([]any)
	var scopes []string
	for _, item := range list {
		if scope, ok := item.(string); ok {
			scopes = append(scopes, scope)
		}
	}
	if scopes == nil {
		panic("sandbox: " + described.OperationID + " has no x-scopes in the contract")
	}
	return scopes
}

// allOperations lists the operationIds, sorted.
func allOperations() []string { return slices.Sorted(maps.Keys(contractOperations())) }

// allScopes lists what a key can be allowed to do: every scope of every operation, sorted.
func allScopes() []string {
	var all []string
	for _, op := range contractOperations() {
		all = append(all, op.scopes...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
