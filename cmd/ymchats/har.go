package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// harEntry is what the check needs of a request and its answer in a HAR 1.2 file.
type harEntry struct {
	Request struct {
		Method   string    `json:"method"`
		URL      string    `json:"url"`
		Headers  harFields `json:"headers"`
		BodySize int64     `json:"bodySize"`
		PostData *harBody  `json:"postData"`
	} `json:"request"`
	Response struct {
		Status  int       `json:"status"` // 0: no answer came
		Headers harFields `json:"headers"`
		Content harBody   `json:"content"`
	} `json:"response"`
}

type harFields []struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harBody struct {
	Size     *int64  `json:"size"`
	Text     *string `json:"text"`
	Encoding string  `json:"encoding"`
}

// readHAR hands the entries of a HAR file to visit, one after the other, counting from 1. Only one entry at a time is
// held in memory, about four times its size.
func readHAR(r io.Reader, visit func(n int, e *harEntry) error) error {
	buffered := bufio.NewReader(r)
	if mark, err := buffered.Peek(3); err == nil && string(mark) == "\ufeff" {
		_, _ = buffered.Discard(3) // some proxies write a byte order mark
	}
	h := harReader{dec: json.NewDecoder(buffered), visit: visit}
	err := h.object(func(key string) error {
		if key != "log" {
			return h.skip()
		}
		return h.object(func(key string) error {
			if key != "entries" {
				return h.skip()
			}
			return h.entries()
		})
	})
	switch {
	case err != nil:
		return err
	case !h.found:
		return errors.New("this is no HAR file: it has no log.entries")
	}
	if _, err := h.dec.Token(); err != io.EOF {
		return errors.New("there is something after the end of the HAR document")
	}
	return nil
}

type harReader struct {
	dec   *json.Decoder
	visit func(int, *harEntry) error
	found bool
}

// object goes through the names of an object; member must take the value of each.
func (h *harReader) object(member func(key string) error) error {
	if err := h.expect('{'); err != nil {
		return err
	}
	for h.dec.More() {
		key, err := h.dec.Token()
		if err != nil {
			return harError(err)
		}
		if err := member(key.(string)); err != nil {
			return err
		}
	}
	return h.expect('}')
}

func (h *harReader) entries() error {
	h.found = true
	if err := h.expect('['); err != nil {
		return err
	}
	for n := 1; h.dec.More(); n++ {
		var e harEntry
		if err := h.dec.Decode(&e); err != nil {
			return fmt.Errorf("entry %d: %w", n, harError(err))
		}
		if err := h.visit(n, &e); err != nil {
			return fmt.Errorf("entry %d: %w", n, err)
		}
	}
	return h.expect(']')
}

func (h *harReader) expect(delim json.Delim) error {
	token, err := h.dec.Token()
	if err != nil {
		return harError(err)
	}
	if token != delim {
		return fmt.Errorf("this is no HAR file: %v is missing at byte %d", delim, h.dec.InputOffset())
	}
	return nil
}

// skip passes over a value without keeping it.
func (h *harReader) skip() error {
	for depth := 0; ; {
		token, err := h.dec.Token()
		if err != nil {
			return harError(err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// harError words an error of the decoder without the values it quotes.
func harError(err error) error {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("it is not JSON at byte %d", syntax.Offset)
	case errors.As(err, &mismatch):
		return fmt.Errorf("%s is not of the type that HAR gives it", mismatch.Field)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends too early")
	}
	return err
}

// request makes the request of an entry; recorded is false when it had a body that the file does not hold.
func (e *harEntry) request() (req *http.Request, recorded bool, err error) {
	if e.Request.Method == "" {
		return nil, false, errors.New("request.method is missing")
	}
	body, known := []byte(nil), e.Request.BodySize <= 0
	if e.Request.PostData != nil {
		if body, known, err = e.Request.PostData.bytes(); err != nil {
			return nil, false, fmt.Errorf("request.postData: %w", err)
		}
	}
	if !known {
		body = []byte("(not recorded)") // so that a body where none belongs is seen
	}
	req, err = http.NewRequest(e.Request.Method, e.Request.URL, bytes.NewReader(body))
	if err != nil {
		return nil, false, errors.New("request.method or request.url cannot be parsed")
	}
	req.Header = e.Request.Headers.header()
	return req, known, nil
}

// response makes the answer of an entry. Its body is nil when the file does not hold it.
func (e *harEntry) response() (*http.Response, error) {
	body, known, err := e.Response.Content.bytes()
	if err != nil {
		return nil, fmt.Errorf("response.content: %w", err)
	}
	resp := &http.Response{StatusCode: e.Response.Status, Header: e.Response.Headers.header()}
	if known {
		resp.Body = io.NopCloser(bytes.NewReader(body))
	}
	return resp, nil
}

// bytes gives the body, and whether the file holds it.
func (b *harBody) bytes() (body []byte, known bool, err error) {
	switch {
	case b.Text == nil:
		return nil, b.Size != nil && *b.Size == 0, nil
	case b.Encoding == "base64":
		if body, err = base64.StdEncoding.DecodeString(*b.Text); err != nil {
			return nil, false, errors.New("the text is not base64")
		}
		return body, true, nil
	case b.Encoding != "":
		return nil, false, errors.New("the encoding is unknown, allowed is base64")
	}
	return []byte(*b.Text), true, nil
}

// header leaves out what HTTP/2 writes as headers.
func (f harFields) header() http.Header {
	h := http.Header{}
	for _, field := range f {
		if !strings.HasPrefix(field.Name, ":") {
			h.Add(field.Name, field.Value)
		}
	}
	return h
}
