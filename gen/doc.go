// Package gen has the types of the contract and a client for its operations, both generated from openapi.yaml. Programs
// use the types. To call the Market they use [github.com/ymarket-go/chats/wrapper], which adds authorization, limits,
// retries and errors to this client. By itself it sends a request once and gives the answer back as it came:
//
//	client, err := gen.NewClientWithResponses(gen.ServerURL, gen.WithRequestEditorFn(addKey))
//	answer, err := client.GetChatWithResponse(ctx, 12345, &gen.GetChatParams{ChatID: 7000001})
//	answer.JSON200, answer.JSON404 // one of them, by the status
//
// An optional field is a pointer. An enum may have a value that its constants do not list, as the Market may add some
// any day; its method Valid tells whether the value is a known one.
//
// Operations lists the operations with their quotas and scopes.
//
// The comments below come from the generator and from the descriptions in openapi.yaml.
package gen
