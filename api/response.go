package api

import "net/http"

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// Response checks the answer to a request. Fields that the contract does not know are allowed, as the Market may add
// some any day. nil means that there is no violation; Violations lists what an error tells of. A body may have up to
// 1 MiB. It leaves the answer as it was; the body that it read can be read again. A nil Body is one that nobody
// recorded: only the status is checked then.
func (v *Validator) Response(req *http.Request, resp *http.Response) error {
	if v.deliveries {
		return v.answer(req, resp)
	}
	route, _, violation := v.find(req)
	if violation != nil {
		return violation
	}
	if resp == nil {
		return &Violation{Operation: route.Operation.OperationID, Where: "status", Rule: "there is no answer"}
	}
	data, again, err := peek(resp.Body, maxAnswer)
	resp.Body = again
	declared := route.Operation.Responses.Status(resp.StatusCode)
	var findings []finding
	switch {
	case declared == nil:
		findings = []finding{{"status", "is not declared"}}
	case resp.Body == nil:
	case err != nil:
		findings = []finding{{"body", "cannot be read"}}
	case len(data) > maxAnswer:
		findings = []finding{{"body", "is too large to be checked"}}
	default:
		findings = checkJSON(declared.Value.Content, resp.Header, data, false)
	}
	return join(route.Operation.OperationID, findings)
}
