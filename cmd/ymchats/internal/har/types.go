package har

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ymarket-go/chats/internal/jsontext"
)

// Recorders write values in types of their own. Each of these functions reads a value, which is nil where there is
// none; errType is that of a value that cannot be what HAR has in its place.
var errType = errors.New("is not of the type that HAR gives it")

// stringOf is a string; anything else is "".
func stringOf(value []byte) string {
	if !jsontext.IsString(value) {
		return ""
	}
	if !utf8.Valid(value) {
		var s string
		_ = json.Unmarshal(value, &s) // it writes U+FFFD in the place of what is not UTF-8
		return s
	}
	return jsontext.Text(value)
}

// textOf is a string; numbers, true and false stand for themselves, as in the value of a header.
func textOf(value []byte) (string, error) {
	switch {
	case jsontext.IsString(value):
		return stringOf(value), nil
	case jsontext.IsObject(value), jsontext.IsArray(value):
		return "", errType
	case jsontext.IsNull(value):
		return "", nil
	}
	return string(value), nil
}

// unknownSize is the size that a recorder did not write, or not as one. Any below 0 is unknown.
const unknownSize = -1.0

// sizeOf is a number of bytes, written as 38, 38.0 or "38".
func sizeOf(value []byte) float64 {
	n, err := strconv.ParseFloat(string(bytes.Trim(value, `"`)), 64)
	if err != nil {
		return unknownSize
	}
	return n
}

// statusOf is a status code, written as a number or as text. Whatever recorders write where no answer came, 0 or below
// or none at all, is less than 100.
func statusOf(value []byte) (int, error) {
	if value == nil || jsontext.IsNull(value) {
		return 0, nil
	}
	n, err := strconv.ParseFloat(string(bytes.Trim(value, `"`)), 64)
	if err != nil || n != float64(int(n)) {
		return 0, errType
	}
	return int(n), nil
}

// field is a header, or a parameter of a query.
type field struct{ name, value string }

func fieldsOf(value []byte) ([]field, error) {
	if value != nil && !jsontext.IsArray(value) && !jsontext.IsNull(value) {
		return nil, errType
	}
	var list []field
	for element := range jsontext.Elements(value) {
		if !jsontext.IsObject(element) && !jsontext.IsNull(element) {
			return nil, errType
		}
		var f field
		var err error
		for name, value := range jsontext.Members(element) {
			switch {
			case bytes.EqualFold(name, []byte("name")):
				f.name, err = textOf(value)
			case bytes.EqualFold(name, []byte("value")):
				f.value, err = textOf(value)
			}
			if err != nil {
				return nil, err
			}
		}
		list = append(list, f)
	}
	return list, nil
}

// headerOf leaves out what HTTP/2 writes as headers.
func headerOf(list []field) http.Header {
	h := http.Header{}
	for _, f := range list {
		if f.name != "" && !strings.HasPrefix(f.name, ":") {
			h.Add(f.name, f.value)
		}
	}
	return h
}
