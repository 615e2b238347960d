package fleet

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// breakage is something that happens to Redis while a fleet works.
type breakage struct {
	args  []string // of the server
	begin func(s *server)
	end   func(s *server)
	lasts time.Duration // 0: 1 s
}

var outages = map[string]breakage{
	"stopped": {
		begin: func(s *server) { s.signal(syscall.SIGSTOP) },
		end:   func(s *server) { s.signal(syscall.SIGCONT) },
		lasts: 5 * time.Second,
	},
	"stopped for a moment": {
		begin: func(s *server) { s.signal(syscall.SIGSTOP) },
		end:   func(s *server) { s.signal(syscall.SIGCONT) },
	},
	"killed, back empty": {
		begin: func(s *server) { s.kill() },
		end:   func(s *server) { s.run() },
		lasts: 3 * time.Second,
	},
	"killed, back with its data": {
		args:  []string{"--appendonly", "yes"},
		begin: func(s *server) { s.kill() },
		end:   func(s *server) { s.run() },
	},
	"full": {
		begin: func(s *server) { s.do("CONFIG", "SET", "maxmemory", "1") },
		end:   func(s *server) { s.do("CONFIG", "SET", "maxmemory", "0") },
	},
	"read-only": {
		begin: func(s *server) { s.do("REPLICAOF", "127.0.0.1", "1") },
		end:   func(s *server) { s.do("REPLICAOF", "NO", "ONE") },
	},
	"with another password": {
		begin: func(s *server) {
			s.do("CONFIG", "SET", "requirepass", "another")
			rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: s.address, Password: "another"})
			defer rdb.Close()
			require.NoError(s.t, rdb.Do(context.Background(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err())
		},
		end: func(s *server) {
			rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: s.address, Password: "another"})
			defer rdb.Close()
			require.NoError(s.t, rdb.ConfigSet(context.Background(), "requirepass", "").Err())
		},
	},
	"emptied":                   {begin: func(s *server) { s.do("FLUSHALL") }},
	"without scripts":           {begin: func(s *server) { s.do("SCRIPT", "FLUSH") }},
	"without its subscriptions": {begin: func(s *server) { s.do("CLIENT", "KILL", "TYPE", "pubsub") }},
	"paused":                    {begin: func(s *server) { s.do("CLIENT", "PAUSE", "1000", "ALL") }},
}

// Whatever happens to Redis: no call is lost, none arrives twice, none fails or hangs, and all slots are free at the
// end.
func TestOutages(t *testing.T) {
	for name, o := range outages {
		t.Run(name, func(t *testing.T) {
			beside(t)
			endure(t, o, 4)
		})
	}
}

// The same with more processes than the Market serves requests at once.
func TestOutageOfManyProcesses(t *testing.T) {
	beside(t)
	endure(t, outages["stopped"], 16)
	if *figures {
		endure(t, outages["killed, back empty"], 16)
	}
}

func endure(t *testing.T, o breakage, n int) {
	s := onOne(t, o.args...)
	j := newJudge(t, 40*time.Millisecond, time.Hour, 1_000_000)
	do := task{Network: s.network(), Addrs: []string{s.address}, Market: j.url, ChatID: j.chatID, Callers: 8}
	if !*figures {
		do.Lease = endless
	}
	workers := hire(t, n, do)
	eventually(t, "all work", func() bool { sent, _, _ := j.counts(); return sent > 20 })
	time.Sleep(time.Second)
	now := time.Now()
	before := j.between(now.Add(-time.Second), now)
	_, refusedBefore, _ := j.counts()
	o.begin(s)
	time.Sleep(o.duration())
	during := j.between(now, time.Now())
	if o.end != nil {
		o.end(s)
	}
	back := time.Now()
	full := fullRateAfter(t, j, back, before)
	_, refused, most := j.counts()
	done := dismiss(t, workers)
	t.Logf("%d processes: %d calls/s before, %d sent while away, %d 420s, most at once %d, failed %d, longest call %v,"+
		" full rate %v after",
		n, before, during, refused-refusedBefore, most, len(failures(done)), longest(done).Round(time.Millisecond), full)
	j.checkMessages(t, done)
	if n <= 4 {
		require.Empty(t, failures(done))
	} else {
		require.LessOrEqual(t, len(failures(done)), 10, "%v", failures(done))
	}
	s.checkKeys()
	eventually(t, "all slots are free", func() bool { return s.leases(cabinet) == 0 })
}

// duration is shorter where no figures are taken.
func (o breakage) duration() time.Duration {
	if *figures {
		return max(o.lasts, time.Second)
	}
	return min(max(o.lasts, time.Second), 2*time.Second)
}

// enoughRate is what counts as the full rate. Tests that run beside each other take from each other.
func enoughRate(before int) int {
	if *figures {
		return before * 9 / 10
	}
	return before * 6 / 10
}

// beside lets tests run beside others, but for those that take figures.
func beside(t *testing.T) {
	if !*figures {
		t.Parallel()
	}
}

// fullRateAfter waits until a second has seen nearly as many calls as one before.
func fullRateAfter(t *testing.T, j *judge, back time.Time, before int) time.Duration {
	t.Helper()
	var at time.Duration
	eventually(t, fmt.Sprintf("%d calls are made in a second", enoughRate(before)), func() bool {
		for at = 0; back.Add(at + time.Second).Before(time.Now()); at += 100 * time.Millisecond {
			if j.between(back.Add(at), back.Add(at+time.Second)) >= enoughRate(before) {
				return true
			}
		}
		return false
	})
	return at
}

// What Redis said last decides whether all commands are tried before it counts as back.
func TestOutageKnowsTheLastError(t *testing.T) {
	shared, l := memberOver(t, nowhere(t))
	require.NoError(t, shared.Close()) // no probe meets errors of its own
	for _, row := range []struct {
		met   error
		wrong bool
	}{{errNoAnswer, false}, {redis.Nil, true}, {errNoAnswer, false}} {
		l.failed(row.met)
		assert.Equal(t, row.wrong, l.away().wrong, row.met)
		assert.Equal(t, row.met, l.away().cause)
	}
}
