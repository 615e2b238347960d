package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
)

// Whatever a body is said to be packed by: no panic, an end, the body is left as it was, and what passes unpacked passes
// packed.
func FuzzContentEncoding(f *testing.F) {
	f.Add("gzip", `{"status":"OK"}`)
	f.Add("deflate, gzip", `{"status":"OK"}`)
	f.Add("br", "\x0b\x02\x80canary")
	f.Add("identity,,GZIP", "\x1f\x8b\x08\x00")
	f.Add("deflate", "x\x9c")
	v, err := api.NewValidator()
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, encoding, body string) {
		req := request(t, "POST", newChat, "")
		answered := func(encoding, body string) *http.Response {
			resp := answer(400, body)
			resp.Header["Content-Encoding"] = []string{encoding}
			return resp
		}
		resp := answered(encoding, body)
		_ = v.Response(req, resp)
		_ = v.Notices(req, resp)
		left, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.Equal(t, body, string(left))
		if body == "" {
			return
		}
		plain := places(v.Response(req, answer(400, body)))
		require.Equal(t, plain, places(v.Response(req, answered("gzip", gzipped(t, body)))))
		require.Equal(t, plain, places(v.Response(req, answered("gzip, deflate", deflated(t, gzipped(t, body))))))
		sent := request(t, "POST", newChat, body)
		sent.Header.Set("Content-Encoding", encoding)
		_ = v.Request(sent)
		left, err = io.ReadAll(sent.Body)
		require.NoError(t, err)
		require.Equal(t, body, string(left))
	})
}

// Whatever the query is, and whatever the parameters of the contract are: no panic, and what is refused has a place.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"chatId=1", "chatId=1,2|3 4", "chatId[a]=1&a=2", "%zz", "chatId=&chatId", "chatId=1e5", "chatId=true&;", "a=%00"} {
		f.Add(seed)
	}
	var all []*api.Validator
	for _, schema := range []string{"schema: {type: number}", "schema: {type: boolean}", "schema: {type: array, maxItems: 3, items: {type: integer}}",
		"explode: false\n      schema: {type: array, items: {type: string, maxLength: 2}}", "style: pipeDelimited\n      explode: false\n      schema: {type: array, items: {type: number}}",
		"style: deepObject\n      schema: {type: object, required: [a], properties: {a: {type: integer}, b: {type: string}}}", "schema: {type: object, properties: {a: {type: boolean}}}"} {
		all = append(all, changed(f, schema))
	}
	f.Fuzz(func(t *testing.T, query string) {
		for _, v := range all {
			req := request(t, "GET", chat, "")
			req.URL.RawQuery = query
			err := v.Request(req)
			require.LessOrEqual(t, len(api.Violations(err)), 100)
			for _, violation := range api.Violations(err) {
				require.Equal(t, "getChat", violation.Operation)
				require.True(t, strings.HasPrefix(violation.Where, "query") || violation.Where == "…", violation.Where)
				require.NotEmpty(t, violation.Rule)
			}
		}
	})
}
