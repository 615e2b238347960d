package fast

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Unmarshal stands for json.Unmarshal. into points to the zero value of a struct. The strings in it share their memory.
func Unmarshal(data []byte, into any) error {
	r := reader{string(data)}
	to := reflect.ValueOf(into).Elem()
	if r.object(to, propertiesOf(to.Type())) && r.rest == "" {
		return nil
	}
	return json.Unmarshal(data, into) // which reads again what was read
}

// reader holds what is still to be read. Its methods give false for what is not plain.
type reader struct{ rest string }

func (r *reader) object(to reflect.Value, properties []property) bool {
	next := "{"
	for ; r.take(next); next = "," {
		name, plain := r.text()
		if !plain || name == "" || !r.take(":") || !r.property(to, properties, name) {
			return false
		}
	}
	return next == "," && r.take("}")
}

// property reads a value, or passes over one that the struct has no field for, in any spelling.
func (r *reader) property(to reflect.Value, properties []property, name string) (plain bool) {
	if i := slices.IndexFunc(properties, func(p property) bool { return p.name == name }); i >= 0 {
		return r.value(to.Field(i), properties[i])
	}
	if slices.ContainsFunc(properties, func(p property) bool { return p.name == "" || strings.EqualFold(p.name, name) }) {
		return false
	}
	return r.unknown()
}

// unknown passes over a value, unless it is a list or an object.
func (r *reader) unknown() (plain bool) {
	switch {
	case strings.HasPrefix(r.rest, `"`):
		_, plain = r.text()
		return plain
	case r.take("null"), r.take("true"), r.take("false"):
		return true
	}
	_, plain = r.number()
	return plain
}

func (r *reader) value(to reflect.Value, p property) (plain bool) {
	if r.take("null") {
		return to.Kind() != reflect.Pointer || to.IsNil()
	}
	switch to.Kind() {
	case reflect.Int64:
		var number int64
		number, plain = r.number()
		to.SetInt(number)
	case reflect.String:
		var text string
		text, plain = r.text()
		to.SetString(text)
	case reflect.Pointer:
		if to.IsNil() { // else the name comes twice, and the second value may only complete the first one
			to.Set(reflect.New(to.Type().Elem()))
			plain = r.value(to.Elem(), p)
		}
	case reflect.Struct:
		if to.Type() == timeType {
			return r.time(to.Addr().Interface().(*time.Time))
		}
		plain = r.object(to, p.properties)
	}
	return plain
}

func (r *reader) number() (number int64, plain bool) {
	digits := r.rest[:len(r.rest)-len(strings.TrimLeft(r.rest, "0123456789"))]
	r.rest = r.rest[len(digits):]
	number, err := strconv.ParseInt(digits, 10, 64)
	return number, err == nil && (digits[0] != '0' || digits == "0")
}

func (r *reader) time(to *time.Time) (plain bool) {
	text, plain := r.text()
	return plain && to.UnmarshalText([]byte(text)) == nil
}

func (r *reader) text() (text string, plain bool) {
	if !r.take(`"`) {
		return "", false
	}
	text, r.rest, plain = strings.Cut(r.rest, `"`)
	return text, plain && isPlainText(text)
}

func (r *reader) take(token string) (taken bool) {
	r.rest, taken = strings.CutPrefix(r.rest, token)
	return taken
}
