package fleet

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// member is a Fleet of a process, in the test's own.
func member(t *testing.T, s *server, options ...Option) (*Fleet, *Limiter) {
	t.Helper()
	return memberOver(t, s, s.client(t), options...)
}

var background = context.Background()

func take(t *testing.T, l *Limiter, operation string) func(wrapper.Response) {
	t.Helper()
	ctx, cancel := context.WithTimeout(background, patient)
	defer cancel()
	release, err := l.Acquire(ctx, operation)
	require.NoError(t, err)
	return release
}

var served = wrapper.Response{StatusCode: 200}

// left is an answer that tells of a window.
func left(remaining int, ends time.Duration) wrapper.Response {
	return wrapper.Response{StatusCode: 200, Quota: wrapper.Quota{Remaining: remaining, Until: time.Now().Add(ends)}}
}

// taker asks in the background.
type taker struct {
	cancel  context.CancelFunc
	release func(wrapper.Response)
	err     error
	done    chan struct{}
}

func ask(l *Limiter, operation string) *taker {
	ctx, cancel := context.WithCancel(background)
	a := &taker{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.release, a.err = l.Acquire(ctx, operation)
	}()
	return a
}

func (a *taker) wait(t *testing.T) {
	t.Helper()
	select {
	case <-a.done:
	case <-time.After(patient):
		require.Fail(t, "Acquire does not come back")
	}
}

func (a *taker) isDone() bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

const slow = 10 * time.Second // a timeout that a busy machine does not reach

// Four of both run, the others wait in the order in which they came, and nobody waits longer than for a message.
func TestHandedOver(t *testing.T) {
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

// What one process learns of a window holds for all. Nobody asks Redis while a window lasts.
func TestGateOfAll(t *testing.T) {
	s := onOne(t)
	_, a := member(t, s, WithTimeout(slow))
	_, b := member(t, s, WithTimeout(slow))
	until := time.Now().Add(time.Hour)
	take(t, a, "getChat")(wrapper.Response{StatusCode: 200, Quota: wrapper.Quota{Limit: 1000, Remaining: 0, Until: until}})
	for range 3 {
		before := s.commands()
		_, err := b.Acquire(background, "getChat")
		var e *wrapper.Error
		require.ErrorAs(t, err, &e)
		require.ErrorIs(t, err, wrapper.ErrRateLimited)
		require.WithinDuration(t, until, e.RetryAt, time.Minute)
		if e.Outcome != wrapper.NotSent {
			require.Fail(t, "nothing was sent")
		}
		t.Log("commands", s.commands()-before)
	}
	before := s.commands()
	_, err := b.Acquire(background, "getChat")
	require.ErrorIs(t, err, wrapper.ErrRateLimited)
	require.Equal(t, before, s.commands(), "commands for a window that is known")
	take(t, b, "createChat")(served)
	require.Zero(t, s.leases(cabinet))
}

// Who waits in the queue when the quota is used up is refused as the default Limiter refuses.
func TestGateShutsOnWaiters(t *testing.T) {
	s := onOne(t)
	_, a := member(t, s, WithTimeout(slow))
	_, b := member(t, s, WithTimeout(slow))
	last := take(t, a, "getChat")
	held := []func(wrapper.Response){take(t, a, "createChat"), take(t, a, "createChat"), take(t, a, "createChat")}
	w := ask(b, "getChat")
	eventually(t, "it waits", func() bool { return s.waiting() == 1 })
	last(left(0, time.Hour))
	w.wait(t)
	require.ErrorIs(t, w.err, wrapper.ErrRateLimited)
	require.Zero(t, s.waiting())
	for _, release := range held {
		release(served)
	}
}

// A short window is waited for.
func TestGateOpens(t *testing.T) {
	s := onOne(t)
	_, a := member(t, s, WithTimeout(slow))
	_, b := member(t, s, WithTimeout(slow))
	until := time.Now().Add(700 * time.Millisecond)
	take(t, a, "getChat")(wrapper.Response{StatusCode: 420, Quota: wrapper.Quota{Remaining: 0, Until: until}})
	take(t, b, "getChat")(served)
	require.False(t, time.Now().Before(until.Add(-time.Millisecond)), "it was let in before the window ended")
}

// MaxDelay of the policy bounds the wait.
func TestGateKeepsToThePolicy(t *testing.T) {
	s := onOne(t)
	_, a := member(t, s, WithTimeout(slow))
	_, b := member(t, s, WithTimeout(slow), WithRetry(wrapper.RetryPolicy{MaxDelay: time.Second}))
	take(t, a, "getChat")(left(0, 20*time.Second))
	_, err := b.Acquire(background, "getChat")
	require.ErrorIs(t, err, wrapper.ErrRateLimited)
	require.ErrorContains(t, err, "MaxDelay is 1s")
}

// The context ends while a caller waits: it leaves the queue at once, and what it was given meanwhile is free.
func TestContextEndsInTheQueue(t *testing.T) {
	s := onOne(t)
	_, a := member(t, s, WithTimeout(slow))
	_, b := member(t, s, WithTimeout(slow))
	var held []func(wrapper.Response)
	for range 4 {
		held = append(held, take(t, a, "getChat"))
	}
	w := ask(b, "getChat")
	eventually(t, "it waits", func() bool { return s.waiting() == 1 })
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

// Close gives back what is held, and ends every wait; what is released later does nothing.
func TestClose(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		shared, a := member(t, s, WithTimeout(slow))
		_, b := member(t, s, WithTimeout(slow))
		var held []func(wrapper.Response)
		for range 3 {
			held = append(held, take(t, a, "getChat"))
		}
		other := take(t, b, "getChat")
		inQueue := ask(a, "getChat")
		eventually(t, "one waits in Redis", func() bool { return s.waiting() == 1 })
		inProcess := ask(a, "getChat")
		require.NoError(t, shared.Close())
		inQueue.wait(t)
		inProcess.wait(t)
		require.Equal(t, errClosed, inQueue.err)
		require.Equal(t, errClosed, inProcess.err)
		require.Equal(t, 1, s.leases(cabinet), "that of the other process")
		require.Zero(t, s.waiting())
		for _, release := range held {
			release(served)
		}
		other(served)
		require.Zero(t, s.leases(cabinet))
		require.Equal(t, map[string]int{}, s.holders())
		for range 100 {
			_, err := a.Acquire(background, "getChat")
			require.Equal(t, errClosed, err)
		}
	})
}

// Where Redis is away, Close says so and does not hang.
func TestCloseWithoutRedis(t *testing.T) {
	s := onOne(t)
	shared, a := member(t, s)
	release := take(t, a, "getChat")
	s.kill()
	require.ErrorContains(t, shared.Close(), "they end by themselves within 15s")
	release(served)
}

// never lets a process learn by messages alone: it does not look.
func never(f *Fleet) { f.look = time.Hour }

// A lease is handed over by a message.
func TestMessagesHandOver(t *testing.T) {
	s := onOne(t)
	fa, a := member(t, s, WithTimeout(slow), WithLease(24*time.Hour))
	never(fa)
	_, b := member(t, s, WithTimeout(slow), WithLease(24*time.Hour))
	var held []func(wrapper.Response)
	for range 4 {
		held = append(held, take(t, b, "getChat"))
	}
	w := ask(a, "getChat")
	eventually(t, "it waits", func() bool { return s.waiting() == 1 })
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
	s := onOne(t)
	fa, a := member(t, s, WithTimeout(slow))
	_, b := member(t, s, WithTimeout(slow))
	var held []func(wrapper.Response)
	for range 4 {
		held = append(held, take(t, b, "getChat"))
	}
	w := ask(a, "getChat")
	eventually(t, "it waits", func() bool { return s.waiting() == 1 })
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
	s := onOne(t)
	fa, a := member(t, s, WithTimeout(slow))
	_, b := member(t, s, WithTimeout(slow))
	var held []func(wrapper.Response)
	for range 4 {
		held = append(held, take(t, b, "getChat"))
	}
	w := ask(a, "getChat")
	eventually(t, "it waits", func() bool { return s.waiting() == 1 })
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

func isAway(l *Limiter) bool { return l.away() != nil }

// Redis is not as it should be when the Fleet is made: requests go alone, and together once it is.
func TestAwayFromTheStart(t *testing.T) {
	for name, row := range map[string]struct {
		broken, whole []any
	}{
		"full":        {[]any{"CONFIG", "SET", "maxmemory", "1"}, []any{"CONFIG", "SET", "maxmemory", "0"}},
		"read-only":   {[]any{"REPLICAOF", "127.0.0.1", "1"}, []any{"REPLICAOF", "NO", "ONE"}},
		"no right to": {[]any{"ACL", "SETUSER", "default", "-evalsha", "-eval"}, []any{"ACL", "SETUSER", "default", "+@all"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := onOne(t)
			s.do(row.broken...)
			_, l := member(t, s)
			take(t, l, "getChat")(served)
			away := isAway(l)
			require.True(t, away)
			s.do(row.whole...)
			eventually(t, "Redis is back", func() bool { away := isAway(l); return !away })
			release := take(t, l, "getChat")
			require.Equal(t, 1, s.leases(cabinet))
			release(served)
		})
	}
}

// A wrong password is found out with the first call, not by New.
func TestWrongPasswordFromTheStart(t *testing.T) {
	s := onOne(t, "--requirepass", "right")
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: s.address, Password: "wrong"})
	t.Cleanup(func() { rdb.Close() })
	var log lines
	_, l := memberOver(t, s, rdb, WithLogger(log.logger()))
	take(t, l, "getChat")(served)
	eventually(t, "a line is written", func() bool { return log.String() != "" })
	require.Contains(t, log.String(), "WRONGPASS")
	require.NotContains(t, log.String(), "wrong")
}

// A server from before Redis 7 does not know the declared form of the script.
func TestPlainForm(t *testing.T) {
	s := onOne(t)
	rdb := s.client(t)
	rdb.AddHook(&old{})
	shared, l := memberOver(t, s, rdb, WithTimeout(slow))
	take(t, l, "getChat")(served)
	take(t, l, "getChat")(served)
	require.True(t, shared.script.old.Load())
	away := isAway(l)
	require.False(t, away)
}

func TestWrongKindOfKey(t *testing.T) {
	s := onOne(t)
	s.do("SET", "ymchats:{12345}", "x", "EX", "3600")
	shared, l := member(t, s)
	take(t, l, "getChat")(served) // alone
	other, err := shared.Limiter(7)
	require.NoError(t, err)
	take(t, other, "getChat")(served)
	away := isAway(l)
	require.True(t, away)
	away = isAway(other)
	require.False(t, away, "another cabinet is not affected")
}

func isUnavailable(err error) bool {
	var e *wrapper.Error
	return errors.Is(err, ErrUnavailable) && errors.As(err, &e) && e.Outcome == wrapper.NotSent
}

// Strict: nothing is sent without Redis. It is waited for within MaxDelay and the deadline.
func TestStrict(t *testing.T) {
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
	for _, n := range []int{1, 3} {
		s := onOne(t)
		_, l := member(t, s, WithAlone(n))
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

// What answers said while Redis was away, Redis is told.
func TestWindowsAreToldLater(t *testing.T) {
	s := onOne(t)
	_, a := member(t, s)
	s.kill()
	take(t, a, "getChat")(left(0, time.Hour))
	s.run()
	eventually(t, "Redis is back", func() bool { away := isAway(a); return !away })
	_, b := member(t, s, WithTimeout(slow))
	_, err := b.Acquire(background, "getChat")
	require.ErrorIs(t, err, wrapper.ErrRateLimited)
}

// The context ends while Redis is away. Its client never gives up, so nobody waits for that.
func TestContextEndsWithoutRedis(t *testing.T) {
	s := onOne(t)
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: s.address, ReadTimeout: -1})
	t.Cleanup(func() { rdb.Close() })
	_, l := memberOver(t, s, rdb)
	s.signal(stop)
	defer s.signal(goOn)
	held := take(t, l, "getChat")
	w := ask(l, "getChat")
	w.cancel()
	w.wait(t)
	require.ErrorIs(t, w.err, context.Canceled)
	held(served)
}

// What lay in the socket of a server that stood still is not granted when it wakes.
func TestNothingIsGrantedLate(t *testing.T) {
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

func TestClock(t *testing.T) {
	var c clock
	assert.Zero(t, c.at(time.Now()))
	sent := time.Now()
	c.set(sent, 1_000_000, false)
	assert.EqualValues(t, 1_000_500, c.at(sent.Add(500*time.Millisecond)))
	c.set(sent.Add(time.Second), 1_001_200, false) // it took 200 ms longer
	assert.EqualValues(t, 1_001_000, c.at(sent.Add(time.Second)))
	c.set(sent.Add(time.Second), 1_000_900, false)
	assert.EqualValues(t, 1_000_900, c.at(sent.Add(time.Second)))
	c.set(sent.Add(time.Second), 1_009_000, true) // the server has another clock now
	assert.EqualValues(t, 1_009_000, c.at(sent.Add(time.Second)))
}
