package fleet

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The figures of docs/fleet.md are taken with -figures: 400 sends a window, and what the default Limiter does beside
// it.
var figures = flag.Bool("figures", false, "take the figures of docs/fleet.md: longer runs of the same tests")

// Processes that have more work than two windows send all that two windows allow, and the Market refuses nothing.
func TestTwoWindows(t *testing.T) {
	beside(t)
	onEach(t, func(t *testing.T, s *server) {
		for _, n := range []int{1, 4, 16} {
			t.Run(fmt.Sprint(n, " processes"), func(t *testing.T) {
				beside(t)
				twoWindows(t, start(t, s.program), n)
			})
		}
	})
}

func twoWindows(t *testing.T, s *server, n int) {
	quota, left := 100, 4*time.Second
	if *figures {
		quota, left = 400, 16*time.Second
	}
	do := task{Network: s.network(), Addrs: []string{s.address}, Callers: 8}
	for ; ; left *= 2 {
		s.do("FLUSHALL")
		j := newJudge(t, 40*time.Millisecond, left, quota)
		do.Market, do.ChatID = j.url, j.chatID
		before := s.commands()
		began := time.Now()
		workers := hire(t, n, do)
		eventually(t, "the first window is used up, or has ended", func() bool {
			sent, _, _ := j.counts()
			return sent >= quota || time.Since(began) > left
		})
		inTime := time.Since(began) < left
		done := collect(t, workers)
		if !inTime { // on a busy machine a window may end before it is used up
			require.Less(t, left, patient, "the machine is too busy")
			continue
		}
		sent, refused, most := j.counts()
		best, least := spread(done)
		t.Logf("sent %d of %d, 420s %d, most at once %d, %d..%d a process, p99 %v, %.2f commands a call", sent, 2*quota,
			refused, most, least, best, percentile(done, 0.99).Round(time.Millisecond),
			float64(s.commands()-before)/float64(sent))
		require.Equal(t, 2*quota, sent)
		require.Zero(t, refused, "420s")
		require.LessOrEqual(t, most, 4)
		require.Empty(t, failures(done))
		require.LessOrEqual(t, float64(best)/float64(least), allowedSpread(n), "the most by the least of a process")
		j.checkMessages(t, done)
		require.Zero(t, s.leases(cabinet), "leases that nobody gave back")
		s.checkKeys()
		return
	}
}

// Who starts later gets less. With few sends that is seen.
func allowedSpread(processes int) float64 {
	if *figures {
		return 1.3
	}
	return 1.3 + float64(processes)/8
}

// commands counts the scripts and messages that clients have asked for.
func (s *server) commands() int {
	s.t.Helper()
	total := 0
	for line := range strings.Lines(fmt.Sprint(s.do("INFO", "commandstats"))) {
		name, rest, _ := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if name == "evalsha" || name == "eval" {
			calls, _, _ := strings.Cut(rest, ",")
			n, _ := strconv.Atoi(calls)
			total += n
		}
	}
	return total
}
