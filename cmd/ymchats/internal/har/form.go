package har

import (
	"mime"
	"mime/multipart"
	"net/textproto"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A form with a file is bytes, and a recorder's text is characters: what is no text is replaced or left out. Unless
// the text is certainly what was sent, the names of the parts are all that it shows.

// readForm puts a form with the recorded names in the place of a body whose text is not what was sent.
func (m *message) readForm(c content) {
	mediaType, params, err := mime.ParseMediaType(m.header.Get("Content-Type"))
	if err != nil || mediaType != "multipart/form-data" || m.header.Get("Content-Encoding") != "" {
		return
	}
	text, boundary := string(m.body), params["boundary"]
	if boundary == "" && !m.Headers { // mimeType may have lost it
		line, _, _ := strings.Cut(text, "\r\n")
		boundary, _ = strings.CutPrefix(line, "--")
		m.header.Set("Content-Type", mime.FormatMediaType(mediaType, map[string]string{"boundary": boundary}))
	}
	if m.Body && (text == "" || c.isWhole(m)) {
		return
	}
	names := namesIn(text, boundary)
	if len(names) == 0 {
		names = c.names
	}
	if len(names) == 0 {
		m.lose()
		return
	}
	m.Body, m.Names, m.Cut = true, true, false
	m.body, boundary = formOf(names)
	m.header.Set("Content-Type", mime.FormatMediaType(mediaType, map[string]string{"boundary": boundary}))
}

// isWhole is whether the text of a form is certainly what was sent: of a length that was recorded, or plain.
func (c content) isWhole(m *message) bool {
	size := c.length(m.transferred, m.header)
	isBytes := strings.EqualFold(c.encoding, "base64")
	switch {
	case c.text == nil, c.lossy && !isBytes:
		return false
	case size >= 0:
		return size == float64(len(m.body))
	}
	return isBytes || isASCII(*c.text)
}

func isASCII(text string) bool { return len(text) == utf8.RuneCountInString(text) }

var partName = regexp.MustCompile(`(?i)^content-disposition:[^\n]*[;\s]name=(?:"([^"\n]*)"|([^";\s]*))`)

// namesIn finds the names of parts in a text whose line ends may have changed.
func namesIn(text, boundary string) (names []string) {
	if boundary == "" {
		return nil
	}
	text = "\n" + strings.ReplaceAll(text, "\r\n", "\n")
	parts := strings.Split(text, "\n--"+boundary)
	for _, part := range parts[1:] {
		if strings.HasPrefix(part, "--") {
			break
		}
		head, _, _ := strings.Cut(strings.TrimLeft(part, " \t"), "\n\n")
		name := ""
		for line := range strings.Lines(head) {
			if match := partName.FindStringSubmatch(line); match != nil {
				name = match[1] + match[2]
			}
		}
		names = append(names, name)
	}
	return names
}

// formOf writes a form with empty files of these names.
func formOf(names []string) (body []byte, boundary string) {
	var text strings.Builder
	form := multipart.NewWriter(&text)
	for _, name := range names {
		disposition := mime.FormatMediaType("form-data", map[string]string{"name": name, "filename": "file"})
		_, _ = form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}}) // a Builder takes all
	}
	_ = form.Close()
	return []byte(text.String()), form.Boundary()
}
