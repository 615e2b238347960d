// Package chats has the contracts of the Yandex Market chat API, and the commands that generate code from them. A
// program that talks to buyers imports [github.com/ymarket-go/chats/wrapper].
//
// The two contracts are OpenAPI 3.0.3, written by hand: openapi.yaml is what a shop asks the Market for,
// notifications.yaml what the Market posts to a shop. The packages follow them:
//
//   - [github.com/ymarket-go/chats/wrapper] is the client that programs import: it adds authorization, validation,
//     retries, limits and errors to
//   - [github.com/ymarket-go/chats/gen], the types and the client that are generated from openapi.yaml;
//   - [github.com/ymarket-go/chats/notify] is the http.Handler that takes the Market's notifications;
//   - [github.com/ymarket-go/chats/inbox] gives a program what buyers write, each message at least once and in order;
//   - [github.com/ymarket-go/chats/api] checks requests and answers against the contracts;
//   - [github.com/ymarket-go/chats/sandbox] answers as the Market does, in memory, for tests;
//   - [github.com/ymarket-go/chats/cmd/ymchats] is all of it on the command line.
//
// The module github.com/ymarket-go/chats/fleet shares the Market's limits between several processes.
//
// After a change of a contract: make generate, or go generate ./... without make.
package chats

import _ "embed"

//go:generate go tool oapi-codegen -config api/oapi-codegen.yaml openapi.yaml
//go:generate go run ./api/operations -output gen/operations.go
//go:generate go tool oapi-codegen -config api/oapi-codegen-server.yaml openapi.yaml
//go:generate go tool oapi-codegen -config api/oapi-codegen-notify.yaml notifications.yaml

// Spec is the contract of the requests: the bytes of openapi.yaml, in UTF-8. They are not to be changed; api.Load
// parses them.
//
//go:embed openapi.yaml
var Spec []byte

// NotificationsSpec is the contract of the notifications, seen from the shop's server: the bytes of
// notifications.yaml, in UTF-8. They are not to be changed; api.LoadNotifications parses them.
//
//go:embed notifications.yaml
var NotificationsSpec []byte
