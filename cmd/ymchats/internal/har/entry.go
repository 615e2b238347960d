package har

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ymarket-go/chats/internal/jsontext"
)

// Entry is a request and its answer, as a file holds them. It is read as far as its methods are called.
type Entry struct {
	Number int    // from 1
	Line   int    // where it begins, from 1
	URL    string // "": not recorded

	started  []byte
	request  members
	response []byte
}

// members are those of an object, as they are written. In other traffic they may be of any type.
type members map[string][]byte

func membersOf(object []byte) members {
	m := members{}
	for name, value := range jsontext.Members(object) {
		m[name] = value
	}
	return m
}

// newEntry reads no more than is needed to find whose traffic an entry is. It keeps the text.
func newEntry(number, line int, text []byte) *Entry {
	e := &Entry{Number: number, Line: line}
	for name, value := range jsontext.Members(text) {
		switch strings.ToLower(name) { // encoding/json passes over case
		case "starteddatetime":
			e.started = value
		case "request":
			e.request = membersOf(value)
		case "response":
			e.response = value
		}
	}
	e.URL = e.request.text("url")
	return e
}

// Started is when the request was sent. The zero time: not recorded.
func (e *Entry) Started() time.Time {
	started := members{"": e.started}.text("")
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700"} { // with and without a colon in the offset
		if t, err := time.Parse(layout, started); err == nil {
			return t
		}
	}
	return time.Time{}
}

// Method is the method of the request, in upper case where it is one of the usual ones: some recorders write it in
// lower case. It is "" where there is none, and where it is no text.
func (e *Entry) Method() string {
	method := e.request.text("method")
	if upper := strings.ToUpper(method); slices.Contains(usualMethods, upper) {
		return upper
	}
	return method
}

var usualMethods = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"}

// Header is that of the request, or nothing where it is of another form.
func (e *Entry) Header() http.Header {
	var headers fields
	_ = e.request.get("request", "headers", &headers)
	return headers.header()
}

// Request makes the request of an entry to an address, which stands for the recorded one. Where no headers were
// recorded it has none but Content-Type.
func (e *Entry) Request(to *url.URL) (*http.Request, Recorded, error) {
	m, err := readMessage(e.request, "request", "postData")
	if err != nil {
		return nil, Recorded{}, err
	}
	sent := *to
	if sent.RawQuery == "" {
		if sent.RawQuery, err = e.query(); err != nil {
			return nil, Recorded{}, err
		}
	}
	if !m.Body {
		m.header.Del("Content-Encoding")
	}
	req := &http.Request{Method: e.Method(), URL: &sent, Host: sent.Host, Header: m.header}
	req.Body = io.NopCloser(bytes.NewReader(m.body))
	if !m.Body && m.transferred > 0 { // a text that is no JSON shows a check that there was a body
		req.Body = io.NopCloser(strings.NewReader("(not recorded)"))
	}
	return req, m.Recorded, nil
}

// query puts together what Insomnia keeps apart from the URL.
func (e *Entry) query() (string, error) {
	var parameters fields
	if err := e.request.get("request", "queryString", &parameters); err != nil {
		return "", err
	}
	var pairs []string
	for _, p := range parameters {
		pairs = append(pairs, url.QueryEscape(string(p.Name))+"="+url.QueryEscape(string(p.Value)))
	}
	return strings.Join(pairs, "&"), nil
}

// Response makes the answer of an entry: nil where none came. Its Body is nil where the file does not hold it.
func (e *Entry) Response() (*http.Response, Recorded, error) {
	if len(e.response) > 0 && e.response[0] != '{' && string(e.response) != "null" {
		return nil, Recorded{}, errors.New("response is not of the type that HAR gives it")
	}
	response := membersOf(e.response)
	var code status
	if err := response.get("response", "status", &code); err != nil {
		return nil, Recorded{}, err
	}
	if code < 100 {
		return nil, Recorded{}, nil
	}
	m, err := readMessage(response, "response", "content")
	if err != nil {
		return nil, Recorded{}, err
	}
	resp := &http.Response{StatusCode: int(code), Header: m.header}
	if m.Body {
		resp.Body = io.NopCloser(bytes.NewReader(m.body))
	}
	return resp, m.Recorded, nil
}

// text is a member that is a string. Any other is "".
func (m members) text(name string) string {
	token := m[name]
	if len(token) == 0 || token[0] != '"' {
		return ""
	}
	return jsontext.Text(token)
}

// get reads a member into a variable, which stays as it is where there is none, or null. part is what the error calls
// the object.
func (m members) get(part, name string, into any) error {
	value, ok := m[name]
	if !ok {
		return nil
	}
	if json.Unmarshal(value, into) != nil {
		return fmt.Errorf("%s.%s is not of the type that HAR gives it", part, name)
	}
	return nil
}
