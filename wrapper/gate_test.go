package wrapper_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// usedUp is an answer after which nothing is left of a quota for so long, by a clock that is wrong by skew.
func usedUp(op string, status int, left, skew time.Duration) reply {
	r := ok(op)
	if status == 420 {
		r = quotaUsedUp(0)
	}
	r.header = quota(0, left+skew)
	r.header.Set("Date", httpDate(time.Now().Add(skew)))
	return r
}

// assertShut checks that a call was refused as the quota was used up until then, and that nothing was sent.
func assertShut(t *testing.T, g *heldCall, until time.Time) {
	t.Helper()
	require.True(t, g.ended)
	assertClasses(t, g.err, []error{wrapper.ErrRateLimited})
	e := asError(t, g.err)
	assert.True(t, until.Equal(e.RetryAt), "RetryAt is %v, not %v", e.RetryAt, until)
	assert.Equal(t, wrapper.Error{Operation: g.op, RetryAt: e.RetryAt, Outcome: wrapper.NotSent, Err: e.Err}, *e)
}

// An operation whose quota is used up waits for its window to end, by the Market's clock. The others go on.
func TestGateIsShutUntilTheWindowEnds(t *testing.T) {
	for _, skew := range []time.Duration{-time.Hour, 0, time.Hour} {
		for _, status := range []int{200, 420} {
			for op := range operations {
				t.Run(fmt.Sprint(op, status, skew), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						h := newHoldingMarket(t)
						h.call(t.Context(), op)
						h.answer(1, usedUp(op, status, 10*time.Second, skew))
						h.call(t.Context(), op, op, op, op, op) // 2 to 6
						assert.Empty(t, h.holding())
						others := slices.Sorted(maps.Keys(operations))
						others = slices.DeleteFunc(others, func(other string) bool { return other == op })
						h.call(t.Context(), others[0], others[1])
						assert.Equal(t, "7 8", h.holding(), "the others")
						assert.Equal(t, "7 8", h.later(10*time.Second-1))
						assert.Equal(t, "7 8 2 3", inOrder(h.later(1)), "four at once, first come first served")
						h.serve(7, nil)
						h.serve(8, nil)
						assert.Equal(t, "2 3 4 5", inOrder(h.holding()))
					})
				})
			}
		}
	}
}

// inOrder puts right those who were let in together, in pairs: their requests arrive in any order.
func inOrder(numbers string) string {
	f := strings.Fields(numbers)
	for i := 0; i+1 < len(f); i += 2 {
		f[i], f[i+1] = min(f[i], f[i+1]), max(f[i], f[i+1])
	}
	return strings.Join(f, " ")
}

// A wait that fits MaxDelay and the deadline is begun, any other is refused at once.
func TestGateWaitsOrRefuses(t *testing.T) {
	const second, outlasts = time.Second, "the next pause of 20s would outlast the caller's deadline"
	rows := map[string]struct {
		left, maxDelay, deadline time.Duration // a deadline of 0: none
		says                     string        // empty: it waits
	}{
		"as long as MaxDelay":       {30 * second, 0, 0, ""},
		"longer than MaxDelay":      {31 * second, 0, 0, "the quota is used up for 31s, MaxDelay is 30s"},
		"a MaxDelay of one's own":   {31 * second, time.Minute, 0, ""},
		"longer than that":          {61 * second, time.Minute, 0, "the quota is used up for 1m1s, MaxDelay is 1m0s"},
		"shorter than the deadline": {20 * second, 0, 20*second + 1, ""},
		"until the deadline":        {20 * second, 0, 20 * second, outlasts},
		"longer than the deadline":  {20 * second, 0, second, outlasts},
	}
	for what, row := range rows {
		for _, status := range []int{200, 420} {
			t.Run(fmt.Sprint(what, status), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := newHoldingMarket(t, wrapper.WithRetry(wrapper.RetryPolicy{MaxDelay: row.maxDelay}))
					ctx := t.Context()
					if row.deadline > 0 {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, row.deadline)
						defer cancel()
					}
					first := h.call(t.Context(), "createChat")
					h.answer(1, usedUp("createChat", status, row.left, 0))
					first.cancel()
					g := h.call(ctx, "createChat")
					if row.says != "" {
						assertShut(t, g, time.Now().Add(row.left))
						assert.Zero(t, g.lasted)
						assert.ErrorContains(t, g.err, row.says)
						return
					}
					assert.Empty(t, h.later(row.left-1))
					assert.False(t, g.ended)
					assert.Equal(t, "2", h.later(1))
				})
			})
		}
	}
}

// A call whose own request was refused waits, and is let in again as any other.
func TestGateLetsInWhoWasRefusedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHoldingMarket(t)
		h.call(t.Context(), "getChat", "getChat")
		h.answer(1, usedUp("getChat", 420, 10*time.Second, 0))
		h.answer(2, usedUp("getChat", 420, 10*time.Second, 0))
		assert.Empty(t, h.later(10*time.Second+125*ms-1))
		assert.Equal(t, "1 2", inOrder(h.later(1)))
	})
}

// What runs may be counted yet or not: with 2 requests left and 2 running a third one waits, however long the window
// lasts. The answers tell what becomes of it.
func TestGateCountsWhatRuns(t *testing.T) {
	left := func(remaining int, r reply) func() reply {
		return func() reply { r.header = quota(remaining, time.Hour); return r }
	}
	is := func(r reply) func() reply { return func() reply { return r } }
	const refused = "refused"
	for what, row := range map[string]struct {
		answer func() reply // to the first of the two
		inside string       // after it; or the waiters are refused
		next   func() reply // to the second
		after  string
	}{
		"both were counted":               {left(1, ok("getChat")), "3", left(0, ok("getChat")), refused},
		"their answers overtake":          {left(0, ok("getChat")), refused, left(1, ok("getChat")), refused},
		"one costs nothing":               {left(2, reply{status: 500}), "3 4", left(1, reply{status: 404}), "4"},
		"nobody knows whether one counts": {is(reply{err: io.EOF}), "3 4", is(reply{err: io.EOF}), "4 5"},
		"an answer tells nothing":         {is(reply{status: 404}), "3 4", left(0, ok("getChat")), "4 " + refused},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHoldingMarket(t, wrapper.WithRetry(wrapper.RetryPolicy{MaxAttempts: 1}))
				h.call(t.Context(), "getChat")
				h.serve(1, quota(2, time.Hour))
				h.call(t.Context(), "getChat", "getChat", "getChat", "getChat") // 2 and 3 run, 4 and 5 wait
				assert.Equal(t, "2 3", h.holding())
				see := func() string {
					if h.calls[4].ended {
						assertShut(t, h.calls[4], time.Now().Add(time.Hour))
						return strings.TrimSpace(strings.TrimPrefix(h.holding(), "3") + " " + refused)
					}
					return h.holding()
				}
				h.answer(2, row.answer())
				assert.Equal(t, row.inside, see())
				h.answer(3, row.next())
				assert.Equal(t, row.after, see())
			})
		})
	}
}

// The context of who waits for those who run may end as any other.
func TestGateIsLeftWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHoldingMarket(t)
		h.call(t.Context(), "getChat")
		h.serve(1, quota(1, time.Hour))
		h.call(t.Context(), "getChat")
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		g := h.call(ctx, "getChat")
		assert.Equal(t, "2", h.later(5*time.Second))
		require.True(t, g.ended)
		assertClasses(t, g.err, []error{context.DeadlineExceeded})
		assert.Equal(t, wrapper.NotSent, asError(t, g.err).Outcome)
	})
}

// Whoever waits for a slot is refused as soon as an answer shuts the gate for too long. Whoever can wait for the new
// window does.
func TestGateRefusesWhoWaitsAlready(t *testing.T) {
	for left, refused := range map[time.Duration]bool{31 * time.Second: true, 10 * time.Second: false} {
		synctest.Test(t, func(t *testing.T) {
			h := newHoldingMarket(t)
			h.call(t.Context(), "getChat", "getChat", "createChat", "createChat", "getChat", "createChat") // the last two wait
			hasty, cancel := context.WithTimeout(t.Context(), 9*time.Second)
			defer cancel()
			inHaste := h.call(hasty, "getChat")
			until := time.Now().Add(left)
			h.serve(1, quota(0, left))
			assert.Equal(t, "2 3 4 6", h.holding())
			assertShut(t, inHaste, until)
			assert.Equal(t, refused, h.calls[4].ended)
			if refused {
				assertShut(t, h.calls[4], until)
				return
			}
			h.serve(6, nil)
			assert.Equal(t, "2 3 4 5", h.later(left), "although nothing else happens")
		})
	}
}

// Requests that hang keep nobody beyond the end of the window.
func TestGateOpensWhileRequestsHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHoldingMarket(t)
		h.call(t.Context(), "getChat")
		h.serve(1, quota(2, 10*time.Second))
		h.call(t.Context(), "getChat", "getChat", "getChat", "getChat", "getChat")
		assert.Equal(t, "2 3", h.later(10*time.Second-1))
		assert.Equal(t, "2 3 4 5", inOrder(h.later(1)))
	})
}

// A place in the queue is kept behind a shut gate: once it opens, whoever came first is let in first.
func TestGateKeepsPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHoldingMarket(t)
		h.call(t.Context(), "getChat")
		h.serve(1, quota(0, 10*time.Second))
		h.call(t.Context(), "getChat", "createChat", "createChat", "createChat", "createChat", "createChat", "getChat")
		assert.Equal(t, "3 4 5 6", h.later(10*time.Second))
		for i, inside := range []string{"4 5 6 2", "5 6 2 7", "6 2 7 8"} {
			h.serve(3+i, nil)
			assert.Equal(t, inside, h.holding())
		}
	})
}

// However many wait, and whatever happens meanwhile, a gate has one timer: the one that was set last.
func TestGateHasOneTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, at := time.Now(), []time.Duration{}
		wrapper.Wake(func() { at = append(at, time.Since(began)) }, 3*time.Second, 5*time.Second, 4*time.Second)
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, []time.Duration{4 * time.Second}, at)
	})
}

// told is what an answer tells of the quota, in seconds from the beginning of the bubble.
type told struct {
	remaining int
	until     time.Duration
}

func (q told) header(began time.Time) http.Header {
	return quota(q.remaining, time.Until(began.Add(q.until)))
}

// Answers overtake each other. The newest window counts; of one window the lowest figure and the earliest end.
func TestGateWeighsAnswers(t *testing.T) {
	const second, minute = time.Second, time.Minute
	rows := map[string]struct {
		answers []told
		opens   time.Duration // 0: it is open
	}{
		"open":                                 {[]told{{5, 20 * second}}, 0},
		"shut":                                 {[]told{{0, 20 * second}}, 20 * second},
		"the lowest figure":                    {[]told{{0, 20 * second}, {5, 20 * second}}, 20 * second},
		"the lowest figure, the other way":     {[]told{{5, 20 * second}, {0, 20 * second}}, 20 * second},
		"the earliest end":                     {[]told{{0, 20 * second}, {0, 19 * second}}, 19 * second},
		"the earliest end, the other way":      {[]told{{0, 19 * second}, {0, 20 * second}}, 19 * second},
		"lowest and earliest, of two":          {[]told{{0, 20 * second}, {5, 18 * second}}, 18 * second},
		"lowest and earliest, the other way":   {[]told{{5, 18 * second}, {0, 20 * second}}, 18 * second},
		"of three":                             {[]told{{3, 19 * second}, {0, 20 * second}, {2, 18 * second}}, 18 * second},
		"29 min are one window":                {[]told{{0, 40 * minute}, {5, 11 * minute}}, 11 * minute},
		"29 min are one window, the other way": {[]told{{5, 11 * minute}, {0, 40 * minute}}, 11 * minute},
		"half an hour are two":                 {[]told{{0, 10 * minute}, {5, 40 * minute}}, 0},
		"half an hour are two, the other way":  {[]told{{0, 40 * minute}, {5, 10 * minute}}, 40 * minute},
		"a first answer that was 30 s behind":  {[]told{{7, 10*minute + 30*second}, {0, 10 * minute}}, 10 * minute},
		"a newer window opens":                 {[]told{{0, 20 * second}, {999, time.Hour}}, 0},
		"a newer window shuts":                 {[]told{{999, 5 * second}, {0, 45 * minute}}, 45 * minute},
		"a late answer opens nothing":          {[]told{{0, 40 * minute}, {500, 2 * second}}, 40 * minute},
		"a late answer shuts nothing":          {[]told{{999, time.Hour}, {0, 20 * second}}, 0},
		"a window that has ended shuts nobody": {[]told{{0, -time.Minute}}, 0},
		"one that has ended after a shut one":  {[]told{{0, 30 * second}, {9, -40 * minute}}, 30 * second},
		"an end that had come too early":       {[]told{{0, -time.Minute}, {0, 10 * second}}, 10 * second},
		"61 min are believed":                  {[]told{{0, 61 * minute}}, 61 * minute},
		"more are not":                         {[]told{{0, 61*minute + second}}, 0},
		"nor does that open":                   {[]told{{0, 20 * second}, {999, 25 * time.Hour}}, 20 * second},
	}
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHoldingMarket(t, wrapper.WithRetry(wrapper.RetryPolicy{MaxDelay: 2 * time.Hour}))
				began := time.Now()
				for range row.answers {
					h.call(t.Context(), "getChat") // all run before the first is answered
				}
				for i, told := range row.answers {
					h.serve(i+1, told.header(began))
				}
				assertOpens(t, h, row.opens)
			})
		})
	}
}

// assertOpens checks when the gate of getChat lets in the next call.
func assertOpens(t *testing.T, h *holdingMarket, after time.Duration) {
	t.Helper()
	g := h.call(t.Context(), "getChat")
	if after > 0 {
		assert.Empty(t, h.later(after-1))
		assert.Equal(t, fmt.Sprint(g.number), h.later(1))
		return
	}
	assert.False(t, g.ended)
	assert.Equal(t, fmt.Sprint(g.number), h.holding())
}

// Headers that cannot be read, or cannot be believed, change nothing: what is open stays so, and what is shut as well.
func TestGatePassesOverWhatItCannotRead(t *testing.T) {
	for what, set := range map[string]map[string]string{
		"no figure":     {"X-RateLimit-Resource-Remaining": ""},
		"a text":        {"X-RateLimit-Resource-Remaining": "none"},
		"no end":        {"X-RateLimit-Resource-Until": ""},
		"no date":       {"X-RateLimit-Resource-Until": "soon"},
		"RFC 3339":      {"X-RateLimit-Resource-Until": "2000-01-01T00:00:10Z"},
		"the year 9999": {"X-RateLimit-Resource-Until": "Fri, 31 Dec 9999 23:59:59 GMT"},
		"the year 1":    {"X-RateLimit-Resource-Until": "Mon, 01 Jan 0001 00:00:00 GMT"},
		"nothing":       {"X-RateLimit-Resource-Until": "", "X-RateLimit-Resource-Remaining": ""},
	} {
		for known, opens := range map[told]time.Duration{{0, 10 * time.Second}: 10 * time.Second, {7, 10 * time.Second}: 0} {
			t.Run(fmt.Sprint(what, known.remaining), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := newHoldingMarket(t)
					h.call(t.Context(), "getChat", "getChat")
					h.serve(1, known.header(time.Now()))
					unreadable := quota(7-known.remaining, 10*time.Second) // it would shut what is open, and the other way
					for name, value := range set {
						unreadable.Set(name, value)
					}
					h.serve(2, unreadable)
					assertOpens(t, h, opens)
				})
			})
		}
	}
}

// A missing Date does not unsettle the gate: this machine's clock has to do.
func TestGateWithoutDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHoldingMarket(t)
		h.call(t.Context(), "getChat")
		header := quota(0, 10*time.Second)
		header.Set("Date", "")
		h.serve(1, header)
		assertOpens(t, h, 10*time.Second)
	})
}

// A newer window that a running request tells of lets in those who wait for the older one.
func TestGateOpensWithANewerWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHoldingMarket(t)
		h.call(t.Context(), "getChat", "getChat")
		h.serve(1, quota(0, 10*time.Second))
		h.call(t.Context(), "getChat", "getChat", "getChat")
		assert.Equal(t, "2", h.later(9*time.Second))
		h.serve(2, quota(2, time.Hour))
		assert.Equal(t, "3 4", inOrder(h.holding()), "as many as it has left")
		h.serve(3, quota(1, time.Hour))
		assert.Equal(t, "4", h.holding())
		assert.False(t, h.calls[4].ended)
		h.serve(4, quota(1, time.Hour)) // answered before 3 was counted
		assert.Equal(t, "5", h.holding())
	})
}

// A Market that counts: a crowd uses up every window and no more, and begins each one at once. Date is cut to whole
// seconds, so the end of a window is known to a second only.
func TestGateMeetsNoQuotaThatIsUsedUp(t *testing.T) {
	for _, fraction := range []time.Duration{0, 1, 500 * ms, time.Second - 1} {
		synctest.Test(t, func(t *testing.T) {
			market := sandbox.New(sandbox.WithQuota(10), sandbox.WithParallel(4))
			client := newClient(t, market.RoundTripper(), wrapper.WithRetry(wrapper.RetryPolicy{MaxDelay: 2 * time.Hour}))
			hour := time.Now().Add(time.Hour).Truncate(time.Hour)
			time.Sleep(50*time.Minute + fraction)
			var crowd sync.WaitGroup
			for range 25 {
				for op := range operations {
					crowd.Go(func() {
						err := operations[op](t.Context(), client)
						assert.NotErrorIs(t, err, wrapper.ErrRateLimited)
					})
				}
			}
			crowd.Wait()
			begun := map[string]time.Duration{}
			windows := map[string]int{}
			for _, call := range market.Calls() {
				assert.NotEqual(t, 420, call.Status)
				window := call.At.Truncate(time.Hour)
				key := call.Operation + window.UTC().Format(" 15h")
				windows[key]++
				if after := call.At.Sub(window); begun[key] == 0 || after < begun[key] {
					begun[key] = after
				}
				if !window.Before(hour) {
					assert.Less(t, begun[key], time.Second, key)
				}
			}
			for op := range operations {
				assert.Equal(t, []int{10, 10, 5}, []int{windows[op+" 00h"], windows[op+" 01h"], windows[op+" 02h"]}, op)
			}
		})
	}
}

// Who comes at the very end of a window, before those who wait have been woken, stands behind them all the same.
func TestGateLetsNobodyOvertakeAtTheEndOfAWindow(t *testing.T) {
	for range 20 { // of what is due at one instant, either may come first
		synctest.Test(t, func(t *testing.T) {
			h := newHoldingMarket(t)
			newcomer := &heldCall{number: 99, answer: make(chan reply)}
			time.AfterFunc(10*time.Second, func() {
				_, _ = h.client.GetChat(context.WithValue(t.Context(), heldCallKey{}, newcomer), chatID)
			})
			h.call(t.Context(), "getChat")
			h.serve(1, told{0, 10 * time.Second}.header(time.Now()))
			h.call(t.Context(), "createChat", "createChat", "createChat", "getChat")
			assert.Equal(t, "2 3 4", h.holding())
			assert.Equal(t, "2 3 4 5", h.later(10*time.Second))
		})
	}
}
