package har

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// content is postData of a request, or content of a response.
type content struct {
	MimeType text            `json:"mimeType"`
	Text     *string         `json:"text"`
	Encoding text            `json:"encoding"`
	Size     *size           `json:"size"`
	File     json.RawMessage `json:"_file"` // Playwright keeps the body in a file of its own
	SHA1     json.RawMessage `json:"_sha1"`
	Comment  text            `json:"comment"` // Firefox says here that a body was left out
}

var errEncoding = errors.New("the encoding is unknown, allowed is base64")

// Recorded says what of a message the file holds.
type Recorded struct {
	Headers bool // every message has some, so that none at all means that they were not recorded
	Body    bool
	Cut     bool // the body may be its beginning only
}

// message is what request and response have in common.
type message struct {
	Recorded
	header      http.Header
	body        []byte
	transferred size // bodySize
}

// readMessage reads a message. Where no headers were recorded it assumes the one that the check of a body needs: of
// the type that was recorded beside it, or else of the one that it should have.
func readMessage(object members, part, bodyName string) (message, error) {
	var list fields
	if err := object.get(part, "headers", &list); err != nil {
		return message{}, err
	}
	var recorded *content
	if err := object.get(part, bodyName, &recorded); err != nil {
		return message{}, err
	}
	m := message{header: list.header(), transferred: unknownSize}
	m.Headers = len(list) > 0
	_ = object.get(part, "bodySize", &m.transferred) // of another type it is unknown
	if err := m.readBody(recorded); err != nil {
		return message{}, fmt.Errorf("%s.%s: %w", part, bodyName, err)
	}
	if !m.Headers {
		m.header.Set("Content-Type", "application/json")
		if recorded != nil && recorded.MimeType != "" && recorded.MimeType != "x-unknown" {
			m.header.Set("Content-Type", string(recorded.MimeType))
		}
	}
	return m, nil
}

// readBody reads the body of a message. One that is neither there nor known to be empty is not recorded.
func (m *message) readBody(c *content) error {
	switch {
	case c == nil:
		m.Body = m.transferred == 0 && lengthOf(m.header) <= 0 && m.header.Get("Transfer-Encoding") == ""
		return nil
	case c.Text == nil || *c.Text == "":
		m.Body = c.empty(m.transferred, m.header)
		return nil
	}
	var err error
	if m.body, err = c.decode(); err != nil {
		return err
	}
	m.Body = true
	m.Cut = m.header.Get("Content-Encoding") == "" && c.length(m.transferred, m.header) > size(len(m.body))
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
func (c *content) empty(transferred size, header http.Header) bool {
	if c.File != nil || c.SHA1 != nil || c.Comment != "" || max(c.size(), transferred, lengthOf(header)) > 0 {
		return false
	}
	if c.Text == nil {
		return c.size() == 0 && transferred == 0
	}
	return c.size() == 0 || transferred == 0
}

func (c *content) size() size {
	if c.Size == nil {
		return unknownSize
	}
	return *c.Size
}

// length is how many bytes the body had: what is nearest to it says so. bodySize of an answer may count its headers
// too.
func (c *content) length(transferred size, header http.Header) size {
	switch {
	case c.size() >= 0:
		return c.size()
	case lengthOf(header) >= 0:
		return lengthOf(header)
	}
	return transferred
}

// decode undoes the encoding of the text. Firefox says base64 of some text that is plain.
func (c *content) decode() ([]byte, error) {
	switch strings.ToLower(string(c.Encoding)) {
	case "", "utf-8", "utf8":
		return []byte(*c.Text), nil
	case "base64":
		if data, err := fromBase64(*c.Text); err == nil {
			return data, nil
		}
		return []byte(*c.Text), nil
	}
	return nil, errEncoding
}

// fromBase64 takes both alphabets, with padding and without, on one line and on several.
func fromBase64(text string) ([]byte, error) {
	text = strings.NewReplacer("\r", "", "\n", "", " ", "", "-", "+", "_", "/").Replace(text)
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
}

// lengthOf is what Content-Length says, and below 0 where it says nothing.
func lengthOf(header http.Header) size {
	n, err := strconv.ParseInt(strings.TrimSpace(header.Get("Content-Length")), 10, 64)
	if err != nil {
		return unknownSize
	}
	return size(n)
}
