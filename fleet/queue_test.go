package fleet

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// Four of both run, the others wait in the order in which they came, and nobody waits longer than for a message.
func TestHandedOver(t *testing.T) {
	beside(t)
	onEach(t, func(t *testing.T, s *server) {
		_, a := member(t, s, WithTimeout(slow))
		_, b := member(t, s, WithTimeout(slow))
		var held []func(wrapper.Response)
		for _, l := range []*Limiter{a, a, b, b} {
			held = append(held, take(t, l, "getChat"))
		}
		var waiting []*taker
		for i, l := range []*Limiter{a, b, a, b} {
			waiting = append(waiting, ask(l, "sendMessageToChat"))
			eventually(t, "it waits", func() bool { return s.waiting() == int64(i+1) })
		}
		for i, release := range held {
			release(served)
			waiting[i].wait(t)
			require.NoError(t, waiting[i].err)
			for _, later := range waiting[i+1:] {
				require.False(t, later.isDone(), "nobody overtakes")
			}
		}
		require.Equal(t, 4, s.leases(cabinet))
		for _, w := range waiting {
			w.release(served)
			w.release(served)
		}
		require.Zero(t, s.leases(cabinet))
		s.checkKeys()
	})
}

// The context ends while a caller waits: it leaves the queue at once, and what it was given meanwhile is free.
func TestContextEndsInTheQueue(t *testing.T) {
	beside(t)
	s := onOne(t)
	_, a := member(t, s, WithTimeout(slow))
	_, b := member(t, s, WithTimeout(slow))
	held, w := holdAll(t, s, a, b)
	w.cancel()
	w.wait(t)
	require.ErrorIs(t, w.err, context.Canceled)
	eventually(t, "the place is free", func() bool { return s.waiting() == 0 })
	for i := range 20 { // in the moment of the grant
		w := ask(b, "getChat")
		eventually(t, "it waits", func() bool { return s.waiting() == 1 || w.isDone() })
		go held[i%4](served)
		w.cancel()
		w.wait(t)
		if w.err == nil {
			w.release(served)
		}
		eventually(t, "the lease is free", func() bool { return s.leases(cabinet) == 3 })
		held[i%4] = take(t, a, "getChat")
	}
	for _, release := range held {
		release(served)
	}
	eventually(t, "all are free", func() bool { return s.leases(cabinet) == 0 && s.waiting() == 0 })
}

// A lease is handed over by a message.
func TestMessagesHandOver(t *testing.T) {
	beside(t)
	s := onOne(t)
	fa, a := member(t, s, WithTimeout(slow), WithLease(24*time.Hour))
	never(fa)
	_, b := member(t, s, WithTimeout(slow), WithLease(24*time.Hour))
	held, w := holdAll(t, s, b, a)
	held[0](served)
	w.wait(t)
	w.release(served)

	held[0] = take(t, b, "getChat") // the same while there is no subscription: it is asked when there is one again
	w = ask(a, "getChat")
	eventually(t, "it waits", func() bool { return s.waiting() == 1 })
	s.do("CLIENT", "KILL", "TYPE", "pubsub")
	held[0](served)
	w.wait(t)
	w.release(served)
	for _, release := range held[1:] {
		release(served)
	}
}

// A message may be lost.
func TestLostMessagesAreLookedFor(t *testing.T) {
	beside(t)
	s := onOne(t)
	fa, a := member(t, s, WithTimeout(slow))
	_, b := member(t, s, WithTimeout(slow))
	held, w := holdAll(t, s, b, a)
	fa.mu.Lock() // no message is heard from now on
	fa.limiters = nil
	fa.mu.Unlock()
	held[0](served)
	w.wait(t)
	require.NoError(t, w.err)
	w.release(served)
	for _, release := range held[1:] {
		release(served)
	}
}

// A message that tells of a lease that has ended meanwhile starts nothing: the process stood still.
func TestOldMessagesAreNotBelieved(t *testing.T) {
	beside(t)
	s := onOne(t)
	fa, a := member(t, s, WithTimeout(slow))
	_, b := member(t, s, WithTimeout(slow))
	held, w := holdAll(t, s, b, a)
	before := s.commands()
	fa.mu.Lock()
	for _, one := range a.leases {
		one.wake(a.clock.at(time.Now()) - 1)
	}
	fa.mu.Unlock()
	eventually(t, "it asks again", func() bool { return s.commands() > before })
	require.False(t, w.isDone())
	for _, release := range held {
		release(served)
	}
	w.wait(t)
	w.release(served)
}

// The waiters in the queue go on without Redis once one command has failed.
func TestWaitersGoAlone(t *testing.T) {
	beside(t)
	s := onOne(t)
	shared, a := member(t, s)
	never(shared)
	_, b := member(t, s, WithTimeout(slow))
	_, w := holdAll(t, s, b, a)
	s.kill()
	first, last := w, ask(a, "getChat") // whose command fails; without Redis one of them goes on, and then the other
	eventually(t, "one goes on", func() bool { return first.isDone() || last.isDone() })
	if last.isDone() {
		first, last = last, first
	}
	for _, one := range []*taker{first, last} {
		one.wait(t)
		require.NoError(t, one.err)
		one.release(served)
	}
}

// A message wakes the waiters that it names: one lease, one operation of one cabinet, or all after a new subscription.
func TestMessagesWake(t *testing.T) {
	shared, err := New(nowhere(t))
	require.NoError(t, err)
	defer shared.Close()
	var waiters []*lease
	for _, id := range []int64{1, 2} {
		l, err := shared.Limiter(id)
		require.NoError(t, err)
		waiters = append(waiters, l.newLease("getChat"), l.newLease("createChat"))
	}
	for _, row := range []struct {
		payload string
		woken   [4]bool
	}{
		{"! ymchats:{1} getChat", [4]bool{true, false, false, false}},
		{"! ymchats:{2} createChat", [4]bool{false, false, false, true}},
		{"+ ymchats:{1} " + waiters[1].id + " 5", [4]bool{false, true, false, false}},
		{"+ ymchats:{2} " + waiters[1].id + " 5", [4]bool{}},
		{"! ymchats:{3} getChat", [4]bool{}},
		{"+ ymchats:{1}", [4]bool{}},
		{"", [4]bool{}},
	} {
		shared.hear(row.payload)
		assert.Equal(t, row.woken, woken(waiters), row.payload)
	}
	waiters[0].running = true
	shared.hear("! ymchats:{1} getChat")
	assert.Equal(t, [4]bool{}, woken(waiters), "a request that runs")
	waiters[0].running = false
	shared.hearAgain()
	assert.Equal(t, [4]bool{true, true, true, true}, woken(waiters))
	shared.hear("+ ymchats:{1} " + waiters[0].id + " 5")
	shared.hear("! ymchats:{1} getChat")
	assert.EqualValues(t, askAgain, <-waiters[0].messages, "of two messages Redis knows which one holds")
}

func woken(waiters []*lease) (all [4]bool) {
	for i, s := range waiters {
		select {
		case <-s.messages:
			all[i] = true
		default:
		}
	}
	return all
}

// A lease that a message grants lasts until the moment that the message names, by Redis' clock.
func TestGrantedLeaseLastsAsLongAsTheMessageSays(t *testing.T) {
	shared, l := memberOver(t, nowhere(t))
	s := l.newLease("getChat")
	shared.mu.Lock()
	l.clock.set(time.Now(), 1_000_000, false)
	s.wake(1_000_000 + time.Hour.Milliseconds())
	shared.mu.Unlock()
	left, err := s.await(t.Context())
	require.NoError(t, err)
	assert.InDelta(t, time.Hour, left, float64(20*time.Minute))
}
