// Package peek reads a body and puts one in its place that reads as the first one did.
package peek

import (
	"bytes"
	"io"
	"net/http"
)

// Body reads a body, up to a byte more than a limit. again reads as the body did: to its end, or to the error that the
// reading met, which is err.
func Body(body io.ReadCloser, limit int64) (data []byte, again io.ReadCloser, err error) {
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
