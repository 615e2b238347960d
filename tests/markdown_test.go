package tests

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// document is what these tests read of a Markdown file. It knows what the project's own files use: headings with #, code
// between ```, tables with |, lists, and links in brackets.
type document struct {
	elements []element
	links    []string // their targets
}

// element is a heading, a paragraph, an item of a list, a table or a block of code.
type element struct {
	kind string // "h2", "paragraph", "item", "code sh", "table 3x2"
	text string // of a heading and of a block of code
}

var (
	headingLine = regexp.MustCompile(`^(#+) (.*)$`)
	itemLine    = regexp.MustCompile(`^ *([-*]|\d+\.) `)
	linkTarget  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	codeSpan    = regexp.MustCompile("`[^`]*`")
)

func readDocument(t *testing.T, path string) document {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var doc document
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for at := 0; at < len(lines); {
		at += doc.read(lines[at:])
	}
	return doc
}

// read takes in the element that begins with the first of the lines, and gives the number of its lines.
func (d *document) read(lines []string) int {
	first := lines[0]
	switch heading := headingLine.FindStringSubmatch(first); {
	case first == "":
		return 1
	case heading != nil:
		d.add(fmt.Sprint("h", len(heading[1])), heading[2], lines[:1])
		return 1
	case strings.HasPrefix(first, "```"):
		length := 1 + lengthOf(lines[1:], func(line string) bool { return line != "```" }) + 1
		text := strings.Join(lines[1:min(length-1, len(lines))], "\n")
		d.add(strings.TrimSpace("code "+strings.TrimPrefix(first, "```")), text, nil)
		return length
	case strings.HasPrefix(first, "|"):
		rows := lines[:lengthOf(lines, func(line string) bool { return strings.HasPrefix(line, "|") })]
		d.add(fmt.Sprintf("table %dx%d", len(rows)-1, columns(rows)), "", rows)
		return len(rows)
	}
	kind := "paragraph"
	if itemLine.MatchString(first) {
		kind = "item"
	}
	text := lines[:1+lengthOf(lines[1:], continues)]
	d.add(kind, "", text)
	return len(text)
}

// add notes an element, and the links in its lines.
func (d *document) add(kind, text string, lines []string) {
	d.elements = append(d.elements, element{kind, text})
	plain := codeSpan.ReplaceAllString(strings.Join(lines, " "), "")
	for _, link := range linkTarget.FindAllStringSubmatch(plain, -1) {
		d.links = append(d.links, link[1])
	}
}

// lengthOf counts the lines at the beginning for which that is so.
func lengthOf(lines []string, is func(line string) bool) int {
	for n, line := range lines {
		if !is(line) {
			return n
		}
	}
	return len(lines)
}

// continues: a line that goes on with the paragraph or the item above it.
func continues(line string) bool {
	return line != "" && !headingLine.MatchString(line) && !itemLine.MatchString(line) &&
		!strings.HasPrefix(line, "```") && !strings.HasPrefix(line, "|")
}

// columns gives the number of cells of a table's rows; 0: they differ.
func columns(rows []string) int {
	count := strings.Count(strings.ReplaceAll(rows[0], `\|`, ""), "|") - 1
	for _, row := range rows {
		if strings.Count(strings.ReplaceAll(row, `\|`, ""), "|")-1 != count {
			return 0
		}
	}
	return count
}

// anchors are the fragments by which GitHub lets a link name the headings: letters in lower case, digits, _ and -, with -
// for spaces. The second of two equal ones ends in -1.
func (d document) anchors() map[string]bool {
	found := map[string]bool{}
	for _, e := range d.elements {
		if e.kind[0] != 'h' {
			continue
		}
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, e.text)
		unique := name
		for n := 1; found[unique]; n++ {
			unique = fmt.Sprint(name, "-", n)
		}
		found[unique] = true
	}
	return found
}

// code gives the blocks of code in a language.
func (d document) code(language string) []string {
	var blocks []string
	for _, e := range d.elements {
		if e.kind == "code "+language {
			blocks = append(blocks, e.text)
		}
	}
	return blocks
}
