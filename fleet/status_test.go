package fleet

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// Status tells which process holds and waits for what, for how long, and what is left of the windows.
func TestStatus(t *testing.T) {
	beside(t)
	onEach(t, func(t *testing.T, s *server) {
		fa, a := member(t, s, WithTimeout(slow), WithName("worker-a"))
		_, b := member(t, s, WithTimeout(slow), WithName("worker-b"))
		all, err := fa.Status(t.Context(), cabinet)
		require.NoError(t, err)
		require.Equal(t, Status{}, Status{Leases: all.Leases, Waiters: all.Waiters})
		require.Empty(t, all.Windows)

		take(t, a, "createChat")(left(17, time.Hour))
		first := take(t, a, "sendMessageToChat")
		time.Sleep(50 * time.Millisecond)
		held := []func(wrapper.Response){take(t, a, "getChat"), take(t, a, "getChat"), take(t, a, "getChat")}
		w := ask(b, "getChat")
		eventually(t, "it waits", func() bool { return s.waiting() == 1 })
		time.Sleep(firstLease/3 + 500*time.Millisecond) // they are renewed
		s.do("HSET", "ymchats:{12345}", "l:gone:X.1.getChat", "1 2", "q:getChat", "0 2")
		s.do("ZADD", "ymchats:{12345}:queue", 1, "gone:X.2.getChat")
		all, err = fa.Status(t.Context(), cabinet)
		require.NoError(t, err)
		s.do("ZREM", "ymchats:{12345}:queue", "gone:X.2.getChat")
		require.Len(t, all.Leases, 4)
		assert.Equal(t, "sendMessageToChat", all.Leases[0].Operation, "the oldest one")
		for _, lease := range all.Leases {
			assert.Equal(t, fa.process, lease.Process)
			assert.True(t, strings.HasPrefix(lease.Process, "worker-a:"), lease.Process)
			assert.Greater(t, lease.Age, time.Second, "a renewal does not begin a lease anew")
			assert.Less(t, lease.Age, patient)
			assert.Greater(t, lease.Left, firstLease)
			assert.LessOrEqual(t, lease.Left, defaultLease)
		}
		require.Len(t, all.Waiters, 1)
		waiter := all.Waiters[0]
		assert.Equal(t, "getChat", waiter.Operation)
		assert.True(t, strings.HasPrefix(waiter.Process, "worker-b:"), waiter.Process)
		assert.Greater(t, waiter.Age, time.Second)
		assert.LessOrEqual(t, waiter.Left, 3*time.Second)
		require.Len(t, all.Windows, 1)
		assert.Equal(t, 17, all.Windows["createChat"].Remaining)
		assert.WithinDuration(t, time.Now().Add(time.Hour), all.Windows["createChat"].Until, time.Minute)

		for _, release := range append(held, first) {
			release(served)
		}
		w.wait(t)
		w.release(served)
		all, err = fa.Status(t.Context(), cabinet)
		require.NoError(t, err)
		assert.Empty(t, all.Leases)
		assert.Empty(t, all.Waiters)
	})
}

func TestStatusRefuses(t *testing.T) {
	shared, _ := memberOver(t, nowhere(t))
	_, err := shared.Status(nil, cabinet) //nolint:staticcheck // a nil context is what is tried
	assert.EqualError(t, err, "fleet: ctx is nil")
	_, err = shared.Status(t.Context(), 0)
	assert.ErrorContains(t, err, "allowed is 1 and above")
	_, err = shared.Status(t.Context(), cabinet)
	assert.ErrorContains(t, err, "fleet: dial unix ")
	shared.Close()
	_, err = shared.Status(t.Context(), cabinet)
	assert.Equal(t, errClosed, err)
}
