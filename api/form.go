package api

import (
	"errors"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/ymarket-go/chats/internal/formdata"
)

// maxParts bounds how many parts of a form are looked at.
const maxParts = 100

// checkableForm refuses forms that checkForm knows nothing of.
func checkableForm(form *shape) error {
	if form.kind != "object" {
		return errors.New("only forms that are objects are checked")
	}
	for name, part := range form.properties {
		if part.scalar == nil || part.scalar.Format != "binary" || part.scalar.MaxLength == nil {
			return fmt.Errorf("property %s: only files with a maxLength are checked", name)
		}
	}
	return nil
}

// checkForm checks the parts of a form, each of which is a file.
func checkForm(form *shape, header http.Header, data []byte) (found findings) {
	contentType := header.Values("Content-Type")
	boundary, ok := "", false
	if len(contentType) == 1 {
		boundary, ok = formdata.Boundary(contentType[0])
	}
	if !ok {
		found.add("header Content-Type", "must be "+formdata.MediaType+", with a boundary")
		return found
	}
	sent := map[string]bool{}
	parts := formdata.Scan(data, boundary)
	for number := 1; ; number++ {
		part, ok := parts.Next()
		if !ok {
			break
		}
		if number > maxParts {
			found.add("body", fmt.Sprintf("has more than %d parts, the others are not checked", maxParts))
			return found
		}
		checkPart(form, part, fmt.Sprint("body part ", number), sent, &found)
	}
	for _, problem := range parts.Problems() {
		found.add("body", problem)
	}
	for _, key := range form.required {
		if !sent[key] {
			found.add("body /"+key, "required")
		}
	}
	return found
}

// checkPart checks one part, and marks its name as sent.
func checkPart(form *shape, part formdata.Part, where string, sent map[string]bool, found *findings) {
	said, ok := part.Disposition()
	if !ok {
		found.add(where, "has a Content-Disposition that is not form-data, or cannot be read")
		return
	}
	file, declared := form.properties[said.Name]
	where = "body /" + name(said.Name)
	if !declared {
		found.add(where, "is not declared")
		return
	}
	if sent[said.Name] {
		found.add(where, "comes twice")
	}
	sent[said.Name] = true
	switch {
	case said.FileName == "":
		found.add(where, "has no filename")
	case !utf8.ValidString(said.FileName):
		found.add(where, "has a filename that is not UTF-8")
	}
	if part.Encoded() {
		found.add(where, "must be sent as it is, without Content-Transfer-Encoding")
	}
	if uint64(len(part.Content)) > *file.scalar.MaxLength {
		found.add(where, fmt.Sprint("maxLength ", *file.scalar.MaxLength))
	}
}

// isForm is whether a body is described as a form.
func isForm(content openapi3.Content) bool { return content[formdata.MediaType] != nil }
