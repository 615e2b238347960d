package wrapper_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// Whatever is answered: no panic, no success without a result, an error of the one type, and none of it shows a secret.
func FuzzAnswer(f *testing.F) {
	for op := range operations {
		f.Add(200, ok(op).body)
	}
	for _, bodies := range []map[string]string{unpromised, resultless} {
		for _, body := range bodies {
			f.Add(200, body)
		}
	}
	f.Add(420, tooMany().body)
	f.Add(400, `{"errors":[{"code":"A","message":"(rejected value: Your order is on its way)"},{"code":1}],"status":"ERROR"}`)
	f.Add(302, "")
	f.Add(101, "")
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 100 || status > 999 {
			return // net/http refuses these itself
		}
		for op, call := range operations {
			client := newClient(t, newScript(t, reply{status: status, body: body}))
			err := call(t.Context(), client, wrapper.Attempts(1))
			if err == nil {
				assert.Equal(t, 200, status, op)
				continue
			}
			assert.Equal(t, status, asError(t, err).StatusCode, op)
			assert.NotContains(t, err.Error(), "\n", op)
			if isSend(op) {
				assert.NotContains(t, err.Error(), text)
			}
		}
	})
}

// Whatever the headers say: no quota below nothing, and no wait that never ends.
func FuzzQuotaHeaders(f *testing.F) {
	f.Add("Wed, 09 Sep 2026 15:00:00 GMT", "1000", "0", "Wed, 09 Sep 2026 15:18:00 GMT")
	f.Add("", "", "", "")
	f.Add("Wed, 09 Sep 2026 15:00:00 GMT", "-1", "-1", "Fri, 31 Dec 9999 23:59:59 GMT")
	f.Add("Mon, 01 Jan 0001 00:00:00 GMT", "9223372036854775807", "00", "Sunday, 09-Sep-26 15:18:00 GMT")
	f.Add("Sat, 01 Jan 2000 00:00:00 GMT", "1000", "0", "Mon, 01 Jan 2000 00:00:29 GMT") // with the wrong weekday, as documented
	f.Add("Sat, 01 Jan 2000 00:00:00 GMT", "1e3", " 0", "Sat Jan  1 00:18:00 2000")
	f.Add("Sat, 01 Jan 2000 00:00:00 GMT", "1000", "999", "Fri, 31 Dec 1999 23:00:00 GMT")
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT", "1000", "0", "Mon, 01 Jan 0001 00:00:00 GMT")
	f.Fuzz(func(t *testing.T, date, limit, remaining, until string) {
		synctest.Test(t, func(t *testing.T) {
			header := http.Header{"Date": {date}, "X-Ratelimit-Resource-Limit": {limit},
				"X-Ratelimit-Resource-Remaining": {remaining}, "X-Ratelimit-Resource-Until": {until}}
			refused := reply{status: 420, header: header, body: tooMany().body}
			s := newScript(t, refused, refused, refused, refused)
			var captured wrapper.Response
			_, err := newClient(t, s).GetChat(t.Context(), chatID, wrapper.Capture(&captured))
			require.ErrorIs(t, err, wrapper.ErrRateLimited)
			assert.GreaterOrEqual(t, captured.Quota.Limit, 0)
			assert.GreaterOrEqual(t, captured.Quota.Remaining, 0)
			assert.LessOrEqual(t, s.at[len(s.at)-1].Seconds(), 90.0, "three pauses of 30 s at the most")
			assert.False(t, strings.Contains(err.Error(), "\n"))
		})
	})
}
