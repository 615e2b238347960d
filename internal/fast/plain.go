package fast

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// JSON is plain if it is an object without white space whose names are those in the tags of a struct, and whose values are
// such objects, whole numbers, times, and strings without escapes. Market and client write such JSON; all other is left to
// encoding/json.

// property is a field of a struct, as JSON has it. One that is not plain has no name.
type property struct {
	name      string
	omitEmpty bool
}

var known sync.Map // of []property, by reflect.Type

// propertiesOf gives a property for each field of a struct, in their order.
func propertiesOf(t reflect.Type) []property {
	if properties, ok := known.Load(t); ok {
		return properties.([]property)
	}
	properties := make([]property, t.NumField())
	for i := range properties {
		if field := t.Field(i); field.IsExported() && isPlainType(t) && isPlainType(field.Type) {
			properties[i] = newProperty(field)
		}
	}
	known.Store(t, properties)
	return properties
}

func newProperty(field reflect.StructField) property {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	switch {
	case strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "": // encoding/json may not take it
		return property{}
	case options == "":
		return property{name, false}
	case options == "omitempty":
		return property{name, field.Type.Kind() != reflect.Struct} // encoding/json never takes a struct for empty
	}
	return property{}
}

var timeType = reflect.TypeFor[time.Time]()

// isPlainType: its values are plain, and it does not read or write itself.
func isPlainType(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Int64, reflect.String, reflect.Struct:
		return t == timeType || !slices.ContainsFunc(ownJSON, reflect.PointerTo(t).Implements)
	}
	return false
}

var ownJSON = []reflect.Type{
	reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler](),
	reflect.TypeFor[json.Unmarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
}

// isPlainText: it stands for itself in JSON, whoever writes it. Letters of two bytes, as Russian has them, are gone over
// faster than by utf8.ValidString.
func isPlainText(text string) bool {
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c < utf8.RuneSelf:
			if c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
				return false
			}
			i++
		case c >= 0xC2 && c < 0xE0 && i+1 < len(text) && text[i+1]&0xC0 == 0x80:
			i += 2
		default:
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError || r == '\u2028' || r == '\u2029' {
				return false
			}
			i += size
		}
	}
	return true
}
