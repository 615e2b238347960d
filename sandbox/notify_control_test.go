package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// Deliveries are listed with their verdict, in the control API and on the page.
func TestDeliveriesAreShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market := sandbox.New()
		_, none := drive(t, market, "GET", "/_sandbox/deliveries", "")
		assert.JSONEq(t, `[]`, none)
		assert.Contains(t, pageOf(t, market, ""), "None. Name a shop")
		good, posted := (&rememberingShop{}).handler(t), 0
		answers := map[int]http.Handler{2: answersWith("text/plain", 200, `{}`), 4: answersWith("application/json", 400, `{}`)}
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
		page := words(section(t, pageOf(t, market, ""), "deliveries"))
		for _, shown := range []string{"to 1 shop, the newest first 5 of 5 shown", "header Content-Type: must be application/json, in UTF-8", "attempt 2", "not taken, answered with 400 does not come again", "not taken, no answer again at ", "taken, answered with 200", `"chatId":7000001`} {
			assert.Contains(t, page, shown)
		}
	})
}

// The page shows the newest fifty deliveries, and leads to the others.
func TestPageOfManyDeliveries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market := sandbox.New()
		good := (&rememberingShop{}).handler(t)
		require.NoError(t, market.Notify(t.Context(), "http://shop", &http.Client{Transport: aborting{good}}))
		for range 30 {
			_, err := market.Direct(7, "Hello?")
			require.NoError(t, err)
		}
		synctest.Wait()
		numbers := func(query string) (ids []string) {
			for _, match := range regexp.MustCompile(`id="delivery-(\d+)"`).FindAllStringSubmatch(pageOf(t, market, query), -1) {
				ids = append(ids, match[1])
			}
			return ids
		}
		newest := numbers("")
		require.Len(t, newest, 50)
		assert.Equal(t, "61", newest[0])
		assert.Equal(t, strings.Fields("11 10 9 8 7 6 5 4 3 2 1"), numbers("?deliveries=2"))
		assert.Contains(t, words(section(t, pageOf(t, market, "?deliveries=2"), "deliveries")), "51 to 61 of 61 shown")
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
