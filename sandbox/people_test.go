package sandbox_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

// Each sender's message is there, and the shop's and the buyer's leave the turn to the other.
func TestWrite(t *testing.T) {
	for _, row := range []struct {
		senders string
		status  string
	}{
		{"", "NEW"},
		{"CUSTOMER", "WAITING_FOR_PARTNER"},
		{"PARTNER", "WAITING_FOR_CUSTOMER"},
		{"MARKET", "NEW"},
		{"SUPPORT", "NEW"},
		{"CUSTOMER MARKET", "WAITING_FOR_PARTNER"},
		{"PARTNER SUPPORT", "WAITING_FOR_CUSTOMER"},
		{"PARTNER CUSTOMER PARTNER", "WAITING_FOR_CUSTOMER"},
	} {
		m := newMarket()
		chat := startChat(t, m, order5)
		for i, sender := range strings.Fields(row.senders) {
			require.NoError(t, m.Write(chat, gen.ChatMessageSenderType(sender), fmt.Sprint(i)))
			got := m.Messages(chat)[i]
			assert.Equal(t, sender, string(got.Sender))
			assert.Equal(t, fmt.Sprint(i), got.Text)
			assert.Equal(t, sender == "CUSTOMER", got.FromBuyer)
		}
		assert.Equal(t, row.status, string(readChat(t, m, chat).Status), row.senders)
		require.NoError(t, m.StartDispute(chat))
		require.NoError(t, m.Write(chat, "MARKET", "x"))
		assert.EqualValues(t, "WAITING_FOR_ARBITER", readChat(t, m, chat).Status)
	}
	m := newMarket()
	assert.EqualError(t, m.Write(startChat(t, m, order5), "SELLER", "x"),
		`sandbox: the sender is "SELLER", allowed is PARTNER, CUSTOMER, MARKET or SUPPORT`)
	assert.EqualError(t, m.Write(5, "MARKET", "x"), "sandbox: there is no chat 5")
}

// A buyer begins a chat about an order, once: it is NEW with the first message in it.
func TestAsk(t *testing.T) {
	m := newMarket(sandbox.WithOrders(5))
	order := gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeOrder, ID: 5}
	chat, err := m.Ask(1, order, "Where is it?")
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprintf("%d:CHAT:NEW", chat), listOf(t, m, `{"statuses":["NEW"]}`))
	assert.Equal(t, "Where is it?", historyOf(t, m, chat))
	assert.Equal(t, chat, startChat(t, m, order5), "the shop finds it")
	again, err := m.Ask(1, order, "Well?")
	require.NoError(t, err)
	assert.Equal(t, chat, again)
	assert.EqualValues(t, "WAITING_FOR_PARTNER", readChat(t, m, chat).Status)
	assert.Equal(t, "Well?, Where is it?", historyOf(t, m, chat))

	asked, err := m.Ask(1, gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeReturn, ID: 6}, "x")
	require.NoError(t, err)
	assert.EqualValues(t, 6, *readChat(t, m, asked).Context.ReturnID)
	direct, err := m.Direct(1, "x")
	require.NoError(t, err)
	assert.EqualValues(t, "NEW", readChat(t, m, direct).Status)

	for says, ask := range map[string]func() (int64, error){
		"Ask is given the cabinet 0, allowed is 1 and above": func() (int64, error) { return m.Ask(0, order, "x") },
		"Ask is given the order 7, which there is not": func() (int64, error) {
			return m.Ask(1, gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeOrder, ID: 7}, "x")
		},
		`Ask is given "DIRECT" 5, allowed is ORDER or RETURN and a number of 1 and above`: func() (int64, error) {
			return m.Ask(1, gen.ChatContextDTO{Type: "DIRECT", ID: 5}, "x")
		},
		`Ask is given "ORDER" 0, allowed is ORDER or RETURN and a number of 1 and above`: func() (int64, error) {
			return m.Ask(1, gen.ChatContextDTO{Type: gen.ChatContextIdentifiableTypeOrder}, "x")
		},
	} {
		_, err := ask()
		assert.EqualError(t, err, "sandbox: "+says)
	}
}

// No id is given twice, wherever they begin.
func TestIDs(t *testing.T) {
	for _, row := range []struct {
		opts  []sandbox.Option
		first int64
	}{
		{nil, 7_000_001},
		{[]sandbox.Option{sandbox.WithFirstID(1)}, 1},
		{[]sandbox.Option{sandbox.WithFirstID(9_000_000_000)}, 9_000_000_000},
	} {
		m := newMarket(row.opts...)
		for n := range int64(3) {
			chat := startChat(t, m, order5)
			assert.Equal(t, row.first+n, chat)
			require.NoError(t, m.Reply(chat, "x"))
			assert.Equal(t, chat*1_000_000+1, m.Messages(chat)[0].ID)
			assert.Less(t, m.Messages(chat)[0].ID, int64(1)<<53, "it survives a float")
			_, list := drive(t, m, "GET", "/_sandbox/chats", "")
			assert.Contains(t, list, fmt.Sprintf(`"chatId":%d,`, chat))
			m.Reset()
		}
	}
	for _, bad := range []int64{0, -1, 9_000_000_001} {
		_, err := sandbox.Open(sandbox.WithFirstID(bad))
		assert.EqualError(t, err, fmt.Sprintf("sandbox: WithFirstID is given %d, allowed is 1 to 9000000000", bad))
	}
}

// The number of a shop is never that of its cabinet.
func TestCampaignOfACabinet(t *testing.T) {
	for _, cabinet := range []int64{1, 999_999_999, 1_000_000_000, 1_000_000_001, 2_000_000_000, 2_000_000_001, math.MaxInt64} {
		m := newMarket()
		chat, err := m.Direct(cabinet, "x")
		require.NoError(t, err)
		a := ask(t, m, "GET", fmt.Sprintf("/v2/businesses/%d/chat?chatId=%d", cabinet, chat), "")
		assert.Equal(t, 200, a.status)
		assert.NotContains(t, a.body, fmt.Sprintf(`"campaignId":%d,`, cabinet))
	}
}
