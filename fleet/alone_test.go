package fleet

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// Strict: nothing is sent without Redis. It is waited for within MaxDelay and the deadline.
func TestStrict(t *testing.T) {
	beside(t)
	s := onOne(t)
	_, l := member(t, s, WithStrict(), WithRetry(wrapper.RetryPolicy{MaxDelay: 700 * time.Millisecond}))
	take(t, l, "getChat")(served)
	s.kill()
	_, err := l.Acquire(background, "getChat")
	require.True(t, isUnavailable(err), "%v", err)
	require.ErrorContains(t, err, "getChat: the limits of the fleet are not to be had within 700ms: ")
	require.NotErrorIs(t, err, context.DeadlineExceeded)

	ctx, cancel := context.WithTimeout(background, 50*time.Millisecond)
	defer cancel()
	_, err = l.Acquire(ctx, "getChat")
	require.True(t, isUnavailable(err), "%v", err)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// A strict wait ends when Redis is back, and with Close.
func TestStrictWaits(t *testing.T) {
	beside(t)
	s := onOne(t)
	shared, l := member(t, s, WithStrict(), WithRetry(wrapper.RetryPolicy{MaxDelay: patient}))
	s.kill()
	w := ask(l, "getChat")
	eventually(t, "Redis is away", func() bool { away := isAway(l); return away })
	require.False(t, w.isDone())
	s.run()
	w.wait(t)
	require.NoError(t, w.err)
	w.release(served)
	s.kill()
	w = ask(l, "getChat")
	eventually(t, "Redis is away", func() bool { away := isAway(l); return away })
	shared.Close()
	w.wait(t)
	require.Equal(t, errClosed, w.err)
}

// Alone: so many at once in this process, and none more; what runs is told to Redis when it is back.
func TestAlone(t *testing.T) {
	beside(t)
	for _, n := range []int{1, 3} {
		s := onOne(t)
		_, l := member(t, s, WithAlone(n), leaseOf(endless))
		s.kill()
		var held []func(wrapper.Response)
		for range n {
			held = append(held, take(t, l, "getChat"))
		}
		w := ask(l, "getChat")
		time.Sleep(50 * time.Millisecond)
		require.False(t, w.isDone(), "one more")
		held[0](served)
		w.wait(t)
		require.NoError(t, w.err)
		held[0] = w.release
		s.run()
		eventually(t, "Redis knows what runs", func() bool { return s.leases(cabinet) == n })
		eventually(t, "Redis is back", func() bool { away := isAway(l); return !away })
		more := take(t, l, "getChat")
		require.Equal(t, n+1, s.leases(cabinet))
		more(served)
		for _, release := range held {
			release(served)
		}
		eventually(t, "all are free", func() bool { return s.leases(cabinet) == 0 })
		s.checkKeys()
	}
}

// The context ends while Redis is away. Its client never gives up, so nobody waits for that.
func TestContextEndsWithoutRedis(t *testing.T) {
	beside(t)
	s := onOne(t)
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: s.address, ReadTimeout: -1})
	t.Cleanup(func() { rdb.Close() })
	_, l := memberOver(t, rdb)
	s.signal(stop)
	defer s.signal(goOn)
	held := take(t, l, "getChat")
	w := ask(l, "getChat")
	w.cancel()
	w.wait(t)
	require.ErrorIs(t, w.err, context.Canceled)
	held(served)
}

// 420 with quota left means too many at once: the pause of a process that is alone doubles.
func TestPauses(t *testing.T) {
	now := time.Now()
	tooMany := wrapper.Response{StatusCode: 420, Quota: wrapper.Quota{Remaining: 5, Until: now.Add(time.Hour)}}
	usedUp := wrapper.Response{StatusCode: 420, Quota: wrapper.Quota{Remaining: 0, Until: now.Add(time.Hour)}}
	var a alone
	leave := func(r wrapper.Response) time.Duration { a.note(r, now); return a.pause }
	assert.Zero(t, leave(served))
	var seen []time.Duration
	for range 8 {
		seen = append(seen, leave(tooMany))
		assert.GreaterOrEqual(t, a.until, now.Add(a.pause/2))
		assert.Less(t, a.until, now.Add(a.pause*3/2+1))
	}
	ms := time.Millisecond
	assert.Equal(t, []time.Duration{50 * ms, 100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 2000 * ms, 2000 * ms},
		seen)
	assert.Equal(t, 1750*ms, leave(served))
	assert.Less(t, leave(usedUp), 1750*ms)
	assert.Equal(t, 2000*ms, leave(wrapper.Response{StatusCode: 420}), "a 420 that tells of no quota")
}

// A pause ends when Redis is back and when the context ends, and the slot is free for the next outage.
func TestPauseEnds(t *testing.T) {
	beside(t)
	s := onOne(t)
	shared, l := member(t, s)
	pauseUntil := func(until time.Time) {
		shared.mu.Lock()
		defer shared.mu.Unlock()
		l.alone.until = until
	}
	s.kill()
	take(t, l, "getChat")(wrapper.Response{StatusCode: wrapper.StatusMethodFailure})
	shared.mu.Lock()
	pause := l.alone.pause
	shared.mu.Unlock()
	require.Equal(t, firstPause, pause, "an answer of too many at once")
	pausing := func() *taker {
		pauseUntil(time.Now().Add(time.Hour))
		w := ask(l, "getChat")
		eventually(t, "it has the slot", func() bool { return len(l.alone.slots) == 1 })
		time.Sleep(20 * time.Millisecond) // for a request that does not pause
		require.False(t, w.isDone())
		return w
	}
	w := pausing()
	w.cancel()
	w.wait(t)
	require.ErrorIs(t, w.err, context.Canceled)
	w = pausing()
	s.run()
	w.wait(t)
	require.NoError(t, w.err)
	require.Equal(t, 1, s.leases(cabinet), "it has a lease")
	w.release(served)
	s.kill()
	pauseUntil(time.Time{})
	take(t, l, "getChat")(served)
}
