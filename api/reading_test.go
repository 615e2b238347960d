package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The operations that read have lists, lists of values that differ, and parameters with a largest value, a default and
// another name.
func TestRequestsThatRead(t *testing.T) {
	rows := []struct {
		what, method, target, body string
		want                       []string
	}{
		{"all chats", "POST", allChats, `{}`, nil},
		{"no body", "POST", allChats, ``, []string{"body: required"}},
		{"no filters", "POST", allChats, `{"orderIds":null,"contexts":null,"contextTypes":null,"types":null,"statuses":null}`, nil},
		{"all filters", "POST", allChats + "?limit=20&pageToken=x", `{"orderIds":[-1,0],"contexts":[{"type":"ORDER","id":1},{"type":"RETURN","id":1}],` +
			`"contextTypes":["DIRECT"],"types":["CHAT","ARBITRAGE"],"statuses":["NEW"]}`, nil},
		{"empty filters", "POST", allChats, `{"orderIds":[],"statuses":[]}`, []string{"body /orderIds: minItems 1", "body /statuses: minItems 1"}},
		{"an order twice", "POST", allChats, `{"orderIds":[1,2,1]}`, []string{"body /orderIds: uniqueItems"}},
		{"a status twice", "POST", allChats, `{"statuses":["NEW","FINISHED","NEW"]}`, []string{"body /statuses: uniqueItems"}},
		{"a status twice, escaped", "POST", allChats, `{"statuses":["NEW","\u004eEW"]}`, []string{"body /statuses: uniqueItems"}},
		{"a context twice, turned around", "POST", allChats, `{"contexts":[{"type":"ORDER","id":1}, {"id":1,"type":"ORDER"}]}`, []string{"body /contexts: uniqueItems"}},
		{"a context that is none", "POST", allChats, `{"contexts":[{"type":"DIRECT","id":0}]}`,
			[]string{"body /contexts/0/type: enum [ORDER RETURN]", "body /contexts/0/id: minimum 1"}},
		{"a status that is none", "POST", allChats, `{"statuses":["new"]}`, []string{
			"body /statuses/0: enum [NEW WAITING_FOR_CUSTOMER WAITING_FOR_PARTNER WAITING_FOR_ARBITER WAITING_FOR_MARKET FINISHED]"}},
		{"an order that is a text", "POST", allChats, `{"orderIds":["1"]}`, []string{"body /orderIds/0: type integer"}},
		{"a list that is none", "POST", allChats, `{"types":"CHAT"}`, []string{"body /types: type array"}},
		{"more than a page has", "POST", allChats + "?limit=21", `{}`, []string{"query limit: maximum 20"}},
		{"less than one", "POST", allChats + "?limit=0", `{}`, []string{"query limit: minimum 1"}},
		{"beyond 32 bits", "POST", allChats + "?limit=2147483648", `{}`, []string{"query limit: format int32", "query limit: maximum 20"}},
		{"the other name of the page", "POST", allChats + "?page_token=x", `{}`, nil},
		{"both names of the page", "POST", allChats + "?page_token=x&pageToken=x", `{}`, []string{"query pageToken: comes more than once"}},
		{"another other name", "POST", allChats + "?pagetoken=x", `{}`, []string{"query pagetoken: is not declared"}},

		{"all messages", "POST", history, `{}`, nil},
		{"as many as a page has", "POST", history + "&limit=100&pageToken=", `{"messageIdFrom":1}`, nil},
		{"more messages than a page has", "POST", history + "&limit=101", `{}`, []string{"query limit: maximum 100"}},
		{"from no message", "POST", history, `{"messageIdFrom":0}`, []string{"body /messageIdFrom: minimum 1"}},
		{"no chat", "POST", strings.TrimSuffix(history, "?chatId=1"), `{}`, []string{"query chatId: required"}},

		{"a message", "GET", message + "&messageId=1", ``, nil},
		{"no message", "GET", message, ``, []string{"query messageId: required"}},
		{"message 0", "GET", message + "&messageId=0", ``, []string{"query messageId: minimum 1"}},
		{"a message with a body", "GET", message + "&messageId=1", `{}`, []string{"body: none is declared"}},
	}
	v := newValidator(t)
	for _, row := range rows {
		t.Run(row.what, func(t *testing.T) {
			assert.ElementsMatch(t, row.want, places(v.Request(request(t, row.method, row.target, row.body))))
		})
	}
}

// What the operations answer that read.
func TestAnswersThatWereRead(t *testing.T) {
	const about = `"context":{"type":"ORDER"}`
	const at = `"createdAt":"2026-11-28T18:00:00+03:00"`
	rows := map[string]struct {
		target, result string
		want           []string
	}{
		"no chats":          {allChats, `{"chats":[]}`, nil},
		"no list of chats":  {allChats, `{}`, []string{"body /result/chats: required"}},
		"the last page":     {allChats, `{"chats":[],"paging":{}}`, nil},
		"a page before":     {allChats, `{"chats":[],"paging":{"nextPageToken":"x"}}`, nil},
		"a token by number": {allChats, `{"chats":[],"paging":{"nextPageToken":7}}`, []string{"body /result/paging/nextPageToken: type string"}},
		"a chat that lacks": {allChats, `{"chats":[{"chatId":1,` + about + `,"type":"CHAT","status":"NEW",` + at + `}]}`,
			[]string{"body /result/chats/0/updatedAt: required"}},
		"no messages":          {history, `{` + about + `,"messages":[]}`, nil},
		"no context":           {history, `{"messages":[]}`, []string{"body /result/context: required"}},
		"a text":               {history, `{` + about + `,"messages":[{"messageId":1,` + at + `,"sender":"CUSTOMER","message":""}]}`, nil},
		"a file":               {history, `{` + about + `,"messages":[{"messageId":1,` + at + `,"sender":"PARTNER","payload":[{"name":"","url":"x","size":0}]}]}`, nil},
		"no files":             {history, `{` + about + `,"messages":[{"messageId":1,` + at + `,"sender":"PARTNER","payload":null}]}`, nil},
		"a new kind of sender": {history, `{` + about + `,"messages":[{"messageId":1,` + at + `,"sender":"ROBOT"}]}`, nil},
		"an empty list of files": {history, `{` + about + `,"messages":[{"messageId":1,` + at + `,"sender":"PARTNER","payload":[]}]}`,
			[]string{"body /result/messages/0/payload: minItems 1"}},
		"a file that lacks": {history, `{` + about + `,"messages":[{"messageId":1,` + at + `,"sender":"PARTNER","payload":[{"url":"` + strings.Repeat("x", 2001) + `","size":2147483648}]}]}`,
			[]string{"body /result/messages/0/payload/0/name: required", "body /result/messages/0/payload/0/url: maxLength 2000", "body /result/messages/0/payload/0/size: format int32"}},
	}
	v := newValidator(t)
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			body := `{"status":"OK","result":` + row.result + `}`
			assert.ElementsMatch(t, row.want, places(v.Response(request(t, "POST", row.target, "{}"), answer(200, body))))
		})
	}
	one := `{"status":"OK","result":{"messageId":0,` + at + `,"sender":"SUPPORT"}}`
	assert.Equal(t, []string{"body /result/messageId: minimum 1"}, places(v.Response(request(t, "GET", message+"&messageId=1", ""), answer(200, one))))
}
