package api_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// packed packs a text by what make gives.
func packed(t *testing.T, text string, pack func(io.Writer) io.WriteCloser) string {
	t.Helper()
	var into bytes.Buffer
	w := pack(&into)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return into.String()
}

func gzipped(t *testing.T, text string) string {
	return packed(t, text, func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
}

func deflated(t *testing.T, text string) string {
	return packed(t, text, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
}

func rawDeflated(t *testing.T, text string) string {
	return packed(t, text, func(w io.Writer) io.WriteCloser {
		raw, err := flate.NewWriter(w, flate.BestSpeed)
		require.NoError(t, err)
		return raw
	})
}

func TestContentEncoding(t *testing.T) {
	const good, bad = `{"status":"OK"}`, `{"status":7}`
	wrong := []string{"body /status: type string"}
	rows := map[string]struct {
		encoding []string
		body     string
		want     []string
		notices  []string
	}{
		"gzip":                     {[]string{"gzip"}, gzipped(t, good), nil, nil},
		"gzip, wrong":              {[]string{"gzip"}, gzipped(t, bad), wrong, nil},
		"in another case":          {[]string{" GZip "}, gzipped(t, bad), wrong, nil},
		"its old name":             {[]string{"x-gzip"}, gzipped(t, bad), wrong, nil},
		"deflate":                  {[]string{"deflate"}, deflated(t, bad), wrong, nil},
		"deflate without a header": {[]string{"deflate"}, rawDeflated(t, bad), wrong, nil},
		"identity":                 {[]string{"identity"}, bad, wrong, nil},
		"two, in one line":         {[]string{"deflate, gzip"}, gzipped(t, deflated(t, bad)), wrong, nil},
		"two, in two lines":        {[]string{"deflate", "gzip"}, gzipped(t, deflated(t, bad)), wrong, nil},
		"two, the other way round": {[]string{"gzip, deflate"}, gzipped(t, deflated(t, good)), []string{"body: is not packed as Content-Encoding says"}, nil},
		"three":                    {[]string{"gzip, gzip, gzip"}, gzipped(t, gzipped(t, gzipped(t, bad))), wrong, nil},
		"four": {[]string{"gzip, gzip, gzip, gzip"}, gzipped(t, gzipped(t, gzipped(t, gzipped(t, bad)))), nil,
			[]string{"header Content-Encoding: is neither gzip nor deflate: the body is not checked"}},
		"not packed":          {[]string{"gzip"}, good, []string{"body: is not packed as Content-Encoding says"}, nil},
		"cut off":             {[]string{"gzip"}, gzipped(t, good)[:20], []string{"body: is not packed as Content-Encoding says"}, nil},
		"brotli":              {[]string{"br"}, "\x0b\x02\x80canary", nil, []string{"header Content-Encoding: is neither gzip nor deflate: the body is not checked"}},
		"packed and not said": {nil, gzipped(t, good), []string{"body: is not UTF-8"}, nil},
	}
	v := newValidator(t)
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			req, resp := request(t, "POST", message, ""), answer(200, row.body)
			resp.Header["Content-Encoding"] = row.encoding
			assert.Equal(t, row.want, places(v.Response(req, resp)))
			assert.Equal(t, row.notices, notices(v.Notices(req, resp)))
			left, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, row.body, string(left), "handed on as it came")
		})
	}
}

func TestContentEncodingOfRequests(t *testing.T) {
	rows := map[string]struct {
		encoding, body string
		want           []string
	}{
		"gzip":       {"gzip", gzipped(t, `{"message":"x"}`), nil},
		"wrong":      {"gzip", gzipped(t, `{"message":""}`), []string{"body /message: minLength 1"}},
		"not packed": {"gzip", `{"message":"x"}`, []string{"body: is not packed as Content-Encoding says"}},
		"brotli":     {"br", `canary`, []string{"header Content-Encoding: must be gzip or deflate, or none"}},
		"too large":  {"gzip", gzipped(t, `{"message":"x"}`+strings.Repeat(" ", 512<<10)), []string{"body: has more than 524288 bytes"}},
	}
	for what, row := range rows {
		req := request(t, "POST", message, row.body)
		req.Header.Set("Content-Encoding", row.encoding)
		assert.Equal(t, row.want, places(newValidator(t).Request(req)), what)
	}
}

// A small answer may unpack to a large one.
func TestUnpackingHasALimit(t *testing.T) {
	const frame = `{"status":"OK"}`
	for size, want := range map[int][]string{8 << 20: nil, 8<<20 + 1: {"body: is too large to be checked"}, 64 << 20: {"body: is too large to be checked"}} {
		resp := answer(200, gzipped(t, frame+strings.Repeat(" ", size-len(frame))))
		resp.Header.Set("Content-Encoding", "gzip")
		before := allocated()
		assert.Equal(t, want, places(newValidator(t).Response(request(t, "POST", message, ""), resp)), size)
		assert.Less(t, allocated()-before, uint64(60<<20), "bytes allocated")
	}
}

// What a transport of net/http has unpacked comes without the header.
func TestUncompressedByTheTransport(t *testing.T) {
	resp := answer(200, `{"status":"OK"}`)
	resp.Uncompressed = true
	assert.NoError(t, newValidator(t).Response(request(t, "POST", message, ""), resp))
	assert.NotContains(t, resp.Header, http.CanonicalHeaderKey("content-encoding"))
}
