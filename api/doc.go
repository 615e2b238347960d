// Package api is the contract at work: it loads openapi.yaml and checks traffic against it.
//
//	v, err := api.NewValidator()
//	err = v.Request(req)                              // all violations at once
//	for _, violation := range api.Violations(err) { … } // operation, place and rule; never a value
//
// # Where to put the checks
//
// The tests of a client send through [Validator.Transport], those of a server stand behind [Validator.Handler]; both
// check requests and answers. [Validator.Request] and [Validator.Response] check traffic that was recorded.
//
// # What is checked
//
// Method, path, parameters, authorization, content type, status and body: all that the contract says of them. A host
// may have any name, as clients are tested against servers on loopback. Nothing else is asked of a token than that
// there is one.
//
// The checks are stricter than those of kin-openapi, which does the schemas: query parameters that are unknown or
// repeated, properties of a request that are not declared, names that come twice, bytes after the JSON, integers beyond
// int64, a body where none belongs, statuses that are not declared and dates that do not exist are violations too. So
// is a request of more than 512 KiB, the API's own limit, and an answer of more than 1 MiB.
//
// An answer may have fields that the contract does not know, as the Market may add some any day. An enum value that it
// does not know is a violation: a client should cope with one, and somebody should hear of it.
//
// # Notifications
//
// [NewNotificationValidator] makes a Validator of notifications.yaml, for what the Market posts to a shop and what the
// shop answers.
//
// # What a violation shows
//
// Operation, place and rule, and never a value: recorded traffic holds keys, messages and the names of buyers, and
// violations end up in logs.
package api
