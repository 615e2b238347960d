package api

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// packing is what keeps a body from being unpacked.
type packing int

const (
	notPacked       packing = iota // nothing: it is unpacked, or was never packed
	packedOtherwise                // in a way that nothing here undoes
	packedWrong                    // not in the way that its header says
	packedTooLarge                 // it unpacks to more than it may have
)

// maxEncodings bounds how often a body may have been packed.
const maxEncodings = 3

// unpack undoes what Content-Encoding says was done to a body, up to limit bytes at each step.
func unpack(header http.Header, data []byte, limit int64) ([]byte, packing) {
	encodings := contentEncodings(header)
	if len(encodings) > maxEncodings {
		return nil, packedOtherwise
	}
	for _, encoding := range slices.Backward(encodings) { // the last one was applied last
		var reader io.Reader
		var err error
		switch encoding {
		case "gzip", "x-gzip":
			reader, err = gzip.NewReader(bytes.NewReader(data))
		case "deflate":
			reader = inflate(data)
		default:
			return nil, packedOtherwise
		}
		if err == nil {
			data, err = io.ReadAll(io.LimitReader(reader, limit+1))
		}
		if err != nil {
			return nil, packedWrong
		}
		if int64(len(data)) > limit {
			return nil, packedTooLarge
		}
	}
	return data, notPacked
}

func contentEncodings(header http.Header) []string {
	var encodings []string
	for _, part := range strings.Split(strings.Join(header.Values("Content-Encoding"), ","), ",") {
		encoding := strings.ToLower(strings.TrimSpace(part))
		if encoding != "" && encoding != "identity" {
			encodings = append(encodings, encoding)
		}
	}
	return encodings
}

// inflate reads deflate as the standard has it, with a header of zlib, and as some servers send it, without.
func inflate(data []byte) io.Reader {
	reader, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return flate.NewReader(bytes.NewReader(data))
	}
	return reader
}

func isJSON(contentType []string) bool {
	if len(contentType) != 1 {
		return false
	}
	if contentType[0] == "application/json" { // as nearly every message has it
		return true
	}
	mediaType, params, err := mime.ParseMediaType(contentType[0])
	charset, named := params["charset"]
	return err == nil && mediaType == "application/json" && (!named || strings.EqualFold(charset, "utf-8"))
}

// readFailure is the error of a body whose reading failed. errors.Is and errors.As find the cause; its text is not
// shown, as it may quote what was read.
type readFailure struct {
	of    string
	cause *error // behind a pointer, as %#v shows what stands in a struct
}

func (e *readFailure) Error() string        { return "api: the body of the " + e.of + " cannot be read" }
func (e *readFailure) Is(target error) bool { return errors.Is(*e.cause, target) }
func (e *readFailure) As(target any) bool   { return errors.As(*e.cause, target) }

// withFailure adds the failure of a reading to what was found before it. nil is no failure.
func withFailure(err, failed error, of string) error {
	if failed == nil {
		return err
	}
	failure := &readFailure{of: of, cause: &failed}
	if err == nil {
		return failure
	}
	return errors.Join(err, failure)
}
