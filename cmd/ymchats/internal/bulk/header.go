package bulk

import (
	"errors"
	"fmt"
	"strings"
)

// Kinds of what a chat is found by.
const (
	Order  = "order"
	Return = "return"
	Chat   = "chat"
)

// columnNames are the headers of the columns.
var columnNames = map[string]string{
	"order": Order, "заказ": Order, "return": Return, "возврат": Return, "chat": Chat, "чат": Chat,
	"text": textColumn, "текст": textColumn,
}

const (
	textColumn = "text"
	headerRule = "allowed is a first row with text (or текст) and one of order (заказ), return (возврат) and chat (чат)"
)

// columns says where the cells of a row stand.
type columns struct {
	kind     string
	id, text int
}

func readHeader(header record) (c columns, err error) {
	c.text = -1
	for i, cell := range header.cells {
		name := columnNames[strings.ToLower(strings.TrimSpace(cell))]
		switch {
		case name == "":
		case name == textColumn && c.text >= 0, name != textColumn && c.kind != "":
			return c, fmt.Errorf("%v has two columns of one sense; %s", header.place, headerRule)
		case name == textColumn:
			c.text = i
		default:
			c.kind, c.id = name, i
		}
	}
	if c.kind == "" || c.text < 0 {
		return c, errors.New("it has no header; " + headerRule)
	}
	return c, nil
}
