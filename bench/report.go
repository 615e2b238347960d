package main

import (
	"fmt"
	"math"
	"strings"
)

// section is a part of the report.
type section struct {
	Title, About string
	Tables       []table
	Goals        []goal
}

type table struct {
	Caption string
	Head    []string
	Rows    [][]string
}

// goal is a figure that is wanted, beside what was measured.
type goal struct {
	What, Wanted, Measured string
	Met                    bool
}

// atMost rounds before it compares: a goal is met as it is printed.
func atMost(what string, measured, wanted float64) goal {
	met := math.Round(measured*100) <= math.Round(wanted*100)
	return goal{what, fmt.Sprintf("≤ %.2f", wanted), fmt.Sprintf("%.2f", measured), met}
}

// sameCount is met when every round gave that number.
func sameCount(what string, measured []int, wanted int) goal {
	met := len(measured) > 0
	for _, n := range measured {
		met = met && n == wanted
	}
	return goal{what, fmt.Sprint(wanted), strings.Trim(fmt.Sprint(measured), "[]"), met}
}

// verdict is a goal's figure, and whether that is missed.
func (g goal) verdict() string {
	if g.Met {
		return g.Measured
	}
	return "**" + g.Measured + "**"
}

func (s section) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "## %s\n\n%s\n\n", s.Title, s.About)
	for _, t := range s.Tables {
		out.WriteString(t.markdown())
	}
	return out.String()
}

// goalsTable has a column of figures for each run, whose goals are the same.
func goalsTable(columns []string, runs [][]goal) table {
	t := table{Head: append([]string{"goal", "wanted"}, columns...)}
	for i, g := range runs[0] {
		row := []string{g.What, g.Wanted}
		for _, goals := range runs {
			row = append(row, goals[i].verdict())
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// markdown sets the first column to the left, and the others to the right.
func (t table) markdown() string {
	var out strings.Builder
	if t.Caption != "" {
		fmt.Fprintf(&out, "%s:\n\n", t.Caption)
	}
	line := func(cells []string) { fmt.Fprintf(&out, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.Head)
	line(append([]string{"---"}, strings.Fields(strings.Repeat("---: ", len(t.Head)-1))...))
	for _, row := range t.Rows {
		line(row)
	}
	out.WriteString("\n")
	return out.String()
}
