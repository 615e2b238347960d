package fleet

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// Redis is not as it should be when the Fleet is made: requests go alone, and together once it is.
func TestAwayFromTheStart(t *testing.T) {
	beside(t)
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
	beside(t)
	s := onOne(t, "--requirepass", "right")
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: s.address, Password: "wrong"})
	t.Cleanup(func() { rdb.Close() })
	var log lines
	_, l := memberOver(t, rdb, WithLogger(log.logger()))
	take(t, l, "getChat")(served)
	eventually(t, "a line is written", func() bool { return log.String() != "" })
	require.Contains(t, log.String(), "WRONGPASS")
	require.NotContains(t, log.String(), "wrong")
}

// A server from before Redis 7 does not know the declared form of the script.
func TestPlainForm(t *testing.T) {
	beside(t)
	s := onOne(t)
	rdb := s.client(t)
	rdb.AddHook(&old{})
	shared, l := memberOver(t, rdb, WithTimeout(slow))
	take(t, l, "getChat")(served)
	take(t, l, "getChat")(served)
	require.True(t, shared.script.old.Load())
	away := isAway(l)
	require.False(t, away)
}

func TestWrongKindOfKey(t *testing.T) {
	beside(t)
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

// What answers said while Redis was away, Redis is told.
func TestWindowsAreToldLater(t *testing.T) {
	beside(t)
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
	minute := sent.Add(time.Second + trusted)
	c.set(minute, 1_009_500+trusted.Milliseconds(), false) // it may have taken longer
	assert.EqualValues(t, 1_009_000, c.at(sent.Add(time.Second)))
	minute = minute.Add(1)
	c.set(minute, 1_009_500+trusted.Milliseconds(), false) // or the clocks have drifted apart
	assert.EqualValues(t, 1_009_500+trusted.Milliseconds(), c.at(minute))
}
