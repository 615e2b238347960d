package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ymarket-go/chats/internal/jsontext"
)

// maxDepth bounds the nesting of a JSON text; the contract needs five levels.
const maxDepth = 100

var (
	errTooDeep = errors.New("the JSON is nested too deep")
	errEnough  = errors.New("no more violations are listed")
)

// walker goes through a JSON text and holds it to a shape: it keeps nothing of the text but the names of the objects
// that it is in. It is stricter than encoding/json, and reports names that come twice, bytes after the value, and
// text that is not UTF-8. It ends where there is more to report than is listed.
type walker struct {
	text    jsontext.Scanner
	strict  bool // refuse properties that the shape does not know: a client must not send them, a server may
	place   place
	names   names // of the objects that it is in
	repeats int   // how many names came again
	found   findings
	notes   findings // enum values of an answer that the contract does not know
}

// walk checks a JSON text. Of a text that is no JSON nothing else is said.
func walk(shape *shape, data []byte, strict bool) (found, notes findings) {
	if !utf8.Valid(data) {
		found.add("body", "is not UTF-8")
		return found, notes
	}
	value, rest, err := jsontext.First(data)
	w := walker{text: jsontext.Scan(value), strict: strict}
	if err == nil {
		err = w.value(shape, maxDepth)
	}
	if err != nil && err != errEnough {
		found.add("body", "is not JSON")
		return found, notes
	}
	if len(rest) > 0 {
		w.found.add("body", "has bytes after the JSON")
	}
	return w.found, w.notes
}

// value goes through one value. A nil shape stands for one that is not declared.
func (w *walker) value(shape *shape, depth int) error {
	first := w.text.Next()
	switch {
	case first != '{' && first != '[':
		w.single(shape, w.text.Token())
	case depth == 0:
		return errTooDeep
	case first == '{':
		return w.object(shape, depth)
	default:
		return w.array(shape, depth)
	}
	return w.enough()
}

func (w *walker) object(shape *shape, depth int) error {
	w.text.Bracket()
	w.expect(shape, "object")
	seen := w.names.open()
	for w.text.Next() != '}' {
		key := jsontext.Text(w.text.Token())
		w.place = append(w.place, step{name: key, index: -1})
		if err := w.value(w.member(shape, key, &seen), depth-1); err != nil {
			return err
		}
		w.place = w.place[:len(w.place)-1]
	}
	w.text.Bracket()
	if shape != nil && shape.kind == "object" {
		w.complete(shape, &seen)
	}
	seen.close()
	return w.enough()
}

// member gives the shape of a property, and reports a name that came before. The values of names that come again and
// again are not looked at beyond the hundredth.
func (w *walker) member(shape *shape, key string, seen *objectNames) *shape {
	property := w.property(shape, key)
	if !seen.has(key) {
		seen.add(key)
		return property
	}
	w.report("comes twice")
	w.repeats++
	if w.repeats > maxFindings {
		return nil
	}
	return property
}

// property gives the shape of a property, and reports one that is not declared where it should be.
func (w *walker) property(shape *shape, key string) *shape {
	if shape == nil {
		return nil
	}
	property, declared := shape.properties[key]
	switch {
	case declared:
	case w.strict:
		w.report("is not declared")
	case shape.declares(key):
		w.report("is declared in another case")
	}
	return property
}

// declares finds a name that a reader who passes over case, as Go's does, takes for a declared one.
func (s *shape) declares(key string) bool {
	for name := range s.properties {
		if strings.EqualFold(name, key) {
			return true
		}
	}
	return false
}

func (w *walker) complete(shape *shape, seen *objectNames) {
	for _, key := range shape.required {
		if !seen.has(key) {
			w.place = append(w.place, step{name: key, index: -1})
			w.report("required")
			w.place = w.place[:len(w.place)-1]
		}
	}
}

func (w *walker) array(shape *shape, depth int) error {
	list := w.text // as it stands before the array
	w.text.Bracket()
	w.expect(shape, "array")
	items := shape
	if shape != nil {
		items = shape.items
	}
	count := 0
	for ; w.text.Next() != ']'; count++ {
		w.place = append(w.place, step{index: count})
		if err := w.value(items, depth-1); err != nil {
			return err
		}
		w.place = w.place[:len(w.place)-1]
	}
	w.text.Bracket()
	if shape != nil && shape.kind == "array" {
		if rule := shape.brokenLength(uint64(count)); rule != "" {
			w.report(rule)
		}
		if shape.unique && hasEqual(jsontext.Elements(list.Value())) {
			w.report("uniqueItems")
		}
	}
	return w.enough()
}

// hasEqual is whether two of the JSON values are equal. The order of an object's names does not matter; numbers are
// compared as they are written.
func hasEqual(values iter.Seq[[]byte]) bool {
	before := map[string]bool{}
	for value := range values {
		decoder := json.NewDecoder(bytes.NewReader(value))
		decoder.UseNumber()
		var decoded any
		_ = decoder.Decode(&decoded)       // the text has been found to be JSON
		sorted, _ := json.Marshal(decoded) // by name
		if before[string(sorted)] {
			return true
		}
		before[string(sorted)] = true
	}
	return false
}

// brokenLength gives the rule that a list of so many breaks, or "".
func (s *shape) brokenLength(count uint64) string {
	switch {
	case count < s.minItems:
		return fmt.Sprint("minItems ", s.minItems)
	case s.maxItems != nil && count > *s.maxItems:
		return fmt.Sprint("maxItems ", *s.maxItems)
	}
	return ""
}

// single checks what is neither object nor array.
func (w *walker) single(shape *shape, token []byte) {
	if shape == nil {
		return
	}
	value := jsontext.Single(token)
	switch {
	case value == nil && shape.nullable:
	case value == nil:
		w.report("must not be null")
	case shape.scalar == nil:
		w.expect(shape, "")
	case !w.strict && shape.lacks(value):
		w.note(shape)
	default:
		for _, rule := range brokenRules(shape.scalar, value) {
			w.report(rule)
		}
		if w.strict && jsontext.HalfPair(token) >= 0 { // a buyer would see half an emoji
			w.report("has half of a surrogate pair")
		}
	}
}

// lacks is whether a text is none of an enum: the Market may have added it.
func (s *shape) lacks(value any) bool {
	_, isText := value.(string)
	return isText && s.kind == "string" && len(s.scalar.Enum) > 0 && !slices.Contains(s.scalar.Enum, value)
}

// expect reports a value of another type than the shape's.
func (w *walker) expect(shape *shape, kind string) {
	if shape != nil && shape.kind != kind {
		w.report("type " + shape.kind)
	}
}

func (w *walker) report(rule string) { w.found.add(w.place.in("body"), rule) }

func (w *walker) note(shape *shape) {
	if !w.notes.full() {
		w.notes.add(w.place.in("body"), fmt.Sprint("enum ", shape.scalar.Enum))
	}
}

// enough ends the walk where there is more to report than is listed.
func (w *walker) enough() error {
	if w.found.more {
		return errEnough
	}
	return nil
}

// maxPlace bounds what a violation shows of a place, in bytes: names in a hundred levels could be 6 KB.
const maxPlace = 256

// place is where in a JSON text a walker is. It is put into words only when there is something to report.
type place []step

// step is a name of an object, or an index of an array.
type step struct {
	name  string
	index int // -1: it is a name
}

// in writes the place as a JSON pointer behind what it is in.
func (p place) in(where string) string {
	if len(p) == 0 {
		return where
	}
	var text strings.Builder
	text.WriteString(where)
	text.WriteByte(' ')
	for _, s := range p {
		if text.Len() > maxPlace {
			text.WriteString("/…")
			break
		}
		text.WriteByte('/')
		if s.index >= 0 {
			text.WriteString(strconv.Itoa(s.index))
		} else {
			text.WriteString(name(s.name))
		}
	}
	return text.String()
}

// names are those of the objects that a walker is in, the innermost object's last: one list for all, as a text may have
// a hundred thousand small objects.
type names []string

// fewNames is how many names are looked through one by one.
const fewNames = 16

// objectNames are those of one object.
type objectNames struct {
	all   *names
	first int                 // where those of this object begin
	many  map[string]struct{} // nil up to fewNames
}

func (n *names) open() objectNames { return objectNames{all: n, first: len(*n)} }

func (o *objectNames) has(name string) bool {
	if o.many != nil {
		_, ok := o.many[name]
		return ok
	}
	return slices.Contains((*o.all)[o.first:], name)
}

func (o *objectNames) add(name string) {
	if o.many != nil {
		o.many[name] = struct{}{}
		return
	}
	*o.all = append(*o.all, name)
	if own := (*o.all)[o.first:]; len(own) > fewNames {
		o.many = make(map[string]struct{}, 2*len(own))
		for _, name := range own {
			o.many[name] = struct{}{}
		}
	}
}

func (o *objectNames) close() { *o.all = (*o.all)[:o.first] }
