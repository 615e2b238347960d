package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// maxFailures bounds the violations that a test case shows.
const maxFailures = 100

// junitReport prints a suite for each file, with a test case for the requests and one for the answers of each
// operation.
type junitReport struct {
	w      io.Writer
	suites []*junitSuite
}

type junitSuites struct {
	XMLName xml.Name      `xml:"testsuites"`
	Suites  []*junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Cases    []*junitCase `xml:"testcase"`
	Output   string       `xml:"system-out,omitempty"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr,omitempty"`
	Failure *junitProblem `xml:"failure"`
	Error   *junitProblem `xml:"error"`

	violations []string
	count      int
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func (r *junitReport) suite(file string) *junitSuite {
	if n := len(r.suites); n > 0 && r.suites[n-1].Name == file { // files come one after the other
		return r.suites[n-1]
	}
	r.suites = append(r.suites, &junitSuite{Name: file})
	return r.suites[len(r.suites)-1]
}

func (r *junitReport) testCase(file, class, name string) *junitCase {
	suite := r.suite(file)
	for _, c := range suite.Cases {
		if c.Class == class && c.Name == name {
			return c
		}
	}
	made := &junitCase{Class: class, Name: name, File: file}
	suite.Cases = append(suite.Cases, made)
	return made
}

func (r *junitReport) checked(file, operation, part string) { r.testCase(file, operation, part) }

func (r *junitReport) violation(f finding) {
	c := r.testCase(f.File, f.title(), f.Part)
	c.count++
	if c.Line == 0 {
		c.Line = f.Line
	}
	if len(c.violations) < maxFailures {
		c.violations = append(c.violations, fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.about()))
	}
}

func (r *junitReport) unreadable(file string, err error) {
	r.testCase(file, "file", "is read").Error = &junitProblem{Message: err.Error()}
}

func (r *junitReport) end(o outcome) {
	for _, suite := range r.suites {
		for _, c := range suite.Cases {
			suite.count(c)
		}
	}
	if len(r.suites) == 0 {
		r.suite("nothing was checked")
	}
	r.suites[len(r.suites)-1].Output = o.Summary.String()
	text, _ := xml.MarshalIndent(junitSuites{Suites: r.suites}, "", "  ") // it is made of texts and numbers
	fmt.Fprintf(r.w, "%s%s\n", xml.Header, text)
}

func (s *junitSuite) count(c *junitCase) {
	s.Tests++
	if c.Error != nil {
		s.Errors++
	}
	if c.count == 0 {
		return
	}
	s.Failures++
	text := strings.Join(c.violations, "\n")
	if c.count > len(c.violations) {
		text += fmt.Sprintf("\nand %d more", c.count-len(c.violations))
	}
	c.Failure = &junitProblem{Message: fmt.Sprintf("%d violations", c.count), Text: text}
}
