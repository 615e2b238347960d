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
	if r.object(reflect.ValueOf(into).Elem()) && r.rest == "" {
		return nil
	}
	return json.Unmarshal(data, into) // which reads again what was read
}

// reader holds what is still to be read. Its methods give false for what is not plain.
type reader struct{ rest string }

func (r *reader) object(to reflect.Value) bool {
	properties := propertiesOf(to.Type())
	next := "{"
	for ; r.take(next); next = "," {
		name, plain := r.text()
		i := slices.IndexFunc(properties, func(p property) bool { return p.name == name })
		if !plain || name == "" || i < 0 || !r.take(":") || !r.value(to.Field(i)) {
			return false
		}
	}
	return next == "," && r.take("}")
}

func (r *reader) value(to reflect.Value) (plain bool) {
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
			plain = r.value(to.Elem())
		}
	case reflect.Struct:
		if to.Type() == timeType {
			return r.time(to.Addr().Interface().(*time.Time))
		}
		plain = r.object(to)
	}
	return plain
}

func (r *reader) number() (number int64, plain bool) {
	digits := r.rest[:len(r.rest)-len(strings.TrimLeft(r.rest, "0123456789"))]
	r.rest = r.rest[len(digits):]
	number, err := strconv.ParseInt(digits, 10, 64)
	return number, err == nil && digits[0] != '0'
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
