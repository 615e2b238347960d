package wrapper

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/ymarket-go/chats/gen"
)

// content tells what the body of an answer is.
type content int

const (
	unread   content = iota // nobody asks
	cutOff                  // it ended too early
	blank                   // there is none
	apiError                // the Market says what is wrong
	promised                // what the contract promises
	foreign                 // anything else
)

// envelope is what every answer of the Market is wrapped in. Its status may be missing, as in older answers, or one that
// this version does not know.
type envelope struct {
	Status gen.APIResponseStatusType `json:"status"`
	Result any                       `json:"result"`
}

var (
	errUnknownStatus = fmt.Errorf("%w: the contract knows no such status", ErrInvalidResponse)
	errNotJSON       = fmt.Errorf("%w: the body is not the promised JSON object", ErrInvalidResponse)
	errNoResult      = fmt.Errorf("%w: there is no result, or no chatId of 1 and above in it", ErrInvalidResponse)
)

// openEnvelope reads the body of a 200, with its result into result, which is nil where the contract promises none. The
// error says what is wrong with a foreign body; what encoding/json says is left out, as it quotes what it cannot read,
// and that may be the buyer's name.
func openEnvelope(body []byte, result any, asPromised func() bool) (content, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return blank, errNotJSON
	}
	e := envelope{Result: result}
	if body[0] != '{' || json.Unmarshal(body, &e) != nil {
		return foreign, errNotJSON
	}
	switch {
	case e.Status == gen.APIResponseStatusTypeError:
		return apiError, nil
	case e.Status == "" && len(parseErrors(body)) > 0:
		return apiError, nil
	case result != nil && !asPromised():
		return foreign, errNoResult
	}
	return promised, nil
}
