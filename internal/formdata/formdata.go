// Package formdata takes a body of multipart/form-data apart, as strictly as RFC 2046 and RFC 7578 describe it.
// mime/multipart takes bare line feeds and text around the parts, and gives an empty name where it cannot read one.
package formdata

import (
	"bufio"
	"bytes"
	"mime"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
)

// MediaType is the content type of such a body, without its parameters.
const MediaType = "multipart/form-data"

// Boundary gives the boundary of a Content-Type, and whether it is multipart/form-data with one that is allowed.
func Boundary(contentType string) (string, bool) {
	mediaType, params, err := mime.ParseMediaType(contentType)
	boundary := params["boundary"]
	return boundary, err == nil && mediaType == MediaType && allowed.MatchString(boundary)
}

var allowed = regexp.MustCompile(`^[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]$`)

// What can be wrong with the delimiters of a body.
const (
	BytesBefore = "has bytes before the first delimiter"
	NoCRLF      = "has a delimiter without CRLF before and after it"
	NoEnd       = "has no last delimiter"
	BytesAfter  = "has bytes after the last delimiter"
)

// Scanner goes through the parts of a body. It keeps nothing but the place where it is.
type Scanner struct {
	boundary []byte // with the two hyphens before it
	rest     []byte // behind the delimiter of the part that comes next
	ended    bool
	problems []string // each once
}

// Scan begins with the first part.
func Scan(body []byte, boundary string) *Scanner {
	s := &Scanner{boundary: []byte("--" + boundary), rest: body}
	if !bytes.HasPrefix(body, s.boundary) {
		s.report(BytesBefore)
	}
	_, s.ended = s.toDelimiter(true)
	return s
}

// Next gives the next part, and false where there is none.
func (s *Scanner) Next() (Part, bool) {
	if s.ended {
		return Part{}, false
	}
	var raw []byte
	raw, s.ended = s.toDelimiter(false)
	return newPart(raw), true
}

// Problems lists what is wrong with the delimiters that the Scanner has met.
func (s *Scanner) Problems() []string { return s.problems }

func (s *Scanner) report(problem string) {
	if !slices.Contains(s.problems, problem) {
		s.problems = append(s.problems, problem)
	}
}

// toDelimiter goes behind the next delimiter. It gives what stands before it, and whether no part follows.
func (s *Scanner) toDelimiter(first bool) (before []byte, last bool) {
	for at := 0; ; {
		found := bytes.Index(s.rest[at:], s.boundary)
		if found < 0 {
			s.report(NoEnd)
			return s.rest, true
		}
		start := at + found
		at = start + len(s.boundary)
		before, after := s.rest[:start], s.rest[at:]
		atStart := first && start == 0
		if !atStart && !bytes.HasSuffix(before, []byte("\n")) {
			continue // in the middle of a line: it is content
		}
		isLast := bytes.HasPrefix(after, []byte("--"))
		between := atStart || bytes.HasSuffix(before, []byte("\r\n"))
		if !between || !isLast && !bytes.HasPrefix(after, []byte("\r\n")) {
			s.report(NoCRLF)
			continue
		}
		s.rest = after[2:]
		if isLast && len(s.rest) > 0 && !bytes.Equal(s.rest, []byte("\r\n")) {
			s.report(BytesAfter)
		}
		return bytes.TrimSuffix(before, []byte("\r\n")), isLast
	}
}

// Part is a part of a form.
type Part struct {
	Content []byte // as it was sent
	header  textproto.MIMEHeader
}

// maxHead bounds what stands before the content of a part, in bytes.
const maxHead = 16 << 10

// newPart separates head and content. A part without an empty line has no content.
func newPart(raw []byte) Part {
	head, content, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return Part{Content: content, header: readHead(head)}
}

// readHead gives nil where a head cannot be read.
func readHead(head []byte) textproto.MIMEHeader {
	if len(head) > maxHead || bytes.Count(head, []byte("\n")) != bytes.Count(head, []byte("\r\n")) {
		return nil
	}
	lines := textproto.NewReader(bufio.NewReader(bytes.NewReader(append(slices.Clip(head), "\r\n\r\n"...))))
	header, err := lines.ReadMIMEHeader()
	if err != nil {
		return nil
	}
	return header
}

// Disposition is what a part says of itself.
type Disposition struct {
	Name     string
	FileName string // of filename*, where there is both
}

// Disposition reads the header Content-Disposition. ok is false where it is missing or cannot be read, and where it is
// not form-data.
func (p Part) Disposition() (d Disposition, ok bool) {
	values := p.header["Content-Disposition"]
	if len(values) != 1 {
		return d, false
	}
	kind, params, err := mime.ParseMediaType(values[0])
	if err != nil || kind != "form-data" {
		return d, false
	}
	return Disposition{params["name"], params["filename"]}, true
}

// Encoded is whether the content is written in another form than that of its bytes.
func (p Part) Encoded() bool {
	switch encoding := p.header.Get("Content-Transfer-Encoding"); strings.ToLower(encoding) {
	case "", "7bit", "8bit", "binary":
		return false
	default:
		return true
	}
}
