package sandbox_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// Deliveries are listed with their verdict in the control API.
func TestDeliveriesAreShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market := sandbox.New()
		_, none := drive(t, market, "GET", "/_sandbox/deliveries", "")
		assert.JSONEq(t, `[]`, none)
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
