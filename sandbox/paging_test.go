package sandbox_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

// onePage asks for a page of getChats, or of the history of a chat, and gives what its rows are known by.
func onePage(t *testing.T, m http.Handler, list, token string, limit int, body string) (rows []string, next string) {
	t.Helper()
	target := fmt.Sprintf("/v2/businesses/1/%s&limit=%d", list, limit)
	if token != "" {
		target += "&pageToken=" + token
	}
	a := ask(t, m, "POST", strings.Replace(target, "chats&", "chats?", 1), body)
	require.Equal(t, 200, a.status, a.body)
	var r struct {
		Result struct {
			Chats    []gen.GetChatInfoDTO
			Messages []gen.ChatMessageDTO
			Paging   gen.ForwardScrollingPagerDTO
		}
	}
	require.NoError(t, json.Unmarshal([]byte(a.body), &r))
	for _, c := range r.Result.Chats {
		rows = append(rows, fmt.Sprint(c.ChatID))
	}
	for _, c := range r.Result.Messages {
		rows = append(rows, *c.Message)
	}
	if r.Result.Paging.NextPageToken != nil {
		next = *r.Result.Paging.NextPageToken
	}
	return rows, next
}

// allPages are the rows of each page, and how many pages there were.
func allPages(t *testing.T, m http.Handler, list string, limit int, body string) (rows []string, pages int) {
	t.Helper()
	for token := ""; ; {
		page, next := onePage(t, m, list, token, limit, body)
		rows = append(rows, page...)
		if pages++; next == "" {
			return rows, pages
		}
		require.NotEqual(t, token, next)
		require.Less(t, pages, 100)
		token = next
	}
}

func history(chat int64) string { return fmt.Sprintf("chats/history?chatId=%d", chat) }

// Pages have each message once, in the order that is set, from the message on that is asked for.
func TestPagesOfMessages(t *testing.T) {
	newest, oldest := strings.Fields("6 5 4 3 2 1 0"), strings.Fields("0 1 2 3 4 5 6")
	shuffled := func(seed uint64) []string {
		rows, _ := allPages(t, sevenMessages(t, sandbox.WithShuffle(seed)), history(7000001), 100, `{}`)
		return rows
	}
	assert.NotEqual(t, newest, shuffled(1))
	assert.NotEqual(t, oldest, shuffled(1))
	assert.NotEqual(t, shuffled(1), shuffled(2))
	assert.ElementsMatch(t, newest, shuffled(1))
	for _, row := range []struct {
		opts  []sandbox.Option
		limit int
		from  int
		want  []string
		pages int
	}{
		{nil, 100, 0, newest, 1},
		{nil, 7, 0, newest, 1},
		{nil, 6, 0, newest, 2},
		{nil, 2, 0, newest, 4},
		{nil, 1, 0, newest, 7},
		{nil, 2, 5, newest[:3], 2},
		{nil, 2, 7, newest[:1], 1},
		{nil, 2, 8, nil, 1},
		{[]sandbox.Option{sandbox.WithOldestFirst()}, 2, 0, oldest, 4},
		{[]sandbox.Option{sandbox.WithOldestFirst()}, 3, 5, oldest[4:], 1},
		{[]sandbox.Option{sandbox.WithShuffle(1)}, 2, 0, shuffled(1), 4},
		{[]sandbox.Option{sandbox.WithPageSize(3)}, 100, 0, newest, 3},
		{[]sandbox.Option{sandbox.WithPageSize(3)}, 2, 0, newest, 4},
	} {
		m := sevenMessages(t, row.opts...)
		body := `{}`
		if row.from > 0 {
			body = fmt.Sprintf(`{"messageIdFrom":700000100000%d}`, row.from)
		}
		got, pages := allPages(t, m, history(7000001), row.limit, body)
		assert.Equal(t, row.want, got, row)
		assert.Equal(t, row.pages, pages, row)
	}
}

func sevenMessages(t *testing.T, opts ...sandbox.Option) *sandbox.Market {
	t.Helper()
	m := newMarket(opts...)
	chat := startChat(t, m, order5)
	for n := range 7 {
		require.NoError(t, m.Reply(chat, fmt.Sprint(n)))
	}
	return m
}

// Chats come the last active first, those of this cabinet that fit the filter; when one moves, the pages move with it.
func TestPagesOfChats(t *testing.T) {
	m := newMarket()
	var ids []string
	for order := range 5 {
		ids = append(ids, fmt.Sprint(startChat(t, m, fmt.Sprintf(`{"context":{"type":"ORDER","id":%d}}`, order+1))))
	}
	_, err := m.Direct(2, "of another cabinet")
	require.NoError(t, err)
	slices.Reverse(ids)
	for limit, pages := range map[int]int{1: 5, 2: 3, 4: 2, 5: 1, 20: 1} {
		got, n := allPages(t, m, "chats", limit, `{}`)
		assert.Equal(t, ids, got)
		assert.Equal(t, pages, n)
	}
	require.NoError(t, m.Reply(7000004, "x"))
	require.NoError(t, m.Reply(7000002, "x"))
	waiting := `{"statuses":["WAITING_FOR_PARTNER"]}`
	got, pages := allPages(t, m, "chats", 1, waiting)
	assert.Equal(t, []string{"7000002", "7000004"}, got)
	assert.Equal(t, 2, pages, "what does not fit makes no page")

	_, token := onePage(t, m, "chats", "", 1, waiting)
	require.Equal(t, 200, rawSend(m, 7000002).Code)
	got, token = onePage(t, m, "chats", token, 1, waiting)
	assert.Empty(t, got, "the answer has moved the second chat into the page that was read")
	assert.Empty(t, token)
}

// What is no token of the list gets 400, and so does one that is too old.
func TestPageTokens(t *testing.T) {
	m := sevenMessages(t, sandbox.WithTokenLife(time.Minute))
	other, err := m.Direct(1, "x")
	require.NoError(t, err)
	require.NoError(t, m.Reply(other, "y"))
	_, token := onePage(t, m, history(7000001), "", 2, `{}`)
	_, foreign := onePage(t, m, history(other), "", 1, `{}`)
	_, ofChats := onePage(t, m, "chats", "", 1, `{}`)
	for _, bad := range []string{"2", "-", "NaN", foreign, ofChats, token[:len(token)-4] + "...."} {
		a := ask(t, m, "POST", "/v2/businesses/1/"+history(7000001)+"&pageToken="+bad, `{}`)
		assert.Equal(t, 400, a.status, bad)
		code, says := a.error(t)
		assert.Equal(t, "BAD_REQUEST", code)
		assert.Equal(t, "Invalid page token", says)
	}
	assert.Equal(t, 400, ask(t, m, "POST", "/v2/businesses/1/chats?pageToken="+token, `{}`).status)
	before := base64.RawURLEncoding.EncodeToString([]byte("history-7000001 -1 0"))
	forEver := sevenMessages(t)
	assert.Equal(t, 400, ask(t, forEver, "POST", "/v2/businesses/1/"+history(7000001)+"&pageToken="+before, `{}`).status)
	for _, name := range []string{"pageToken", "page_token"} {
		a := ask(t, m, "POST", "/v2/businesses/1/"+history(7000001)+"&limit=1&"+name+"="+token, `{}`)
		assert.Contains(t, a.body, `"message":"4"`, name)
	}
	m.Advance(time.Minute - time.Nanosecond)
	rows, _ := onePage(t, m, history(7000001), token, 2, `{}`)
	assert.Equal(t, []string{"4", "3"}, rows)
	m.Advance(time.Nanosecond)
	assert.Equal(t, 400, ask(t, m, "POST", "/v2/businesses/1/"+history(7000001)+"&pageToken="+token, `{}`).status)
}

func TestOptionsOfPages(t *testing.T) {
	for says, option := range map[string]sandbox.Option{
		"sandbox: WithPageSize is given 0, allowed is 1 and above":     sandbox.WithPageSize(0),
		"sandbox: WithTokenLife is given 0s, allowed is more than 0":   sandbox.WithTokenLife(0),
		"sandbox: WithTokenLife is given -1ns, allowed is more than 0": sandbox.WithTokenLife(-1),
	} {
		_, err := sandbox.Open(option)
		assert.EqualError(t, err, says)
	}
}

// A chat is listed where it fits every part of a filter. A chat about no order fits no order, and so not number 0.
func TestFiltersOfChats(t *testing.T) {
	m := newMarket()
	order, err := m.Ask(1, gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeOrder, ID: 5}, "x")
	require.NoError(t, err)
	back, err := m.Ask(1, gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeReturn, ID: 6}, "x")
	require.NoError(t, err)
	direct, err := m.Direct(1, "x")
	require.NoError(t, err)
	require.NoError(t, m.StartDispute(back))
	for filter, want := range map[string][]int64{
		`{}`: {order, back, direct}, `{"orderIds":null,"statuses":null}`: {order, back, direct},
		`{"orderIds":[5]}`: {order}, `{"orderIds":[5,6]}`: {order, back}, `{"orderIds":[0]}`: nil, `{"orderIds":[0,-1,6]}`: {back},
		`{"contexts":[{"type":"ORDER","id":6}]}`: nil, `{"contexts":[{"type":"ORDER","id":5},{"type":"RETURN","id":6}]}`: {order, back},
		`{"contextTypes":["DIRECT"]}`: {direct}, `{"contextTypes":["DIRECT","RETURN"],"types":["CHAT"]}`: {direct},
		`{"types":["ARBITRAGE"]}`: {back}, `{"statuses":["NEW"],"types":["ARBITRAGE"]}`: nil, `{"statuses":["NEW"]}`: {order, direct},
		`{"statuses":["WAITING_FOR_ARBITER"],"orderIds":[6]}`: {back},
	} {
		rows, _ := onePage(t, m, "chats", "", 20, filter)
		var listed []string
		for _, id := range want {
			listed = append(listed, fmt.Sprint(id))
		}
		assert.ElementsMatch(t, listed, rows, filter)
	}
}
