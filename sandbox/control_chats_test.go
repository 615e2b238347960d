package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// By the control API each sender can write, and a buyer begin a chat about anything; the page shows all of it.
func TestControlWritesAsAnybody(t *testing.T) {
	m := newMarket()
	for body, id := range map[string]string{
		`{"businessId":1,"text":"0","type":"ORDER","id":5}`: "", `{"businessId":1,"text":"0"}`: "",
		`{"businessId":1,"text":"0","type":"RETURN","id":5}`: "", `{"businessId":1,"text":"0","id":5}`: "allowed are both or neither",
		`{"businessId":1,"text":"0","type":"ORDER"}`: "allowed are both or neither", `{"businessId":1,"text":"0","type":"DIRECT","id":1}`: "allowed values",
	} {
		status, answer := drive(t, m, "POST", "/_sandbox/chats", body)
		if id == "" {
			assert.Equal(t, 201, status, answer)
			continue
		}
		assert.Equal(t, 400, status)
		assert.Contains(t, answer, id)
	}
	for n, sender := range []string{"CUSTOMER", "PARTNER", "MARKET", "SUPPORT"} {
		body := fmt.Sprintf(`{"text":"%d","sender":%q}`, n+1, sender)
		status, answer := drive(t, m, "POST", "/_sandbox/chats/7000001/replies", body)
		require.Equal(t, 204, status, answer)
		assert.Equal(t, sender, string(m.Messages(7000001)[n+1].Sender))
	}
	status, answer := drive(t, m, "POST", "/_sandbox/chats/7000001/replies", `{"text":"x","sender":"SELLER"}`)
	assert.Equal(t, 400, status)
	assert.Contains(t, answer, "allowed values")
	shown := words(section(t, pageOf(t, m, "?chat=7000001"), "chats"))
	assert.Contains(t, shown, "012:00:00 112:00:00 212:00:00 3Market · 12:00:00 4Support · 12:00:00")
}

// An id has up to 19 digits, however the buyer's chat is described.
func TestControlKeepsLargeIDs(t *testing.T) {
	m := newMarket()
	status, answer := drive(t, m, "POST", "/_sandbox/chats",
		`{"businessId":9007199254740993,"text":"x","type":"ORDER","id":9223372036854775807}`)
	require.Equal(t, 201, status, answer)
	const form = "businessId=9007199254740993&text=x&type=RETURN&id=9223372036854775807"
	w := serve(m.Control(), "POST", "/_sandbox/chats", form, "Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, 201, w.Code, w.Body)
	_, listed := drive(t, m, "GET", "/_sandbox/chats?businessId=9007199254740993", "")
	assert.Equal(t, 2, strings.Count(listed, `"id":9223372036854775807`), listed)
}

// The list can be cut to a cabinet, a status and a part.
func TestControlListsSomeChats(t *testing.T) {
	m := newMarket()
	for n := range int64(4) {
		_, err := m.Direct(n%2+1, "x")
		require.NoError(t, err)
	}
	require.NoError(t, m.Reply(7000003, "y"))
	for query, want := range map[string][]int64{
		"": {7000001, 7000002, 7000003, 7000004}, "?businessId=1": {7000001, 7000003}, "?businessId=9": {},
		"?status=NEW": {7000001, 7000002, 7000004}, "?status=NEW&businessId=1": {7000001},
		"?skip=1": {7000002, 7000003, 7000004}, "?limit=1": {7000001}, "?skip=1&limit=2": {7000002, 7000003},
		"?skip=1&status=NEW&limit=1": {7000002}, "?limit=0": {}, "?skip=9": {},
	} {
		_, answer := drive(t, m, "GET", "/_sandbox/chats"+query, "")
		var list []struct{ ChatID int64 }
		require.NoError(t, json.Unmarshal([]byte(answer), &list))
		got := []int64{}
		for _, c := range list {
			got = append(got, c.ChatID)
		}
		assert.Equal(t, want, got, query)
	}
	for _, query := range []string{"?skip=-1", "?limit=-1", "?limit=x", "?businessId=x"} {
		status, _ := drive(t, m, "GET", "/_sandbox/chats"+query, "")
		assert.Equal(t, 400, status, query)
	}
}
