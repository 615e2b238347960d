package wrapper_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

const ms = time.Millisecond

var (
	once     = []time.Duration{0}
	backoffs = []time.Duration{0, 250 * ms, 750 * ms, 1750 * ms} // half of 500 ms, 1 s, 2 s
)

// assertClasses checks that an error is of these classes, and of no other.
func assertClasses(t *testing.T, err error, want []error) {
	t.Helper()
	for _, class := range want {
		assert.ErrorIs(t, err, class)
	}
	for _, class := range append(classes, context.Canceled, context.DeadlineExceeded) {
		expected := false
		for _, w := range want {
			expected = expected || errors.Is(w, class)
		}
		if !expected {
			assert.NotErrorIs(t, err, class)
		}
	}
}

var classes = []error{
	wrapper.ErrInvalidRequest, wrapper.ErrBadRequest, wrapper.ErrUnauthorized, wrapper.ErrForbidden, wrapper.ErrNotFound,
	wrapper.ErrRateLimited, wrapper.ErrServer, wrapper.ErrInvalidResponse, wrapper.ErrOutcomeUnknown,
}

func TestRetrySendsTheSameBodyAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, serverError(), ok("getChatHistory"), ok("getChatHistory"), tooMany(), ok("sendMessageToChat"))
		require.NoError(t, newClient(t, s).SendMessage(t.Context(), chatID, text))
		want := `{"message":"Your order is on its way"}`
		assert.Equal(t, []string{want, "{}", `{"messageIdFrom":1}`, want, want}, s.bodies)
	})
}

func TestRetryAtTellsWhenTheQuotaIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, quotaUsedUp(40*time.Minute))
		_, err := newClient(t, s).GetChat(t.Context(), chatID)
		e := asError(t, err)
		assert.True(t, e.RetryAt.Equal(time.Now().Add(40*time.Minute)), "RetryAt is %v", e.RetryAt)
		assert.Equal(t, wrapper.Quota{Limit: 1000, Remaining: 0, Until: e.RetryAt}, e.Quota)
		assert.Contains(t, err.Error(), "the quota is used up for 40m0s, MaxDelay is 30s")
	})
}

// The Market's clock counts, not this machine's: the pause is Until − Date.
func TestRetryWaitsByTheServersClock(t *testing.T) {
	for _, skew := range []time.Duration{-time.Hour, time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				there := time.Now().Add(skew)
				r := quotaUsedUp(0)
				r.header.Set("Date", httpDate(there))
				r.header.Set("X-RateLimit-Resource-Until", httpDate(there.Add(7*time.Second)))
				s := newScript(t, r, ok("getChat"))
				_, err := newClient(t, s).GetChat(t.Context(), chatID)
				require.NoError(t, err)
				assert.Equal(t, []time.Duration{0, 7*time.Second + 125*ms}, s.at)
			})
		})
	}
}

func TestRetryPolicy(t *testing.T) {
	second := time.Second
	rows := []struct {
		why    string
		policy wrapper.RetryPolicy
		opts   []wrapper.CallOption
		want   []time.Duration
	}{
		{"zero means the defaults", wrapper.RetryPolicy{}, nil, backoffs},
		{"one attempt is no retry", wrapper.RetryPolicy{MaxAttempts: 1}, nil, once},
		{"a call's Attempts goes before the policy, down", wrapper.RetryPolicy{}, []wrapper.CallOption{wrapper.Attempts(1)}, once},
		{"and up", wrapper.RetryPolicy{MaxAttempts: 1}, []wrapper.CallOption{wrapper.Attempts(3)}, backoffs[:3]},
		{"MaxDelay bounds a pause", wrapper.RetryPolicy{BaseDelay: 2 * second, MaxDelay: 3 * second}, nil,
			[]time.Duration{0, second, second + 1500*ms, second + 3000*ms}},
		{"BaseDelay above MaxDelay", wrapper.RetryPolicy{MaxAttempts: 2, BaseDelay: time.Hour, MaxDelay: second}, nil,
			[]time.Duration{0, 500 * ms}},
		{"the doubling does not overflow", wrapper.RetryPolicy{MaxAttempts: 80, BaseDelay: 1, MaxDelay: 2}, nil, func() []time.Duration {
			at := make([]time.Duration, 80) // half of 1 ns is nothing, half of 2 ns is 1 ns
			for i := 2; i < len(at); i++ {
				at[i] = at[i-1] + 1
			}
			return at
		}()},
	}
	for _, row := range rows {
		t.Run(row.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScript(t)
				for range len(row.want) + 1 {
					s.replies = append(s.replies, serverError())
				}
				_, err := newClient(t, s, wrapper.WithRetry(row.policy)).GetChat(t.Context(), chatID, row.opts...)
				assert.ErrorIs(t, err, wrapper.ErrServer)
				assert.Equal(t, row.want, s.at)
			})
		})
	}
}

// Full jitter: a pause is anything from nothing to its bound.
func TestRetryJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, random := range []float64{0, 0.999} {
			s := newScript(t, serverError(), ok("getChat"))
			client := newClient(t, s, wrapper.WithRandom(func() float64 { return random }))
			_, err := client.GetChat(t.Context(), chatID)
			require.NoError(t, err)
			assert.Equal(t, []time.Duration{0, time.Duration(random * float64(500*ms))}, s.at)
		}
	})
}

// RetryAt is told of a 420 that ends with a window, and of nothing else.
func TestRetryAtNeedsAUsedUpQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		retryAt := func(status, remaining int) time.Time {
			r := failure(status, "X", "x")
			r.header = quota(remaining, time.Hour)
			_, err := newClient(t, newScript(t, r)).GetChat(t.Context(), chatID, wrapper.Attempts(1))
			return asError(t, err).RetryAt
		}
		assert.Zero(t, retryAt(404, 0))
		assert.Zero(t, retryAt(420, 1))
		assert.False(t, retryAt(420, 0).IsZero())

		_, err := newClient(t, newScript(t, quotaUsedUp(40*time.Minute))).GetChat(t.Context(), chatID)
		assert.ErrorContains(t, err, ", retry at "+asError(t, err).RetryAt.Format(time.RFC3339)+")")
	})
}

func TestPausesAreRandom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := map[time.Duration]bool{}
		for range 8 {
			s := newScript(t, serverError(), ok("getChat"))
			client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithHTTPClient(&http.Client{Transport: s}))
			require.NoError(t, err)
			_, err = client.GetChat(t.Context(), chatID)
			require.NoError(t, err)
			assert.Less(t, s.at[1], 500*ms)
			seen[s.at[1]] = true
		}
		assert.Greater(t, len(seen), 1, "pauses are random")
	})
}

func TestStatusesBeyondTheDocumentedOnes(t *testing.T) {
	for _, status := range []int{408, 499, 501, 502, 504, 599, 600} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, reply{status: status}, ok("getChat"))
			_, err := newClient(t, s).GetChat(t.Context(), chatID)
			require.NoError(t, err)
			assert.Equal(t, []time.Duration{0, 250 * ms}, s.at)
		})
	}
	for _, status := range []int{402, 405, 429, 498} {
		s := newScript(t, reply{status: status})
		_, err := newClient(t, s).GetChat(t.Context(), chatID)
		assertClasses(t, err, []error{wrapper.ErrBadRequest})
		assert.Equal(t, 1, s.attempts())
	}
}

// A 2xx that breaks off is tried again where that does no harm; any other status counts as far as it came.
func TestAnswersThatBrokeOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, op := range repeatable() {
			s := newScript(t, reply{status: 202, readErr: io.ErrUnexpectedEOF}, ok(op))
			require.NoError(t, operations[op](t.Context(), newClient(t, s)))
		}
		for status, class := range map[int]error{404: wrapper.ErrNotFound, 300: wrapper.ErrInvalidResponse} {
			for op, call := range operations {
				s := newScript(t, reply{status: status, body: "half", readErr: io.ErrUnexpectedEOF})
				err := call(t.Context(), newClient(t, s))
				assertClasses(t, err, []error{class})
				e := asError(t, err)
				assert.Equal(t, wrapper.Rejected, e.Outcome, op)
				assert.Equal(t, 1, e.Attempts)
				assert.Equal(t, "half", string(e.Body))
				assert.Equal(t, status == 404, errors.Is(err, io.ErrUnexpectedEOF), "the cause")
			}
		}
	})
}

// The last request of a window is answered, and the answer says that nothing is left: no reason to repeat it.
func TestLastRequestOfAWindow(t *testing.T) {
	for op, call := range operations {
		r := ok(op)
		r.header = quota(0, time.Second)
		s := newScript(t, r)
		require.NoError(t, call(t.Context(), newClient(t, s)))
		assert.Equal(t, 1, s.attempts())
	}
}

func TestRefusalWithTheLastRequestOfAWindow(t *testing.T) {
	r := failure(404, "NOT_FOUND", "no")
	r.header = quota(0, time.Second)
	s := newScript(t, r)
	_, err := newClient(t, s).GetChat(t.Context(), chatID)
	assertClasses(t, err, []error{wrapper.ErrNotFound})
	assert.Equal(t, 1, s.attempts())
}
