package bulk

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Result is how it stands with a row of the file.
type Result struct {
	Row    *Row
	State  string // Sent, Already, Doubt, Failed, Left or Changed
	Chat   int64  // 0: unknown
	At     time.Time
	Reason string
	Todo   string
}

const again = "start the same command again"

// Results tells how it stands with each row, in the order of the file. Rows that have left the file come first.
func (p *Plan) Results(j *Journal) (all []Result) {
	for _, row := range p.Changed {
		all = append(all, Result{Row: row, State: Changed, Reason: "its order was sent another text",
			Todo: "--changed send sends this one, too"})
	}
	for _, rows := range [][]*Row{p.New, p.Open, p.Done} {
		for _, row := range rows {
			all = append(all, j.result(row))
		}
	}
	slices.SortStableFunc(all, func(a, b Result) int { return cmp.Compare(a.Row.line, b.Row.line) })
	return all
}

func (j *Journal) result(row *Row) Result {
	e := j.entry(row.Key)
	r := Result{Row: row, State: Left, Todo: again, Chat: j.chat(row)}
	if e == nil {
		return r
	}
	if e.last.What == begun {
		r.State, r.At, r.Reason = Doubt, e.begin.At, "it is open whether the text arrived"
		return r
	}
	r.State, r.At, r.Reason, r.Todo = e.last.What, e.last.At, e.last.Reason, e.last.Todo
	if !e.last.Written.IsZero() {
		r.At = e.last.Written
	}
	return r
}

// WriteResults writes results for a spreadsheet, with the delimiter of the file. The old ones stay until the new ones
// are whole. Where the old ones cannot be replaced, as while Excel has them open, the new ones get another name. It
// gives the path.
func (p *Plan) WriteResults(path string, results []Result) (string, error) {
	text := p.format(results)
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.Remove(f.Name()) }() // is gone if all went well
	_, err = f.Write(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", err
	}
	if os.Rename(f.Name(), path) == nil {
		return path, nil
	}
	path = strings.TrimSuffix(path, ".csv") + time.Now().Format("-20060102-150405") + ".csv"
	return path, os.Rename(f.Name(), path)
}

func (p *Plan) format(results []Result) []byte {
	var text bytes.Buffer
	text.WriteString("\ufeff")
	w := csv.NewWriter(&text)
	w.Comma, w.UseCRLF = p.delimiter, true
	header := []string{"row", p.Kind, "chat", "state", "at", "reason", "todo"}
	if p.Kind == Chat {
		header[1] = Order // of a chat its order is not looked up
	}
	_ = w.Write(header)
	for _, r := range results {
		cells := []string{"", strconv.FormatInt(r.Row.ID, 10), "", r.State, "", r.Reason, r.Todo}
		if !r.Row.gone {
			cells[0] = strconv.Itoa(r.Row.row)
		}
		if p.Kind == Chat {
			cells[1] = ""
		}
		if r.Chat > 0 {
			cells[2] = strconv.FormatInt(r.Chat, 10)
		}
		if !r.At.IsZero() {
			cells[4] = r.At.Local().Format(time.DateTime)
		}
		for i, cell := range cells {
			cells[i] = harmless(cell)
		}
		_ = w.Write(cells)
	}
	w.Flush()
	return text.Bytes()
}

// harmless keeps a spreadsheet from taking a cell for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsAny(cell[:1], "=+-@") {
		return "'" + cell
	}
	return cell
}

// Count tells how many results are of each state.
func Count(results []Result) map[string]int {
	counts := map[string]int{}
	for _, r := range results {
		counts[r.State]++
	}
	return counts
}
