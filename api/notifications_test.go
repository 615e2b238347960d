package api_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
)

func notificationValidator(t *testing.T) *api.Validator {
	t.Helper()
	v, err := api.NewNotificationValidator()
	require.NoError(t, err)
	return v
}

// post is a delivery as the Market makes it.
func post(body string) *http.Request {
	req := httptest.NewRequest(http.MethodPost, "https://shop.example/market/notification", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	return req
}

func rules(err error) string {
	var list []string
	for _, v := range api.Violations(err) {
		list = append(list, v.Where+": "+v.Rule)
	}
	return strings.Join(list, "; ")
}

const goodMessage = `{"notificationType":"CHAT_MESSAGE_SENT","chatId":7,"messageId":"9","businessId":1,"sentAt":"2026-03-01T09:00:00.213Z"}`

func TestDeliveries(t *testing.T) {
	v := notificationValidator(t)
	with := func(old, by string) string {
		require.Contains(t, goodMessage, old)
		return strings.Replace(goodMessage, old, by, 1)
	}
	for name, row := range map[string]struct{ body, want string }{
		"a message":             {goodMessage, ""},
		"a chat":                {`{"notificationType":"CHAT_CREATED","chatId":7,"businessId":1,"createdAt":"2026-03-01T12:00:00+03:00"}`, ""},
		"a dispute":             {`{"notificationType":"CHAT_ARBITRAGE_STARTED","chatId":7,"businessId":1,"startedAt":"2026-03-01T12:00:00Z"}`, ""},
		"the end of a dispute":  {`{"notificationType":"CHAT_ARBITRAGE_FINISHED","chatId":7,"businessId":1,"finishedAt":"2026-03-01T12:00:00Z"}`, ""},
		"PING":                  {`{"notificationType":"PING","time":"2025-01-16T10:09:49.759084017Z"}`, ""},
		"PING without its time": {`{"notificationType":"PING"}`, ""},
		"an order":              {`{"notificationType":"ORDER_CREATED","orderId":1}`, ""},
		"a type of the future":  {`{"notificationType":"CHAT_READ","chatId":"x"}`, ""},
		"a field of the future": {with(`"chatId":7`, `"chatId":7,"later":{"a":[1]}`), ""},
		"chat 0":                {with(`"chatId":7`, `"chatId":0`), ""},

		"no body":                       {``, "body: required"},
		"no JSON":                       {`hello`, "body: is not JSON"},
		"bytes after it":                {goodMessage + `{}`, "body: has bytes after the JSON"},
		"a list":                        {`[]`, "body: type object"},
		"no type":                       {with(`"notificationType":"CHAT_MESSAGE_SENT",`, ``), "body /notificationType: required"},
		"an empty type":                 {with(`CHAT_MESSAGE_SENT`, ``), "body /notificationType: must not be empty"},
		"a number for the type":         {with(`"CHAT_MESSAGE_SENT"`, `5`), "body /notificationType: type string"},
		"no chat":                       {with(`"chatId":7,`, ``), "body /chatId: required"},
		"a text for a number":           {with(`"chatId":7`, `"chatId":"7"`), "body /chatId: type integer"},
		"a number beyond int64":         {with(`"chatId":7`, `"chatId":9223372036854775808`), "body /chatId: format int64"},
		"a number for a text":           {with(`"messageId":"9"`, `"messageId":9`), "body /messageId: type string"},
		"cabinet 0":                     {with(`"businessId":1`, `"businessId":0`), "body /businessId: minimum 1"},
		"a date that does not exist":    {with(`2026-03-01`, `2026-02-30`), "body /sentAt: format date-time"},
		"a date without an offset":      {with(`.213Z`, ``), "body /sentAt: format date-time"},
		"a name in another case":        {with(`"chatId":7`, `"chatId":7,"ChatID":7`), "body /ChatID: is declared in another case"},
		"a name twice":                  {with(`"chatId":7`, `"chatId":7,"chatId":8`), "body /chatId: comes twice"},
		"nothing but a type":            {`{"notificationType":"CHAT_CREATED"}`, "body /businessId: required; body /chatId: required; body /createdAt: required"},
		"more than 1 MiB":               {`{"notificationType":"A","x":"` + strings.Repeat("x", 1<<20) + `"}`, "body: has more than 1048576 bytes"},
		"up to 1 MiB":                   {`{"notificationType":"A","x":"` + strings.Repeat("x", 1<<20-31) + `"}`, ""},
		"nested deeper than is read":    {`{"notificationType":"A","x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`, "body: is not JSON"},
		"text that is not UTF-8":        {with(`"9"`, "\"\xcf\""), "body: is not UTF-8"},
		"null":                          {`null`, "body: must not be null"},
		"a type that is null":           {`{"notificationType":null}`, "body /notificationType: must not be null"},
		"a required field that is null": {with(`"chatId":7`, `"chatId":null`), "body /chatId: must not be null"},
	} {
		t.Run(name, func(t *testing.T) {
			req := post(row.body)
			assert.Equal(t, row.want, rules(v.Request(req)))
			left, err := io.ReadAll(req.Body)
			require.NoError(t, err)
			assert.Equal(t, row.body, string(left), "the body can be read again")
		})
	}
	req := post(goodMessage)
	req.Header.Set("Content-Type", "text/plain")
	assert.Equal(t, "header Content-Type: must be application/json, in UTF-8", rules(v.Request(req)))
	req = post(goodMessage)
	req.Method = http.MethodGet
	assert.Equal(t, "method: is not one of the path", rules(v.Request(req)))
	req = post("")
	req.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{}))
	err := v.Request(req)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Empty(t, rules(err), "a body whose reading fails is no violation")
	assert.Equal(t, "sendNotification", v.Operation(post("")))
	assert.Equal(t, []string{"sendNotification"}, v.Operations())
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestAnswersToDeliveries(t *testing.T) {
	v := notificationValidator(t)
	const good = `{"version":"1.0.0","name":"shop","time":"2026-03-01T09:00:00Z"}`
	for name, row := range map[string]struct {
		status            int
		contentType, body string
		want              string
	}{
		"taken":                 {200, "application/json", good, ""},
		"with a charset":        {200, "application/json; charset=UTF-8", good, ""},
		"with something more":   {200, "application/json", `{"more":1,` + good[1:], ""},
		"an error":              {500, "application/json", `{"error":{"type":"UNKNOWN","message":"x"}}`, ""},
		"an error of no kind":   {400, "application/json", `{}`, ""},
		"a foreign sender":      {403, "application/json", `{"error":{"type":"UNKNOWN"}}`, ""},
		"plain text":            {200, "text/plain; charset=utf-8", good, "header Content-Type: must be application/json, in UTF-8"},
		"no type at all":        {200, "", good, "header Content-Type: must be application/json, in UTF-8"},
		"nothing":               {200, "application/json", ``, "body: is not JSON"},
		"OK":                    {200, "application/json", `{"status":"OK"}`, "body /name: required; body /time: required; body /version: required"},
		"an empty name":         {200, "application/json", strings.Replace(good, "shop", "", 1), "body /name: minLength 1"},
		"a long version":        {200, "application/json", strings.Replace(good, "1.0.0", strings.Repeat("1", 101), 1), "body /version: maxLength 100"},
		"a time of its own":     {200, "application/json", strings.Replace(good, "T", " ", 1), "body /time: format date-time"},
		"an unknown error":      {400, "application/json", `{"error":{"type":"BAD"}}`, "body /error/type: enum [UNKNOWN WRONG_EVENT_FORMAT DUPLICATED_EVENT]"},
		"another status":        {204, "application/json", ``, "status: is not declared"},
		"a redirect":            {302, "application/json", ``, "status: is not declared"},
		"more than can be read": {200, "application/json", good + strings.Repeat(" ", 1<<20), "body: is too large to be checked"},
	} {
		t.Run(name, func(t *testing.T) {
			resp := &http.Response{StatusCode: row.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(row.body))}
			if row.contentType != "" {
				resp.Header.Set("Content-Type", row.contentType)
			}
			assert.Equal(t, row.want, rules(v.Response(post(goodMessage), resp)))
		})
	}
	assert.Equal(t, "status: there is no answer", rules(v.Response(post(goodMessage), nil)))
	assert.NoError(t, v.Response(post(goodMessage), &http.Response{StatusCode: 200}), "a body that nobody recorded")
	req := post(goodMessage)
	req.Method = http.MethodGet
	assert.Equal(t, "method: is not one of the path", rules(v.Response(req, nil)))
	failing := &http.Response{StatusCode: 200, Body: io.NopCloser(broken{})}
	err := v.Response(post(goodMessage), failing)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Empty(t, rules(err), "a body whose reading fails is no violation")
}

// Transport and Handler check deliveries and answers, in both directions.
func TestDeliveriesInTraffic(t *testing.T) {
	v := notificationValidator(t)
	say := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, text)
		})
	}
	const good, bad = `{"version":"1.0.0","name":"shop","time":"2026-03-01T09:00:00Z"}`, `{"status":"OK"}`
	for name, row := range map[string]struct {
		delivery, answer string
		status           int
		violation        string
	}{
		"all is well":    {goodMessage, good, 200, ""},
		"a bad delivery": {`{}`, good, 400, "body /notificationType: required"},
		"a bad answer":   {goodMessage, bad, 500, "body /name: required; body /time: required; body /version: required"},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			v.Handler(say(row.answer)).ServeHTTP(w, post(row.delivery))
			assert.Equal(t, row.status, w.Code)

			server := httptest.NewServer(say(row.answer))
			defer server.Close()
			client := http.Client{Transport: v.Transport(nil)}
			resp, err := client.Post(server.URL+"/any/path", "application/json", strings.NewReader(row.delivery))
			if err == nil {
				require.NoError(t, resp.Body.Close())
			}
			assert.Equal(t, row.violation, rules(err))
		})
	}
}

// With WithReport deliveries and answers pass as they are, and what is wrong with them is reported.
func TestReportedDeliveries(t *testing.T) {
	var reported []string
	v, err := api.NewNotificationValidator(api.WithReport(func(err error) { reported = append(reported, rules(err)) }))
	require.NoError(t, err)
	shop := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"version":"1","name":"shop"}`)
	})
	w := httptest.NewRecorder()
	v.Handler(shop).ServeHTTP(w, post(`{}`))
	assert.Equal(t, 200, w.Code)
	assert.Equal(t, []string{"body /notificationType: required", "body /time: required"}, reported)
}

func TestPackedDelivery(t *testing.T) {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, err := zip.Write([]byte(`{"notificationType":"CHAT_CREATED"}`))
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	req := post(packed.String())
	req.Header.Set("Content-Encoding", "gzip")
	assert.Equal(t, "body /businessId: required; body /chatId: required; body /createdAt: required",
		rules(notificationValidator(t).Request(req)))
}

func TestNotificationOptions(t *testing.T) {
	_, err := api.NewNotificationValidator(nil)
	assert.EqualError(t, err, "api: an option is nil")
	_, err = api.NewNotificationValidator(api.WithBasePaths("/v2"))
	assert.EqualError(t, err, "api: WithBasePaths is given, but a delivery may come to any path")
	_, err = api.NewNotificationValidator(api.WithBasePaths("v2"))
	assert.ErrorContains(t, err, `the base path "v2" is not allowed`)
}

func ExampleLoadNotifications() {
	doc, err := api.LoadNotifications()
	if err != nil {
		panic(err)
	}
	fmt.Println(doc.Info.Title, doc.Paths.Value("/notification").Post.OperationID)
	// Output: Yandex Market notifications sendNotification
}

func ExampleNewNotificationValidator() {
	validator, err := api.NewNotificationValidator()
	if err != nil {
		panic(err)
	}
	shop := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"status":"OK"}`) // a receiver that the Market would refuse
	})
	delivery := httptest.NewRequest(http.MethodPost, "/market", strings.NewReader(`{"notificationType":"PING"}`))
	delivery.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	validator.Handler(shop).ServeHTTP(w, delivery)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 500 the answer 200 breaks the contract
	// sendNotification: body /name: required
	// sendNotification: body /time: required
	// sendNotification: body /version: required
}
