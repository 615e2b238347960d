package fleet

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// A call that nobody contends costs two commands; the first one of a cabinet a third, to learn Redis' clock.
func TestCommandsOfACall(t *testing.T) {
	beside(t)
	onEach(t, func(t *testing.T, s *server) {
		shared, l := member(t, s, WithTimeout(slow))
		eventually(t, "it hears", func() bool { return hears(shared) })
		for range 100 {
			take(t, l, "getChat")(served)
		}
		require.LessOrEqual(t, s.commands(), 2*100+2) // eval for evalsha once
	})
}

// A cabinet with a window for each operation and a lease takes less than 1 KB of Redis.
func TestMemoryOfACabinet(t *testing.T) {
	beside(t)
	onEach(t, func(t *testing.T, s *server) {
		_, l := member(t, s, WithTimeout(slow))
		for _, operation := range gen.Operations {
			take(t, l, operation.ID)(left(900, time.Hour))
		}
		release := take(t, l, "getChat")
		bytes := s.do("MEMORY", "USAGE", "ymchats:{12345}").(int64)
		t.Log(bytes, "bytes")
		require.LessOrEqual(t, bytes, int64(1024))
		release(served)
	})
}

// A process that serves many cabinets needs no goroutines and connections for them while nobody calls.
func TestManyCabinets(t *testing.T) {
	s := onOne(t)
	shared, _ := member(t, s, WithTimeout(slow))
	eventually(t, "it hears", func() bool { return hears(shared) })
	goroutines := runtime.NumGoroutine()
	t.Logf("a fleet: %d connections", s.connections())
	const cabinets, callers = 50, 4
	var heap int64
	for round := range int64(2) { // the first one fills the pool of connections
		heap = heapUsed()
		var group sync.WaitGroup
		var running atomic.Int64
		end := make(chan struct{})
		for id := range int64(cabinets) {
			l, err := shared.Limiter(round*cabinets + id + 1)
			require.NoError(t, err)
			for range callers {
				group.Go(func() {
					take(t, l, "createChat")(left(900, time.Hour))
					release := take(t, l, "getChat")
					running.Add(1)
					<-end
					release(left(900, time.Hour))
				})
			}
		}
		eventually(t, "all requests run", func() bool { return running.Load() == cabinets*callers })
		t.Logf("%d requests at once: %.1f goroutines each with that of its caller, %d connections", cabinets*callers,
			float64(runtime.NumGoroutine()-goroutines)/cabinets/callers, s.connections())
		close(end)
		group.Wait()
		eventually(t, "their goroutines have ended", func() bool { return runtime.NumGoroutine() <= goroutines })
	}
	t.Logf("a cabinet: %d bytes of heap, %v bytes of Redis", (heapUsed()-heap)/cabinets, s.do("MEMORY", "USAGE", "ymchats:{1}"))
	runtime.KeepAlive(shared)
}

func heapUsed() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// connections counts those of others.
func (s *server) connections() int {
	return strings.Count(fmt.Sprint(s.do("CLIENT", "LIST")), "\n") - 1
}

// The time that a call takes longer, beside the way to Redis and back in the same run.
func TestAddedLatency(t *testing.T) {
	if !*figures {
		t.Skip("skipped: -figures takes it")
	}
	onEach(t, func(t *testing.T, s *server) {
		rdb := s.client(t)
		_, l := memberOver(t, rdb, WithTimeout(slow))
		local, err := wrapper.NewLimiter(wrapper.RetryPolicy{})
		require.NoError(t, err)
		measure := func(what func()) (p50, p99 time.Duration) { // the quietest of some rounds: others use the machine too
			p50, p99 = time.Hour, time.Hour
			for range 20 {
				var all []time.Duration
				for range 500 {
					began := time.Now()
					what()
					all = append(all, time.Since(began))
				}
				slices.Sort(all)
				p50, p99 = min(p50, all[len(all)/2]), min(p99, all[len(all)*99/100])
			}
			return p50, p99
		}
		call := func(l wrapper.Limiter) func() {
			return func() {
				release, err := l.Acquire(background, "getChat")
				require.NoError(t, err)
				release(served)
			}
		}
		call(l)()
		ping50, ping99 := measure(func() { rdb.Ping(background) })
		local50, local99 := measure(call(local))
		shared50, shared99 := measure(call(l))
		t.Logf("added p50 %v, p99 %v; the way to Redis and back: p50 %v, p99 %v",
			shared50-local50, shared99-local99, ping50, ping99)
		require.LessOrEqual(t, shared50-local50, 2*ping50+time.Millisecond)
		require.LessOrEqual(t, shared99-local99, 2*ping99+time.Millisecond)
	})
}

// How much of the four slots is in use while there is more work than they can do.
func TestShareOfTheSlots(t *testing.T) {
	if !*figures {
		t.Skip("skipped: -figures takes it")
	}
	for _, n := range []int{4, 16} {
		t.Run(fmt.Sprint(n, " processes"), func(t *testing.T) {
			s := onOne(t)
			j := newJudge(t, 100*time.Millisecond, time.Hour, 1_000_000)
			workers := hire(t, n, task{
				Network: s.network(), Addrs: []string{s.address}, Market: j.url, ChatID: j.chatID, Callers: 8,
			})
			eventually(t, "all work", func() bool { sent, _, _ := j.counts(); return sent > 100 })
			before, best := s.commands(), 0.0
			sentBefore, _, _ := j.counts()
			began := time.Now()
			for range 10 { // the quietest of some spans: others use the machine too
				busy, start := j.busyTime(), time.Now()
				time.Sleep(2 * time.Second)
				best = max(best, float64(j.busyTime()-busy)/float64(4*time.Since(start)))
			}
			took := time.Since(began)
			sent, refused, most := j.counts()
			commands := s.commands() - before
			dismiss(t, workers)
			t.Logf("%.3f of the slots in use, over all %.1f calls/s, %.2f commands a call, 420s %d, most at once %d", best,
				float64(sent-sentBefore)/took.Seconds(), float64(commands)/float64(sent-sentBefore), refused, most)
			require.GreaterOrEqual(t, best, 0.95)
		})
	}
}

// Processes with the default Limiter only, for comparison: they refuse each other what the Market would allow.
func TestWithoutAFleet(t *testing.T) {
	if !*figures {
		t.Skip("skipped: -figures takes it")
	}
	for _, n := range []int{1, 4, 16} {
		j := newJudge(t, 40*time.Millisecond, 16*time.Second, 400)
		done := collect(t, hire(t, n, task{Market: j.url, ChatID: j.chatID, Callers: 8}))
		sent, refused, most := j.counts()
		t.Logf("%d processes: sent %d of 800, 420s %d, most at once %d, calls failed %d",
			n, sent, refused, most, len(failures(done)))
	}
}
