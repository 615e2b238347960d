package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// request makes a request of the control API, as a test in another language does.
func request(market *sandbox.Market, method, path, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder()
	market.Site().ServeHTTP(w, r)
	return w
}

// Deliveries are listed with their verdict, in the control API and on the page.
func TestDeliveriesAreShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market := sandbox.New()
		_, none := drive(t, market, "GET", "/_sandbox/deliveries", "")
		assert.JSONEq(t, `[]`, none)
		assert.Contains(t, request(market, "GET", "/_sandbox/", "", "").Body.String(), "None. Name a shop")
		good, posted := (&told{}).handler(t), 0
		answers := map[int]http.Handler{2: says("text/plain", 200, `{}`), 4: says("application/json", 400, `{}`)}
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			posted++
			if bad := answers[posted]; bad != nil {
				bad.ServeHTTP(w, r)
				return
			}
			if posted == 5 {
				panic(http.ErrAbortHandler)
			}
			good.ServeHTTP(w, r)
		})
		require.NoError(t, market.Notify(t.Context(), "http://shop", &http.Client{Transport: aborting{h}}))
		status, begun := drive(t, market, "POST", "/_sandbox/chats", `{"businessId":7,"text":"<b>Hello?</b>"}`)
		assert.Equal(t, 201, status)
		assert.JSONEq(t, `{"chatId":7000001}`, begun)
		synctest.Wait()
		market.Advance(60_000_000_000)
		synctest.Wait()
		require.NoError(t, market.Reply(7000001, "Still there?"))
		synctest.Wait()

		_, listed := drive(t, market, "GET", "/_sandbox/deliveries", "")
		var list []struct {
			BusinessID int64 `json:"businessId"`
			Type, Body string
			Attempt    int
			Status     int
			Taken      bool
			Violations []string
			Again      *string
		}
		require.NoError(t, json.Unmarshal([]byte(listed), &list))
		require.Len(t, list, 5)
		var got []string
		for _, d := range list {
			got = append(got, fmt.Sprint(d.BusinessID, " ", d.Type, " ", d.Attempt, " ", d.Status, " ", d.Taken, " ", d.Violations, " ", d.Again != nil))
		}
		assert.Equal(t, []string{
			"0 PING 1 200 true [] false",
			"7 CHAT_CREATED 1 200 false [header Content-Type: must be application/json, in UTF-8] true",
			"7 CHAT_CREATED 2 200 true [] false",
			"7 CHAT_MESSAGE_SENT 1 400 false [] false",
			"7 CHAT_MESSAGE_SENT 1 0 false [EOF] true",
		}, got)
		page := request(market, "GET", "/_sandbox/", "", "").Body.String()
		for _, shown := range []string{"5 posted, to 1 shop,", "header Content-Type: must be application/json, in UTF-8", "attempt 2", "does not come again", "again at ", "begun by a buyer"} {
			assert.Contains(t, page, shown)
		}
	})
}

// aborting says EOF where a handler panics, as a connection does.
type aborting struct{ http.Handler }

func (a aborting) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	defer func() {
		if recover() != nil {
			resp, err = nil, io.EOF
		}
	}()
	w := httptest.NewRecorder()
	req = req.Clone(req.Context())
	req.RemoteAddr = "127.0.0.1:1"
	a.ServeHTTP(w, req)
	return w.Result(), nil
}

func TestBeginChatByHTTP(t *testing.T) {
	market := sandbox.New()
	for body, says := range map[string]string{
		``: "JSON", `{}`: `property "businessId" is missing`, `{"businessId":1}`: `property "text" is missing`,
		`{"businessId":0,"text":"x"}`: "businessId", `{"businessId":1,"text":""}`: "text", `{"businessId":1,"text":"x","more":1}`: "more",
	} {
		status, answer := drive(t, market, "POST", "/_sandbox/chats", body)
		assert.Equal(t, 400, status, body)
		assert.Contains(t, answer, strings.ReplaceAll(says, `"`, `\"`))
	}
	_, chats := drive(t, market, "GET", "/_sandbox/chats", "")
	assert.JSONEq(t, `[]`, chats)
}

// The buttons of the page let a buyer write, and begin a chat; the browser is sent back to the chat.
func TestButtons(t *testing.T) {
	market := sandbox.New(sandbox.WithBusiness(42))
	const form = "application/x-www-form-urlencoded"
	assert.Contains(t, request(market, "GET", "/_sandbox/", "", "").Body.String(), `name="cabinet" value="42"`)
	w := request(market, "POST", "/_sandbox/buyer", form, url.Values{"cabinet": {"42"}}.Encode())
	assert.Equal(t, 303, w.Code)
	assert.Equal(t, "/_sandbox/#chat-7000001", w.Header().Get("Location"))
	w = request(market, "POST", "/_sandbox/buyer", form, url.Values{"chat": {"7000001"}}.Encode())
	assert.Equal(t, 303, w.Code)
	assert.Equal(t, "/_sandbox/#chat-7000001", w.Header().Get("Location"))
	messages := market.Messages(7000001)
	require.Len(t, messages, 2)
	assert.True(t, messages[0].FromBuyer && messages[1].FromBuyer)
	assert.NotEqual(t, messages[0].Text, messages[1].Text)
	assert.Contains(t, request(market, "GET", "/_sandbox/", "", "").Body.String(), `name="chat" value="7000001"`)

	for body, says := range map[string]string{
		"": "the form must name a chat or a cabinet by its number", "chat=x": "the form must name", "cabinet=x": "the form must name",
		"chat=5": "there is no chat 5", "cabinet=0": "allowed is 1 and above", "chat=" + strings.Repeat("1", 2000): "the form must name",
	} {
		w := request(market, "POST", "/_sandbox/buyer", form, body)
		assert.Equal(t, 400, w.Code, body)
		assert.Contains(t, w.Body.String(), says)
	}
	r := httptest.NewRequest("POST", "http://127.0.0.1:8080/_sandbox/buyer", strings.NewReader("cabinet=42"))
	r.Header = http.Header{"Content-Type": {form}, "Origin": {"https://example.com"}}
	w = httptest.NewRecorder()
	market.Site().ServeHTTP(w, r)
	assert.Equal(t, 403, w.Code, "a page of another address must not press the button")
	assert.Len(t, market.Messages(7000001), 2)
}
