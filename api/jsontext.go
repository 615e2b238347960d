package api

import (
	"bytes"
	"encoding/json"
	"errors"
)

// jsonText goes through a JSON text that encoding/json has found to be one, and so need not look out for mistakes. It
// allocates nothing for what nobody asks for: a Decoder's Token would cost up to 80 times what the text has.
type jsonText struct {
	data []byte
	at   int
}

// firstValue gives the first JSON value of some bytes, and what stands behind it.
func firstValue(data []byte) (value json.RawMessage, rest []byte, err error) {
	if json.Valid(data) {
		return data, nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&value); err != nil {
		return nil, nil, errors.New("there is no JSON value")
	}
	return value, bytes.TrimLeft(data[decoder.InputOffset():], " \t\r\n"), nil
}

// next gives the first byte of what comes next, white space and separators aside.
func (t *jsonText) next() byte {
	for {
		switch c := t.data[t.at]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			t.at++
		default:
			return c
		}
	}
}

// token takes a string, a number, or one of true, false and null, as it is written.
func (t *jsonText) token() []byte {
	start := t.at
	if t.data[t.at] == '"' {
		for t.at++; t.data[t.at] != '"'; t.at++ {
			if t.data[t.at] == '\\' {
				t.at++
			}
		}
		t.at++
		return t.data[start:t.at]
	}
	for t.at < len(t.data) && bytes.IndexByte([]byte(" \t\r\n,]}"), t.data[t.at]) < 0 {
		t.at++
	}
	return t.data[start:t.at]
}

// text is what a string says.
func text(token []byte) string {
	if bytes.IndexByte(token, '\\') < 0 {
		return string(token[1 : len(token)-1])
	}
	var s string
	_ = json.Unmarshal(token, &s) // it is a string
	return s
}

// single is what a token stands for: a string, a json.Number, a bool or nil.
func single(token []byte) any {
	switch token[0] {
	case '"':
		return text(token)
	case 't', 'f':
		return token[0] == 't'
	case 'n':
		return nil
	}
	return json.Number(token)
}
