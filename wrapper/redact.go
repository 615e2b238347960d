package wrapper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/ymarket-go/chats/gen"
)

// The Market, or a proxy before it, may bring back what was sent or read: the text of a message, and in the worst case
// the token. A text that does is not shown.

const (
	commonRun = 16   // letters and digits in a row that are no chance: "deliveryservice" has 15
	shortest  = 4    // a secret with fewer letters and digits may stand in any text by chance
	maxSaid   = 2000 // characters of a text that are searched, and shown
	hidden    = "…"
)

// secrets finds texts that repeat what was sent, however they write it.
type secrets struct {
	long  [][]rune // letters and digits of those that have commonRun or more
	short []string // of those that have fewer
}

func newSecrets(texts ...string) *secrets {
	s := &secrets{}
	for _, text := range texts {
		s.add(text)
	}
	return s
}

func (s *secrets) add(text string) {
	folded := lettersAndDigits(text)
	switch letters := []rune(folded); {
	case len(letters) >= commonRun:
		s.long = append(s.long, letters)
	case len(letters) >= shortest:
		s.short = append(s.short, folded)
	}
}

// shown is a text that may be shown, and the text in which it goes on, by their letters and digits.
type shown struct{ text, rest string }

// in reports whether a text repeats a secret.
func (s *secrets) in(text string) bool { return s.repeatedBy(shown{text: lettersAndDigits(text)}) != 0 }

// repeatedBy tells by its bits which of up to 64 texts repeat a secret, be it that a run of one goes on in the rest. It
// looks for all of them at once, as a call may have read megabytes. It remembers the runs of what is shown, which is
// short, and not those of what was sent. It remembers their hashes: two runs with the same hash would hide a text
// without need, and show none.
func (s *secrets) repeatedBy(texts ...shown) (found uint64) {
	seed := maphash.MakeSeed()
	hash := func(letters []rune) uint64 { return maphash.Comparable(seed, [commonRun]rune(letters)) }
	size := 0
	for _, t := range texts {
		size += len(t.text)
	}
	runs := make(map[uint64]uint64, size) // by their hashes the texts that have them
	for i, t := range texts {
		if slices.ContainsFunc(s.short, func(short string) bool { return strings.Contains(t.text, short) }) {
			found |= 1 << i
		}
		letters, rest := []rune(t.text), []rune(t.rest)
		letters = append(letters, rest[:min(len(rest), commonRun-1)]...)
		for at := 0; at+commonRun <= len(letters) && len(s.long) > 0; at++ {
			runs[hash(letters[at:])] |= 1 << i
		}
	}
	for _, secret := range s.long {
		for at := 0; at+commonRun <= len(secret) && len(runs) > 0; at++ {
			found |= runs[hash(secret[at:])]
		}
	}
	return found
}

// lettersAndDigits are what remains of a text when escapes are undone, and case, white space and punctuation do not
// count.
func lettersAndDigits(text string) string {
	common := commonRunes()
	return strings.Map(func(r rune) rune {
		if int(r) < len(common) {
			return common[r]
		}
		return foldRune(r)
	}, undoEscapes(text))
}

// commonRunes has what foldRune gives for Latin and Cyrillic, of which nearly all texts are: Unicode's own tables are
// slow.
var commonRunes = sync.OnceValue(func() *['ӿ' + 1]rune {
	var folded ['ӿ' + 1]rune
	for r := range folded {
		folded[r] = foldRune(rune(r))
	}
	return &folded
})

// foldRune gives a letter without its case, and a digit; -1: the rune is neither.
func foldRune(r rune) rune {
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return unicode.ToLower(unicode.ToUpper(r))
	}
	return -1
}

// maxEscapes is how often a text may have been escaped: for JSON within HTML within a URL, and once more.
const maxEscapes = 4

func undoEscapes(text string) string {
	for range maxEscapes {
		if !strings.ContainsAny(text, `&%\`) {
			break
		}
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
		return regexp.MustCompile(`(%[0-9A-Fa-f]{2})+|(%u[0-9A-Fa-f]{4})+|(\\x[0-9A-Fa-f]{2})+|(\\[0-3][0-7]{2})+|` +
			`\\[ux]\{[0-9A-Fa-f]{1,6}\}|(\\u[0-9A-Fa-f]{4})+|\\U[0-9A-Fa-f]{8}|\\.`)
	})
	rejectedValue = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?is)\s*(\(?rejected value|\(…:).*`)
	})
	quoted = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?s)"(?:[^"\\]|\\.)*"?|\bline: .*`)
	})
)

// undoEscape undoes a run of escapes of one kind: of a URL, of JSON, which writes UTF-16, or of a programming language.
func undoEscape(escaped string) string {
	undone, err := "", error(nil)
	switch {
	case strings.HasPrefix(escaped, "%u"): // by the function escape of JavaScript
		return undoEscape(strings.ReplaceAll(escaped, "%", `\`))
	case strings.HasSuffix(escaped, "}") && len(escaped) > 2:
		code, _ := strconv.ParseUint(strings.Trim(escaped[2:], "{}"), 16, 32)
		undone = string(rune(code))
	case escaped[0] == '%':
		undone, err = url.PathUnescape(escaped)
	case escaped[1] == 'u' && len(escaped) > 2:
		err = json.Unmarshal([]byte(`"`+escaped+`"`), &undone)
	case len(escaped) > 2:
		undone, err = strconv.Unquote(`"` + escaped + `"`)
	case strings.ContainsAny(escaped[1:], "abfnrtv"):
		undone = " "
	default:
		undone = escaped[1:]
	}
	if err != nil { // a letter that needs no escape, or a number that is no character
		return escaped[1:]
	}
	return undone
}

// redact takes out of the API's errors what repeats what was sent: everything from "(rejected value:" on, which holds
// the text or a part of it, and each text that repeats it elsewhere.
func redact(errs []gen.APIErrorDTO, sent *secrets) []gen.APIErrorDTO {
	var texts []*string
	for i := range errs {
		texts = append(texts, &errs[i].Code)
		if errs[i].Message != nil {
			texts = append(texts, errs[i].Message)
		}
	}
	sent.hide(texts...)
	return errs
}

// hide cuts up to 64 texts before the rejected value that they cite, and hides those that repeat a secret. The message
// itself may have the words "rejected value".
func (s *secrets) hide(texts ...*string) {
	said := make([]shown, len(texts))
	for i, text := range texts {
		cited := ""
		if at := rejectedValue().FindStringIndex(*text); at != nil {
			*text, cited = (*text)[:at[0]], (*text)[at[0]:]
		}
		*text = shorten(*text)
		said[i] = shown{lettersAndDigits(*text), lettersAndDigits(shorten(cited))}
	}
	repeated := s.repeatedBy(said...)
	for i, text := range texts {
		if repeated&(1<<i) != 0 {
			*text = hidden
		}
	}
}

func shorten(text string) string {
	if len(text) <= maxSaid {
		return text
	}
	return fmt.Sprintf("%.*s%s", maxSaid, text, hidden)
}

// credentials are where an Auth may write them in a request.
type credentials struct {
	header http.Header
	query  string
}

// addedValues are what was added to a request: the values of headers and query parameters, and of parameters within
// headers.
func addedValues(before, after credentials) []string {
	var added []string
	for _, values := range addedHeaders(before.header, after.header) {
		for _, value := range values {
			added = append(added, parameters(value)...)
		}
	}
	if after.query == before.query {
		return added
	}
	old, _ := url.ParseQuery(before.query) // without the parts that cannot be read
	query, _ := url.ParseQuery(after.query)
	for name, values := range query {
		if !slices.Equal(values, old[name]) {
			added = append(added, values...)
		}
	}
	return added
}

// addedHeaders are the headers that were added to a request, or changed.
func addedHeaders(before, after http.Header) http.Header {
	added := http.Header{}
	for name, values := range after {
		if !slices.Equal(values, before[name]) {
			added[name] = values
		}
	}
	return added
}

// parameters are what a header holds without its scheme, and each value within it where it is written like
// `Scheme key="…", sig="…"` or `name=…; name=…`. A scheme is no secret.
func parameters(header string) []string {
	scheme, rest, found := strings.Cut(header, " ")
	if !found || strings.Contains(scheme, "=") {
		rest = header
	}
	values := []string{rest}
	for _, part := range strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune(" ,;", r) }) {
		if _, value, ok := strings.Cut(part, "="); ok {
			values = append(values, value)
		}
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
