package wrapper

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/internal/fast"
)

// envelope is what every answer is wrapped in. Its status may be missing, as it is in older answers, or one that this
// version does not know; only ERROR is an error.
type envelope[R any] struct {
	Status gen.APIResponseStatusType `json:"status"`
	Result R                         `json:"result"`
}

// fetch makes a call and gives its result. chatID finds the id in the result, which tells it from an empty object; it is
// nil when no result is promised, and then an empty body means the same as {"status":"OK"}.
func fetch[R any](ctx context.Context, c *Client, call *call, chatID func(*R) int64) (*R, error) {
	a, err := c.do(ctx, call)
	if err != nil {
		return nil, err
	}
	body, e := bytes.TrimSpace(a.body), &envelope[R]{}
	switch {
	case a.StatusCode >= 400:
		return nil, call.fail(a, a.err)
	case a.StatusCode != http.StatusOK:
		return nil, call.unpromised(a, "the contract knows no such status")
	case a.err != nil:
		return nil, call.unpromised(a, a.err.Error())
	case chatID == nil && (len(body) == 0 || string(body) == `{"status":"OK"}`): // the usual answer to a send
		return nil, nil
	case !bytes.HasPrefix(body, []byte("{")) || fast.Unmarshal(body, e) != nil: // its error would quote
		return nil, call.unpromised(a, "the body is not the promised JSON object")
	case e.Status == gen.APIResponseStatusTypeError || e.Status == "" && len(a.apiErrors(call)) > 0:
		return nil, call.fail(a, nil)
	case chatID != nil && chatID(&e.Result) < 1:
		return nil, call.unpromised(a, "there is no result, or no chatId of 1 and above in it")
	}
	return &e.Result, nil
}

// unpromised is the error of an answer that the contract does not know. A message may have arrived all the same, unless
// the answer is a redirect.
func (c *call) unpromised(a *attempt, what string) *Error {
	if !c.repeatable && a.StatusCode < 300 {
		c.outcome = Unknown
	}
	return c.fail(a, fmt.Errorf("%w: %s", ErrInvalidResponse, what))
}
