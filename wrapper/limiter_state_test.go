package wrapper

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
)

// The clock of this machine is set back a day: a window ends all the same, as the monotonic clock goes on.
func TestGateOutlastsAClockThatIsSetBack(t *testing.T) {
	now := time.Now()
	g := gate{}
	g.learn(Quota{Remaining: 0, Until: now.Round(0).Add(time.Minute)}, now)
	assert.True(t, g.shut(now))
	g.window.Until = g.window.Until.Add(24 * time.Hour) // seen from a wall clock that is a day behind
	assert.True(t, g.shut(now.Add(time.Minute-1)))
	assert.False(t, g.shut(now.Add(time.Minute)), "by the monotonic clock")
}

// The machine has slept: a window ends by the wall clock, as the monotonic one has stood.
func TestGateEndsWhileTheMachineSleeps(t *testing.T) {
	now := time.Now()
	g := gate{}
	g.learn(Quota{Remaining: 0, Until: now.Round(0).Add(time.Hour)}, now)
	g.window.Until = g.window.Until.Add(-50 * time.Minute) // seen from a wall clock that is 50 minutes ahead
	assert.True(t, g.shut(now.Add(10*time.Minute-1)))
	assert.False(t, g.shut(now.Add(10*time.Minute)), "by the wall clock")
}

// An answer that comes in the moment in which the window ends, and knows a later end, shuts it again.
func TestGateLearnsInTheMomentInWhichItsWindowEnds(t *testing.T) {
	now := time.Now()
	g := gate{}
	g.learn(Quota{Until: now.Round(0).Add(time.Minute)}, now)
	now = now.Add(time.Minute)
	g.learn(Quota{Until: now.Round(0).Add(time.Second)}, now)
	assert.True(t, g.shut(now.Add(time.Second-1)))
	assert.False(t, g.shut(now.Add(time.Second)))
}

// A Response that other code hands to the Limiter is bounded too: no window is longer than 61 minutes.
func TestGateBelievesNoLongerWindow(t *testing.T) {
	now := time.Now()
	for left, shut := range map[time.Duration]bool{61 * time.Minute: true, 61*time.Minute + 1: false} {
		g := gate{}
		g.learn(Quota{Until: now.Round(0).Add(left)}, now)
		assert.Equal(t, shut, g.shut(now), "%v", left)
	}
}

// A request that is refused waits for nothing, so no timer is left that runs until the window ends.
func TestLimiterLeavesNoTimer(t *testing.T) {
	usedUp := Response{Quota: Quota{Limit: 1000, Until: time.Now().Add(time.Hour)}}
	policy, err := RetryPolicy{}.withDefaults()
	require.NoError(t, err)

	l := newLimiter(policy)
	release, err := l.Acquire(t.Context(), gen.OperationGetChat)
	require.NoError(t, err)
	release(usedUp)
	_, err = l.Acquire(t.Context(), gen.OperationGetChat)
	require.ErrorIs(t, err, ErrRateLimited)
	assert.Nil(t, l.gates[gen.OperationGetChat].timer, "refused at once")

	policy.MaxDelay = 2 * time.Hour
	l = newLimiter(policy)
	release, err = l.Acquire(t.Context(), gen.OperationGetChat)
	require.NoError(t, err)
	release(usedUp)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = l.Acquire(endsWhenAsked{ctx, func() {
		assert.NotNil(t, l.gates[gen.OperationGetChat].timer, "while it waits")
		cancel()
	}}, gen.OperationGetChat)
	require.ErrorIs(t, err, context.Canceled)
	assert.Nil(t, l.gates[gen.OperationGetChat].timer, "it has left")
}

// endsWhenAsked is a context of which something happens when the limiter begins to wait for its end.
type endsWhenAsked struct {
	context.Context
	happen func()
}

func (c endsWhenAsked) Done() <-chan struct{} { c.happen(); return c.Context.Done() }

// The context ends in the very moment in which a waiter may start, or is refused: either may win. No slot is lost, and
// none is won.
func TestLimiterKeepsItsSlotsWhenTheContextEndsInThatMoment(t *testing.T) {
	policy, err := RetryPolicy{}.withDefaults()
	require.NoError(t, err)
	for _, answer := range []Response{{}, {Quota: Quota{Limit: 1000, Until: time.Now().Add(time.Hour)}}} {
		won := map[bool]int{}
		for range 64 {
			l := newLimiter(policy)
			var releases []func(Response)
			for range parallelRequests {
				release, err := l.Acquire(t.Context(), gen.OperationGetChat)
				require.NoError(t, err)
				releases = append(releases, release)
			}
			ctx, cancel := context.WithCancel(t.Context())
			release, err := l.Acquire(endsWhenAsked{ctx, func() { releases[0](answer); cancel() }}, gen.OperationGetChat)
			won[ctx.Err() == err]++
			if err == nil {
				release(Response{})
			}
			for _, release := range releases[1:] {
				release(Response{})
			}
			assert.Zero(t, l.running)
			assert.Zero(t, l.waiting)
			assert.Zero(t, l.gates[gen.OperationGetChat].running)
			assert.Nil(t, l.gates[gen.OperationGetChat].timer)
		}
		assert.Len(t, won, 2, "in 64 rounds each of the two wins")
	}
}

// The earliest end holds on both clocks: by the wall's, and by the monotonic one.
func TestGateKeepsTheEarliestEndOnBothClocks(t *testing.T) {
	now := time.Now()
	for _, minutes := range [][]time.Duration{{10, 5, 8}, {5, 10, 8}, {8, 10, 5}} {
		g := gate{}
		for _, m := range minutes {
			g.learn(Quota{Until: now.Round(0).Add(m * time.Minute)}, now)
		}
		assert.Equal(t, now.Add(5*time.Minute), g.ends, "%v", minutes)
		assert.True(t, g.window.Until.Equal(now.Add(5*time.Minute)), "%v", minutes)
	}
}

// A waiter that leaves makes room: the one behind it starts at once, though nothing else happens.
func TestWaiterThatLeavesLetsTheNextStart(t *testing.T) {
	policy, err := RetryPolicy{}.withDefaults()
	require.NoError(t, err)
	l := newLimiter(policy)
	g := l.gates[gen.OperationGetChat]
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	w := &waiter{ctx: gone, gate: g, number: 1, admitted: make(chan error, 1)}
	l.running, g.running = parallelRequests, 1
	w.admitted <- nil // it was let in, and has left its place
	behind := &waiter{ctx: t.Context(), gate: g, number: 2, admitted: make(chan error, 1)}
	behind.place, l.waiting = g.queue.PushBack(behind), 1
	l.abandon(w)
	require.Len(t, behind.admitted, 1, "the slot of the one that left")
	assert.Equal(t, parallelRequests, l.running)
	assert.Equal(t, 1, g.running, "one has left, one has come")
}
