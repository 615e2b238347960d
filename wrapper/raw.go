package wrapper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/ymarket-go/chats/gen"
)

// maxRequest is the API's own limit for the body of a request, in bytes.
const maxRequest = 512 << 10

// Raw is the generated client behind this Client's authorization, retries and limits. It checks nothing of what is
// sent but the cabinet and the size of the body, and gives back the last answer as it came, of whatever status. Its
// errors are *Error too: no answer came, the answer is larger than 1 MiB, or it is open whether a message arrived.
func (c *Client) Raw() gen.ClientInterface { return &gen.Client{Server: c.server, Client: raw{c}} }

type raw struct{ client *Client }

// Do makes a call of a request that the generated client made, and a request editor may have changed.
func (r raw) Do(req *http.Request) (*http.Response, error) {
	op, refused := r.client.operationOf(req)
	body, err := readBody(req)
	if refused == nil {
		refused = err
	}
	addDefaultHeaders(req.Header, r.client.product)
	var message gen.SendMessageToChatRequest
	_ = json.Unmarshal(body, &message) // if it is a message, no error may show its text
	prepared := &outgoing{operation: op, request: req, body: body}
	call := newCall(prepared, arguments{
		invalid: refused,
		query:   req.URL.RawQuery,
		text:    message.Message,
		read:    r.client.reader(chatIDOf(req), message.Message),
	})
	h := r.client.caller.do(req.Context(), call)
	if h.ended || hidesAnswer(h) {
		return nil, h.failure(op)
	}
	return h.last.replay(req), nil
}

// hidesAnswer tells that the last answer is not what the caller has to know.
func hidesAnswer(h *history) bool {
	a := h.last
	if !a.answered() || errors.Is(a.err, errAnswerTooLarge) {
		return true
	}
	settled := a.StatusCode == http.StatusOK && a.err == nil
	return h.outcome == Unknown && !settled
}

// operationOf finds the operation that a request is for. The error says that there is none.
func (c *Client) operationOf(req *http.Request) (operation, error) {
	target := *req.URL
	target.RawQuery = ""
	for _, known := range c.requests {
		sameHost := req.Host == "" || req.Host == target.Host
		if target == *known.request.URL && req.Method == known.request.Method && sameHost {
			return known.operation, nil
		}
	}
	return operation{id: "raw"}, fmt.Errorf("it goes elsewhere than to the operations below %sbusinesses/%d, "+
		"to which the key and the limits belong", c.server, c.businessID)
}

// chatIDOf reads the chat of a message; 0, which cannot be read, where there is none.
func chatIDOf(req *http.Request) int64 {
	id, err := strconv.ParseInt(req.URL.Query().Get("chatId"), 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// readBody takes a body as it would be sent, so that each attempt can send it again.
func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	body, err := io.ReadAll(http.MaxBytesReader(nil, req.Body, maxRequest))
	if err != nil {
		return nil, fmt.Errorf("the body cannot be read, allowed are %d bytes: %w", maxRequest, err)
	}
	return body, nil
}

// replay gives the answer once more: what was read of its body, and the error that ended the reading.
func (a *attempt) replay(req *http.Request) *http.Response {
	end, closer := io.Pipe()
	_ = closer.CloseWithError(a.err)
	resp := *a.response
	resp.Request = req
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(a.body), end))
	return &resp
}
