package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// What stands between these two lines of docs/benchmarks.md is written anew each time; the rest is written by people.
const (
	begin = "<!-- make bench writes what stands from here on -->"
	end   = "<!-- make bench leaves alone what stands from here on -->"
)

// head stands before it when there is no such file yet.
const head = "# Benchmarks\n\n"

// write puts the report and its picture into a directory.
func write(dir string, on table, sections []section) error {
	var charts []chart
	var body strings.Builder
	fmt.Fprintf(&body, "%s\n\n", begin)
	body.WriteString("Other ways to make the same calls, beside the wrapper. `make bench` measures it all again.\n\n" +
		"![Time of a call for each contender](benchmarks.svg)\n\n")
	body.WriteString(contenderTable().markdown())
	body.WriteString(on.markdown())
	for _, s := range sections {
		body.WriteString(s.markdown())
		charts = append(charts, s.charts...)
	}
	body.WriteString(end)
	if err := replaceMeasured(filepath.Join(dir, "benchmarks.md"), body.String()); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "benchmarks.svg"), []byte(picture(charts)), 0o644)
}

func contenderTable() table {
	t := table{head: []string{"contender", "what it is"}, left: true}
	for _, c := range contenders() {
		t.rows = append(t.rows, []string{c.name, c.about})
	}
	return t
}

// replaceMeasured never touches a file that it does not understand.
func replaceMeasured(path, measured string) error {
	old, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		old = []byte(head + begin + end + "\n")
	case err != nil:
		return err
	}
	before, rest, opened := strings.Cut(string(old), begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		return fmt.Errorf("%s: the lines %q and %q are not both there, in this order", path, begin, end)
	}
	return os.WriteFile(path, []byte(before+measured+after), 0o644)
}
