// Package api checks requests and answers against the contract, openapi.yaml, and against that of the notifications.
//
//	v, err := api.NewValidator()
//	err = v.Request(req)                              // all violations at once
//	for _, violation := range api.Violations(err) { … } // operation, place and rule; never a value
//
// # Where to put the checks
//
// The tests of a client send through [Validator.Transport], those of a server stand behind [Validator.Handler]; both
// check requests and answers: what breaks the contract is stopped, or, with [WithReport], reported and let through.
// [Validator.Request] and [Validator.Response] check traffic that was recorded.
//
// # What is checked
//
// Method, path, parameters, authorization, content type, status and body: all that the contract says of them. A host
// may have any name, as clients are tested against servers on loopback. A token has to be there, and is not looked
// at. A body that Content-Encoding says is packed, by gzip or deflate, is unpacked for the check.
//
// The checks are stricter than those of kin-openapi, which does strings and numbers: query parameters that are
// unknown or repeated, properties of a request that are not declared, names that come twice, bytes after the JSON,
// integers beyond int64, texts of a request with half of a surrogate pair, a body where none belongs, statuses that are
// not declared and dates that do not exist are violations too. So is a request of more than 512 KiB, the API's own
// limit, and an answer of more than 8 MiB.
//
// The body of sendFileToChat has exactly one part, the file, of up to 5 MiB. The part is named file and has a file
// name, in filename or filename*; its type may be missing. Each delimiter stands between CRLFs, nothing stands before
// the first one, and at most a CRLF after the last one.
//
// An answer may have fields and enum values that the contract does not know, as the Market may add some any day, and
// an empty 200 to a send means sent. [Validator.Notices] lists such values and an empty 200.
//
// A body whose reading fails breaks nothing of the contract: Request and Response give an error that has no
// violations, and in which errors.Is finds the failure.
//
// A check allocates at most twenty times what the body has, and lists at most a hundred violations.
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
