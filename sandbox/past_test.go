package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

// A chat as it was: made at 12:00, the shop wrote at 12:10, the buyer at 12:20, and now it is 12:30.
func TestCachedAndLagging(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	m := newMarket(sandbox.WithClock(func() time.Time { return now }))
	chat := startChat(t, m, order5)
	now = now.Add(10 * time.Minute)
	require.Equal(t, 200, rawSend(m, chat).Code)
	now = now.Add(10 * time.Minute)
	require.NoError(t, m.Reply(chat, "Where is it?"))
	now = now.Add(10 * time.Minute)

	for ago, want := range map[time.Duration]struct{ date, age, updated, status string }{
		0:                              {"12:30:00", "0", "12:20:00", "WAITING_FOR_PARTNER"},
		10 * time.Minute:               {"12:20:00", "600", "12:20:00", "WAITING_FOR_PARTNER"},
		10*time.Minute + time.Second:   {"12:19:59", "601", "12:10:00", "WAITING_FOR_CUSTOMER"},
		20*time.Minute + time.Second:   {"12:09:59", "1201", "12:00:00", "NEW"},
		30 * time.Minute:               {"12:00:00", "1800", "12:00:00", "NEW"},
		1500*time.Second + time.Minute: {"12:04:00", "1560", "12:00:00", "NEW"},
	} {
		m.Script("getChat", sandbox.Cached(ago), sandbox.Lagging(ago))
		for _, cached := range []bool{true, false} {
			a := ask(t, m, "GET", chatOf(chat), "")
			var body gen.GetChatResponse
			require.NoError(t, json.Unmarshal([]byte(a.body), &body))
			assert.Equal(t, want.updated, body.Result.UpdatedAt.UTC().Format(time.TimeOnly), ago)
			assert.Equal(t, want.status, string(body.Result.Status), ago)
			assert.Equal(t, chat, body.Result.ChatID)
			date, err := http.ParseTime(a.header.Get("Date"))
			require.NoError(t, err)
			if cached {
				assert.Equal(t, want.date, date.Format(time.TimeOnly), ago)
				assert.Equal(t, want.age, a.header.Get("Age"))
			} else {
				assert.Equal(t, "12:30:00", date.Format(time.TimeOnly), "a lag is not told")
				assert.NotContains(t, a.header, "Age")
			}
		}
	}
	for _, bad := range []func(){func() { sandbox.Cached(-1) }, func() { sandbox.Lagging(-1) }} {
		assert.Panics(t, bad)
	}
}

// Everything that reads says what was true then: of two chats, of which the first one began at 12:00, heard of the shop
// at 12:10, of its buyer at 12:20, and had a dispute from 12:25 on; the second one began at 12:22. Now it is 12:30.
func TestPastOfEveryReading(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	at := func(minute int) { now = now.Truncate(time.Hour).Add(time.Duration(minute) * time.Minute) }
	m := newMarket(sandbox.WithClock(func() time.Time { return now }))
	chat := startChat(t, m, order5)
	at(10)
	require.Equal(t, 200, rawSend(m, chat).Code)
	at(20)
	require.NoError(t, m.Reply(chat, "Where is it?"))
	at(22)
	other := startChat(t, m, `{"context":{"type":"ORDER","id":6}}`)
	at(25)
	require.NoError(t, m.StartDispute(chat))
	at(30)

	listed := fmt.Sprintf("%d:CHAT:NEW", chat)
	for minutes, want := range map[int]struct{ chats, history, message string }{
		0:  {fmt.Sprintf("%d:ARBITRAGE:WAITING_FOR_ARBITER %d:CHAT:NEW", chat, other), "Where is it?, hello", "Where is it?"},
		5:  {fmt.Sprintf("%d:ARBITRAGE:WAITING_FOR_ARBITER %d:CHAT:NEW", chat, other), "Where is it?, hello", "Where is it?"},
		6:  {fmt.Sprintf("%d:CHAT:NEW %d:CHAT:WAITING_FOR_PARTNER", other, chat), "Where is it?, hello", "Where is it?"},
		9:  {fmt.Sprintf("%d:CHAT:WAITING_FOR_PARTNER", chat), "Where is it?, hello", "Where is it?"},
		11: {fmt.Sprintf("%d:CHAT:WAITING_FOR_CUSTOMER", chat), "hello", ""},
		25: {listed, "", ""},
		30: {listed, "", ""},
		31: {"", "404", "404"},
	} {
		for _, fault := range []sandbox.Fault{
			sandbox.Lagging(time.Duration(minutes) * time.Minute),
			sandbox.Cached(time.Duration(minutes) * time.Minute),
			sandbox.CommitThen(sandbox.Delay(0, sandbox.Lagging(time.Duration(minutes)*time.Minute))),
		} {
			for _, operation := range []string{"getChats", "getChatHistory", "getChatMessage"} {
				m.Script(operation, fault)
			}
			assert.Equal(t, want.chats, listOf(t, m, `{}`), "%d min", minutes)
			assert.Equal(t, want.history, historyOf(t, m, chat), "%d min", minutes)
			a := ask(t, m, "GET", fmt.Sprintf("%s&messageId=%d000002", messageTo(chat), chat), "")
			switch want.message {
			case "":
				_, says := a.error(t)
				assert.Equal(t, fmt.Sprintf("Can't find message by id: '%d000002' for chat '%[1]d'", chat), says)
			case "404":
				_, says := a.error(t)
				assert.Equal(t, fmt.Sprintf("Can't find chat by id: '%d'", chat), says)
			default:
				assert.Contains(t, a.body, want.message)
			}
		}
	}
}

// listOf is what getChats says: id, type and status of each chat of the page.
func listOf(t *testing.T, m http.Handler, filter string) string {
	t.Helper()
	a := ask(t, m, "POST", "/v2/businesses/1/chats?limit=20", filter)
	require.Equal(t, 200, a.status, a.body)
	var r gen.GetChatsResponse
	require.NoError(t, json.Unmarshal([]byte(a.body), &r))
	var list []string
	for _, chat := range r.Result.Chats {
		list = append(list, fmt.Sprintf("%d:%s:%s", chat.ChatID, chat.Type, chat.Status))
	}
	return strings.Join(list, " ")
}

// historyOf is what getChatHistory says: the texts of the page, or the status of a refusal.
func historyOf(t *testing.T, m http.Handler, chat int64) string {
	t.Helper()
	a := ask(t, m, "POST", fmt.Sprintf("/v2/businesses/1/chats/history?chatId=%d", chat), `{}`)
	if a.status != 200 {
		return fmt.Sprint(a.status)
	}
	var r gen.GetChatHistoryResponse
	require.NoError(t, json.Unmarshal([]byte(a.body), &r))
	var texts []string
	for _, message := range r.Result.Messages {
		texts = append(texts, *message.Message)
	}
	return strings.Join(texts, ", ")
}

// What did not reach its operation stays as it is.
func TestPastLeavesRefusals(t *testing.T) {
	m := newMarket()
	chat := startChat(t, m, order5)
	m.Every("getChat", sandbox.Cached(time.Hour))
	missing := ask(t, m, "GET", chatOf(1), "")
	assert.Equal(t, 404, missing.status)
	assert.NotContains(t, missing.header, "Age")
	m.Script("getChat", func(http.Handler) http.Handler { return sandbox.Cached(time.Hour)(sandbox.HTML(200)(nil)) })
	assert.Contains(t, rawAsk(m, "GET", chatOf(chat)).Body.String(), "<h1>")
}
