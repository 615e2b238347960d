package fleet

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// Where no messages come, waiters ask more often.
func TestLookAfter(t *testing.T) {
	shared, _ := memberOver(t, nowhere(t))
	assert.Equal(t, lookAfter/5, shared.lookAfter(), "there is no subscription yet")
	shared.hearAgain()
	assert.Equal(t, lookAfter, shared.lookAfter())
	shared.notHeard(errNoAnswer)
	assert.Equal(t, lookAfter/5, shared.lookAfter(), "a message was refused")
	shared.hear("")
	assert.Equal(t, lookAfter, shared.lookAfter(), "a message came")
	shared.notHeard(errNoAnswer)
	shared.hearing.refused = time.Now().Add(-refusalLasts)
	assert.Equal(t, lookAfter, shared.lookAfter(), "it is tried again")
}

// A right to messages that is taken away and given back: a line each time, and Redis is not away.
func TestRightToMessagesComesBack(t *testing.T) {
	beside(t)
	s := onOne(t)
	var log lines
	shared, a := member(t, s, WithTimeout(slow), WithLogger(log.logger()))
	_, b := member(t, s, WithTimeout(slow))
	subscribed := func() bool { return hears(shared) }
	eventually(t, "there is a subscription", subscribed)
	s.do("ACL", "SETUSER", "default", "resetchannels")
	eventually(t, "there is none", func() bool { return !subscribed() })
	eventually(t, "a line is written", func() bool { return log.String() != "" })
	handOver := func() {
		held, w := holdAll(t, s, b, a)
		for _, release := range held {
			release(served)
		}
		w.wait(t)
		w.release(served)
	}
	handOver()
	s.do("ACL", "SETUSER", "default", "allchannels")
	eventually(t, "there is a subscription again", subscribed)
	handOver()
	eventually(t, "a second line is written", func() bool { return strings.Count(log.String(), "\n") == 2 })
	assert.Regexp(t, "^level=WARN msg=\"fleet: Redis refuses messages\" error=\"SUBSCRIBE: NOPERM .*\"\n"+
		"level=INFO msg=\"fleet: Redis sends messages again\"\n$", log.String())
	require.False(t, isAway(a))
}

// A subscription whose connection went silent is made anew.
func TestSilentSubscription(t *testing.T) {
	beside(t)
	s := onOne(t)
	p := newProxy(t, s, 0)
	p.swallow("subscribe")
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: p.address})
	t.Cleanup(func() { rdb.Close() })
	shared, _ := memberOver(t, rdb)
	eventually(t, "the answer is lost", func() bool { return p.count() == 1 })
	eventually(t, "there is a subscription", func() bool { return hears(shared) })
}

// Before Redis has first answered a request waits for 3 s at least.
func TestFirstTimeout(t *testing.T) {
	beside(t)
	s := onOne(t)
	for timeout, first := range map[time.Duration]time.Duration{slow: slow, defaultTimeout: firstTimeout} {
		shared, l := member(t, s, WithTimeout(timeout))
		assert.Equal(t, first, shared.patience())
		take(t, l, "getChat")(wrapper.Response{})
		assert.Equal(t, timeout, shared.patience())
	}
}
