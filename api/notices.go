package api

import "net/http"

// Notices lists what Response passes although somebody should hear of it, sorted by place: an enum value that the
// contract does not know, an empty 200 to a send, a body that is packed in a way that cannot be undone here. It lists
// no more than a hundred. It is nil where there is nothing of that, and where the answer belongs to no operation of
// the contract. It leaves the answer as it was, as Response does, and reads as much of it.
func (v *Validator) Notices(req *http.Request, resp *http.Response) []*Violation {
	i := v.inspect(req, resp)
	return i.notes.violations(i.operation)
}
