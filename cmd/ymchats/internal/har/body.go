package har

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
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

// body is what is known of the body of a message.
type body struct {
	bytes []byte
	known bool // the file holds it
	cut   bool // the file may hold its beginning only
}

var errEncoding = errors.New("the encoding is unknown, allowed is base64")

// bodyOf gives the body of a message. transferred is its bodySize. A body that is neither there nor known to be empty
// is unknown.
func bodyOf(c *content, transferred size, header http.Header) (body, error) {
	if c == nil {
		return body{known: transferred == 0 && lengthOf(header) <= 0 && !chunked(header)}, nil
	}
	if c.Text == nil || *c.Text == "" {
		return body{known: c.empty(transferred, header)}, nil
	}
	data, err := c.decode()
	if err != nil {
		return body{}, err
	}
	cut := header.Get("Content-Encoding") == "" && c.length(transferred, header) > size(len(data))
	return unpackedAlready(body{bytes: data, known: true, cut: cut}, header), nil
}

// empty tells of a content without a text that there was none, and that nothing contradicts it.
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

// unpackedAlready takes Content-Encoding away from a body that the recorder has unpacked, as most do, and adds it to
// one that is packed and does not say so. A packed body that the recorder took for text is lost.
func unpackedAlready(b body, header http.Header) body {
	packed := bytes.HasPrefix(b.bytes, []byte("\x1f\x8b"))
	encoding := strings.ToLower(strings.TrimSpace(header.Get("Content-Encoding")))
	switch {
	case packed && encoding == "":
		header.Set("Content-Encoding", "gzip")
	case packed:
	case bytes.HasPrefix(b.bytes, []byte("\x1f\u008b")), bytes.HasPrefix(b.bytes, []byte("\x1f\ufffd")):
		header.Del("Content-Encoding")
		return body{}
	case utf8.Valid(b.bytes), encoding == "gzip":
		header.Del("Content-Encoding")
	case encoding != "" && encoding != "deflate":
		header.Del("Content-Encoding")
		return body{} // packed in a way that nobody here undoes
	}
	return b
}

// lengthOf is what Content-Length says, and below 0 where it says nothing.
func lengthOf(header http.Header) size {
	n, err := strconv.ParseInt(strings.TrimSpace(header.Get("Content-Length")), 10, 64)
	if err != nil {
		return unknownSize
	}
	return size(n)
}

func chunked(header http.Header) bool { return header.Get("Transfer-Encoding") != "" }
