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
	name       string
	omitEmpty  bool
	properties []property // of the struct that it is, or points to
}

var known sync.Map // of []property, by reflect.Type

// propertiesOf gives a property for each field of a struct, in their order.
func propertiesOf(t reflect.Type) []property {
	if properties, ok := known.Load(t); ok {
		return properties.([]property)
	}
	properties := newProperties(t, nil)
	known.Store(t, properties)
	return properties
}

// newProperties looks at a struct that stands within others.
func newProperties(t reflect.Type, within []reflect.Type) []property {
	properties := make([]property, t.NumField())
	for i := range properties {
		if field := t.Field(i); field.IsExported() && isPlainType(t) && isPlainType(field.Type) {
			properties[i] = newProperty(field, append(within, t))
		}
	}
	return properties
}

func newProperty(field reflect.StructField, within []reflect.Type) (p property) {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	t := target(field.Type)
	if slices.Contains(within, t) || options != "" && options != "omitempty" || strings.Trim(name, letters) != "" {
		return p
	}
	p.name = name
	p.omitEmpty = options != "" && field.Type.Kind() != reflect.Struct // encoding/json never takes a struct for empty
	if t.Kind() == reflect.Struct {
		p.properties = newProperties(t, within)
	}
	return p
}

// letters make a name that encoding/json takes as it is.
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// target is what a type points to, if it is a pointer.
func target(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

var timeType = reflect.TypeFor[time.Time]()

// isPlainType: its values are plain, and it does not read or write itself.
func isPlainType(t reflect.Type) bool {
	t = target(t)
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
