// Package jsontext reads a JSON text that encoding/json has found to be one: it need not look out for mistakes, and it
// allocates nothing for what is not needed. A json.Decoder's Token costs up to 80 times what the text has.
package jsontext

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"strconv"
	"unicode"
	"unicode/utf16"
)

// Scanner reads a valid JSON text from its beginning to its end.
type Scanner struct {
	text []byte
	at   int
}

// Scan makes a Scanner of a text, which must be valid.
func Scan(text []byte) Scanner { return Scanner{text: text} }

// Next gives the first byte of what comes next, white space and separators aside.
func (s *Scanner) Next() byte {
	for {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			s.at++
		default:
			return c
		}
	}
}

// Bracket takes the bracket that Next gave.
func (s *Scanner) Bracket() { s.at++ }

// Token takes a string, a number, or one of true, false and null, as it is written.
func (s *Scanner) Token() []byte {
	start := s.at
	if s.text[s.at] == '"' {
		s.at = endOfString(s.text, s.at+1)
		return s.text[start:s.at]
	}
	for s.at < len(s.text) && bytes.IndexByte([]byte(" \t\r\n,]}"), s.text[s.at]) < 0 {
		s.at++
	}
	return s.text[start:s.at]
}

// endOfString is what stands behind the next quote that ends a string.
func endOfString(text []byte, at int) int {
	for {
		at += bytes.IndexByte(text[at:], '"') + 1
		backslashes := 0
		for text[at-2-backslashes] == '\\' {
			backslashes++
		}
		if backslashes%2 == 0 { // each escapes the next; an odd one escapes the quote
			return at
		}
	}
}

// Value takes a whole value, as it is written.
func (s *Scanner) Value() []byte {
	first := s.Next()
	if first != '{' && first != '[' {
		return s.Token()
	}
	start := s.at
	for depth := 0; ; {
		switch s.text[s.at] {
		case '"':
			s.Token()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		s.at++
		if depth == 0 {
			return s.text[start:s.at]
		}
	}
}

// Members goes through the names and values of a valid text that is an object. Of any other text it gives none.
func Members(text []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		s := Scan(text)
		if !IsObject(text) {
			return
		}
		s.Bracket()
		for s.Next() != '}' {
			token := s.Token()
			name := token[1 : len(token)-1]
			if bytes.IndexByte(name, '\\') >= 0 {
				name = []byte(Text(token))
			}
			if !yield(name, s.Value()) {
				return
			}
		}
	}
}

// Elements goes through the values of a valid text that is an array. Of any other text it gives none.
func Elements(text []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		s := Scan(text)
		if !IsArray(text) {
			return
		}
		s.Bracket()
		for s.Next() != ']' {
			if !yield(s.Value()) {
				return
			}
		}
	}
}

// IsObject is whether a value, without white space before it, is an object.
func IsObject(value []byte) bool { return len(value) > 0 && value[0] == '{' }

// IsArray is whether a value, without white space before it, is an array.
func IsArray(value []byte) bool { return len(value) > 0 && value[0] == '[' }

// IsString is whether a value, without white space before it, is a string.
func IsString(value []byte) bool { return len(value) > 0 && value[0] == '"' }

// IsNull is whether a value, without white space before it, is null.
func IsNull(value []byte) bool { return len(value) > 0 && value[0] == 'n' }

// Text is what the token of a string says.
func Text(token []byte) string {
	if bytes.IndexByte(token, '\\') < 0 {
		return string(token[1 : len(token)-1])
	}
	var s string
	_ = json.Unmarshal(token, &s) // it is a string
	return s
}

// HalfPair finds the first escape in a string's token that is half of a surrogate pair: a program that cuts a text
// between the two halves of an emoji leaves one. It is -1 where there is none. encoding/json reads U+FFFD there.
func HalfPair(token []byte) int {
	for at := 0; ; {
		next := bytes.IndexByte(token[at:], '\\')
		if next < 0 {
			return -1
		}
		at += next
		unit := escapedUnit(token[at:])
		switch {
		case unit < 0:
			at += len(`\n`)
		case !utf16.IsSurrogate(unit):
			at += len(`\u0000`)
		case utf16.DecodeRune(unit, escapedUnit(token[at+len(`\u0000`):])) == unicode.ReplacementChar:
			return at
		default: // a whole pair
			at += 2 * len(`\u0000`)
		}
	}
}

// escapedUnit is the unit of UTF-16 that an escape stands for, and below 0 where the text does not begin with one.
func escapedUnit(text []byte) rune {
	if !bytes.HasPrefix(text, []byte(`\u`)) {
		return -1
	}
	unit, _ := strconv.ParseUint(string(text[len(`\u`):len(`\u0000`)]), 16, 16) // the text is valid
	return rune(unit)
}

// Single is what a token stands for: a string, a json.Number, a bool or nil.
func Single(token []byte) any {
	switch token[0] {
	case '"':
		return Text(token)
	case 't', 'f':
		return token[0] == 't'
	case 'n':
		return nil
	}
	return json.Number(token)
}

// First gives the first JSON value of some bytes, and what stands behind it.
func First(data []byte) (value json.RawMessage, rest []byte, err error) {
	if json.Valid(data) {
		return data, nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&value); err != nil {
		return nil, nil, errors.New("there is no JSON value")
	}
	return value, bytes.TrimLeft(data[decoder.InputOffset():], " \t\r\n"), nil
}
