package bulk

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

var update = flag.Bool("update", false, "write testdata/sheets.txt anew")

// testdata/sheets.txt has files as spreadsheets write them, and broken ones: what they are, flags, the file as a string of
// Go, and below it the rows that are read or what is said.
func TestSheets(t *testing.T) {
	const path = "testdata/sheets.txt"
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var written []string
	for _, part := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		lines := strings.SplitN(part, "\n", 3)
		require.GreaterOrEqual(t, len(lines), 2, part)
		file, err := strconv.Unquote(lines[1])
		require.NoError(t, err, lines[1])
		_, flags, _ := strings.Cut(lines[0], " --")
		said := saidOf(file, Rules{
			Encoding: map[bool]string{true: "windows-1251"}[strings.Contains(flags, "windows-1251")],
			AsIs:     strings.Contains(flags, "as-is"), Several: strings.Contains(flags, "several"),
			Check: wrapper.CheckMessage,
		})
		assert.Equal(t, strings.Join(append(lines[:2:2], said...), "\n"), part)
		written = append(written, strings.Join(append(lines[:2:2], said...), "\n"))
	}
	assert.Greater(t, len(written), 50)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(strings.Join(written, "\n\n")+"\n"), 0o600))
	}
}

// saidOf is what is said of a file.
func saidOf(file string, rules Rules) (said []string) {
	sheet, err := ReadSheet([]byte(file), rules)
	if err != nil {
		return []string{err.Error()}
	}
	for _, f := range sheet.Findings {
		said = append(said, f.String())
	}
	for _, row := range sheet.Rows {
		said = append(said, fmt.Sprintf("%v: %s, %d characters", row.place, row.About(), utf8.RuneCountInString(row.Text)))
	}
	if sheet.Repeated > 0 {
		said = append(said, fmt.Sprintf("%d repeated", sheet.Repeated))
	}
	if len(said) == 0 {
		return []string{"no rows"}
	}
	return said
}

// A large file is read at once.
func TestManyRows(t *testing.T) {
	sheet, err := ReadSheet([]byte(orders(40_000)), Rules{Check: wrapper.CheckMessage})
	require.NoError(t, err)
	assert.Empty(t, sheet.Findings)
	assert.Len(t, sheet.Rows, 40_000)
	assert.Equal(t, place{40_001, 40_001}, sheet.Rows[39_999].place)
}
