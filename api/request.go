package api

import (
	"fmt"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
)

// maxRequest is what a request body may have, in bytes, packed and unpacked; the API's own limit.
const maxRequest = 512 << 10

// Request checks a request, as a client would send it or a server got it, and names its violations at once, up to a
// hundred: see Violations. nil means that there is none. A body may have up to 512 KiB; one that Content-Encoding
// says is packed, by gzip or deflate, is unpacked for the check. It leaves the request as it was; the body that it
// read can be read again. A body whose reading fails is no violation: errors.Is finds in the error what the reading
// ended with, and the second reading ends with it too.
func (v *Validator) Request(req *http.Request) error {
	asked, violation := v.find(req)
	if violation != nil {
		return violation
	}
	var found findings
	if v.deliveries == nil { // the address of a shop, its query too, is the shop's own
		v.checkParameters(asked, req.Header, &found)
		checkSecurity(v.doc, req.Header, &found)
	}
	failed := v.checkRequestBody(asked.operation.RequestBody, req, &found)
	return withFailure(found.err(asked.operation.OperationID), failed, "request")
}

func (v *Validator) checkRequestBody(declared *openapi3.RequestBodyRef, req *http.Request, found *findings) error {
	limit := int64(maxRequest)
	if v.deliveries != nil {
		limit = maxDelivery
	}
	data, again, err := peek(req.Body, limit)
	req.Body = again
	tooLarge := fmt.Sprintf("has more than %d bytes", limit)
	switch {
	case err != nil:
		return err
	case int64(len(data)) > limit:
		found.add("body", tooLarge)
	case req.ContentLength > 0 && req.ContentLength != int64(len(data)):
		found.add("header Content-Length", "must be the length of the body")
	case declared == nil && len(data) > 0:
		found.add("body", "none is declared")
	case declared == nil:
	case len(data) == 0 && declared.Value.Required:
		found.add("body", "required")
	case len(data) == 0:
	default:
		unpacked, problem := unpack(req.Header, data, limit)
		switch problem {
		case packedTooLarge:
			found.add("body", tooLarge)
		case packedOtherwise:
			found.add("header Content-Encoding", "must be gzip or deflate, or none")
		case packedWrong:
			found.add("body", "is not packed as Content-Encoding says")
		default:
			found.take(v.checkSent(declared.Value.Content, req.Header, unpacked))
		}
	}
	return nil
}

// checkSent checks the body of a request, unpacked.
func (v *Validator) checkSent(content openapi3.Content, header http.Header, data []byte) findings {
	if v.deliveries != nil {
		return v.deliveries.check(header, data)
	}
	found, _ := v.checkJSON(content, header, data, true)
	return found
}
