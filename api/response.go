package api

import (
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
)

// maxAnswer bounds what is read of an answer, in bytes, packed and unpacked.
const maxAnswer = 1 << 20

// emptyMeansDone is the operation whose 200 may be empty: the contract says so in its description.
const emptyMeansDone = "sendMessageToChat"

// Response checks the answer to a request. Fields and enum values that the contract does not know are allowed, as the
// Market may add some any day, and so is an empty 200 to a send, which means sent; Notices tells of the last two. nil
// means that there is no violation; Violations lists what an error tells of, up to a hundred. A body may have up to 1
// MiB; one that Content-Encoding says is packed, by gzip or deflate, is unpacked for the check, and one that is
// packed in another way is not checked. It leaves the answer as it was; the body that it read can be read again. A
// nil Body is one that nobody recorded: only the status is checked then. A body whose reading fails is no violation:
// errors.Is finds in the error what the reading ended with, and the second reading ends with it too.
func (v *Validator) Response(req *http.Request, resp *http.Response) error {
	i := v.inspect(req, resp)
	return withFailure(i.found.err(i.operation), i.failed, "answer")
}

// inspection is what a look at an answer brought.
type inspection struct {
	operation string
	found     findings
	notes     findings // what is worth a notice
	failed    error    // what the reading of the body ended with
}

func (v *Validator) inspect(req *http.Request, resp *http.Response) inspection {
	var i inspection
	asked, violation := v.find(req)
	if violation != nil {
		i.found.add(violation.Where, violation.Rule)
		return i
	}
	i.operation = asked.operation.OperationID
	if resp == nil {
		i.found.add("status", "there is no answer")
		return i
	}
	declared := asked.operation.Responses.Status(resp.StatusCode)
	if declared == nil {
		i.found.add("status", "is not declared")
		return i
	}
	v.inspectBody(&i, declared.Value, resp)
	return i
}

func (v *Validator) inspectBody(i *inspection, declared *openapi3.Response, resp *http.Response) {
	data, again, err := peek(resp.Body, maxAnswer)
	resp.Body = again
	problem := unpacked
	if len(data) > 0 && len(data) <= maxAnswer && err == nil { // nothing is nothing, however it is packed
		data, problem = unpack(resp.Header, data, maxAnswer)
	}
	switch {
	case resp.Body == nil:
	case err != nil:
		i.failed = err
	case len(data) > maxAnswer, problem == packedTooLarge:
		i.found.add("body", "is too large to be checked")
	case problem == packedOtherwise:
		i.notes.add("header Content-Encoding", "is neither gzip nor deflate: the body is not checked")
	case problem == packedWrong:
		i.found.add("body", "is not packed as Content-Encoding says")
	case len(data) == 0 && i.operation == emptyMeansDone && resp.StatusCode == http.StatusOK:
		i.notes.add("body", "is empty, which means sent")
	default:
		i.found, i.notes = v.checkJSON(declared.Content, resp.Header, data, false)
		if v.deliveries != nil { // it is the shop that answers: it adds no values
			i.found.take(i.notes)
			i.notes = findings{}
		}
	}
}
