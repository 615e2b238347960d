package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a JSON text; the contract needs five levels.
const maxDepth = 100

var errTooDeep = errors.New("the JSON is nested too deep")

// parse reads a JSON text more strictly than encoding/json does, and reports what that passes over: names that come
// twice, bytes after the value, and text that is not UTF-8. Numbers stay as they are written. There is no value when
// ok is false.
func parse(data []byte, where string) (value any, findings []finding, ok bool) {
	if !utf8.Valid(data) {
		return nil, []finding{{where, "is not UTF-8"}}, false
	}
	p := parser{dec: json.NewDecoder(bytes.NewReader(data))}
	p.dec.UseNumber()
	value, err := p.value(where, maxDepth)
	if err != nil {
		return nil, []finding{{where, "is not JSON"}}, false
	}
	if _, err := p.dec.Token(); err != io.EOF {
		p.findings = append(p.findings, finding{where, "has bytes after the JSON"})
	}
	return value, p.findings, true
}

type parser struct {
	dec      *json.Decoder
	findings []finding
}

func (p *parser) value(where string, depth int) (any, error) {
	token, err := p.dec.Token()
	if err != nil {
		return nil, err
	}
	delim, nested := token.(json.Delim)
	switch {
	case !nested:
		return token, nil
	case depth == 0:
		return nil, errTooDeep
	case delim == '{':
		return p.object(where, depth)
	default:
		return p.array(where, depth)
	}
}

func (p *parser) object(where string, depth int) (any, error) {
	object := map[string]any{}
	for p.dec.More() {
		token, err := p.dec.Token()
		if err != nil {
			return nil, err
		}
		key := token.(string) // the decoder allows nothing else here
		at := pointer(where, name(key))
		if _, twice := object[key]; twice {
			p.findings = append(p.findings, finding{at, "comes twice"})
		}
		if object[key], err = p.value(at, depth-1); err != nil {
			return nil, err
		}
	}
	_, err := p.dec.Token()
	return object, err
}

func (p *parser) array(where string, depth int) (any, error) {
	array := []any{}
	for p.dec.More() {
		item, err := p.value(pointer(where, strconv.Itoa(len(array))), depth-1)
		if err != nil {
			return nil, err
		}
		array = append(array, item)
	}
	_, err := p.dec.Token()
	return array, err
}
