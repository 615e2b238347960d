// Package har reads recorded traffic, HAR 1.2, as browsers, proxies and test tools write it. Few of them keep to the
// letter of the format, so what a file does not hold is unknown here, and never taken to be empty.
package har

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Read hands the entries of a file to visit, one after the other, and stops at an error of visit's. An Entry is good
// until visit returns: one at a time is held in memory, about four times its size. An error shows nothing of what the
// file holds.
func Read(r io.Reader, visit func(*Entry) error) error {
	buffered := bufio.NewReader(r)
	if err := start(buffered); err != nil {
		return err
	}
	lines := &lineCounter{r: buffered, line: 1}
	h := reader{dec: json.NewDecoder(lines), lines: lines, visit: visit}
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

// start passes over the byte order mark that some proxies write, and refuses what is packed.
func start(r *bufio.Reader) error {
	first, _ := r.Peek(4)
	switch {
	case bytes.HasPrefix(first, []byte("\ufeff")):
		_, err := r.Discard(len("\ufeff"))
		return err
	case bytes.HasPrefix(first, []byte("PK\x03\x04")), bytes.HasPrefix(first, []byte("\x1f\x8b")):
		return errors.New("this is packed: unpack it, and check the .har file in it")
	case bytes.HasPrefix(first, []byte("\xff\xfe")), bytes.HasPrefix(first, []byte("\xfe\xff")),
		bytes.HasPrefix(first, []byte("{\x00")), bytes.HasPrefix(first, []byte("\x00{")):
		return errors.New("this is UTF-16: a HAR file is UTF-8")
	}
	return nil
}

type reader struct {
	dec   *json.Decoder
	lines *lineCounter
	visit func(*Entry) error
	found bool
}

// object goes through the names of an object; member must take the value of each.
func (h *reader) object(member func(key string) error) error {
	if err := h.expect('{'); err != nil {
		return err
	}
	for h.dec.More() {
		key, err := h.dec.Token()
		if err != nil {
			return wording(err)
		}
		if err := member(key.(string)); err != nil {
			return err
		}
	}
	return h.expect('}')
}

func (h *reader) entries() error {
	h.found = true
	if err := h.expect('['); err != nil {
		return err
	}
	var text json.RawMessage // of one entry after the other
	for n := 1; h.dec.More(); n++ {
		if err := h.dec.Decode(&text); err != nil {
			return fmt.Errorf("entry %d: %w", n, wording(err))
		}
		line := h.lines.at(h.dec.InputOffset() - int64(len(text)))
		if err := h.visit(newEntry(n, line, text)); err != nil {
			return fmt.Errorf("entry %d: %w", n, err)
		}
	}
	return h.expect(']')
}

func (h *reader) expect(delim json.Delim) error {
	token, err := h.dec.Token()
	if err != nil {
		return wording(err)
	}
	if token != delim {
		return fmt.Errorf("this is no HAR file: %v is missing at byte %d", delim, h.dec.InputOffset())
	}
	return nil
}

// skip passes over a value without keeping it.
func (h *reader) skip() error {
	for depth := 0; ; {
		token, err := h.dec.Token()
		if err != nil {
			return wording(err)
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

// wording says what the decoder's error means, without the bytes that it quotes.
func wording(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends too early")
	case errors.As(err, &syntax):
		return fmt.Errorf("it is not JSON at byte %d", syntax.Offset)
	}
	return err
}
