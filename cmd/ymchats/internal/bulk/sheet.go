package bulk

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Row is a text that is to be sent.
type Row struct {
	Kind string // Order, Return or Chat
	ID   int64
	Text string
	Key  string // of kind, id and text

	place
	gone      bool      // it stands in the journal, and no longer in the file
	behind    int       // reads that did not know the row's chat yet
	notBefore time.Time // it is tried again
	unsent    bool      // by its last send
}

// About names what the chat of the row is found by.
func (r *Row) About() string { return aboutOf(r.Kind, r.ID) }

func aboutOf(kind string, id int64) string { return fmt.Sprint(kind, " ", id) }

// Sheet is a file that was read.
type Sheet struct {
	Kind     string
	Rows     []*Row
	Repeated int       // rows whose order and text stood there before
	Findings []Finding // if there are any, nothing may be sent

	delimiter rune
}

// Finding is a reason not to send a file.
type Finding struct {
	place
	what string
}

func (f Finding) String() string { return f.place.String() + ": " + f.what }

// Rules says how a file is read.
type Rules struct {
	Encoding string             // one of Encodings
	AsIs     bool               // texts may have {…} in them
	Several  bool               // an order may have several texts
	Check    func(string) error // says what is wrong with a text
}

// ReadSheet reads a file and checks all of it. The error says that it is no such file; what is wrong with rows is in
// Findings.
func ReadSheet(file []byte, rules Rules) (*Sheet, error) {
	text, err := decode(file, rules.Encoding)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("it is empty; " + headerRule)
	}
	table, columns, err := readTable(text)
	if err != nil {
		return nil, err
	}
	s := &Sheet{Kind: columns.kind, delimiter: table.delimiter}
	seen, first := map[string]bool{}, map[int64]*Row{}
	for _, record := range table.rows {
		if isBlank(record.cells) {
			continue
		}
		row, err := rules.row(record, columns, table.delimiter)
		switch other := first[row.ID]; {
		case err != nil:
			s.Findings = append(s.Findings, Finding{record.place, err.Error()})
		case seen[row.Key]:
			s.Repeated++
		case other != nil && !rules.Several:
			s.Findings = append(s.Findings, Finding{record.place, fmt.Sprintf(
				"%s has another text in %v; --several sends both, one after the other", row.About(), other.place)})
		default:
			s.Rows = append(s.Rows, row)
			seen[row.Key] = true
			if other == nil {
				first[row.ID] = row
			}
		}
	}
	return s, nil
}

func isBlank(cells []string) bool { return strings.TrimSpace(strings.Join(cells, "")) == "" }

// row reads a record. Its errors do not show the text.
func (rules Rules) row(record record, columns columns, delimiter rune) (*Row, error) {
	row := &Row{Kind: columns.kind, place: record.place}
	cell := func(i int) string {
		if i < len(record.cells) {
			return record.cells[i]
		}
		return ""
	}
	for i, extra := range record.cells {
		if i != columns.id && i != columns.text && strings.TrimSpace(extra) != "" {
			return row, fmt.Errorf("column %d is filled: allowed are the columns %s and text alone, and a text with the "+
				"delimiter in it stands in quotes", i+1, columns.kind)
		}
	}
	var err error
	if row.ID, err = number(strings.TrimSpace(cell(columns.id))); err != nil {
		return row, fmt.Errorf("the %s %w", columns.kind, err)
	}
	row.Text = cell(columns.text)
	if err := rules.text(row.Text, delimiter, columns.id < columns.text); err != nil {
		return row, fmt.Errorf("the text %w", err)
	}
	row.Key = keyOf(row.Kind, row.ID, row.Text)
	return row, nil
}

var cutNumber = regexp.MustCompile(`^\d+([.,]\d+)?[eEеЕ]\+?\d+$`).MatchString

func number(cell string) (int64, error) {
	switch id, err := strconv.ParseUint(cell, 10, 63); { // takes no sign
	case cell == "":
		return 0, errors.New("is missing")
	case isError(cell):
		return 0, errFormula
	case cutNumber(cell):
		return 0, errors.New("is a number that Excel has cut: format the column as a number without decimals, look " +
			"at the digits, and save again")
	case errors.Is(err, strconv.ErrRange):
		return 0, errors.New("is out of range: allowed is 1 to 9223372036854775807")
	case err != nil:
		return 0, errors.New("is no number: allowed are digits alone")
	case id == 0:
		return 0, errors.New("is 0: allowed is 1 and above")
	default:
		return int64(id), nil
	}
}

// errorValues are what spreadsheets write for a formula that failed.
var errorValues = func() map[string]bool {
	all := map[string]bool{}
	for _, value := range strings.Fields("#N/A #Н/Д #REF! #ССЫЛКА! #VALUE! #ЗНАЧ! #NAME? #ИМЯ? #DIV/0! #ДЕЛ/0! " +
		"#NUM! #ЧИСЛО! #NULL! #ПУСТО! #SPILL! #ПЕРЕНОС! #CALC! #ВЫЧИСЛ! #ERROR! Loading... Загрузка...") {
		all[value] = true
	}
	return all
}()

var (
	errFormula  = errors.New("is the error of a formula")
	cellError   = regexp.MustCompile(`^(Err:\d{3}|#+)$`).MatchString // LibreOffice's, and that of a narrow column
	placeholder = regexp.MustCompile(`\{[^{}]*\}`).MatchString
	looksLikeID = regexp.MustCompile(`^\s*"?\d+"?\s*$`).MatchString
)

func isError(cell string) bool { return errorValues[cell] || cellError(cell) }

// text says what is wrong with a text.
func (rules Rules) text(text string, delimiter rune, idFirst bool) error {
	cell := strings.TrimSpace(text)
	switch {
	case cell == "":
		return errors.New("is missing")
	case isError(cell):
		return errFormula
	case strings.ContainsRune(text, unicode.ReplacementChar):
		return errors.New("has U+FFFD, which stands for a character that was lost: look at the encoding")
	case strings.ContainsFunc(text, isControl):
		return errors.New("has a control character")
	case !rules.AsIs && hasRow(text, delimiter, idFirst):
		return errors.New("has a line that looks like a row of the file, as after a quote that is not closed; --as-is " +
			"sends it as it is")
	case !rules.AsIs && placeholder(text):
		return errors.New("has {…} in it, as a template has; --as-is sends it as it is")
	}
	if err := rules.Check(text); err != nil {
		return fmt.Errorf("is refused: %w", err)
	}
	return nil
}

func isControl(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }

// hasRow finds a line, in a text of several, whose first cell is a number, or the last one where that is the column.
func hasRow(text string, delimiter rune, idFirst bool) bool {
	lines := strings.Split(text, "\n")
	return len(lines) > 1 && slices.ContainsFunc(lines, func(line string) bool {
		cells := strings.Split(line, string(delimiter))
		id := cells[0]
		if !idFirst {
			id = cells[len(cells)-1]
		}
		return len(cells) > 1 && looksLikeID(id)
	})
}
