package har

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/ymarket-go/chats/internal/jsontext"
)

// size is a number of bytes, or anything else that a recorder may write in its place. Below 0 it is unknown.
type size float64

const unknownSize size = -1

// UnmarshalJSON takes 38, 38.0 and "38"; everything else is no size.
func (s *size) UnmarshalJSON(data []byte) error {
	*s = unknownSize
	if n, err := strconv.ParseFloat(string(bytes.Trim(data, `"`)), 64); err == nil {
		*s = size(n)
	}
	return nil
}

// status is a status code, written as a number or as text. Whatever recorders write where no answer came, 0 or below
// or none at all, is less than 100.
type status int

func (s *status) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	n, err := strconv.ParseFloat(string(bytes.Trim(data, `"`)), 64)
	if err != nil || n != float64(int(n)) {
		return errors.New("it is no status")
	}
	*s = status(n)
	return nil
}

// text is a string; numbers, true and false stand for themselves, as in the value of a header.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '"':
		*t = text(jsontext.Text(data))
	case '{', '[':
		return errors.New("it is no text")
	case 'n':
	default:
		*t = text(data)
	}
	return nil
}

// fields are headers, or the parameters of a query.
type fields []struct {
	Name  text `json:"name"`
	Value text `json:"value"`
}

// header leaves out what HTTP/2 writes as headers.
func (f fields) header() http.Header {
	h := http.Header{}
	for _, field := range f {
		if field.Name != "" && !strings.HasPrefix(string(field.Name), ":") {
			h.Add(string(field.Name), string(field.Value))
		}
	}
	return h
}
