// Package chats holds the contract of the Yandex Market chat API, and the commands that generate code from it.
//
// The contract is openapi.yaml, OpenAPI 3.0.3, written by hand. The rest goes by it:
//
//   - [github.com/ymarket-go/chats/wrapper] is the client that programs import: it adds authorization, validation,
//     retries, limits and errors to
//   - [github.com/ymarket-go/chats/gen], the types and the client that are generated from the contract;
//   - [github.com/ymarket-go/chats/api] checks requests and answers against it;
//   - [github.com/ymarket-go/chats/sandbox] is a Market in memory to test against;
//   - cmd/ymchats is all of it on the command line.
//
// After a change of openapi.yaml: make generate, or go generate ./... without make.
package chats

import _ "embed"

//go:generate go tool oapi-codegen -config api/oapi-codegen.yaml openapi.yaml
//go:generate go tool oapi-codegen -config api/oapi-codegen-server.yaml openapi.yaml

// Spec is the contract: the bytes of openapi.yaml, in UTF-8. They are not to be changed; api.Load parses them.
//
//go:embed openapi.yaml
var Spec []byte
