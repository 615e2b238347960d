package tests

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// How many requests a send in doubt costs, by operation: the reads of the look count in the quota of getChatHistory,
// and as long as all goes well there are none.
func TestWhatADoubtCosts(t *testing.T) {
	fail, cut := sandbox.Fail(500, "INTERNAL_ERROR", "Try later"), sandbox.Abort()
	forbidden, slow := sandbox.Fail(403, "FORBIDDEN", "no"), sandbox.Delay(20*time.Second, nil)
	type faults []sandbox.Fault
	for what, row := range map[string]struct {
		sends, reads        faults
		messages, histories int // requests
		option              wrapper.CallOption
	}{
		"all goes well":                   {messages: 1},
		"Once, and all goes well":         {messages: 1, histories: 1, option: wrapper.Once(0)},
		"too many at once":                {sends: faults{sandbox.TooMany()}, messages: 2},
		"500, stored":                     {sends: faults{sandbox.CommitThen(fail)}, messages: 1, histories: 1},
		"500, not stored":                 {sends: faults{fail}, messages: 2, histories: 2},
		"cut, stored":                     {sends: faults{sandbox.CommitThen(cut)}, messages: 1, histories: 1},
		"cut, not stored":                 {sends: faults{cut}, messages: 2, histories: 2},
		"the attempt's 15 s":              {sends: faults{slow}, messages: 2, histories: 1},
		"500 twice":                       {sends: faults{fail, fail}, messages: 3, histories: 4},
		"cut without end":                 {sends: slices.Repeat(faults{cut}, most), messages: most, histories: 2 * most},
		"500, the first look fails":       {sends: faults{fail}, reads: faults{fail}, messages: 2, histories: 2},
		"500, the second look fails once": {sends: faults{fail}, reads: faults{sandbox.Delay(0, nil), fail}, messages: 2, histories: 3},
		"500, no look succeeds":           {sends: faults{fail}, reads: slices.Repeat(faults{fail}, 1+most), messages: 1, histories: 1 + most},
		"500, and no look is allowed":     {sends: faults{fail}, reads: faults{forbidden, forbidden}, messages: 1, histories: 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			market := sandbox.New()
			client := newClient(t, market.RoundTripper())
			chat, err := client.CreateChat(t.Context(), wrapper.Order(5))
			require.NoError(t, err)
			market.Script("sendMessageToChat", row.sends...)
			market.Script("getChatHistory", row.reads...)
			var options []wrapper.CallOption
			if row.option != nil {
				options = append(options, row.option)
			}
			_ = client.SendMessage(t.Context(), chat.ChatID, anyText+" today", options...)
			time.Sleep(time.Minute) // until the requests that were given up have ended
			cost := map[string]int{"createChat": 1, "sendMessageToChat": row.messages, "getChatHistory": row.histories}
			made, counted := map[string]int{}, map[string]int{}
			for _, call := range market.Calls() {
				made[call.Operation]++
				if call.Status > 0 && call.Status < 500 { // the Market does not count its own failures
					counted[call.Operation]++
				}
			}
			for op, c := range operations {
				assert.Equal(t, cost[op], made[op], "%s: %s", what, op)
				var captured wrapper.Response
				_, _ = c.call(t.Context(), client, anyText, wrapper.Capture(&captured)) // a 404 tells the quota as well
				assert.Equal(t, counted[op], captured.Quota.Limit-captured.Quota.Remaining-1, "%s: quota of %s", what, op)
			}
		})
	}
}
