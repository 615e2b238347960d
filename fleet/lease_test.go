package fleet

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What lay in the socket of a server that stood still is not granted when it wakes.
func TestNothingIsGrantedLate(t *testing.T) {
	beside(t)
	s := onOne(t)
	_, l := member(t, s, WithTimeout(100*time.Millisecond))
	take(t, l, "getChat")(served) // it knows the clock now
	s.signal(stop)
	var all []*taker
	for range 4 {
		all = append(all, ask(l, "getChat"))
	}
	all[0].cancel()
	for _, w := range all[1:] {
		defer w.cancel()
	}
	eventually(t, "Redis is away", func() bool { away := isAway(l); return away })
	time.Sleep(200 * time.Millisecond)
	for _, w := range all {
		w.cancel()
		w.wait(t)
		if w.err == nil {
			w.release(served)
		}
	}
	s.signal(goOn)
	eventually(t, "Redis is back", func() bool { away := isAway(l); return !away })
	eventually(t, "nothing is held", func() bool { return s.leases(cabinet) == 0 && s.waiting() == 0 })
	rdb := s.admin()
	defer rdb.Close()
	for range 100 {
		require.Empty(t, leasesLeft(t, rdb, cabinet))
	}
}

// A renewal keeps a lease, writes one that is lost, and ends with it.
func TestRenewal(t *testing.T) {
	beside(t)
	s := onOne(t)
	_, l := member(t, s, WithTimeout(slow), leaseOf(600*time.Millisecond))
	release := take(t, l, "getChat")
	for range 20 {
		time.Sleep(50 * time.Millisecond)
	}
	require.Equal(t, 1, s.leases(cabinet))
	s.do("FLUSHALL")
	eventually(t, "the lease is written again", func() bool { return s.leases(cabinet) == 1 })
	release(served)
	require.Zero(t, s.leases(cabinet))
	for range 10 {
		time.Sleep(50 * time.Millisecond)
		require.Zero(t, s.leases(cabinet), "it is not renewed any more")
	}
}

// The first renewal comes within the 3 s of a new lease, however long a renewed one lasts.
func TestFirstRenewal(t *testing.T) {
	beside(t)
	s := onOne(t)
	_, l := member(t, s, WithTimeout(slow), WithLease(endless))
	defer take(t, l, "getChat")(served)
	rdb := s.admin()
	defer rdb.Close()
	eventually(t, "the lease is renewed", func() bool {
		for _, left := range leasesLeft(t, rdb, cabinet) {
			return left > endless/2
		}
		return false
	})
}

// A lease that a renewal has written is given back, if its request began without Redis.
func TestRenewedLeaseEnds(t *testing.T) {
	beside(t)
	s := onOne(t)
	_, l := member(t, s, WithTimeout(slow), leaseOf(endless))
	one := l.newLease("getChat")
	one.start(time.Millisecond)
	eventually(t, "it is renewed", func() bool { return s.leases(cabinet) == 1 })
	one.release(served)
	require.Zero(t, s.leases(cabinet))
}

// A lease is given back after the renewal that is under way, or the renewal would write it again.
func TestRenewalBeforeTheEnd(t *testing.T) {
	beside(t)
	s := onOne(t)
	rdb := s.client(t)
	renewal := newStall(rdb, `"running"`)
	_, l := memberOver(t, rdb, WithTimeout(slow), WithLease(endless))
	release := take(t, l, "getChat")
	<-renewal.held
	released := make(chan struct{})
	go func() { release(served); close(released) }()
	time.Sleep(50 * time.Millisecond) // for a release that does not wait
	close(renewal.free)
	<-released
	require.Zero(t, s.leases(cabinet))
}

// The context ends while the request for a lease is under way: what it is granted is given back after it.
func TestGivenUpOnTheWay(t *testing.T) {
	beside(t)
	s := onOne(t)
	rdb := s.client(t)
	shared, l := memberOver(t, rdb, WithTimeout(slow), leaseOf(endless))
	eventually(t, "it hears", func() bool { return hears(shared) })
	take(t, l, "getChat")(served) // it knows the clock now
	request := newStall(rdb, "acquire")
	before := s.commands()
	w := ask(l, "getChat")
	<-request.held
	w.cancel()
	w.wait(t)
	time.Sleep(50 * time.Millisecond) // for a command that does not wait
	close(request.free)
	eventually(t, "both commands are there", func() bool { return s.commands() == before+2 })
	require.Zero(t, s.leases(cabinet))
	require.Zero(t, s.waiting())
}

// A request ends while Redis is away. Redis has kept the lease, and learns that when it is back.
func TestLeaseEndsWithoutRedis(t *testing.T) {
	beside(t)
	s := onOne(t, "--appendonly", "yes", "--appendfsync", "always")
	rdb := s.admin() // its commands are not tried again when the server is back
	t.Cleanup(func() { rdb.Close() })
	_, l := memberOver(t, rdb, leaseOf(endless))
	release := take(t, l, "getChat")
	s.kill()
	release(served)
	require.True(t, isAway(l))
	s.run()
	eventually(t, "Redis is back", func() bool { return !isAway(l) })
	eventually(t, "the lease has ended", func() bool { return s.leases(cabinet) == 0 })
}

// A request that runs alone ends while Redis learns of it: Redis learns that, too.
func TestLeaseEndsWithTheOutage(t *testing.T) {
	beside(t)
	s := onOne(t)
	rdb := s.client(t)
	_, l := memberOver(t, rdb, WithTimeout(slow), leaseOf(endless))
	s.kill()
	take(t, l, "getChat")(served) // it finds out
	release := take(t, l, "getChat")
	probe := newStall(rdb, `"running"`)
	s.run()
	<-probe.held
	release(served)
	close(probe.free)
	eventually(t, "Redis is back", func() bool { return !isAway(l) })
	eventually(t, "the lease has ended", func() bool { return s.leases(cabinet) == 0 })
}

// Redis writes down what runs, and its answer is lost. The request ends before Redis is tried again: Redis learns that,
// too, instead of keeping the lease.
func TestLeaseEndsAfterALostAnswer(t *testing.T) {
	beside(t)
	s := onOne(t)
	rdb := s.client(t)
	_, l := memberOver(t, rdb, WithTimeout(slow), leaseOf(endless))
	take(t, l, "getChat")(served) // it knows the clock now
	s.kill()
	take(t, l, "getChat")(served) // it finds out
	release := take(t, l, "getChat")
	probe := &loss{word: `"running"`, lost: make(chan struct{})}
	rdb.AddHook(probe)
	s.run()
	<-probe.lost
	require.Equal(t, 1, s.leases(cabinet))
	release(served)
	eventually(t, "Redis is back", func() bool { return !isAway(l) })
	eventually(t, "the lease has ended", func() bool { return s.leases(cabinet) == 0 })
}

// An outage of days keeps the leases that ended last.
func TestMissedLeasesAreBounded(t *testing.T) {
	_, l := member(t, onOne(t))
	l.fleet.outages[l] = &outage{news: l.newReport()}
	for i := range mostMissed + 1 {
		require.True(t, l.postpone(report{ended: []string{strconv.Itoa(i)}}))
	}
	kept := l.fleet.outages[l].news.ended
	require.Equal(t, mostMissed, len(kept))
	require.Equal(t, "1", kept[0])
	delete(l.fleet.outages, l)
}
