package fleet

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// What one process learns of a window holds for all. Nobody asks Redis while a window lasts.
func TestGateOfAll(t *testing.T) {
	beside(t)
	s := onOne(t)
	_, a := member(t, s, WithTimeout(slow))
	shared, b := member(t, s, WithTimeout(slow))
	eventually(t, "it hears", func() bool { return hears(shared) })
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

// Other code may hand over a count below 0: nothing is left then, in this process and in the others.
func TestCountBelowZero(t *testing.T) {
	beside(t)
	s := onOne(t)
	_, a := member(t, s, WithTimeout(slow))
	_, b := member(t, s, WithTimeout(slow))
	take(t, a, "getChat")(left(-1, time.Hour))
	for _, l := range []*Limiter{a, b} {
		ctx, cancel := context.WithTimeout(background, patient)
		defer cancel()
		_, err := l.Acquire(ctx, "getChat")
		require.ErrorIs(t, err, wrapper.ErrRateLimited)
	}
}

// Who waits in the queue when the quota is used up is refused as the default Limiter refuses.
func TestGateShutsOnWaiters(t *testing.T) {
	beside(t)
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
	beside(t)
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
	beside(t)
	s := onOne(t)
	_, a := member(t, s, WithTimeout(slow))
	_, b := member(t, s, WithTimeout(slow), WithRetry(wrapper.RetryPolicy{MaxDelay: time.Second}))
	take(t, a, "getChat")(left(0, 20*time.Second))
	_, err := b.Acquire(background, "getChat")
	require.ErrorIs(t, err, wrapper.ErrRateLimited)
	require.ErrorContains(t, err, "MaxDelay is 1s")
}

// Close gives back what is held, and ends every wait; what is released later does nothing.
func TestClose(t *testing.T) {
	beside(t)
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
	beside(t)
	s := onOne(t)
	shared, a := member(t, s)
	release := take(t, a, "getChat")
	s.kill()
	require.ErrorContains(t, shared.Close(), "they end by themselves within 15s")
	release(served)
}

// However many cabinets hold something, Close takes three timeouts where Redis stands still.
func TestCloseOfManyCabinets(t *testing.T) {
	beside(t)
	s := onOne(t)
	shared, _ := member(t, s)
	for id := range int64(200) {
		l, err := shared.Limiter(id + 1)
		require.NoError(t, err)
		take(t, l, "getChat")
	}
	s.signal(stop)
	defer s.signal(goOn)
	began := time.Now()
	require.ErrorContains(t, shared.Close(), "no answer of Redis came in time")
	require.Less(t, time.Since(began), 2*closeTimeouts*defaultTimeout, "200 cabinets in turn took 13 s")
}

// Sixteen cabinets are served at once, and no more are begun once the context has ended.
func TestEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		var mu sync.Mutex
		begun := map[time.Duration]int{}
		began := time.Now()
		err := each(ctx, make([]*Limiter, 100), func(*Limiter) error {
			mu.Lock()
			begun[time.Since(began)]++
			mu.Unlock()
			time.Sleep(time.Second)
			return nil
		})
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, map[time.Duration]int{0: 16, time.Second: 16}, begun)
	})
}
