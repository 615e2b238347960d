package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
)

// Whatever is sent: no panic, the body is left as it was, and what passes is what the generated types hold.
func FuzzRequest(f *testing.F) {
	f.Add("chatId=1", `{"message":"x"}`)
	f.Add("chatId=1&chatId=2", `{"message":"x","message":"y"}`)
	f.Add("%zz", "{\"message\":\"\xff\"}")
	f.Add("chatId=9223372036854775808", `{"message":{"a":[1,{}]}} x`)
	f.Add("chatId=1", strings.Repeat("[", 300))
	f.Add("chatId=0", ``)
	f.Add("chatId=%31&chatid=1", `{"Message":"x"}`)
	f.Add("chatId=+1;chatId=2", `{"message":"x","to":"y"}`)
	f.Add("chatId=1", `{"message":null}`)
	f.Add("chatId=1", `{"message":"\ud83d\ude9a \ud800 \u0000"}`)
	f.Add("chatId=1", `{"message":"`+strings.Repeat("ж", 4097)+`"}`)
	f.Add("chatId=1", `{"message":{"text":"x"}}`)
	v, err := api.NewValidator()
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, query, body string) {
		req := request(t, "POST", "/v2/businesses/1/chats/message", body)
		req.URL.RawQuery = query
		err := v.Request(req)
		left, readErr := io.ReadAll(req.Body)
		require.NoError(t, readErr)
		require.Equal(t, body, string(left))
		if err != nil {
			require.NotEmpty(t, api.Violations(err))
			return
		}
		var sent gen.SendMessageToChatRequest
		decoder := json.NewDecoder(strings.NewReader(body))
		decoder.DisallowUnknownFields()
		require.NoError(t, decoder.Decode(&sent), body)
		n := utf8.RuneCountInString(sent.Message)
		assert.True(t, n >= 1 && n <= 4096)
		assert.Len(t, req.URL.Query()["chatId"], 1)
	})
}

// Whatever is answered: no panic, the body is left as it was, and what passes can be decoded.
func FuzzResponse(f *testing.F) {
	f.Add(200, `{"status":"OK","result":{"chatId":1,"context":{"type":"ORDER"},"type":"CHAT","status":"NEW","createdAt":"2026-01-01T00:00:00+03:00","updatedAt":"2026-02-28T00:00:00Z"}}`)
	f.Add(404, `{"status":"ERROR","errors":[{"code":"NOT_FOUND"}]}`)
	f.Add(418, ``)
	f.Add(200, `{"status":"OK","status":"OK"}`)
	f.Add(200, `{"status":"NEW","result":null,"paging":{}}`)
	f.Add(200, `{"status":"OK","result":{"chatId":0,"context":{"type":"LOT","customer":{"name":""}},"type":"","status":"NEW","createdAt":"2026-02-30T00:00:00Z","updatedAt":"2026-01-01"}}`)
	f.Add(400, `{"status":"ERROR","errors":null}`)
	f.Add(400, `{"status":"ERROR","errors":[]}`)
	f.Add(403, `{"error":{"code":403,"message":"Token is invalid"},"errors":[{"code":"403","message":"Token is invalid"}],"status":"ERROR"}`)
	f.Add(420, `{"status":"ERROR","errors":[{"code":"METHOD_FAILURE","message":"Hit rate limit"},{"message":"no code"}]}`)
	f.Add(200, `{"status":"OK","resUlt":{"updAtedAt":""}}`)
	f.Add(500, `<html>nginx</html>`)
	v, err := api.NewValidator()
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, status int, body string) {
		resp := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader([]byte(body)))}
		err := v.Response(request(t, "GET", chat+"?chatId=1", ""), resp)
		left, readErr := io.ReadAll(resp.Body)
		require.NoError(t, readErr)
		require.Equal(t, body, string(left))
		if err != nil {
			require.NotEmpty(t, api.Violations(err))
			return
		}
		require.True(t, json.Valid([]byte(body)), body)
		if status == 200 {
			require.NoError(t, json.Unmarshal([]byte(body), &gen.GetChatResponse{}), body)
		}
	})
}
