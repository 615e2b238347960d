package notify

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRecent(t *testing.T) {
	ctx := t.Context()
	s := Recent(3)
	knows := func(keys ...string) (known []string) {
		for _, key := range keys {
			if has, err := s.Has(ctx, key); assert.NoError(t, err) && has {
				known = append(known, key)
			}
		}
		return known
	}
	all := []string{"a", "b", "c", "d", "e"}
	assert.Empty(t, knows(all...))
	for _, key := range all[:3] {
		require.NoError(t, s.Add(ctx, key))
	}
	assert.Equal(t, []string{"a", "b", "c"}, knows(all...))
	require.NoError(t, s.Add(ctx, "a"), "it is there already, and takes no other's place")
	assert.Equal(t, []string{"a", "b", "c"}, knows(all...))
	require.NoError(t, s.Add(ctx, "d"))
	assert.Equal(t, []string{"b", "c", "d"}, knows(all...), "the oldest one goes")
	require.NoError(t, s.Add(ctx, "e"))
	assert.Equal(t, []string{"c", "d", "e"}, knows(all...))
}

func TestRecentIsBounded(t *testing.T) {
	s := Recent(100)
	for n := range 10_000 {
		require.NoError(t, s.Add(t.Context(), strconv.Itoa(n)))
	}
	r := s.(*recent)
	assert.Len(t, r.known, 100)
	assert.Len(t, r.keys, 100)
	assert.PanicsWithValue(t, "notify: Recent is given 0, allowed is 1 and above", func() { Recent(0) })
	require.NoError(t, Recent(math.MaxInt).Add(t.Context(), "x"), "a large n costs nothing before it is used")
}

// Keys are equal for equal events, and for no others.
func TestKeys(t *testing.T) {
	key := func(body string) string {
		e, err := Events{}.read([]byte(body))
		require.NoError(t, err)
		assert.Regexp(t, `^[0-9a-f]{64}$`, e.key)
		return e.key
	}
	same := [][2]string{
		{message, field(`"sentAt":"2026-03-01T09:00:00.213Z"`, `"sentAt":"2026-03-01T12:00:00.213+03:00"`)},
		{message, field(`"9"`, `9`)},
		{message, field(`"9"`, `9.0`)},
		{message, field(`"chatId":7`, `"chatId":"7"`)},
		{newChat, `{"notificationType":"CHAT_CREATED","chatId":7,"businessId":1,"createdAt":"2026-03-01T09:00:00Z"}`},
		{message, field(`"chatId":7`, `"later":1, "chatId":7`)},
		{dispute, dispute + " "},
	}
	for _, pair := range same {
		assert.Equal(t, key(pair[0]), key(pair[1]), pair[1])
	}
	others := []string{message, field(`"9"`, `"10"`), field(`"9"`, `""`), field(`"9"`, `" "`), field(`09:00`, `09:01`), field(`"chatId":7`, `"chatId":8`), newChat, dispute, disputeEnd,
		`{"notificationType":"CHAT_ARBITRAGE_STARTED","chatId":7,"businessId":1,"startedAt":"2026-03-02T09:00:00Z"}`,
		`{"notificationType":"CHAT_ARBITRAGE_FINISHED","chatId":7,"businessId":1,"finishedAt":"2026-03-02T09:00:00Z"}`,
		field(`.213Z`, `.214Z`), field(`"chatId":7`, `"chatId":"seven"`), field(`"chatId":7`, `"chatId":"eight"`),
		strings.Replace(dispute, `"chatId":7`, `"chatId":8`, 1), strings.Replace(disputeEnd, `"chatId":7`, `"chatId":8`, 1),
		`{"notificationType":"CHAT_CREATED","chatId":8,"businessId":1,"createdAt":"2026-03-01T12:00:00+03:00"}`,
		`{"notificationType":"CHAT_CREATED","chatId":7,"businessId":1,"createdAt":"2026-03-02T12:00:00+03:00"}`,
		`{"notificationType":"CHAT_CREATED","chatId":7,"businessId":1,"createdAt":"2026-03-02T12:00:00"}`,
		`{"notificationType":"CHAT_CREATED","chatId":7,"businessId":1}`,
		order, `{"notificationType":"ORDER_CREATED","orderId":6,"campaignId":1}`,
		`{"notificationType":"ORDER_CANCELLED","orderId":5,"campaignId":1}`}
	for chat, id := range map[int]string{1: "23", 12: "3"} { // what stands side by side is told apart
		others = append(others, fmt.Sprintf(`{"notificationType":"CHAT_MESSAGE_SENT","chatId":%d,"messageId":%q,"businessId":1}`, chat, id))
	}
	seen := map[string]string{}
	for _, body := range others {
		assert.Empty(t, seen[key(body)], body)
		seen[key(body)] = body
	}
}

// What is repeated is not processed again; what failed is.
func TestRepeats(t *testing.T) {
	fails := true
	called := &calls{act: func(context.Context) error {
		if fails {
			return errOfFunction
		}
		return nil
	}}
	h, err := New("a/1", Anywhere(), called.events(), WithSeen(Recent(10)))
	require.NoError(t, err)
	assert.Equal(t, 500, status(h, message))
	assert.Equal(t, 500, status(h, message))
	assert.Equal(t, 2, called.message)
	fails = false
	assert.Equal(t, 200, status(h, message))
	assert.Equal(t, 200, status(h, message))
	assert.Equal(t, 3, called.message)

	called.message = 0
	h, err = New("a/1", Anywhere(), called.events())
	require.NoError(t, err)
	assert.Equal(t, 200, status(h, message))
	assert.Equal(t, 200, status(h, message))
	assert.Equal(t, 2, called.message, "without Seen each one calls")
}
