package main

import (
	"fmt"
	"math"
	"strings"
)

// section is a part of the report.
type section struct {
	title, about string
	tables       []table
	goals        []goal
	charts       []chart
}

type table struct {
	caption string
	head    []string
	rows    [][]string
	left    bool // text, not figures
}

// goal is a figure that is wanted, beside what was measured.
type goal struct {
	what, wanted, measured string
	met                    bool
}

// atMost rounds before it compares: a goal is met as it is printed.
func atMost(what string, measured, wanted float64) goal {
	met := math.Round(measured*100) <= math.Round(wanted*100)
	return goal{what, fmt.Sprintf("≤ %.2f", wanted), fmt.Sprintf("%.2f", measured), met}
}

func (s section) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "## %s\n\n%s\n\n", s.title, s.about)
	for _, t := range s.tables {
		out.WriteString(t.markdown())
	}
	if len(s.goals) > 0 {
		t := table{caption: "Goals", head: []string{"", "wanted", "measured", ""}, left: true}
		for _, g := range s.goals {
			verdict := map[bool]string{true: "met", false: "**missed**"}[g.met]
			t.rows = append(t.rows, []string{g.what, g.wanted, g.measured, verdict})
		}
		out.WriteString(t.markdown())
	}
	return out.String()
}

// markdown sets the first column to the left, and the others to the right unless they are text.
func (t table) markdown() string {
	var out strings.Builder
	if t.caption != "" {
		fmt.Fprintf(&out, "%s:\n\n", t.caption)
	}
	line := func(cells []string) { fmt.Fprintf(&out, "| %s |\n", strings.Join(cells, " | ")) }
	line(t.head)
	align := "---: "
	if t.left {
		align = "--- "
	}
	line(append([]string{"---"}, strings.Fields(strings.Repeat(align, len(t.head)-1))...))
	for _, row := range t.rows {
		line(row)
	}
	out.WriteString("\n")
	return out.String()
}

// sameCount is met when every round gave that number.
func sameCount(what string, measured []int, wanted int) goal {
	met := len(measured) > 0
	for _, n := range measured {
		met = met && n == wanted
	}
	return goal{what, fmt.Sprint(wanted), strings.Trim(fmt.Sprint(measured), "[]"), met}
}
