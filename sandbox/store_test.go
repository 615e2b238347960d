package sandbox

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
)

// The chat in which somebody wrote last comes first, whichever chat is older and whatever the clock says.
func TestChatsByLastActivity(t *testing.T) {
	s := store{maxBytes: maxStoreBytes, nextID: firstChatID}
	s.reset()
	now := time.Date(2026, 9, 9, 15, 0, 0, 0, time.UTC)
	var ids []int64
	for order := range int64(4) {
		context := gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeOrder, ID: order + 1}
		id, err := s.open(about{1, context}, now)
		require.NoError(t, err)
		ids = append(ids, id)
	}
	order := func(skip, n int) string {
		chats, total := s.lastActive(skip, n)
		assert.Equal(t, len(ids), total)
		var shown []int64
		for _, c := range chats {
			shown = append(shown, c.id-firstChatID)
		}
		return fmt.Sprint(shown)
	}
	assert.Equal(t, "[3 2 1 0]", order(0, 50))
	write := func(chat int64, at time.Time, cabinet int64) error {
		_, err := s.write(chat, Message{At: at}, cabinet)
		return err
	}
	require.NoError(t, write(ids[1], now.Add(-time.Hour), anyCabinet))
	assert.Equal(t, "[1 3 2 0]", order(0, 50))
	require.NoError(t, write(ids[0], now, 1))
	assert.Equal(t, "[0 1 3 2]", order(0, 50))
	assert.Equal(t, "[1 3]", order(1, 2))
	assert.Equal(t, "[]", order(4, 2))
	require.ErrorIs(t, write(ids[2], now, 2), errNoChat, "of another cabinet")
	assert.Equal(t, "[0 1 3 2]", order(0, 50), "nothing has happened")

	one, ok := s.chat(ids[1])
	assert.True(t, ok)
	assert.Len(t, one.messages, 1)
	_, ok = s.chat(5)
	assert.False(t, ok)
	s.reset()
	chats, total := s.lastActive(0, 50)
	assert.Empty(t, chats)
	assert.Zero(t, total)
}
