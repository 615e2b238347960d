package api

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"slices"
	"strings"
)

// packed is what keeps a body from being unpacked.
type packed int

const (
	unpacked        packed = iota // nothing: it is, or it was never packed
	packedOtherwise               // in a way that is not known here
	packedWrong                   // not in the way that its header says
	packedTooLarge                // it unpacks to more than it may have
)

// maxEncodings bounds how often a body may have been packed.
const maxEncodings = 3

// unpack undoes what Content-Encoding says was done to a body, up to limit bytes at each step.
func unpack(header http.Header, data []byte, limit int64) ([]byte, packed) {
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
	return data, unpacked
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
