// Package api is the contract at work: it loads openapi.yaml and checks traffic against it.
//
//	v, err := api.NewValidator()
//	err = v.Request(req)                              // all violations at once
//	for _, violation := range api.Violations(err) { … } // operation, place and rule; never a value
//
// A client's tests send through Transport, which checks both directions. The checks are stricter than those of
// kin-openapi, which does the schemas: query parameters that are unknown or repeated, properties of a request that are
// not declared, names that come twice, bytes after the JSON, integers beyond int64, a body where none belongs, statuses
// that are not declared and dates that do not exist are violations too.
package api
