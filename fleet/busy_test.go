package fleet

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// refused is a 420 of too many requests at once.
var refused = wrapper.Response{StatusCode: wrapper.StatusMethodFailure}

// isBusy tells whether Redis has taken slots away.
func (s *server) isBusy() bool {
	s.t.Helper()
	return s.do("HEXISTS", fmt.Sprintf("ymchats:{%d}", cabinet), "b:busy").(int64) == 1
}

// A 420 of too many at once takes a slot away, if its request had a lease. No other answer does.
func TestBusyIsTold(t *testing.T) {
	beside(t)
	s := onOne(t)
	_, l := member(t, s, WithTimeout(slow))
	usedUp := left(0, time.Hour)
	usedUp.StatusCode = wrapper.StatusMethodFailure
	take(t, l, "createChat")(usedUp)
	for _, other := range []wrapper.Response{served, {}, {StatusCode: 500}, left(0, time.Hour)} {
		take(t, l, "sendMessageToChat")(other)
	}
	one := l.newLease("getChat")
	l.alone.slots <- struct{}{}
	one.alone = true
	one.start(time.Hour)
	one.store() // as when Redis is back, and learns of it
	one.release(refused)
	require.False(t, s.isBusy())
	take(t, l, "getChat")(refused)
	require.True(t, s.isBusy())
	s.checkKeys()
}

// Another program uses the cabinet and knows nothing of the fleet. The fleet makes room for it.
func TestProgramOutsideOfTheFleet(t *testing.T) {
	beside(t)
	counts, lasts := []int{3}, 5*time.Second
	if *figures {
		counts, lasts = []int{3, 16}, 10*time.Second
	}
	for _, n := range counts {
		t.Run(fmt.Sprint(n, " processes"), func(t *testing.T) {
			s := onOne(t)
			j := newJudge(t, 40*time.Millisecond, time.Hour, 1_000_000)
			do := task{Market: j.url, ChatID: j.chatID, Callers: 2}
			outside := hire(t, 1, do)
			do.Callers, do.Network, do.Addrs = 8, s.network(), []string{s.address}
			inside := hire(t, n, do)
			time.Sleep(lasts)
			outer := dismiss(t, outside)
			inner := dismiss(t, inside)
			sent, refusals, most := j.counts()
			t.Logf("sent %d, of which outside of the fleet %d, 420s %d, most at once %d, failed %d and %d", sent,
				len(outer[0].Sent), refusals, most, len(failures(inner)), len(failures(outer)))
			require.Greater(t, len(outer[0].Sent), refusals, "what the other program sends, and all refusals")
			j.checkMessages(t, append(inner, outer...))
		})
	}
}

// Processes allow fewer slots than the Market.
func TestWithSlots(t *testing.T) {
	beside(t)
	s := onOne(t)
	_, a := member(t, s, WithTimeout(slow), WithSlots(2))
	_, b := member(t, s, WithTimeout(slow))
	for _, l := range []*Limiter{a, b} {
		defer take(t, l, "getChat")(served)
	}
	w := ask(b, "getChat")
	eventually(t, "a third one waits", func() bool { return s.waiting() == 1 })
	assert.False(t, w.isDone())
	w.cancel()
	w.wait(t)
	require.Error(t, w.err)
	s.checkKeys()
}
