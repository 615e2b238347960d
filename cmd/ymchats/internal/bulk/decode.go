package bulk

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	utf16 "golang.org/x/text/encoding/unicode"
)

// Encodings are those that a file without a byte order mark may have; the first one is the default.
var Encodings = []string{"utf-8", "windows-1251"}

// asUTF8 is how a file becomes readable.
const asUTF8 = `save it as "CSV UTF-8"`

// workbooks are the first bytes of files that a spreadsheet opens, and that are no CSV.
var workbooks = []string{"PK\x03\x04", "\xd0\xcf\x11\xe0"}

// decode gives the text of a file, with line feeds between its lines. A byte order mark wins over the encoding.
func decode(file []byte, encoding string) (string, error) {
	for _, first := range workbooks {
		if bytes.HasPrefix(file, []byte(first)) {
			return "", errors.New("it is a workbook and no CSV: " + asUTF8)
		}
	}
	hasMark := bytes.HasPrefix(file, []byte("\ufeff"))
	text, err := string(bytes.TrimPrefix(file, []byte("\ufeff"))), error(nil)
	switch {
	case hasMark:
	case bytes.HasPrefix(file, []byte("\xff\xfe")), bytes.HasPrefix(file, []byte("\xfe\xff")):
		decoder := utf16.UTF16(utf16.LittleEndian, utf16.ExpectBOM).NewDecoder()
		text, err = decoder.String(string(file))
	case bytes.IndexByte(file, 0) >= 0:
		return "", errors.New("it has zero bytes, as UTF-16 without a byte order mark has: " + asUTF8)
	case encoding == "windows-1251" && utf8.Valid(file) && bytes.ContainsFunc(file, isBeyondASCII):
		return "", errors.New("it is UTF-8: leave --encoding out")
	case encoding == "windows-1251":
		text, err = charmap.Windows1251.NewDecoder().String(text)
	}
	if err != nil {
		return "", fmt.Errorf("it cannot be decoded: %w", err)
	}
	for i, line := range strings.Split(text, "\n") {
		if !utf8.ValidString(line) {
			return "", fmt.Errorf("line %d is not UTF-8: %s, or give --encoding windows-1251 if it was saved as plain CSV "+
				"by Excel for Windows", i+1, asUTF8)
		}
	}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, "\r", "\n") // as Excel for Mac once wrote lines
	}
	return text, nil
}

func isBeyondASCII(r rune) bool { return r > unicode.MaxASCII }
