package wrapper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/ymarket-go/chats/gen"
)

// content tells what the body of an answer is.
type content int

const (
	blank    content = iota // there is none
	cutOff                  // it ended too early
	promised                // what the contract promises
	apiError                // the Market says what is wrong
	mixed                   // the Market says OK and what is wrong
	foreign                 // anything else
)

// fromMarket: it has the form that the Market gives to its errors.
func (c content) fromMarket() bool { return c == apiError || c == mixed }

// envelope is what every answer of the Market is wrapped in. Its status may be missing, as in older answers, or one
// that this version does not know.
type envelope struct {
	Status gen.APIResponseStatusType `json:"status"`
	Errors json.RawMessage           `json:"errors"`
	Error  json.RawMessage           `json:"error"`
	Result any                       `json:"result"`
}

var (
	errUnknownStatus = fmt.Errorf("%w: the contract knows no such status", ErrInvalidResponse)
	errCutOff        = fmt.Errorf("%w: the JSON stops in the middle", ErrInvalidResponse)
	errNotJSON       = fmt.Errorf("%w: the body is not the promised JSON object", ErrInvalidResponse)
	errMixed         = fmt.Errorf("%w: the body says OK, and has errors", ErrInvalidResponse)
	errNotOK         = fmt.Errorf("%w: the body does not say OK", ErrInvalidResponse)
	errNoResult      = fmt.Errorf("%w: there is no result, or not of the chat that was asked for", ErrInvalidResponse)
)

// openEnvelope reads the body of an answer, with its result into result, which is nil where the contract promises
// none. The error says what is wrong with a body that is not as promised. What encoding/json says is left out: it
// quotes what it cannot read, and that may be the buyer's name.
func openEnvelope(body []byte, result any, asPromised func() bool) (content, error) {
	body = trim(body)
	if len(body) == 0 {
		return blank, errNotJSON
	}
	e := envelope{Result: result}
	err := json.Unmarshal(body, &e)
	hasErrors := len(readErrors(e.Errors)) > 0 || len(readErrors(e.Error)) > 0
	switch {
	case body[0] != '{':
		return foreign, errNotJSON
	case err != nil && isCutOff(body):
		return cutOff, errCutOff
	case e.Status == gen.APIResponseStatusTypeError:
		return apiError, nil
	case hasErrors && e.Status != gen.APIResponseStatusTypeOK:
		return apiError, nil
	case err != nil:
		return foreign, errNotJSON
	case hasErrors:
		return mixed, errMixed
	case result != nil && !asPromised():
		return foreign, errNoResult
	case result == nil && e.Status != gen.APIResponseStatusTypeOK:
		return foreign, errNotOK
	}
	return promised, nil
}

// isCutOff tells JSON that stops in the middle from what is no JSON. A connection that is cut before the end of an
// answer without a Content-Length leaves nothing else to tell it by.
func isCutOff(body []byte) bool {
	var value json.RawMessage
	err := json.NewDecoder(bytes.NewReader(body)).Decode(&value)
	return errors.Is(err, io.ErrUnexpectedEOF)
}
