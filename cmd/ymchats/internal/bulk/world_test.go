package bulk

import (
	"flag"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

var (
	worldRows  = flag.Int("rows", 60, "rows of the file of TestWorld")
	worldKills = flag.Int("kills", 10, "how often TestWorld kills a run")
	worldSeeds = flag.Int("seeds", 2, "how often TestWorld runs, each time with other moments")
	quotaRows  = flag.Int("quota-rows", 0, "rows of a file of TestQuota with the contract's quotas; 0 leaves it out")
)

// hostile makes sends fail after they were stored, and reads lie behind.
func (s *shop) hostile(seed uint64) {
	stored := sandbox.Delay(400*time.Millisecond, sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "try later")))
	s.market.Every(sandbox.OperationSendMessageToChat, sandbox.Sometimes(0.3, seed, stored))
	s.market.Every(sandbox.OperationGetChatHistory, sandbox.Lagging(2*time.Second))
}

// Whatever the Market does and whenever a run is killed, each buyer has the text once.
func TestWorld(t *testing.T) {
	for seed := range uint64(*worldSeeds) {
		synctest.Test(t, func(t *testing.T) {
			s := newShop(t)
			s.hostile(seed)
			random := rand.New(rand.NewPCG(seed, 1))
			for range *worldKills {
				after := time.Duration(random.Int64N(int64(20 * time.Second)))
				s.run(t.Context(), t, orders(*worldRows), func(r *Run) { time.AfterFunc(after, func() { kill(r) }) })
				time.Sleep(time.Duration(random.Int64N(int64(2 * time.Second)))) // until the next start
			}
			last := s.run(t.Context(), t, orders(*worldRows))
			require.NoError(t, last.err)
			assert.Equal(t, map[string]int{Sent: *worldRows}, last.counts, seed)
			s.assertOnce(t, *worldRows)
		})
	}
}
