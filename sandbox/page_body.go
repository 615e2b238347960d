package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ymarket-go/chats/api"
)

// pageBody is a body as the page shows it.
type pageBody struct {
	Head  string     // what stands before it
	Parts []pagePart // the text
	Note  string     // what is not shown of it
	Cut   bool       // the call that is shown alone shows more of it
}

// pagePart is a part of a text; what breaks the contract is marked.
type pagePart struct {
	Text   string
	Marked bool
}

// headOf is the first line of a request or an answer, with its type.
func headOf(line, mediaType string) string {
	if mediaType != "" {
		line += "\nContent-Type: " + mediaType
	}
	return line
}

// newPageBody shows the first bytes of a body, and marks what violations are about.
func newPageBody(k keptBody, size int, violations []*api.Violation) pageBody {
	var p pageBody
	text := string(k.text)
	if k.size > len(k.text) {
		text = strings.ToValidUTF8(text, "") // it may end within a character
	}
	switch {
	case k.size == 0:
		return p
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		p.Note = fmt.Sprintf("%d bytes that are no text", k.size)
		return p
	case len(text) > size:
		text, p.Cut = shorten(text, size), true
		p.Note = fmt.Sprintf("the first %d of %d bytes", size, k.size)
	case k.size > maxKeptBody:
		text += "…"
		p.Note = fmt.Sprintf("the first %d of %d bytes; more is not kept", maxKeptBody, k.size)
	default:
		text = indented(text)
	}
	p.Parts = marked(text, violations)
	return p
}

// maxIndentDepth bounds what indentation adds to a text.
const maxIndentDepth = 8

// indented is JSON with a line for each value, unless it is nested deeply.
func indented(text string) string {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxIndentDepth {
				return text
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	var lines bytes.Buffer
	if json.Indent(&lines, []byte(text), "", "  ") != nil {
		return text
	}
	return lines.String()
}

// marked cuts a text where violations are about values in it.
func marked(text string, violations []*api.Violation) (parts []pagePart) {
	type span struct{ from, to int }
	var spans []span
	for _, v := range violations {
		pointer, ok := strings.CutPrefix(v.Where, "body /")
		if !ok {
			continue
		}
		decoder := json.NewDecoder(strings.NewReader(text))
		if value, ok := valueAt(decoder, strings.Split(pointer, "/")); ok {
			to := int(decoder.InputOffset())
			spans = append(spans, span{to - len(value), to})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	end := 0
	for _, s := range spans {
		if s.from < end {
			continue // within the one before
		}
		parts = append(parts, pagePart{text[end:s.from], false}, pagePart{text[s.from:s.to], true})
		end = s.to
	}
	return append(parts, pagePart{text[end:], false})
}

// valueAt reads to a value of JSON by the steps of its pointer, and gives it as it is written.
func valueAt(decoder *json.Decoder, steps []string) (value json.RawMessage, ok bool) {
	if len(steps) == 0 {
		return value, decoder.Decode(&value) == nil
	}
	open, err := decoder.Token()
	if err != nil || open != json.Delim('{') && open != json.Delim('[') {
		return nil, false
	}
	for i := 0; decoder.More(); i++ {
		step := fmt.Sprint(i)
		if open == json.Delim('{') {
			key, err := decoder.Token()
			if err != nil {
				return nil, false
			}
			step = fmt.Sprint(key)
		}
		if step == steps[0] {
			return valueAt(decoder, steps[1:])
		}
		if decoder.Decode(&value) != nil {
			return nil, false
		}
	}
	return nil, false
}
