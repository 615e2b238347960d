package bulk

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// place is where something stands: the row that a spreadsheet shows, and the line of the file. They differ after cells
// of several lines.
type place struct{ row, line int }

func (p place) String() string { return fmt.Sprintf("row %d, line %d", p.row, p.line) }

// record is a row of the file.
type record struct {
	place
	cells []string
}

// table is the file in cells.
type table struct {
	delimiter rune
	header    record
	rows      []record
}

// readTable finds the delimiter by the header: it is the one by which a header can be read.
func readTable(text string) (*table, columns, error) {
	first, rest, _ := strings.Cut(text, "\n")
	line := 1
	delimiters := []rune(";,\t")
	if sep, found := strings.CutPrefix(strings.ToLower(first), "sep="); found && len(sep) == 1 {
		text, line, delimiters = rest, 2, []rune(sep)
		if !strings.Contains(";,\t", sep) {
			return nil, columns{}, errors.New("line 1 names a delimiter that is none of comma, semicolon and tab")
		}
	}
	var refused error
	for _, delimiter := range delimiters {
		t := &table{delimiter: delimiter}
		err := t.read(text, line)
		if t.header.cells == nil {
			refused = err
			continue
		}
		found, unfit := readHeader(t.header)
		if unfit == nil {
			return t, found, err
		}
		if refused == nil || len(t.header.cells) > 1 {
			refused = unfit
		}
	}
	return nil, columns{}, refused
}

// read parses all records. A spreadsheet shows empty lines as rows, which encoding/csv passes over.
func (t *table) read(text string, line int) error {
	parser := csv.NewReader(strings.NewReader(text))
	parser.Comma = t.delimiter
	parser.FieldsPerRecord = -1
	row, due, read := 0, 1, int64(0) // the line, of this text, where the next record is due
	for {
		cells, err := parser.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return inWords(err, line-1)
		}
		begins, _ := parser.FieldPos(0)
		row += 1 + begins - due
		due += strings.Count(text[read:parser.InputOffset()], "\n")
		read = parser.InputOffset()
		r := record{place{row, begins + line - 1}, cells}
		if t.header.cells == nil {
			t.header = r
		} else {
			t.rows = append(t.rows, r)
		}
	}
}

// inWords says what is wrong with quotes. before is how many lines of the file stand before the parsed text.
func inWords(err error, before int) error {
	var wrong *csv.ParseError
	if !errors.As(err, &wrong) {
		return err
	}
	if errors.Is(err, csv.ErrBareQuote) {
		return fmt.Errorf(`line %d has a " within a cell that is not in quotes: allowed is "a cell with ""quotes"" in it"`,
			wrong.Line+before)
	}
	return fmt.Errorf(`line %d, in the record that begins in line %d, has a quote that is not closed, or text after one: `+
		`allowed is "a cell with ""quotes"" in it"`, wrong.Line+before, wrong.StartLine+before)
}
