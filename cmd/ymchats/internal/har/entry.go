package har

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ymarket-go/chats/internal/jsontext"
)

// Entry is a request and its answer, as a file holds them. It is read as far as its methods are called.
type Entry struct {
	Number int    // from 1
	Line   int    // where it begins, from 1
	URL    string // "": not recorded

	text     []byte
	started  []byte
	request  object
	response []byte
}

// newEntry reads no more than is needed to find whose traffic an entry is. It keeps the text.
func newEntry(number, line int, text []byte) *Entry {
	e := &Entry{Number: number, Line: line, text: text}
	for name, value := range jsontext.Members(text) {
		switch strings.ToLower(string(name)) {
		case "starteddatetime":
			e.started = value
		case "request":
			e.request = objectOf("request", "postData", value)
		case "response":
			e.response = value
		}
	}
	e.URL = stringOf(e.request.url)
	return e
}

// Check refuses an entry that is not UTF-8: nothing in it can be trusted to be what was sent.
func (e *Entry) Check() error {
	if !utf8.Valid(e.text) {
		return errors.New("this is not UTF-8: a HAR file is UTF-8")
	}
	return nil
}

// Started is when the request was sent. The zero time: not recorded.
func (e *Entry) Started() time.Time {
	started := stringOf(e.started)
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
	method := stringOf(e.request.method)
	if upper := strings.ToUpper(method); slices.Contains(usualMethods, upper) {
		return upper
	}
	return method
}

var usualMethods = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"}

// Header is that of the request, or nothing where it is of another form.
func (e *Entry) Header() http.Header {
	headers, _ := fieldsOf(e.request.headers)
	return headerOf(headers)
}

// Request makes the request of an entry to an address, which stands for the recorded one. Where no headers were
// recorded it has none but Content-Type.
func (e *Entry) Request(to *url.URL) (*http.Request, Recorded, error) {
	m, err := readMessage(e.request, "postData")
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
	if !m.Body && (m.transferred > 0 || m.parts) { // a text that is no JSON shows a check that there was a body
		req.Body = io.NopCloser(strings.NewReader("(not recorded)"))
	}
	return req, m.Recorded, nil
}

// query puts together what Insomnia keeps apart from the URL.
func (e *Entry) query() (string, error) {
	parameters, err := fieldsOf(e.request.queryString)
	if err != nil {
		return "", e.request.wrong("queryString")
	}
	var pairs []string
	for _, p := range parameters {
		pairs = append(pairs, url.QueryEscape(p.name)+"="+url.QueryEscape(p.value))
	}
	return strings.Join(pairs, "&"), nil
}

// Response makes the answer of an entry: nil where none came. Its Body is nil where the file does not hold it.
func (e *Entry) Response() (*http.Response, Recorded, error) {
	if e.response != nil && !jsontext.IsObject(e.response) && !jsontext.IsNull(e.response) {
		return nil, Recorded{}, fmt.Errorf("response %w", errType)
	}
	response := objectOf("response", "content", e.response)
	code, err := statusOf(response.status)
	switch {
	case err != nil:
		return nil, Recorded{}, response.wrong("status")
	case code < 100:
		return nil, Recorded{}, nil
	}
	m, err := readMessage(response, "content")
	if err != nil {
		return nil, Recorded{}, err
	}
	resp := &http.Response{StatusCode: code, Header: m.header}
	if m.Body {
		resp.Body = io.NopCloser(bytes.NewReader(m.body))
	}
	return resp, m.Recorded, nil
}
