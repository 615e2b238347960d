package har

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ymarket-go/chats/internal/jsontext"
)

var errEncoding = errors.New("the encoding is unknown, allowed is base64")

// Recorded says what of a message the file holds.
type Recorded struct {
	Headers bool // every message has some, so that none at all means that they were not recorded
	Type    bool // of the body
	Body    bool
	Cut     bool // the body may be its beginning only
	Names   bool // of a form only the names of its parts: the Body has parts of these names
}

// object is a request or a response as it is written: the values of its members, nil where there are none.
type object struct {
	part string // "request" or "response"

	method, url, queryString []byte // of a request
	packed                   []byte // of a request: HTTP Toolkit keeps what is no text here, in base64
	status                   []byte // of a response
	headers, body, bodySize  []byte // of both; the body is postData or content
}

func objectOf(part, bodyName string, text []byte) object {
	o := object{part: part}
	for name, value := range jsontext.Members(text) {
		switch string(name) {
		case "method":
			o.method = value
		case "url":
			o.url = value
		case "queryString":
			o.queryString = value
		case "_content":
			o.packed = value
		case "status":
			o.status = value
		case "headers":
			o.headers = value
		case bodyName:
			o.body = value
		case "bodySize":
			o.bodySize = value
		}
	}
	return o
}

// wrong is the error of a member that has another type than HAR gives it.
func (o object) wrong(member string) error { return fmt.Errorf("%s.%s %w", o.part, member, errType) }

// message is what request and response have in common.
type message struct {
	Recorded
	header      http.Header
	body        []byte
	transferred float64 // bodySize
	parts       bool    // of the body stand apart, so there was one
}

// readMessage reads a message. Where no headers were recorded it assumes the one that the check of a body needs: of
// the type that was recorded beside it, or else of the one that it should have.
func readMessage(o object, bodyName string) (message, error) {
	headers, err := fieldsOf(o.headers)
	if err != nil {
		return message{}, o.wrong("headers")
	}
	c, err := contentOf(o.body)
	if err != nil {
		return message{}, o.wrong(bodyName)
	}
	if o.packed != nil {
		if c, err = c.packedIn(o.packed); err != nil {
			return message{}, o.wrong("_content")
		}
	}
	m := message{header: headerOf(headers), transferred: sizeOf(o.bodySize), parts: len(c.names) > 0}
	m.Headers = len(headers) > 0
	m.Type = m.Headers || c.typed()
	if err := m.readBody(c); err != nil {
		return message{}, fmt.Errorf("%s.%s: %w", o.part, bodyName, err)
	}
	if !m.Headers {
		m.header.Set("Content-Type", "application/json")
		if c.typed() {
			m.header.Set("Content-Type", c.mimeType)
		}
	}
	m.readForm(c)
	return m, nil
}

// content is postData of a request, or content of a response.
type content struct {
	recorded bool    // it is there
	text     *string // nil: there is none
	mimeType string
	encoding string
	size     float64
	comment  string   // Firefox says here that a body was left out
	apart    bool     // Playwright keeps the body in a file of its own
	lossy    bool     // the text is not what was sent: a character stands where bytes were no text
	names    []string // of the parts of a form, where they stand apart
}

// typed is whether the type of the body was recorded.
func (c content) typed() bool { return c.mimeType != "" && c.mimeType != "x-unknown" }

// packedIn is the content with the body that stands elsewhere, if that is there.
func (c content) packedIn(value []byte) (content, error) {
	packed, err := contentOf(value)
	if err != nil || packed.text == nil {
		return c, err
	}
	c.recorded, c.text, c.encoding, c.lossy, c.names = true, packed.text, packed.encoding, packed.lossy, nil
	return c, nil
}

func contentOf(value []byte) (content, error) {
	c := content{recorded: jsontext.IsObject(value), size: unknownSize}
	if value != nil && !c.recorded && !jsontext.IsNull(value) {
		return c, errType
	}
	for name, value := range jsontext.Members(value) {
		var err error
		switch strings.ToLower(string(name)) {
		case "text":
			c.text = nil
			if jsontext.IsString(value) {
				text := stringOf(keepHalfPairs(value))
				c.text, c.lossy = &text, jsontext.HalfPair(value) >= 0 || strings.Contains(text, "\ufffd")
			} else if !jsontext.IsNull(value) {
				err = errType
			}
		case "mimetype":
			c.mimeType, err = textOf(value)
		case "encoding":
			c.encoding, err = textOf(value)
		case "size":
			c.size = sizeOf(value)
		case "comment":
			c.comment, err = textOf(value)
		case "params":
			var fields []field
			fields, err = fieldsOf(value)
			for _, f := range fields {
				c.names = append(c.names, f.name)
			}
		case "_file", "_sha1":
			c.apart = true
		}
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

// keepHalfPairs escapes each half of a surrogate pair in a string's token once more. A text cannot hold one, but the
// JSON in it can, as its escape: so that a check of the body sees it.
func keepHalfPairs(token []byte) []byte {
	var kept []byte
	for at := jsontext.HalfPair(token); at >= 0; at = jsontext.HalfPair(token) {
		kept = append(kept, token[:at]...)
		kept = append(kept, `\\`...)
		token = token[at+1:]
	}
	if kept == nil {
		return token
	}
	return append(kept, token...)
}

// readBody reads the body of a message. One that is neither there nor certainly empty is not recorded.
func (m *message) readBody(c content) error {
	switch {
	case !c.recorded:
		m.Body = m.transferred == 0 && lengthOf(m.header) <= 0 && m.header.Get("Transfer-Encoding") == ""
		return nil
	case c.text == nil || *c.text == "":
		m.Body = c.empty(m.transferred, m.header)
		return nil
	}
	var err error
	if m.body, err = c.decode(); err != nil {
		return err
	}
	m.Body = true
	m.Cut = m.header.Get("Content-Encoding") == "" && c.length(m.transferred, m.header) > float64(len(m.body))
	m.correctEncoding()
	return nil
}

// correctEncoding takes Content-Encoding away from a body that the recorder has unpacked, as most do, and adds it to
// one that is packed and does not say so.
func (m *message) correctEncoding() {
	packed := bytes.HasPrefix(m.body, []byte("\x1f\x8b"))
	encoding := strings.ToLower(strings.TrimSpace(m.header.Get("Content-Encoding")))
	switch {
	case packed && encoding == "":
		m.header.Set("Content-Encoding", "gzip")
	case packed:
	case bytes.HasPrefix(m.body, []byte("\x1f\u008b")), bytes.HasPrefix(m.body, []byte("\x1f\ufffd")):
		m.lose() // the recorder took it for text
	case utf8.Valid(m.body), encoding == "gzip":
		m.header.Del("Content-Encoding")
	case encoding != "" && encoding != "deflate":
		m.lose() // nothing here unpacks it
	}
}

// lose takes the body for one that was not recorded.
func (m *message) lose() {
	m.header.Del("Content-Encoding")
	m.body, m.Body, m.Cut = nil, false, false
}

// empty is whether a content without a text was empty: the file says so, and nothing contradicts it.
func (c content) empty(transferred float64, header http.Header) bool {
	if c.apart || c.comment != "" || max(c.size, transferred, lengthOf(header)) > 0 {
		return false
	}
	if c.text == nil {
		return c.size == 0 && transferred == 0
	}
	return c.size == 0 || transferred == 0
}

// length is how many bytes the body had: what is nearest to it says so. bodySize of an answer may count its headers
// too.
func (c content) length(transferred float64, header http.Header) float64 {
	switch {
	case c.size >= 0:
		return c.size
	case lengthOf(header) >= 0:
		return lengthOf(header)
	}
	return transferred
}

// decode undoes the encoding of the text. Firefox says base64 of some text that is plain.
func (c content) decode() ([]byte, error) {
	switch strings.ToLower(c.encoding) {
	case "", "utf-8", "utf8":
		return []byte(*c.text), nil
	case "base64":
		if data, err := fromBase64(*c.text); err == nil {
			return data, nil
		}
		return []byte(*c.text), nil
	}
	return nil, errEncoding
}

// fromBase64 takes both alphabets, with padding and without, on one line and on several.
func fromBase64(text string) ([]byte, error) {
	text = strings.NewReplacer("\r", "", "\n", "", " ", "", "-", "+", "_", "/").Replace(text)
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
}

// lengthOf is what Content-Length says, and below 0 where it says nothing.
func lengthOf(header http.Header) float64 {
	n, err := strconv.ParseInt(strings.TrimSpace(header.Get("Content-Length")), 10, 64)
	if err != nil {
		return unknownSize
	}
	return float64(n)
}
