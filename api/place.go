package api

import (
	"regexp"
	"strconv"
	"strings"
)

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

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,63}$`)

// name keeps a foreign name out of a report that may be a value: {"Dear Ivan": 1}.
func name(s string) string {
	if plainName.MatchString(s) {
		return s
	}
	return "…"
}
