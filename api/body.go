package api

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// peek reads a body, up to a byte more than a limit, and gives back one that reads as the first one did: to its end,
// or to the error that it met.
func peek(body io.ReadCloser, limit int64) (data []byte, again io.ReadCloser, err error) {
	if body == nil || body == http.NoBody {
		return nil, body, nil
	}
	data, err = io.ReadAll(io.LimitReader(body, limit+1))
	var rest io.Reader = body
	if err != nil {
		rest = failing{err}
	}
	return data, &replay{io.MultiReader(bytes.NewReader(data), rest), body}, err
}

type replay struct {
	io.Reader
	io.Closer
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// checkJSON checks a body that the contract describes. strict refuses properties and enum values that it does not
// know: a client must not send them, a server may.
func (v *Validator) checkJSON(content openapi3.Content, header http.Header, data []byte, strict bool) (
	found, notes findings) {
	if !isJSON(header.Values("Content-Type")) {
		found.add("header Content-Type", "must be application/json, in UTF-8")
		return found, notes
	}
	return walk(v.shapes[content.Get("application/json").Schema.Value], data, strict)
}

func isJSON(contentType []string) bool {
	if len(contentType) != 1 {
		return false
	}
	mediaType, params, err := mime.ParseMediaType(contentType[0])
	charset, given := params["charset"]
	return err == nil && mediaType == "application/json" && (!given || strings.EqualFold(charset, "utf-8"))
}
