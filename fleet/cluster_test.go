package fleet

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A cluster of three masters and a replica for each.
func TestCluster(t *testing.T) {
	beside(t)
	c := startCluster(t)
	t.Run("one cabinet", c.oneCabinet)
	t.Run("many cabinets", c.manyCabinets)
	t.Run("forget", c.forget)
	t.Run("check", c.checkEachMaster)
	t.Run("failover", c.failover)
}

// The keys of a cabinet stand in one slot, and the fleet works as with one server.
func (c *cluster) oneCabinet(t *testing.T) {
	j := newJudge(t, 40*time.Millisecond, time.Hour, 150)
	workers := hire(t, 4, task{Addrs: c.addrs, Market: j.url, ChatID: j.chatID, Callers: 8})
	done := collect(t, workers)
	sent, refused, most := j.counts()
	best, least := spread(done)
	t.Logf("sent %d, 420s %d, most at once %d, %d..%d a process", sent, refused, most, least, best)
	assert.Equal(t, 150, sent)
	assert.Zero(t, refused)
	assert.LessOrEqual(t, most, 4)
	assert.Empty(t, failures(done))
	j.checkMessages(t, done)
	with := 0
	for _, n := range c.keys(t) {
		if n > 0 {
			with++
		}
	}
	assert.Equal(t, 1, with, "nodes with keys of the one cabinet")
}

// Cabinets stand in all nodes, and each knows the clock of its own.
func (c *cluster) manyCabinets(t *testing.T) {
	shared, err := New(c.client(t))
	require.NoError(t, err)
	defer shared.Close()
	for id := range int64(30) {
		limiter, err := shared.Limiter(id + 1)
		require.NoError(t, err)
		take(t, limiter, "getChat")(left(9, time.Hour))
	}
	total := int64(0)
	for _, n := range c.keys(t) {
		assert.NotZero(t, n, "keys in each node")
		total += n
	}
	assert.EqualValues(t, 30+1, total, "with that of one cabinet")
}

// keys counts them in each master, and checks them.
func (c *cluster) keys(t *testing.T) (counts []int64) {
	for _, node := range c.nodes[:3] {
		rdb := node.admin()
		defer rdb.Close()
		checkKeys(t, rdb)
		counts = append(counts, rdb.DBSize(background).Val())
	}
	return counts
}

// A cabinet is forgotten by processes at all nodes.
func (c *cluster) forget(t *testing.T) {
	for _, master := range c.nodes[:3] {
		master.do("FLUSHALL") // the windows of the cabinets before
	}
	forgetAtWork(t, 4, task{Addrs: c.addrs}, func() { forget(t, c.client(t)) })
	rdb := c.client(t)
	eventually(t, "all slots are free", func() bool { return countLeases(t, rdb, cabinet) == 0 })
	c.keys(t)
}

// A master is killed, its replica takes over: meanwhile the processes go on alone.
func (c *cluster) failover(t *testing.T) {
	for _, master := range c.nodes[:3] {
		master.do("FLUSHALL") // the window of the one cabinet
	}
	j := newJudge(t, 40*time.Millisecond, time.Hour, 1_000_000)
	workers := hire(t, 4, task{Addrs: c.addrs[:3], Market: j.url, ChatID: j.chatID, Callers: 8})
	eventually(t, "all work", func() bool { sent, _, _ := j.counts(); return sent > 40 })
	master := c.masterOf(t, "ymchats:{"+strconv.Itoa(cabinet)+"}")
	c.nodes[master].kill()
	killed := time.Now()
	replica := c.nodes[master+3]
	rdb := replica.admin()
	defer rdb.Close()
	eventually(t, "the replica is promoted", func() bool {
		role, _ := rdb.Info(context.Background(), "replication").Result()
		return contains(role, "role:master")
	})
	promoted := time.Now()
	eventually(t, "the processes are at the replica", func() bool { return countLeases(t, rdb, cabinet) >= 4 })
	t.Logf("promoted after %v, back %v after that", promoted.Sub(killed), time.Since(promoted))
	sent, _, _ := j.counts()
	eventually(t, "they work", func() bool { now, _, _ := j.counts(); return now > sent+100 })
	done := dismiss(t, workers)
	_, refused, most := j.counts()
	t.Logf("420s %d, most at once %d, failed %d, longest call %v", refused, most,
		len(failures(done)), longest(done).Round(time.Millisecond))
	require.Empty(t, failures(done))
	j.checkMessages(t, done)
	eventually(t, "all slots are free", func() bool { return countLeases(t, rdb, cabinet) == 0 })
	checkKeys(t, rdb)
}

func (c *cluster) masterOf(t *testing.T, key string) int {
	t.Helper()
	slot := c.nodes[0].do("CLUSTER", "KEYSLOT", key).(int64)
	for i := range 3 {
		if slot < int64(16384*(i+1)/3) {
			return i
		}
	}
	require.Fail(t, "no such slot")
	return 0
}
