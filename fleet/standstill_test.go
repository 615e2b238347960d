package fleet

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// standstill is what happens to one of several busy processes.
type standstill struct {
	processes int
	takes     time.Duration // a request
	lasts     time.Duration
	cut       bool          // its link to Redis is cut, instead of the process being stopped
	latency   time.Duration // of Redis, there and back
}

func (c standstill) String() string {
	what := "stopped"
	if c.cut {
		what = "cut off"
	}
	return fmt.Sprintf("one of %d %s for %v, requests of %v, latency %v", c.processes, what, c.lasts, c.takes, c.latency)
}

const brisk = 40 * time.Millisecond // a request, as the other figures have it

// A process that stands still, or that Redis does not reach, keeps the slots that it was given: for 3 s, as its requests
// are short. The others go on then, and it disturbs nobody when it goes on itself.
func TestStandstill(t *testing.T) {
	rows := []standstill{
		{4, brisk, 4 * time.Second, false, 0},
		{4, brisk, 4 * time.Second, true, 0},
	}
	if *figures {
		rows = nil
		for _, n := range []int{4, 16} {
			rows = append(rows,
				standstill{n, brisk, 16 * time.Second, false, 0},
				standstill{n, brisk, 40 * time.Second, false, 0},
				standstill{n, brisk, 16 * time.Second, true, 0},
				standstill{n, brisk, 40 * time.Second, true, 0},
				standstill{n, brisk, 16 * time.Second, false, 500 * time.Millisecond},
				standstill{n, brisk, 16 * time.Second, true, 500 * time.Millisecond},
				standstill{n, 8 * time.Second, 40 * time.Second, false, 0},
				standstill{n, 8 * time.Second, 40 * time.Second, true, 0},
			)
		}
	}
	for _, row := range rows {
		t.Run(row.String(), func(t *testing.T) {
			beside(t)
			row.endure(t)
		})
	}
}

func (c standstill) endure(t *testing.T) {
	s := onOne(t)
	j := newJudge(t, c.takes, time.Hour, 1_000_000)
	do := task{Network: s.network(), Market: j.url, ChatID: j.chatID, Callers: 8}
	if c.takes > time.Second {
		do.Callers = 2 // what waits has to end, too
	}
	far, near := newProxy(t, s, c.latency/2), newProxy(t, s, c.latency/2)
	do.Addrs = []string{far.address}
	workers := hire(t, 1, do)
	do.Addrs = []string{near.address}
	workers = append(workers, hire(t, c.processes-1, do)...)
	eventually(t, "all work", func() bool { sent, _, _ := j.counts(); return sent >= 8 })
	time.Sleep(time.Second)

	began, sentBefore, commandsBefore := time.Now(), j.sentSoFar(), s.commands()
	if c.cut {
		far.link.Lock()
	} else {
		workers[0].signal(stop)
	}
	time.Sleep(c.lasts)
	sent, commands := j.sentSoFar()-sentBefore, s.commands()-commandsBefore
	if c.cut {
		far.link.Unlock()
	} else {
		workers[0].signal(goOn)
	}
	after := j.sentSoFar()
	eventually(t, "all go on", func() bool { return j.sentSoFar() >= after+8 })
	pause := j.longestPause(began)
	done := dismiss(t, workers)
	_, refused, most := j.counts()
	t.Logf("%v: %.1f sends a second, longest pause %v, 420s %d, most at once %d, %.1f commands a call, failed %d", c,
		float64(sent)/c.lasts.Seconds(), pause.Round(10*time.Millisecond), refused, most,
		float64(commands)/float64(max(sent, 1)), len(failures(done)))
	require.Less(t, pause, c.longestPause())
	require.Empty(t, failures(done))
	j.checkMessages(t, done)
	require.LessOrEqual(t, most, 8)
	eventually(t, "all slots are free", func() bool { return s.leases(cabinet) == 0 })
}

// longestPause bounds that of the others. Tests that run beside each other take from each other.
func (c standstill) longestPause() time.Duration {
	switch {
	case c.takes > time.Second: // leases that were renewed last 15 s
		return defaultLease + c.takes
	case *figures:
		return 4*time.Second + 2*c.latency
	default:
		return defaultLease - firstLease
	}
}
