package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
)

// notices lists them as "where: rule".
func notices(list []*api.Violation) []string {
	var texts []string
	for _, n := range list {
		texts = append(texts, n.Where+": "+n.Rule)
	}
	return texts
}

func TestNotices(t *testing.T) {
	const full = `{"status":"OK","result":{"chatId":1,"context":{"type":"ORDER"},"type":"CHAT","status":"NEW",` +
		`"createdAt":"2026-01-01T00:00:00+03:00","updatedAt":"2026-02-28T00:00:00Z"}}`
	rows := map[string]struct {
		method, target string
		status         int
		body           string
		notices, wrong []string
	}{
		"a chat":           {"GET", chat + "?chatId=1", 200, full, nil, nil},
		"an unknown field": {"GET", chat + "?chatId=1", 200, strings.Replace(full, `"chatId":1`, `"chatId":1,"x":"canary"`, 1), nil, nil},
		"unknown values": {"GET", chat + "?chatId=1", 200, strings.NewReplacer("OK", "canary", "NEW", "canary").Replace(full),
			[]string{"body /result/status: enum [NEW WAITING_FOR_CUSTOMER WAITING_FOR_PARTNER WAITING_FOR_ARBITER WAITING_FOR_MARKET FINISHED]",
				"body /status: enum [OK ERROR]"}, nil},
		"a null":                            {"GET", chat + "?chatId=1", 200, strings.Replace(full, `"NEW"`, `null`, 1), nil, []string{"body /result/status: must not be null"}},
		"unknown values of an error":        {"GET", chat + "?chatId=1", 404, `{"status":"canary"}`, []string{"body /status: enum [OK ERROR]"}, nil},
		"beside a violation":                {"POST", newChat, 200, `{"status":"canary","result":{"chatId":0}}`, []string{"body /status: enum [OK ERROR]"}, []string{"body /result/chatId: minimum 1"}},
		"not JSON after an unknown value":   {"POST", newChat, 200, `{"status":"canary"`, nil, []string{"body: is not JSON"}},
		"an empty answer to a send":         {"POST", message, 200, ``, []string{"body: is empty, which means sent"}, nil},
		"an empty error of a send":          {"POST", message, 400, ``, nil, []string{"body: is not JSON"}},
		"an empty answer to something else": {"POST", newChat, 200, ``, nil, []string{"body: is not JSON"}},
		"what is no operation":              {"GET", "/v2/campaigns", 200, `{}`, nil, []string{"path: is not one of the contract"}},
		"a status that is not declared":     {"GET", chat + "?chatId=1", 502, `{"status":"canary"}`, nil, []string{"status: is not declared"}},
	}
	v := newValidator(t)
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			req, resp := request(t, row.method, row.target, ""), answer(row.status, row.body)
			assert.Equal(t, row.notices, notices(v.Notices(req, resp)))
			assert.Equal(t, row.wrong, places(v.Response(req, resp)))
			left, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, row.body, string(left), "both leave the answer as it was")
		})
	}
	assert.Empty(t, v.Notices(request(t, "GET", chat+"?chatId=1", ""), nil))
}

// A notice knows its operation, and an unknown value of a request stays a violation.
func TestNoticeOfAnOperation(t *testing.T) {
	v := newValidator(t)
	list := v.Notices(request(t, "POST", message, ""), answer(200, `{"status":"canary"}`))
	require.Len(t, list, 1)
	assert.Equal(t, api.Violation{Operation: "sendMessageToChat", Where: "body /status", Rule: "enum [OK ERROR]"}, *list[0])
	assert.Equal(t, []string{"body /context/type: enum [ORDER RETURN]"},
		places(v.Request(request(t, "POST", newChat, `{"context":{"type":"LOT","id":1}}`))))
}

// An empty answer needs no content type to mean sent.
func TestEmptyAnswerToASend(t *testing.T) {
	resp := &http.Response{StatusCode: 200, Body: http.NoBody}
	assert.NoError(t, newValidator(t).Response(request(t, "POST", message, ""), resp))
	resp.Header = http.Header{"Content-Encoding": {"gzip"}}
	assert.NoError(t, newValidator(t).Response(request(t, "POST", message, ""), resp))
	assert.Equal(t, []string{"body: is empty, which means sent"}, notices(newValidator(t).Notices(request(t, "POST", message, ""), resp)))
}
