package main

import (
	"fmt"
	"io"
	"strings"
)

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
