package fleet

import (
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// nowhere is a client of a server that is not there.
func nowhere(t *testing.T) *redis.Client {
	rdb := redis.NewClient(&redis.Options{Network: "unix", Addr: t.TempDir() + "/s"})
	t.Cleanup(func() { rdb.Close() })
	return rdb
}

func TestRefusedValues(t *testing.T) {
	negative := wrapper.RetryPolicy{MaxDelay: -1}
	for says, option := range map[string]Option{
		"WithLease is given 11.999s, allowed is 12s to 24h0m0s":                      WithLease(11999 * time.Millisecond),
		"WithLease is given 24h0m0.000000001s, allowed is 12s to 24h0m0s":            WithLease(24*time.Hour + 1),
		"WithTimeout is given 0s, allowed is 1ms to 10s":                             WithTimeout(0),
		"WithTimeout is given 11s, allowed is 1ms to 10s":                            WithTimeout(11 * time.Second),
		"WithTimeout is given -1s, allowed is 1ms to 10s":                            WithTimeout(-time.Second),
		"WithSlots is given 0, allowed is 1 to 4":                                    WithSlots(0),
		"WithSlots is given 5, allowed is 1 to 4":                                    WithSlots(5),
		"WithAlone is given 0, allowed is 1 to 4":                                    WithAlone(0),
		"WithAlone is given 5, allowed is 1 to 4":                                    WithAlone(5),
		`WithPrefix is given "", allowed are 1 to 100 printable ASCII characters`:    WithPrefix(""),
		`WithPrefix is given "a{b", allowed are 1 to 100 printable ASCII characters`: WithPrefix("a{b"),
		`WithPrefix is given "a}b", allowed are`:                                     WithPrefix("a}b"),
		`WithPrefix is given "a b", allowed are`:                                     WithPrefix("a b"),
		`WithPrefix is given "ü", allowed are`:                                       WithPrefix("ü"),
		strings.Repeat("x", 101):                                                     WithPrefix(strings.Repeat("x", 101)),
		"WithLogger is given nil, allowed is an *slog.Logger":                        WithLogger(nil),
		`WithName is given "", allowed are 1 to 64 letters, digits, hyphens and`:     WithName(""),
		`WithName is given "a.b", allowed are`:                                       WithName("a.b"),
		`WithName is given "ü", allowed are`:                                         WithName("ü"),
		strings.Repeat("y", 65):                                                      WithName(strings.Repeat("y", 65)),
		"WithRetry: wrapper: RetryPolicy is":                                         WithRetry(negative),
		"option 1 is nil":                                                            nil,
	} {
		shared, err := New(nowhere(t), option)
		require.ErrorContains(t, err, "fleet: ")
		assert.ErrorContains(t, err, says)
		assert.Nil(t, shared)
	}
	_, err := New(nowhere(t), WithStrict(), WithAlone(1))
	assert.EqualError(t, err, "fleet: WithStrict and WithAlone are given, allowed is one of them")
	_, err = New(nowhere(t), WithSlots(2), WithAlone(3))
	assert.EqualError(t, err, "fleet: WithAlone is given 3 and WithSlots 2, allowed is no more alone than slots")
}

func TestRefusedClients(t *testing.T) {
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}})
	defer ring.Close()
	for says, rdb := range map[string]redis.UniversalClient{
		"fleet: the client is nil, allowed is a *redis.Client or a *redis.ClusterClient": nil,
		"fleet: the client is nil":           (*redis.Client)(nil),
		"fleet: the client is a *redis.Ring": ring,
	} {
		_, err := New(rdb)
		assert.ErrorContains(t, err, says)
	}
}

func TestAllowedValues(t *testing.T) {
	shared, err := New(nowhere(t), WithLease(12*time.Second), WithLease(24*time.Hour), WithTimeout(time.Millisecond),
		WithTimeout(10*time.Second), WithSlots(1), WithSlots(4), WithAlone(1), WithAlone(4), WithPrefix("shop:chats:"),
		WithLogger(slog.Default()), WithRetry(wrapper.RetryPolicy{MaxDelay: time.Minute}),
		WithName("Web_1-"+strings.Repeat("x", 58)))
	require.NoError(t, err)
	defer shared.Close()
	assert.Equal(t, time.Minute, shared.maxDelay)
	assert.Equal(t, 24*time.Hour, shared.lease)
	assert.Equal(t, 4, shared.alone)
	assert.Regexp(t, "^Web_1-x{58}:[A-Z2-7]{16}$", shared.process)
	assert.Equal(t, "shop:chats:wake:", shared.channels())
	limiter, err := shared.Limiter(7)
	require.NoError(t, err)
	assert.Equal(t, []string{"shop:chats:{7}", "shop:chats:{7}:queue", "shop:chats:{7}:seen"}, limiter.keys)
}

func TestDefaults(t *testing.T) {
	shared, err := New(nowhere(t), WithRetry(wrapper.RetryPolicy{}))
	require.NoError(t, err)
	defer shared.Close()
	assert.Regexp(t, "^[-_0-9A-Za-z]*-"+strconv.Itoa(os.Getpid())+":[A-Z2-7]{16}$", shared.process)
	assert.Equal(t, config{maxDelay: 30 * time.Second, newLease: 3 * time.Second, lease: 15 * time.Second,
		timeout: time.Second, slots: 4, alone: 1, prefix: "ymchats:", logger: slog.Default(), name: shared.name}, *shared.config)
}

func TestDefaultName(t *testing.T) {
	for host, want := range map[string]string{
		"web-7f9c.shop.example": "web-7f9c-12",
		"Büro 3":                "B_ro_3-12",
		"":                      "-12",
		strings.Repeat("x", 62): strings.Repeat("x", 61) + "-12",
	} {
		name := defaultName(host, 12)
		assert.Equal(t, want, name)
		assert.NoError(t, WithName(name)(&config{}))
	}
}

func TestLimiters(t *testing.T) {
	shared, err := New(nowhere(t))
	require.NoError(t, err)
	for _, id := range []int64{0, -1} {
		_, err := shared.Limiter(id)
		assert.ErrorContains(t, err, "allowed is 1 and above")
	}
	one, err := shared.Limiter(1)
	require.NoError(t, err)
	same, err := shared.Limiter(1)
	require.NoError(t, err)
	other, err := shared.Limiter(2)
	require.NoError(t, err)
	assert.Same(t, one, same)
	assert.NotSame(t, one, other)
	_, err = one.Acquire(nil, "getChat") //nolint:staticcheck // a nil context is what is tried
	assert.EqualError(t, err, "fleet: ctx is nil")
	for _, operation := range []string{"", "getchat", "raw"} {
		_, err = one.Acquire(t.Context(), operation)
		assert.ErrorContains(t, err, "the contract has no operation")
	}
	require.NoError(t, shared.Close())
	require.NoError(t, shared.Close(), "again")
	_, err = one.Acquire(t.Context(), "getChat")
	assert.EqualError(t, err, "fleet: the Fleet is closed")
	_, err = shared.Limiter(1)
	assert.EqualError(t, err, "fleet: the Fleet is closed")
}
