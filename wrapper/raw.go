package wrapper

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/ymarket-go/chats/gen"
)

// maxRequest is the API's own limit for the body of a request, in bytes.
const maxRequest = 512 << 10

// Raw is the generated client behind this Client's authorization, retries and limits. It checks nothing of what is sent
// but the cabinet and the size of the body, and gives back the last answer as it came, of whatever status. Its errors are
// *Error too: no answer came, the answer is larger than 1 MiB, or it is open whether a message arrived.
func (c *Client) Raw() gen.ClientInterface { return &gen.Client{Server: c.server, Client: raw{c}} }

type raw struct{ c *Client }

func (r raw) Do(req *http.Request) (*http.Response, error) {
	to, foreign := r.c.route(req)
	body, unread := readBody(req)
	chatID, _ := strconv.ParseInt(req.URL.Query().Get("chatId"), 10, 64) // 0 cannot be read, should it be in doubt
	op := r.c.newOperation(to.id, req, to.repeatable)
	call := r.c.newCall(&op, chatID, nil, nil, cmp.Or(foreign, unread))
	call.query, call.body = req.URL.RawQuery, body
	var message gen.SendMessageToChatRequest
	_ = json.Unmarshal(body, &message) // if it is one, its text must not be shown
	call.text = message.Message
	a, err := r.c.do(req.Context(), call)
	switch {
	case err != nil:
		return nil, err
	case a.err == errAnswerTooLarge:
		return nil, call.unpromised(a, errAnswerTooLarge.Error())
	case call.outcome == Unknown && (a.StatusCode != http.StatusOK || a.err != nil):
		return nil, call.fail(a, a.err)
	}
	return a.replay(req), nil
}

// route finds the operation of a request. The generated client made it, but a request editor may have changed it.
func (c *Client) route(req *http.Request) (*operation, error) {
	for _, op := range []*operation{&c.createChat, &c.sendMessageToChat, &c.getChat} {
		to, known := *req.URL, *op.request.URL
		to.RawQuery, known.RawQuery = "", ""
		if to == known && req.Method == op.request.Method && (req.Host == "" || req.Host == to.Host) {
			return op, nil
		}
	}
	return &operation{id: "raw"}, fmt.Errorf("it goes elsewhere than to the three operations below %sbusinesses/%d, to which the key and the limits belong",
		c.server, c.businessID)
}

// readBody takes a body as it would be sent, so that each attempt can send it again.
func readBody(req *http.Request) ([]byte, error) {
	from := cmp.Or[io.ReadCloser](req.Body, http.NoBody)
	defer from.Close()
	body, err := io.ReadAll(http.MaxBytesReader(nil, from, maxRequest))
	if err != nil {
		err = fmt.Errorf("the body cannot be read, allowed are %d bytes: %w", maxRequest, err)
	}
	return body, err
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
