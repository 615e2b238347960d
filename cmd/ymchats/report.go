package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// finding is a violation in a recorded entry. It is what --format json prints; docs/check.md describes it.
type finding struct {
	File      string `json:"file"`
	Line      int    `json:"line"`           // where the entry begins, from 1
	Entry     int    `json:"entry"`          // from 1
	Time      string `json:"time,omitempty"` // when the request was sent; absent where it was not recorded
	Method    string `json:"method"`
	Path      string `json:"path"`      // without its values
	Operation string `json:"operation"` // "" where it is none of the contract
	Part      string `json:"part"`      // "request" or "response"
	Status    int    `json:"status,omitempty"`
	Where     string `json:"where"`
	Rule      string `json:"rule"`
}

// with is a finding at a place of the same entry.
func (f finding) with(where, rule string) finding {
	f.Where, f.Rule = where, rule
	return f
}

// about tells which message it is, and what is wrong with it.
func (f finding) about() string {
	text := fmt.Sprintf("entry %d", f.Entry)
	if f.Time != "" {
		text += ", " + f.Time
	}
	return text + fmt.Sprintf(", %s %s: %s", f.Method, f.Path, f.what())
}

func (f finding) what() string {
	part := f.Part
	if f.Status != 0 {
		part += fmt.Sprint(" ", f.Status)
	}
	return fmt.Sprintf("%s: %s: %s: %s", f.title(), part, f.Where, f.Rule)
}

func (f finding) title() string {
	if f.Operation == "" {
		return "no operation"
	}
	return f.Operation
}

// report prints findings as they come, and the rest in the end: it keeps little, however many there are.
type report interface {
	checked(file, operation, part string)
	violation(finding)
	unreadable(file string, err error) // the command says it on standard error, too
	end(outcome)
}

func newReport(format string, w io.Writer) (report, error) {
	switch format {
	case "text":
		return &textReport{w: w}, nil
	case "json":
		return &jsonReport{w: w, files: map[string]string{}}, nil
	case "junit":
		return &junitReport{w: w}, nil
	case "github":
		return &githubReport{w: w}, nil
	}
	return nil, fmt.Errorf("--format is %q, allowed is text, json, junit or github", format)
}

type textReport struct{ w io.Writer }

func (*textReport) checked(string, string, string) {}

func (r *textReport) violation(f finding) {
	fmt.Fprintf(r.w, "%s:%d: %s\n", f.File, f.Line, f.about())
}

func (*textReport) unreadable(string, error) {}

func (r *textReport) end(o outcome) {
	if len(o.Notices.list) > 0 {
		fmt.Fprintln(r.w, "notices, which break nothing:")
	}
	for _, l := range o.Notices.list {
		fmt.Fprintf(r.w, "  %d × %s, first at %s:%d\n", l.Count, l.what(), l.File, l.Line)
	}
	if len(o.OtherRequests.list) > 0 {
		fmt.Fprintln(r.w, "other requests to the same host, which were not checked:")
	}
	for _, l := range o.OtherRequests.list {
		fmt.Fprintf(r.w, "  %d × %s %s: %s %s, first at %s:%d\n", l.Count, l.Method, l.Path, l.Where, l.Rule, l.File, l.Line)
	}
	fmt.Fprintln(r.w, o.Summary)
}

// jsonReport prints one document. Its violations are written as they come: there may be more of them than fit into
// memory.
type jsonReport struct {
	w          io.Writer
	violations int
	files      map[string]string // those that cannot be read, and why
}

func (*jsonReport) checked(string, string, string) {}

func (r *jsonReport) violation(f finding) {
	separator := ","
	if r.violations == 0 {
		separator = jsonHead
	}
	r.violations++
	text, _ := json.MarshalIndent(f, "    ", "  ") // it is made of texts and numbers
	fmt.Fprintf(r.w, "%s\n    %s", separator, text)
}

const jsonHead = "{\n  \"violations\": ["

func (r *jsonReport) unreadable(file string, err error) { r.files[file] = err.Error() }

func (r *jsonReport) end(o outcome) {
	if r.violations == 0 {
		fmt.Fprint(r.w, jsonHead+"]")
	} else {
		fmt.Fprint(r.w, "\n  ]")
	}
	rest := struct {
		Notices       []*listing        `json:"notices"`
		OtherRequests []*listing        `json:"otherRequests"`
		Unreadable    map[string]string `json:"unreadable"`
		Summary       summary           `json:"summary"`
	}{orNone(o.Notices), orNone(o.OtherRequests), r.files, o.Summary}
	text, _ := json.MarshalIndent(rest, "", "  ")
	fmt.Fprintf(r.w, ",%s\n", text[1:]) // without its own opening brace
}

// orNone makes an empty list of none, which JSON would call null.
func orNone(l listings) []*listing {
	if l.list == nil {
		return []*listing{}
	}
	return l.list
}

// githubReport prints workflow commands, which GitHub shows as annotations at the line of the entry.
type githubReport struct{ w io.Writer }

var (
	githubText     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func (*githubReport) checked(string, string, string) {}

func (r *githubReport) violation(f finding) { r.annotate("error", f, f.about()) }

func (r *githubReport) annotate(level string, f finding, text string) {
	fmt.Fprintf(r.w, "::%s file=%s,line=%d,title=%s::%s\n", level, githubProperty.Replace(f.File), f.Line,
		githubProperty.Replace(f.title()), githubText.Replace(text))
}

func (r *githubReport) unreadable(file string, err error) {
	fmt.Fprintf(r.w, "::error file=%s,title=unreadable::%s\n",
		githubProperty.Replace(file), githubText.Replace(err.Error()))
}

func (r *githubReport) end(o outcome) {
	for _, l := range o.Notices.list {
		r.annotate("notice", l.finding, fmt.Sprintf("%d × %s", l.Count, l.what()))
	}
	for _, l := range o.OtherRequests.list {
		text := fmt.Sprintf("%d × %s %s: %s %s: not checked", l.Count, l.Method, l.Path, l.Where, l.Rule)
		r.annotate("notice", l.finding, text)
	}
	fmt.Fprintln(r.w, githubText.Replace(o.Summary.String()))
}
