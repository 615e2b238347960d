package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/ymarket-go/chats/api"
)

// finding is a violation in a recorded entry.
type finding struct {
	File      string `json:"file"`
	Entry     int    `json:"entry"` // counted from 1
	Operation string `json:"operation"`
	Part      string `json:"part"` // "request" or "response"
	Where     string `json:"where"`
	Rule      string `json:"rule"`
}

func newFinding(part string, v *api.Violation) finding {
	return finding{Operation: v.Operation, Part: part, Where: v.Where, Rule: v.Rule}
}

type summary struct {
	Files      int `json:"files"`
	Entries    int `json:"entries"`
	Checked    int `json:"checked"`
	Skipped    int `json:"skipped"`    // traffic to other hosts or paths
	Unreadable int `json:"unreadable"` // traffic of the contract that the file does not hold whole
	Violations int `json:"violations"`
}

func (s summary) String() string {
	text := fmt.Sprintf("files %d, entries %d: checked %d, skipped %d as other traffic; violations %d",
		s.Files, s.Entries, s.Checked, s.Skipped, s.Violations)
	if s.Unreadable > 0 {
		text += fmt.Sprintf("; unreadable %d", s.Unreadable)
	}
	return text
}

// report prints findings as they come, and a summary in the end.
type report interface {
	violation(io.Writer, finding)
	unreadable(w io.Writer, file string, err error) // the command says it on stderr, too
	end(io.Writer, summary)
}

func newReport(format string) (report, error) {
	switch format {
	case "text":
		return textReport{}, nil
	case "json":
		return &jsonReport{Violations: []finding{}, Unreadable: map[string]string{}}, nil
	case "github":
		return githubReport{}, nil
	}
	return nil, fmt.Errorf("--format is %q, allowed is text, json or github", format)
}

type textReport struct{}

func (textReport) violation(w io.Writer, f finding) {
	fmt.Fprintf(w, "%s: entry %d: %s: %s: %s: %s\n", f.File, f.Entry, cmp.Or(f.Operation, "no operation"), f.Part, f.Where, f.Rule)
}

func (textReport) unreadable(io.Writer, string, error) {}

func (textReport) end(w io.Writer, s summary) { fmt.Fprintln(w, s) }

// jsonReport prints one document in the end.
type jsonReport struct {
	Violations []finding         `json:"violations"`
	Unreadable map[string]string `json:"unreadable"` // files, and why
	Summary    summary           `json:"summary"`
}

func (r *jsonReport) unreadable(_ io.Writer, file string, err error) {
	r.Unreadable[file] = err.Error()
}

func (r *jsonReport) violation(_ io.Writer, f finding) { r.Violations = append(r.Violations, f) }

func (r *jsonReport) end(w io.Writer, s summary) {
	r.Summary = s
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(r)
}

// githubReport prints workflow commands, which GitHub shows as annotations.
type githubReport struct{}

var (
	githubText     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func (githubReport) violation(w io.Writer, f finding) {
	fmt.Fprintf(w, "::error file=%s,title=%s::%s\n", githubProperty.Replace(f.File), githubProperty.Replace(cmp.Or(f.Operation, "no operation")),
		githubText.Replace(fmt.Sprintf("entry %d: %s: %s: %s", f.Entry, f.Part, f.Where, f.Rule)))
}

func (githubReport) unreadable(w io.Writer, file string, err error) {
	fmt.Fprintf(w, "::error file=%s,title=unreadable::%s\n", githubProperty.Replace(file), githubText.Replace(err.Error()))
}

func (githubReport) end(w io.Writer, s summary) { fmt.Fprintln(w, githubText.Replace(s.String())) }
