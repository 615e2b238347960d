package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// jsonReport prints one document, piece by piece.
type jsonReport struct {
	w          io.Writer
	begun      bool
	Unreadable map[string]string // files, and why
}

func (*jsonReport) checked(string, string, string) {}

func (r *jsonReport) violation(f finding) {
	between := ",\n    "
	if !r.begun {
		between = "{\n  \"violations\": [\n    "
	}
	r.begun = true
	fmt.Fprint(r.w, between+indented(f, "    "))
}

func (r *jsonReport) unreadable(file string, err error) { r.Unreadable[file] = err.Error() }

func (r *jsonReport) end(o outcome) {
	if r.begun {
		fmt.Fprint(r.w, "\n  ],\n")
	} else {
		fmt.Fprint(r.w, "{\n  \"violations\": [],\n")
	}
	rest := []struct {
		name  string
		value any
	}{
		{"notices", orNone(o.Notices)}, {"otherRequests", orNone(o.OtherRequests)}, {"unreadable", r.Unreadable},
	}
	for _, member := range rest {
		fmt.Fprintf(r.w, "  %q: %s,\n", member.name, indented(member.value, "  "))
	}
	fmt.Fprintf(r.w, "  \"summary\": %s\n}\n", indented(o.Summary, "  "))
}

// orNone makes an empty list of none, which JSON would call null.
func orNone(l listings) []*listing {
	if l.list == nil {
		return []*listing{}
	}
	return l.list
}

func indented(value any, prefix string) string {
	text, _ := json.MarshalIndent(value, prefix, "  ") // it is made of texts and numbers
	return string(text)
}
