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
)

// Known tells what of a message the file holds.
type Known struct {
	Headers bool
	Body    bool
	Cut     bool // the body may be its beginning only
}

// Method is the method of the request, in upper case where it is one of the usual ones: some recorders write it in
// lower case. It is "" where there is none, and where it is no text.
func (e *Entry) Method() string {
	var method string
	_ = e.request.get("request", "method", &method)
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
func (e *Entry) Request(to *url.URL) (*http.Request, Known, error) {
	headers, data, transferred, err := message(e.request, "request", "postData")
	if err != nil {
		return nil, Known{}, err
	}
	sent := *to
	if sent.RawQuery == "" {
		if sent.RawQuery, err = e.query(); err != nil {
			return nil, Known{}, err
		}
	}
	if !data.known {
		headers.header.Del("Content-Encoding")
	}
	req := &http.Request{Method: e.Method(), URL: &sent, Host: sent.Host, Header: headers.header}
	req.Body = data.reader(transferred)
	return req, Known{headers.known, data.known, data.cut}, nil
}

// reader reads a body. In the place of one that was not recorded stands a text that is no JSON, so that a check sees
// that there was one.
func (b body) reader(transferred size) io.ReadCloser {
	if !b.known && transferred > 0 {
		return io.NopCloser(strings.NewReader("(not recorded)"))
	}
	return io.NopCloser(bytes.NewReader(b.bytes))
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
func (e *Entry) Response() (*http.Response, Known, error) {
	var response members
	if e.response != nil && json.Unmarshal(e.response, &response) != nil {
		return nil, Known{}, errors.New("response is not of the type that HAR gives it")
	}
	var code status
	if err := response.get("response", "status", &code); err != nil {
		return nil, Known{}, err
	}
	if code < 100 {
		return nil, Known{}, nil
	}
	headers, data, _, err := message(response, "response", "content")
	if err != nil {
		return nil, Known{}, err
	}
	resp := &http.Response{StatusCode: int(code), Header: headers.header}
	if data.known {
		resp.Body = io.NopCloser(bytes.NewReader(data.bytes))
	}
	return resp, Known{headers.known, data.known, data.cut}, nil
}

// headers are those of a message. Every message has some, so that none at all means that nobody recorded them.
type headers struct {
	header http.Header
	known  bool
}

// message reads what request and response have in common. Where no headers were recorded it assumes the one that the
// check of a body needs: of the type that was recorded beside it, or else of the one that it should have.
func message(m members, part, bodyName string) (headers, body, size, error) {
	var list fields
	if err := m.get(part, "headers", &list); err != nil {
		return headers{}, body{}, 0, err
	}
	var recorded *content
	if err := m.get(part, bodyName, &recorded); err != nil {
		return headers{}, body{}, 0, err
	}
	transferred := unknownSize
	_ = m.get(part, "bodySize", &transferred) // of another type it is unknown
	header := list.header()
	data, err := bodyOf(recorded, transferred, header)
	if err != nil {
		return headers{}, body{}, 0, fmt.Errorf("%s.%s: %w", part, bodyName, err)
	}
	if len(list) == 0 {
		header.Set("Content-Type", "application/json")
		if recorded != nil && recorded.MimeType != "" && recorded.MimeType != "x-unknown" {
			header.Set("Content-Type", string(recorded.MimeType))
		}
	}
	return headers{header, len(list) > 0}, data, transferred, nil
}
