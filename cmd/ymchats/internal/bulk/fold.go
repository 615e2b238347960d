package bulk

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"strings"
	"unicode"
)

// fold gives what counts of a text where texts are compared, as wrapper.Once does it: letters and digits. A text that
// has none stands for itself. A send has the last word by Once: a text that only Once recognizes is not sent again.
func fold(text string) string {
	folded := strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(unicode.ToUpper(c))
		}
		return -1
	}, html.UnescapeString(text))
	return cmp.Or(folded, text)
}

// keyOf is what identifies a row: places in the file change.
func keyOf(kind string, id int64, text string) string {
	sum := sha256.Sum256([]byte(fold(text)))
	return fmt.Sprint(kind, " ", id, " ", hex.EncodeToString(sum[:]))
}
