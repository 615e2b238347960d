package wrapper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/ymarket-go/chats/gen"
)

// Raw is the generated client behind this Client's authorization, retries and limits. It checks nothing of what is sent
// but the cabinet and the size of the body, and gives back the last answer as it came, of whatever status. Its errors
// are *Error too: no answer came, the answer is larger than any of its operation, or it is open whether a message
// arrived.
func (c *Client) Raw() gen.ClientInterface { return &gen.Client{Server: c.server, Client: raw{c}} }

type raw struct{ client *Client }

// Do makes a call of a request that the generated client made, and a request editor may have changed.
func (r raw) Do(req *http.Request) (*http.Response, error) {
	call := r.client.callOf(req)
	err := r.client.do(req.Context(), call)
	if call.found {
		return sentAlready(req), nil
	}
	if call.ended || hidesAnswer(call) {
		return nil, err
	}
	a := call.last
	resp := *a.response
	resp.Request = req
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(a.body), failing{a.err}))
	return &resp, nil
}

// sentAlready is the answer of a send whose message was found in the chat. It tells no quota, as none came.
func sentAlready(req *http.Request) *http.Response {
	const body = `{"status":"OK"}`
	return &http.Response{
		Status:        "200 OK",
		StatusCode:    http.StatusOK,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       req,
	}
}

// hidesAnswer reports that the error matters more to the caller than the last answer.
func hidesAnswer(c *call) bool {
	a := c.last
	return a.StatusCode == 0 || c.outcome == Unknown || errors.Is(a.err, errAnswerTooLarge)
}

// failing is a reader that fails, with io.EOF where there is no error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// callOf makes a call of a request. It is refused where the request is for none of the cabinet's operations.
func (c *Client) callOf(req *http.Request) *call {
	if req.Header == nil { // net/http takes such a request, too
		req.Header = http.Header{}
	}
	if req.URL == nil {
		req.URL = &url.URL{}
	}
	op, refused := c.operationOf(req)
	body, err := readBody(req, op.MaxRequest)
	if refused == nil {
		refused = err
	}
	for name, values := range c.headers {
		if req.Header.Get(name) == "" { // else a request editor has set it
			req.Header[name] = values
		}
	}
	call := &call{
		operation:   op,
		request:     req,
		query:       req.URL.RawQuery,
		body:        [][]byte{body},
		refused:     refused,
		maxAttempts: c.retry.MaxAttempts,
	}
	if !op.repeatable && refused == nil {
		call.message = messageOf(op, req, body)
	}
	return call
}

// messageOf reads what a request sends into which chat. Where it cannot be read the chat is 0, in which no look finds
// anything: a doubt stays one.
func messageOf(op operation, req *http.Request, body []byte) *message {
	m := &message{}
	chatID, err := strconv.ParseInt(req.URL.Query().Get("chatId"), 10, 64)
	readable := err == nil
	if op.ID == gen.OperationSendFileToChat {
		file, ok := fileOf(req.Header.Get("Content-Type"), body)
		m.content, m.file = file, body
		readable = readable && ok
	} else {
		var sent gen.SendMessageToChatRequest
		readable = readable && json.Unmarshal(body, &sent) == nil && sent.Message != ""
		m.content = messageContent{text: sent.Message}
	}
	if readable {
		m.chatID = chatID
	}
	return m
}

// operationOf finds the operation that a request is for. The error says that there is none.
func (c *Client) operationOf(req *http.Request) (operation, error) {
	target := *req.URL
	target.RawQuery = ""
	for _, prepared := range c.prepared {
		sameHost := req.Host == "" || req.Host == target.Host
		if target == *prepared.request.URL && req.Method == prepared.request.Method && sameHost {
			return prepared.operation, nil
		}
	}
	return operation{Operation: gen.Operation{ID: "raw"}}, fmt.Errorf("it goes elsewhere than to the operations "+
		"below %sbusinesses/%d, to which the key and the limits belong", c.server, c.businessID)
}

// readBody takes a body as it would be sent, so that each attempt can send it again.
func readBody(req *http.Request, maxRequest int64) ([]byte, error) {
	if req.Body == nil {
		return nil, nil
	}
	defer req.Body.Close()
	expected := min(max(req.ContentLength, 0), maxRequest)
	body := bytes.NewBuffer(make([]byte, 0, expected+bytes.MinRead)) // large enough, so that it is not copied
	if _, err := body.ReadFrom(http.MaxBytesReader(nil, req.Body, maxRequest)); err != nil {
		return nil, fmt.Errorf("the body cannot be read, allowed are %d bytes: %w", maxRequest, err)
	}
	return body.Bytes(), nil
}
