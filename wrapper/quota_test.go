package wrapper_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

func TestQuotaHeaders(t *testing.T) {
	// Inside a bubble the clock starts at 2000-01-01 00:00:00 UTC, and stands still while nobody waits.
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	rows := map[string]struct {
		date, limit, remaining, until string
		want                          wrapper.Quota
	}{
		"as documented": {"Wed, 09 Sep 2026 15:00:00 GMT", "1000", "999", "Wed, 09 Sep 2026 15:18:00 GMT",
			wrapper.Quota{Limit: 1000, Remaining: 999, Until: now.Add(18 * time.Minute)}},
		"the wrong weekday, as the documentation prints it": {"Tue, 09 Sep 2026 15:00:00 GMT", "1000", "5", "Fri, 09 Sep 2026 15:18:00 GMT",
			wrapper.Quota{Limit: 1000, Remaining: 5, Until: now.Add(18 * time.Minute)}},
		"the window has ended": {"Wed, 09 Sep 2026 15:18:00 GMT", "1000", "5", "Wed, 09 Sep 2026 15:17:00 GMT",
			wrapper.Quota{Limit: 1000, Remaining: 5, Until: now.Add(-time.Minute)}},
		"without Date this machine's clock has to do": {"", "1000", "5", "Sat, 01 Jan 2000 00:01:00 GMT",
			wrapper.Quota{Limit: 1000, Remaining: 5, Until: now.Add(time.Minute)}},
		"no limit":             {"Wed, 09 Sep 2026 15:00:00 GMT", "", "5", "Wed, 09 Sep 2026 15:18:00 GMT", wrapper.Quota{Remaining: 5, Until: now.Add(18 * time.Minute)}},
		"below 0":              {"Wed, 09 Sep 2026 15:00:00 GMT", "-7", "-1", "Wed, 09 Sep 2026 15:18:00 GMT", wrapper.Quota{Until: now.Add(18 * time.Minute)}},
		"none":                 {"Wed, 09 Sep 2026 15:00:00 GMT", "", "", "", wrapper.Quota{}},
		"no remaining":         {"Wed, 09 Sep 2026 15:00:00 GMT", "1000", "", "Wed, 09 Sep 2026 15:18:00 GMT", wrapper.Quota{}},
		"remaining: text":      {"Wed, 09 Sep 2026 15:00:00 GMT", "1000", "many", "Wed, 09 Sep 2026 15:18:00 GMT", wrapper.Quota{}},
		"remaining: 2^64":      {"Wed, 09 Sep 2026 15:00:00 GMT", "1000", "18446744073709551616", "Wed, 09 Sep 2026 15:18:00 GMT", wrapper.Quota{}},
		"until: RFC 3339":      {"Wed, 09 Sep 2026 15:00:00 GMT", "1000", "5", "2026-09-09T15:18:00Z", wrapper.Quota{}},
		"until: a time zone":   {"Wed, 09 Sep 2026 15:00:00 GMT", "1000", "5", "Wed, 09 Sep 2026 15:18:00 MSK", wrapper.Quota{}},
		"until: no such date":  {"Wed, 09 Sep 2026 15:00:00 GMT", "1000", "5", "Wed, 31 Sep 2026 15:18:00 GMT", wrapper.Quota{}},
		"until: the year 9999": {"Wed, 09 Sep 2026 15:00:00 GMT", "1000", "0", "Fri, 31 Dec 9999 23:59:59 GMT", wrapper.Quota{}},
		"61 min are left":      {"Wed, 09 Sep 2026 15:00:00 GMT", "1000", "5", "Wed, 09 Sep 2026 16:01:00 GMT", wrapper.Quota{Limit: 1000, Remaining: 5, Until: now.Add(61 * time.Minute)}},
		"more are left":        {"Wed, 09 Sep 2026 15:00:00 GMT", "1000", "5", "Wed, 09 Sep 2026 16:01:01 GMT", wrapper.Quota{}},
		"a Date of before":     {"Fri, 31 Dec 1999 20:00:00 GMT", "1000", "0", "Sat, 01 Jan 2000 00:30:00 GMT", wrapper.Quota{Limit: 1000, Until: now.Add(30 * time.Minute)}},
		"a Date to come":       {"Sat, 01 Jan 2000 04:00:00 GMT", "1000", "0", "Sat, 01 Jan 2000 00:30:00 GMT", wrapper.Quota{Limit: 1000, Until: now.Add(30 * time.Minute)}},
		"an end of long ago":   {"Sat, 01 Jan 2000 00:00:00 GMT", "1000", "0", "Fri, 31 Dec 1999 20:00:00 GMT", wrapper.Quota{}},
		"both are far off":     {"Fri, 31 Dec 1999 20:00:00 GMT", "1000", "0", "Sat, 01 Jan 2000 02:00:00 GMT", wrapper.Quota{}},
	}
	for what, row := range rows {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := ok("getChat")
				r.header = http.Header{}
				for name, value := range map[string]string{"Date": row.date, "X-RateLimit-Resource-Limit": row.limit,
					"X-RateLimit-Resource-Remaining": row.remaining, "X-RateLimit-Resource-Until": row.until} {
					r.header.Set(name, value)
				}
				var captured wrapper.Response
				_, err := newClient(t, newScript(t, r)).GetChat(t.Context(), chatID, wrapper.Capture(&captured))
				require.NoError(t, err)
				assert.True(t, row.want.Until.Equal(captured.Quota.Until), "%v, want %v", captured.Quota.Until, row.want.Until)
				row.want.Until = captured.Quota.Until
				assert.Equal(t, row.want, captured.Quota)
			})
		})
	}
}

// The quota is used up, and nothing tells for how long: each repeat would cost quota again.
func TestQuotaUsedUpForAnUnknownTime(t *testing.T) {
	for _, until := range []string{"", "soon", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		for op, call := range operations {
			r := quotaUsedUp(time.Hour)
			r.header.Set("X-RateLimit-Resource-Until", until)
			s := newScript(t, r, ok(op))
			var captured wrapper.Response
			err := call(t.Context(), newClient(t, s), wrapper.Capture(&captured))
			assertClasses(t, err, []error{wrapper.ErrRateLimited})
			assert.Zero(t, asError(t, err).RetryAt)
			assert.Equal(t, 1, s.attempts(), until)
			assert.True(t, captured.QuotaUsedUp())
		}
	}
	assert.True(t, wrapper.Response{StatusCode: 420, Header: http.Header{"X-Ratelimit-Resource-Remaining": {"-1"}}}.QuotaUsedUp())
	below := wrapper.Quota{Remaining: -1, Until: time.Now().Add(time.Hour)}
	assert.True(t, wrapper.Response{StatusCode: 420, Quota: below}.QuotaUsedUp(), "made by other code")
	assert.False(t, wrapper.Response{StatusCode: 420, Header: http.Header{"X-Ratelimit-Resource-Remaining": {"1"}}}.QuotaUsedUp())
	assert.False(t, wrapper.Response{StatusCode: 420}.QuotaUsedUp(), "too many at once")
	assert.False(t, wrapper.Response{StatusCode: 200, Header: http.Header{"X-Ratelimit-Resource-Remaining": {"0"}}}.QuotaUsedUp())
}

// Until is meant to be kept, so it is a time on the wall. The clock of a bubble would hide the difference.
func TestUntilHasNoMonotonicReading(t *testing.T) {
	r := ok("getChat")
	r.header = quota(5, time.Minute)
	var captured wrapper.Response
	_, err := newClient(t, newScript(t, r)).GetChat(t.Context(), chatID, wrapper.Capture(&captured))
	require.NoError(t, err)
	assert.True(t, captured.Quota.Until == captured.Quota.Until.Round(0))
}

func TestQuotaNarrow(t *testing.T) {
	end := time.Date(2026, 1, 1, 13, 0, 0, 0, time.UTC)
	known := wrapper.Quota{Limit: 1000, Remaining: 7, Until: end}
	rows := map[string]struct {
		remaining int
		later     time.Duration
		want      wrapper.Quota
	}{
		"fewer are left":                {6, 0, wrapper.Quota{Limit: 1000, Remaining: 6, Until: end}},
		"an answer that was overtaken":  {8, 30*time.Minute - 1, known},
		"an earlier end":                {8, 1 - 30*time.Minute, wrapper.Quota{Limit: 1000, Remaining: 7, Until: end.Add(1 - 30*time.Minute)}},
		"fewer, of a later window":      {5, 30 * time.Minute, wrapper.Quota{Remaining: 5, Until: end.Add(30 * time.Minute)}},
		"more, of a later window":       {999, time.Hour, wrapper.Quota{Remaining: 999, Until: end.Add(time.Hour)}},
		"a late answer of an older one": {5, -30 * time.Minute, known},
	}
	for what, row := range rows {
		said := wrapper.Quota{Remaining: row.remaining, Until: end.Add(row.later)}
		assert.Equal(t, row.want, known.Narrow(said), what)
	}
	assert.Equal(t, known, known.Narrow(wrapper.Quota{}), "an answer that told of none")
	assert.Equal(t, known, wrapper.Quota{}.Narrow(known), "the first answer")
}
