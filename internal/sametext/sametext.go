// Package sametext compares texts as wrapper does, which brings no other package of this module to those who import it.
package sametext

import (
	"cmp"
	"html"
	"strings"
	"unicode"
)

// Fold gives what counts of a text where texts are compared: its letters and digits, without their case, and of a text
// that has none all but white space. wrapper undoes more escapes than those of HTML: Once and Times have the last word.
func Fold(text string) string {
	unescaped := html.UnescapeString(text)
	folded := strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return unicode.ToLower(unicode.ToUpper(c))
		}
		return -1
	}, unescaped)
	return cmp.Or(folded, strings.Join(strings.Fields(unescaped), ""), text)
}
