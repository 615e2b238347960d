package fleet

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// forget forgets the cabinet of the tests by a process of its own.
func (s *server) forget() {
	s.t.Helper()
	forget(s.t, s.admin())
}

func forget(t *testing.T, rdb redis.UniversalClient) {
	t.Helper()
	defer rdb.Close()
	shared, err := New(rdb, WithTimeout(slow))
	require.NoError(t, err)
	defer shared.Close()
	require.NoError(t, shared.Forget(background, cabinet))
}

// startsAgain waits until the Limiter starts a request again.
func startsAgain(t *testing.T, l *Limiter) {
	t.Helper()
	eventually(t, "a request may start", func() bool {
		release, err := l.Acquire(background, "getChat")
		if err == nil {
			release(served)
		}
		return err == nil
	})
}

// A window that an answer has shut by mistake: Forget opens it for all processes, and for a request that waits for it.
func TestForget(t *testing.T) {
	beside(t)
	onEach(t, func(t *testing.T, s *server) {
		_, a := member(t, s, WithTimeout(slow))
		_, b := member(t, s, WithTimeout(slow))
		_, waiting := member(t, s, WithTimeout(slow), WithRetry(wrapper.RetryPolicy{MaxDelay: 2 * time.Hour}))
		take(t, a, "getChat")(left(0, time.Hour))
		_, err := b.Acquire(background, "getChat")
		require.ErrorIs(t, err, wrapper.ErrRateLimited)
		before := s.commands()
		w := ask(waiting, "getChat")
		eventually(t, "it learns of the window", func() bool { return s.commands() > before })
		second := ask(waiting, "getChat") // it waits in the process alone
		time.Sleep(50 * time.Millisecond)
		require.False(t, w.isDone())

		s.forget()
		w.wait(t)
		require.NoError(t, w.err)
		second.wait(t)
		require.NoError(t, second.err)
		for _, l := range []*Limiter{a, b} {
			startsAgain(t, l)
		}
		w.release(served)
		second.release(left(0, time.Hour)) // its answer came later, and counts
		_, err = a.Acquire(background, "getChat")
		require.ErrorIs(t, err, wrapper.ErrRateLimited)
		s.checkKeys()
	})
}

// A request that runs renews its lease at once, and keeps its slot.
func TestForgetKeepsWhatRuns(t *testing.T) {
	beside(t)
	s := onOne(t)
	_, l := member(t, s, WithTimeout(slow), WithLease(endless))
	release := take(t, l, "getChat")
	rdb := s.admin()
	defer rdb.Close()
	isRenewed := func() bool {
		for _, left := range leasesLeft(t, rdb, cabinet) {
			return left > endless/2
		}
		return false
	}
	eventually(t, "the lease is renewed", isRenewed)
	for range 3 {
		s.forget()
		eventually(t, "the lease is renewed again", isRenewed)
	}
	release(served)
	require.Zero(t, s.leases(cabinet))
}

// A process that has missed the message learns of it with its next subscription, and asks Redis for nothing until then.
func TestForgetWithoutAMessage(t *testing.T) {
	beside(t)
	s := onOne(t)
	shared, l := member(t, s, WithTimeout(slow))
	eventually(t, "it hears", func() bool { return hears(shared) })
	take(t, l, "getChat")(left(0, time.Hour))
	_, err := l.Acquire(background, "getChat")
	require.ErrorIs(t, err, wrapper.ErrRateLimited)
	s.do("CLIENT", "KILL", "TYPE", "pubsub")
	eventually(t, "it hears nothing", func() bool { return !hears(shared) })
	s.forget()
	startsAgain(t, l)
}

// severed is a hook of a client that fails each command while it is on. Its subscription goes on.
type severed struct {
	commandsAlone
	on atomic.Bool
}

func (s *severed) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if s.on.Load() {
			return errors.New("severed")
		}
		return next(ctx, cmd)
	}
}

// What answers said of windows while Redis was away is dropped if the cabinet is forgotten meanwhile, and so is what the
// Limiter in front knows.
func TestForgetWhileRedisIsAway(t *testing.T) {
	beside(t)
	s := onOne(t)
	rdb := s.client(t)
	cut := &severed{}
	rdb.AddHook(cut)
	_, l := memberOver(t, rdb, WithTimeout(slow))
	take(t, l, "getChat")(served)
	cut.on.Store(true)
	take(t, l, "getChat")(left(0, time.Hour))
	require.True(t, isAway(l))
	s.forget()
	cut.on.Store(false)
	eventually(t, "Redis is back", func() bool { return !isAway(l) })
	take(t, l, "getChat")(served)
	_, other := member(t, s, WithTimeout(slow))
	take(t, other, "getChat")(served)
	cut.on.Store(true) // what is learned later is told
	take(t, l, "getChat")(left(0, time.Hour))
	cut.on.Store(false)
	eventually(t, "Redis is back", func() bool { return !isAway(l) })
	_, err := other.Acquire(background, "getChat")
	require.ErrorIs(t, err, wrapper.ErrRateLimited)
}

// Windows that an outage has kept for later are dropped, if they were learned before the cabinet was forgotten.
func TestForgetDropsWhatWasLearnedBefore(t *testing.T) {
	shared, l := memberOver(t, nowhere(t))
	l.failed(errNoAnswer)
	learned := func() int {
		shared.mu.Lock()
		defer shared.mu.Unlock()
		return len(shared.outages[l].news.windows)
	}
	windows := map[string]wrapper.Quota{"getChat": {Until: time.Now().Add(time.Hour)}}
	require.True(t, l.postpone(report{windows: windows, ended: []string{"lease"}}))
	require.Equal(t, 1, learned())
	shared.hear(fmt.Sprintf("~ ymchats:{%d} 1000", cabinet))
	require.Zero(t, learned())
	require.Equal(t, []string{"lease"}, l.away().news.ended, "what has ended is still told")
	require.True(t, l.postpone(report{windows: windows, known: 999}))
	require.Zero(t, learned(), "learned before")
	shared.hear(fmt.Sprintf("~ ymchats:{%d} 999", cabinet))
	require.True(t, l.postpone(report{windows: windows, known: 1000}))
	require.Equal(t, 1, learned(), "learned after")
	shared.hear(fmt.Sprintf("~ ymchats:{%d} 1000", cabinet))
	require.Equal(t, 1, learned(), "the same message, again")
}

// Forget in the middle of work: no more than 4 run, none is lost.
func TestForgetAtWork(t *testing.T) {
	beside(t)
	for _, n := range []int{3, 16} {
		t.Run(fmt.Sprint(n, " processes"), func(t *testing.T) {
			beside(t)
			s := onOne(t)
			forgetAtWork(t, n, task{Network: s.network(), Addrs: []string{s.address}}, s.forget)
			eventually(t, "all slots are free", func() bool { return s.leases(cabinet) == 0 && s.waiting() == 0 })
			s.checkKeys()
		})
	}
}

func forgetAtWork(t *testing.T, n int, do task, forget func()) {
	j := newJudge(t, 40*time.Millisecond, time.Hour, 1_000_000)
	do.Market, do.ChatID, do.Callers = j.url, j.chatID, 8
	workers := hire(t, n, do)
	for i := range 10 {
		eventually(t, "they work", func() bool { sent, _, _ := j.counts(); return sent > 40*(i+1) })
		forget()
	}
	done := dismiss(t, workers)
	sent, refused, most := j.counts()
	t.Logf("%d processes: sent %d, 420s %d, most at once %d, longest call %v, longest pause %v", n, sent, refused, most,
		longest(done), j.longestPause(j.when[0]))
	assert.Zero(t, refused, "420s")
	assert.LessOrEqual(t, most, 4)
	require.Empty(t, failures(done))
	j.checkMessages(t, done)
}

func TestForgetIsRefused(t *testing.T) {
	beside(t)
	s := onOne(t)
	shared, l := member(t, s)
	require.EqualError(t, shared.Forget(nil, cabinet), "fleet: ctx is nil") //nolint:staticcheck // it is tried
	require.EqualError(t, shared.Forget(background, 0), "fleet: businessId is 0, allowed is 1 and above")
	take(t, l, "getChat")(served)
	s.signal(stop)
	ctx, cancel := context.WithCancel(background)
	cancel()
	require.ErrorIs(t, shared.Forget(ctx, cabinet), context.Canceled)
	require.ErrorContains(t, shared.Forget(background, cabinet),
		"fleet: Redis did not confirm that cabinet 12345 is forgotten: no answer of Redis came in time")
	s.signal(goOn)
	shared.Close()
	require.Equal(t, errClosed, shared.Forget(background, cabinet))
}

// An error of Redis begins an outage. During one nothing is asked: the probe learns whether the cabinet was forgotten.
func TestCatchUp(t *testing.T) {
	_, l := memberOver(t, nowhere(t))
	require.ErrorContains(t, l.catchUp(), "dial unix")
	require.True(t, isAway(l))
	require.NoError(t, l.catchUp())
}
