package wrapper_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// messagesReply is a page of getChatHistory with messages that are written id@minute.
func messagesReply(next string, messages ...string) reply {
	var list []string
	for _, m := range messages {
		id, minute, _ := strings.Cut(m, "@")
		list = append(list, `{"messageId":`+id+`,"createdAt":"2026-11-28T18:`+minute+`:00+03:00","sender":"CUSTOMER"}`)
	}
	return pageReply(`"context":{"type":"ORDER","orderId":5},"messages":[`+strings.Join(list, ",")+`]`, next)
}

// chatsReply is a page of getChats.
func chatsReply(next string, ids ...int64) reply {
	var list []string
	for _, id := range ids {
		list = append(list, fmt.Sprintf(`{"chatId":%d,"context":{"type":"ORDER","orderId":5},"type":"CHAT","status":"NEW",`+
			`"createdAt":"2026-11-28T18:00:00+03:00","updatedAt":"2026-11-28T18:00:00+03:00"}`, id))
	}
	return pageReply(`"chats":[`+strings.Join(list, ",")+`]`, next)
}

func pageReply(result, next string) reply {
	if next != "" {
		result += `,"paging":{"nextPageToken":"` + next + `"}`
	}
	return reply{status: 200, keeps: true, body: `{"status":"OK","result":{` + result + `}}`}
}

func ids(messages []gen.ChatMessageDTO) (ids []int64) {
	for _, m := range messages {
		ids = append(ids, m.MessageID)
	}
	return ids
}

// Whatever the Market's order is: the oldest come first, each once, without the one that they come after.
func TestMessagesAreInOrder(t *testing.T) {
	for what, row := range map[string]struct {
		after int64
		pages []reply
		want  []int64
	}{
		"none":                           {0, []reply{messagesReply("")}, nil},
		"the newest first":               {0, []reply{messagesReply("", "3@03", "2@02", "1@01")}, []int64{1, 2, 3}},
		"ids that fall":                  {0, []reply{messagesReply("", "1@03", "2@02", "3@01")}, []int64{3, 2, 1}},
		"equal times":                    {0, []reply{messagesReply("", "9@01", "8@01", "7@02", "10@01")}, []int64{8, 9, 10, 7}},
		"several pages":                  {0, []reply{messagesReply("b", "3@03"), messagesReply("c", "2@02"), messagesReply("", "1@01")}, []int64{1, 2, 3}},
		"pages that move":                {0, []reply{messagesReply("b", "4@04", "3@03"), messagesReply("", "3@03", "2@02", "1@01")}, []int64{1, 2, 3, 4}},
		"an empty page between":          {0, []reply{messagesReply("b", "2@02"), messagesReply("c"), messagesReply("", "1@01")}, []int64{1, 2}},
		"after one":                      {2, []reply{messagesReply("", "2@02", "3@03")}, []int64{3}},
		"after one that has been erased": {2, []reply{messagesReply("", "3@03")}, []int64{3}},
		"after the last one":             {3, []reply{messagesReply("", "3@03")}, nil},
	} {
		t.Run(what, func(t *testing.T) {
			market := newScript(t, row.pages...)
			read, err := newClient(t, market).Messages(t.Context(), chatID, row.after)
			require.NoError(t, err)
			assert.Equal(t, row.want, ids(read.Messages))
			assert.Nil(t, read.Paging)
			assert.EqualValues(t, 5, *read.Context.OrderID)
			from := `{}`
			if row.after > 0 {
				from = fmt.Sprintf(`{"messageIdFrom":%d}`, row.after)
			}
			token := ""
			for i, asked := range market.asked {
				assert.Equal(t, from, market.bodies[i])
				assert.Equal(t, "100", asked.URL.Query().Get("limit"))
				assert.Equal(t, token, asked.URL.Query().Get("pageToken"))
				token = string("bc"[min(i, 1)])
			}
			assert.Len(t, market.asked, len(row.pages))
		})
	}
}

// A token may hold anything.
func TestPageTokensAreEscaped(t *testing.T) {
	const odd = "a&limit=1 +/=%41ё"
	market := newScript(t, messagesReply(odd, "2@02"), messagesReply("", "1@01"), chatsReply(odd, 1), chatsReply("", 2))
	client := newClient(t, market)
	_, err := client.Messages(t.Context(), chatID, 0)
	require.NoError(t, err)
	for _, err := range client.Chats(t.Context(), gen.GetChatsRequest{}) {
		require.NoError(t, err)
	}
	for _, second := range []int{1, 3} {
		assert.Equal(t, []string{odd}, market.asked[second].URL.Query()["pageToken"])
		assert.Len(t, market.asked[second].URL.Query()["limit"], 1)
	}
}

// A reading that would never end ends with an error, and so does one that is longer than a call should be.
func TestReadingsEnd(t *testing.T) {
	market := newScript(t, messagesReply("b", "1@01"), messagesReply("c", "2@02"), messagesReply("b", "3@03"))
	_, err := newClient(t, market).Messages(t.Context(), chatID, 0)
	e := asError(t, err)
	require.ErrorIs(t, err, wrapper.ErrInvalidResponse)
	assert.ErrorContains(t, err, "token of the next page is one that has come before")
	assert.Equal(t, wrapper.Rejected, e.Outcome)
	assert.Equal(t, 200, e.StatusCode)

	market = newScript(t, chatsReply("b", 1), chatsReply("c", 2), chatsReply("b", 3))
	found := 0
	for chat, err := range newClient(t, market).Chats(t.Context(), gen.GetChatsRequest{}) {
		if found < 2 {
			require.NoError(t, err)
			found++
			continue
		}
		assert.Nil(t, chat)
		require.ErrorIs(t, err, wrapper.ErrInvalidResponse)
	}
	assert.Equal(t, 2, found)

	var endless []reply
	for i := range 101 {
		endless = append(endless, messagesReply(fmt.Sprint("token", i), fmt.Sprint(i+1, "@01")))
	}
	market = newScript(t, endless...)
	_, err = newClient(t, market).Messages(t.Context(), chatID, 0)
	require.ErrorContains(t, err, "the chat has more than 100 pages of 100 messages")
	assert.Equal(t, 100, market.attempts())
}

// Pages are read as the loop needs them: a loop that breaks reads no further one, and a loop that has not begun none.
func TestChatsAreReadAsTheLoopNeedsThem(t *testing.T) {
	market := newScript(t, chatsReply("b", 1, 2), chatsReply("", 3))
	chats := newClient(t, market).Chats(t.Context(), gen.GetChatsRequest{Types: []gen.ChatType{gen.ChatTypeChat}})
	assert.Zero(t, market.attempts())
	for chat, err := range chats {
		require.NoError(t, err)
		if chat.ChatID == 2 {
			break
		}
	}
	assert.Equal(t, 1, market.attempts())
	assert.Equal(t, []string{`{"types":["CHAT"]}`}, market.bodies)
	assert.Equal(t, "limit=20", market.asked[0].URL.RawQuery)
}

// Each page has the retries of a call; the first error ends the reading, and is an *Error.
func TestEachPageIsACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market := newScript(t, serverError(), chatsReply("b", 1), serverError(), serverError(), serverError(), chatsReply("c", 2),
			failure(403, "FORBIDDEN", "no"))
		var got []int64
		var last wrapper.Response
		for chat, err := range newClient(t, market).Chats(t.Context(), gen.GetChatsRequest{}, wrapper.Capture(&last)) {
			if err != nil {
				assert.Nil(t, chat)
				require.ErrorIs(t, err, wrapper.ErrForbidden)
				assert.Equal(t, gen.OperationGetChats, asError(t, err).Operation)
				continue
			}
			got = append(got, chat.ChatID)
		}
		assert.Equal(t, []int64{1, 2}, got)
		assert.Equal(t, 403, last.StatusCode)
		assert.Equal(t, 7, market.attempts())
	})
}

// The end of the context ends a reading between two pages, and within one.
func TestContextEndsAReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		market := newScript(t, chatsReply("b", 1), chatsReply("", 2))
		var ended error
		for _, err := range newClient(t, market).Chats(ctx, gen.GetChatsRequest{}) {
			cancel()
			ended = err
		}
		require.ErrorIs(t, ended, context.Canceled)
		assert.Equal(t, 1, market.attempts())

		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		slow := messagesReply("", "1@01")
		slow.slow = 10 * time.Second
		_, err := newClient(t, newScript(t, messagesReply("b", "2@02"), slow)).Messages(ctx, chatID, 0)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// What breaks the contract is not sent, and the error says what is allowed.
func TestFiltersThatAreRefused(t *testing.T) {
	for want, filter := range map[string]gen.GetChatsRequest{
		`context.type is "DIRECT", allowed is ORDER or RETURN`:           {Contexts: []gen.ChatContextDTO{{Type: "DIRECT", ID: 1}}},
		"context.id is 0, allowed is 1 and above":                        {Contexts: []gen.ChatContextDTO{wrapper.Order(0)}},
		`contexts has {5 ORDER} twice, allowed is each value once`:       {Contexts: []gen.ChatContextDTO{wrapper.Order(5), wrapper.Order(5)}},
		`contextTypes has "order", allowed are ORDER, RETURN and DIRECT`: {ContextTypes: []gen.ChatContextType{"order"}},
		`types has "", allowed are CHAT and ARBITRAGE`:                   {Types: []gen.ChatType{""}},
		`statuses has "WAITING", allowed are NEW, WAITING_FOR_CUSTOMER`:  {Statuses: []gen.ChatStatusType{"WAITING"}},
		"statuses has NEW twice, allowed is each value once":             {Statuses: []gen.ChatStatusType{"NEW", "NEW"}},
		"orderIds has 7 twice, allowed is each value once":               {OrderIds: []int64{7, 8, 7}},
	} {
		market := newScript(t)
		for chat, err := range newClient(t, market).Chats(t.Context(), filter) {
			assert.Nil(t, chat)
			require.ErrorIs(t, err, wrapper.ErrInvalidRequest, want)
			assert.ErrorContains(t, err, want)
		}
		assert.Zero(t, market.attempts(), want)
	}
	_, err := newClient(t, newScript(t)).Messages(t.Context(), chatID, -1)
	assert.ErrorContains(t, err, "after is -1, allowed is 0, for all messages, or the id of a message")
	_, err = newClient(t, newScript(t)).GetMessage(t.Context(), chatID, 0)
	assert.ErrorContains(t, err, "messageId is 0, allowed is 1 and above")
}

// An answer without its list, or with another message, is not what the contract promises.
func TestReadingsWithoutTheirResult(t *testing.T) {
	broken := func(body string) reply { return reply{status: 200, body: `{"status":"OK","result":` + body + `}`} }
	client := func(body string) *wrapper.Client { return newClient(t, newScript(t, broken(body))) }
	_, err := client(`{"context":{"type":"ORDER"}}`).Messages(t.Context(), chatID, 0)
	require.ErrorIs(t, err, wrapper.ErrInvalidResponse)
	for chat, err := range client(`{}`).Chats(t.Context(), gen.GetChatsRequest{}) {
		assert.Nil(t, chat)
		require.ErrorIs(t, err, wrapper.ErrInvalidResponse)
	}
	_, err = client(`{"messageId":2,"createdAt":"2026-11-28T18:00:00+03:00","sender":"MARKET"}`).GetMessage(t.Context(), chatID, 1)
	require.ErrorIs(t, err, wrapper.ErrInvalidResponse)
}

// A page of 100 messages of 4,096 emoji has more than the answers of other operations may have.
func TestLargePages(t *testing.T) {
	var list []string
	for i := range 100 {
		list = append(list, fmt.Sprintf(`{"messageId":%d,"createdAt":"2026-11-28T18:00:00+03:00","sender":"CUSTOMER","message":%q}`,
			i+1, strings.Repeat("😀", 4096)))
	}
	large := pageReply(`"context":{"type":"ORDER"},"messages":[`+strings.Join(list, ",")+`]`, "")
	assert.Greater(t, len(large.body), 1<<20)
	read, err := newClient(t, newScript(t, large)).Messages(t.Context(), chatID, 0)
	require.NoError(t, err)
	assert.Len(t, read.Messages, 100)

	large.body += strings.Repeat(" ", 8<<20)
	large.keeps = false
	_, err = newClient(t, newScript(t, large, large, large, large)).Messages(t.Context(), chatID, 0)
	require.ErrorIs(t, err, wrapper.ErrInvalidResponse)
}
