package main

import (
	"fmt"
	"os"
	"strings"
)

// What stands between these two lines of docs/benchmarks.md is written anew each time; the rest is written by people.
const (
	begin = "<!-- make bench writes what stands from here on -->"
	end   = "<!-- make bench leaves alone what stands from here on -->"
)

// document sets the figures of all runs beside each other: 12.3 / 10.1 are those of the first and of the second run.
func document(all []results) string {
	var out strings.Builder
	var names []string
	var goals [][]goal
	for _, r := range all {
		names = append(names, r.short())
		goals = append(goals, r.goals())
		fmt.Fprintf(&out, "- %s: %s\n", r.Go, r.Machine)
	}
	fmt.Fprintf(&out, "\nTwo figures in a cell are those of %s.\n\n", strings.Join(names, " and "))
	out.WriteString("## Goals\n\nA figure in bold misses its goal.\n\n")
	out.WriteString(goalsTable(names, goals).markdown())
	out.WriteString("What is compared:\n\n")
	for _, c := range contenders() {
		fmt.Fprintf(&out, "- %s: %s\n", c.name, c.about)
	}
	out.WriteString("\n")
	for i, s := range all[0].Sections {
		for t := range s.Tables {
			for _, r := range all[1:] {
				s.Tables[t].beside(r.Sections[i].Tables[t])
			}
		}
		out.WriteString(s.markdown())
	}
	return out.String()
}

func (r results) goals() (all []goal) {
	for _, s := range r.Sections {
		all = append(all, s.Goals...)
	}
	return all
}

// beside adds the figures of a later run where they differ. What does not depend on the run is the same in both.
func (t table) beside(later table) {
	for i, row := range t.Rows {
		for j, cell := range row {
			if other := later.Rows[i][j]; other != cell {
				row[j] = cell + " / " + other
			}
		}
	}
}

// replaceMeasured puts the measured text between the two lines, and never touches a file that it does not understand.
func replaceMeasured(path, measured string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, opened := strings.Cut(string(old), begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		return fmt.Errorf("%s: the lines %q and %q are not both there, in this order", path, begin, end)
	}
	return os.WriteFile(path, []byte(before+begin+"\n\n"+measured+end+after), 0o644)
}
