package wrapper_test

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// onceOnly makes one attempt, and does not look after it.
var onceOnly = wrapper.WithRetry(wrapper.RetryPolicy{MaxAttempts: 1, Resend: wrapper.ResendNever})

// Whatever a refusal says, and with whatever status: no panic, a text of one line and bounded length, nothing of what was
// sent in it, and the API's own codes and first message where the answer keeps the contract.
func FuzzErrorsBody(f *testing.F) {
	const sent = `canary "text"/ж`
	for _, errs := range []string{
		`null`, `[]`, `{}`, `[null]`, `"none"`, `[{}]`, `[{"code":null,"message":null}]`, `[{"code":"A"},{"code":"B"}]`,
		`[{"message":"'chatId' must not be null (rejected value: null)"}]`,
		`[{"code":"BAD_REQUEST","message":"'message' size must be between '1' and '4096' (rejected value: canary \"text\"/ж)"}]`,
		`[{"code":"BAD_REQUEST","message":"cannot send canary \"text\"/ж"},{"code":"canary \"text\"/ж","message":"Rejected value"}]`,
		`[{"code":"BAD_REQUEST","message":"cannot read {\"message\":\"canary \\\"text\\\"/ж\"}"}]`,
		`[{"code":"BAD_REQUEST","message":"POST canary+%22text%22%2F%D0%B6, canary%20%22text%22%2F%D0%B6, canary &#34;text&#34;/ж"}]`,
		`[{"code":"BAD_REQUEST","message":"\u0063anary \u0022text\u0022\/\u0436"}]`,
		`[{"code":"UNAUTHORIZED","message":"Api-Key ` + token + ` is invalid"},{"code":"` + token + `"}]`,
		`[{"code":"METHOD_FAILURE","message":"Hit rate limit of 4 parallel requests for businessId 4200"}]`,
		`[{"code":"INTERNAL_ERROR","message":"two\nlines\u0000 and \u001b[31mred"}]`,
		`[{"code":7,"message":"a number"},{"code":"X","message":["a list"]},{"code":"Y","message":"third"}]`,
		`[` + strings.Repeat(`{"code":"MANY","message":"many"},`, 99) + `{"code":"LAST"}]`,
	} {
		f.Add(400, `{"errors":`+errs+`,"status":"ERROR"}`, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		f.Add(200, `{"errors":`+errs+`,"status":"ERROR"}`, sent)
	}
	f.Add(403, `{"error":{"code":403,"message":"Token is invalid"},"errors":[{"code":"403","message":"Token is invalid"}],"status":"ERROR"}`, "")
	f.Add(500, `{"errors":[{"code":"INTERNAL_ERROR","message":"cut o`, token)
	f.Add(502, `<html>`+sent+`</html>`, "a\nb")
	f.Add(420, ``, "")
	checks, err := contract()
	require.NoError(f, err)
	hidden := []string{sent, `canary \"text\"/ж`, url.QueryEscape(sent), url.PathEscape(sent), html.EscapeString(sent), token}
	f.Fuzz(func(t *testing.T, status int, body, traceParent string) {
		if status < 100 || status > 999 {
			return // net/http refuses these itself
		}
		var log bytes.Buffer
		answer := reply{status: status, body: body, header: http.Header{"Traceparent": {traceParent}}}
		err := newClient(t, newScript(t, answer), newLog(&log, slog.LevelDebug), onceOnly).SendMessage(t.Context(), chatID, sent)
		if err == nil {
			return
		}
		e := asError(t, err)
		inJSON, jsonErr := json.Marshal(e)
		require.NoError(t, jsonErr)
		for _, secret := range hidden {
			require.NotContains(t, err.Error()+log.String()+string(inJSON), secret)
		}
		for _, said := range e.Errors {
			require.False(t, said.Message != nil && strings.Contains(strings.ToLower(*said.Message), "rejected value"))
		}
		require.NotContains(t, strings.TrimSuffix(log.String(), "\n"), "\n")
		require.Equal(t, -1, strings.IndexFunc(err.Error(), unicode.IsControl), err.Error())
		require.LessOrEqual(t, utf8.RuneCountInString(err.Error()), 2003)

		request, requestErr := gen.NewGetChatRequest(gen.ServerURL+"/", business, &gen.GetChatParams{ChatID: chatID})
		require.NoError(t, requestErr)
		said := http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}
		var kept gen.APIErrorResponse
		if status < 400 || checks.Response(request, &said) != nil || json.Unmarshal([]byte(body), &kept) != nil {
			return
		}
		const most, longest = 20, 2000
		require.Len(t, e.Errors, min(most, len(kept.Errors)))
		for i, original := range kept.Errors[:len(e.Errors)] {
			if len(original.Code) <= longest && !holds(original.Code, append(hidden, "rejected value")) {
				assert.Equal(t, original.Code, e.Errors[i].Code)
			}
		}
		if len(kept.Errors) > 0 && kept.Errors[0].Message != nil && len(*kept.Errors[0].Message) <= longest && !holds(*kept.Errors[0].Message, append(hidden, "rejected value")) {
			assert.Equal(t, *kept.Errors[0].Message, *e.Errors[0].Message)
		}
	})
}

func holds(text string, words []string) bool {
	for _, word := range words {
		if strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
			return true
		}
	}
	return false
}
