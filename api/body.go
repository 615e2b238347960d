package api

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// peek reads a body, up to a limit, and gives back one that reads as the first one did.
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

// checkJSON checks a body that the contract describes.
func checkJSON(content openapi3.Content, header http.Header, data []byte, strict bool) []finding {
	schema := content.Get("application/json").Schema.Value
	if !isJSON(header.Values("Content-Type")) {
		return []finding{{"header Content-Type", "must be application/json, in UTF-8"}}
	}
	value, findings, ok := parse(data, "body")
	if !ok {
		return findings
	}
	return append(findings, checkValue(schema, value, "body", strict)...)
}

func isJSON(contentType []string) bool {
	if len(contentType) != 1 {
		return false
	}
	mediaType, params, err := mime.ParseMediaType(contentType[0])
	charset, given := params["charset"]
	return err == nil && mediaType == "application/json" && (!given || strings.EqualFold(charset, "utf-8"))
}
