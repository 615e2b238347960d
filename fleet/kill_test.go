package fleet

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// brief is a lease that only tests may ask for.
const brief = time.Second

// crew starts two workers, of which the first one holds all slots. Their requests take long.
func crew(t *testing.T, takes, lease time.Duration) (s *server, j *judge, first, second *worker) {
	t.Helper()
	s = onOne(t)
	j = newJudge(t, takes, time.Hour, 1_000_000)
	do := task{Network: s.network(), Addrs: []string{s.address}, Market: j.url, ChatID: j.chatID, Callers: 4, Lease: lease}
	first = hire(t, 1, do)[0]
	eventually(t, "the first worker holds all slots", func() bool { return j.atWork() == 4 && s.leases(cabinet) == 4 })
	second = hire(t, 1, do)[0]
	eventually(t, "the second worker waits", func() bool { return s.waiting() > 0 })
	return s, j, first, second
}

func (s *server) waiting() int64 {
	s.t.Helper()
	return s.do("ZCARD", "ymchats:{12345}:queue").(int64)
}

// The slots of a worker that was killed are back when its leases end, and whoever waits finds that.
func TestHolderKilled(t *testing.T) {
	beside(t)
	lease := 2 * brief // the Market must be done before it ends
	if *figures {
		lease = 0 // that of everybody
	}
	s, j, first, second := crew(t, 1500*time.Millisecond, lease)
	before := s.holders()
	require.Len(t, before, 1, "one holds all")
	first.kill()
	killed := time.Now()
	eventually(t, "the second worker has all slots", func() bool {
		for process, n := range s.holders() {
			if n == 4 && before[process] == 0 {
				return true
			}
		}
		return false
	})
	t.Logf("all slots are back %v after", time.Since(killed).Round(10*time.Millisecond))
	done := dismiss(t, []*worker{second})
	_, _, most := j.counts()
	require.LessOrEqual(t, most, 4)
	require.Empty(t, failures(done))
	require.Zero(t, s.leases(cabinet))
	s.checkKeys()
}

// A waiter that was killed is passed by: what it is given, where nobody else waits, lasts 3 s.
func TestWaiterKilled(t *testing.T) {
	beside(t)
	s, j, first, second := crew(t, 100*time.Millisecond, 0)
	eventually(t, "both wait", func() bool { return s.waiting() >= 4 })
	second.kill()
	rdb := s.admin()
	defer rdb.Close()
	held := map[string]bool{}
	for lease := range leasesLeft(t, rdb, cabinet) {
		held[lease] = true
	}
	sent, _, _ := j.counts()
	eventually(t, "the first one goes on, and nobody waits who is gone", func() bool {
		for lease, left := range leasesLeft(t, rdb, cabinet) {
			if gone := !held[lease] && !s.listens(lease); gone {
				require.Less(t, left, defaultLease/2, "the lease of a waiter that is gone")
			}
		}
		now, _, _ := j.counts()
		return now > sent+20 && s.waiting() <= 4
	})
	done := dismiss(t, []*worker{first})
	require.Empty(t, failures(done))
	_, refused, most := j.counts()
	require.Zero(t, refused)
	require.LessOrEqual(t, most, 4)
}

// listens tells whether the process of a lease has a subscription.
func (s *server) listens(lease string) bool {
	s.t.Helper()
	process, _, _ := strings.Cut(lease, ".")
	rdb := s.admin()
	defer rdb.Close()
	channel := "ymchats:wake:" + process
	return rdb.PubSubNumSub(background, channel).Val()[channel] > 0
}

// A request that takes longer than the lease is renewed: never do more than four run.
func TestLongRequests(t *testing.T) {
	beside(t)
	s, j, first, second := crew(t, 3*brief/2, brief)
	eventually(t, "two rounds are done", func() bool { sent, _, _ := j.counts(); return sent >= 8 })
	done := dismiss(t, []*worker{first, second})
	require.Empty(t, failures(done))
	_, refused, most := j.counts()
	require.Zero(t, refused)
	require.LessOrEqual(t, most, 4)
	require.Zero(t, s.leases(cabinet))
}
