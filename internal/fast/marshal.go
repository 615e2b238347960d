package fast

import (
	"encoding/json"
	"reflect"
	"strconv"
)

// Marshal stands for json.Marshal. v is a struct.
func Marshal(v any) ([]byte, error) {
	w := make(writer, 0, 64)
	from := reflect.ValueOf(v)
	if w.object(from, propertiesOf(from.Type())) {
		return w, nil
	}
	return json.Marshal(v)
}

// writer holds what is written. Its methods give false for what is not plain.
type writer []byte

func (w *writer) object(from reflect.Value, properties []property) (plain bool) {
	next := "{"
	for i, p := range properties {
		if p.omitEmpty && from.Field(i).IsZero() {
			continue
		}
		*w = append(append(append(append(*w, next...), '"'), p.name...), `":`...)
		if p.name == "" || !w.value(from.Field(i), p) {
			return false
		}
		next = ","
	}
	*w = append(*w, '}')
	return next == ","
}

func (w *writer) value(from reflect.Value, p property) (plain bool) {
	switch from.Kind() {
	case reflect.Int64:
		*w = strconv.AppendInt(*w, from.Int(), 10)
		return true
	case reflect.String:
		*w = append(append(append(*w, '"'), from.String()...), '"')
		return isPlainText(from.String())
	case reflect.Pointer:
		return w.value(from.Elem(), p) // that of nil is of no kind
	case reflect.Struct:
		return w.object(from, p.properties)
	}
	return false
}
