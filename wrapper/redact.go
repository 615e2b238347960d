package wrapper

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"

	"github.com/ymarket-go/chats/gen"
)

// The Market, or a proxy before it, may bring back what was sent: the text of a message, and in the worst case the
// token. A text that does is not shown.

const (
	commonRun    = 16   // letters and digits in a row that tell a repetition from chance: "deliveryservice" has 15
	shortestTold = 4    // of a secret with fewer letters and digits nothing can be told from chance
	maxSaid      = 2000 // characters of a text that are looked at, and shown
	hidden       = "…"
)

// secrets finds texts that repeat what was sent, however they write it.
type secrets struct {
	runs  map[string]bool // each of commonRun letters and digits
	short []string        // all letters and digits of those that have fewer
}

func newSecrets(texts ...string) *secrets {
	s := &secrets{runs: map[string]bool{}}
	for _, text := range texts {
		told := lettersAndDigits(text)
		if len(told) < commonRun {
			if len(told) >= shortestTold {
				s.short = append(s.short, string(told))
			}
			continue
		}
		for i := range len(told) - commonRun + 1 {
			s.runs[string(told[i:i+commonRun])] = true
		}
	}
	return s
}

// in tells whether a text repeats a secret.
func (s *secrets) in(text string) bool {
	told := lettersAndDigits(text)
	for _, short := range s.short {
		if strings.Contains(string(told), short) {
			return true
		}
	}
	for i := range len(told) - commonRun + 1 {
		if s.runs[string(told[i:i+commonRun])] {
			return true
		}
	}
	return false
}

// lettersAndDigits are what remains of a text when escapes are undone, and case, white space and punctuation do not
// count.
func lettersAndDigits(text string) []rune {
	var told []rune
	for _, r := range undoEscapes(text) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			told = append(told, unicode.ToLower(unicode.ToUpper(r)))
		}
	}
	return told
}

// maxEscapes is how often a text may have been escaped: for JSON within HTML within a URL, and once more.
const maxEscapes = 4

func undoEscapes(text string) string {
	for range maxEscapes {
		undone := html.UnescapeString(text)
		undone = escapes().ReplaceAllStringFunc(undone, undoEscape)
		if undone == text {
			break
		}
		text = undone
	}
	return text
}

// The expressions are compiled when they are first needed: a program that starts has no error to show yet.
var (
	escapes = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(%[0-9A-Fa-f]{2})+|(\\x[0-9A-Fa-f]{2})+|(\\[0-3][0-7]{2})+|` +
			`(\\u[0-9A-Fa-f]{4})+|\\U[0-9A-Fa-f]{8}|\\.`)
	})
	rejectedValue = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?is)\s*(\(?rejected value|\(…:).*`)
	})
	quoted = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?s)"(?:[^"\\]|\\.)*"?|\bline: .*`)
	})
)

// undoEscape undoes a run of escapes of one kind.
func undoEscape(escaped string) string {
	switch {
	case escaped[0] == '%':
		return fromNumbers(escaped, "%", 16)
	case strings.HasPrefix(escaped, `\x`) && len(escaped) > 2:
		return fromNumbers(escaped, `\x`, 16)
	case strings.HasPrefix(escaped, `\u`) && len(escaped) > 2:
		return fromCodeUnits(escaped)
	case strings.HasPrefix(escaped, `\U`) && len(escaped) > 2:
		code, _ := strconv.ParseUint(escaped[2:], 16, 32)
		return string(rune(code))
	case len(escaped) > 2:
		return fromNumbers(escaped, `\`, 8)
	case strings.ContainsAny(escaped[1:], "abfnrtv"):
		return " "
	}
	return escaped[1:]
}

// fromNumbers reads bytes that are written as numbers, each behind a prefix.
func fromNumbers(escaped, prefix string, base int) string {
	var bytes []byte
	for number := range strings.SplitSeq(escaped[len(prefix):], prefix) {
		b, _ := strconv.ParseUint(number, base, 8)
		bytes = append(bytes, byte(b))
	}
	return string(bytes)
}

// fromCodeUnits reads the UTF-16 that JSON writes.
func fromCodeUnits(escaped string) string {
	var units []uint16
	for number := range strings.SplitSeq(escaped[len(`\u`):], `\u`) {
		unit, _ := strconv.ParseUint(number, 16, 16)
		units = append(units, uint16(unit))
	}
	return string(utf16.Decode(units))
}

// redact takes out of the API's errors what repeats what was sent: everything from "(rejected value:" on, which holds
// the text or a part of it, and each text that repeats it elsewhere.
func redact(errs []gen.APIErrorDTO, sent *secrets) []gen.APIErrorDTO {
	for i := range errs {
		errs[i].Code = sent.hide(errs[i].Code)
		if errs[i].Message != nil {
			said := sent.hide(*errs[i].Message)
			errs[i].Message = &said
		}
	}
	return errs
}

func (s *secrets) hide(text string) string {
	text = shorten(rejectedValue().ReplaceAllString(text, ""))
	if s.in(text) {
		return hidden
	}
	return text
}

func shorten(text string) string {
	if len(text) <= maxSaid {
		return text
	}
	return fmt.Sprintf("%.*s%s", maxSaid, text, hidden)
}

// addedValues are what was added to a request: the values of headers and query parameters, and of parameters within
// headers.
func addedValues(before, after *http.Request) []string {
	var added []string
	for name, values := range after.Header {
		if slices.Equal(values, before.Header[name]) {
			continue
		}
		for _, value := range values {
			added = append(added, parameters(value)...)
		}
	}
	if before.URL.RawQuery == after.URL.RawQuery {
		return added
	}
	known := before.URL.Query()
	for name, values := range after.URL.Query() {
		if !slices.Equal(values, known[name]) {
			added = append(added, values...)
		}
	}
	return added
}

// parameters are the values within a header like `Scheme key="…", sig="…"` or `name=…; name=…` or `Scheme …`, without the
// scheme and the names, which are no secrets.
func parameters(header string) []string {
	parts := strings.FieldsFunc(header, func(r rune) bool { return strings.ContainsRune(" ,;", r) })
	if len(parts) > 1 && !strings.Contains(parts[0], "=") {
		parts = parts[1:]
	}
	var values []string
	for _, part := range parts {
		_, value, _ := strings.Cut(part, "=")
		value = strings.Trim(value, `"=`)
		if value == "" {
			value = part // no parameter, but perhaps base64, which ends in "="
		}
		values = append(values, value)
	}
	return values
}

// withoutSecrets gives an error whose text repeats neither what was sent nor what it quotes: net/http quotes what it
// could not read. It is not the end of the caller's context either, though net/http says so of timeouts of its own.
func withoutSecrets(err error, sent *secrets) error {
	text := shorten(err.Error())
	if sent.in(text) {
		text = fmt.Sprintf("%s (a %T that repeats what was sent)", hidden, err)
	}
	return &safeError{&err, quoted().ReplaceAllString(text, `"…"`)}
}

type safeError struct {
	cause *error // a pointer, as %#v would print what it quotes
	text  string
}

func (e *safeError) Error() string { return e.text }

func (e *safeError) As(target any) bool { return errors.As(*e.cause, target) }

func (e *safeError) Is(target error) bool {
	return target != context.Canceled && target != context.DeadlineExceeded && errors.Is(*e.cause, target)
}
