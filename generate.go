// Package chats holds the contract of the Yandex Market chat API, and the commands that generate code from it.
//
// The client that programs import is in the package wrapper.
package chats

import _ "embed"

//go:generate go tool oapi-codegen -config api/oapi-codegen.yaml openapi.yaml
//go:generate go tool oapi-codegen -config api/oapi-codegen-server.yaml openapi.yaml

// Spec is the contract: the bytes of openapi.yaml.
//
//go:embed openapi.yaml
var Spec []byte
