package wrapper

import (
	"net/http"
	"strconv"
	"time"
)

// StatusMethodFailure is the Market's answer to a request beyond one of its limits. net/http has no name for it.
const StatusMethodFailure = 420

// statusClientClosedRequest is what proxies log, and sometimes answer, when the client has gone.
const statusClientClosedRequest = 499

// Response is what Capture keeps of the last answer to a call; where none came, only Attempts is set. A Limiter gets
// the answer to each request.
type Response struct {
	StatusCode  int         // 0: no answer came
	Header      http.Header // as it came: nothing is cut out that a server has put there, so keep it out of logs
	Quota       Quota       // zero: the answer had none
	Attempts    int         // requests handed to the transport; not set for a Limiter
	TraceParent string      // what the Market's support asks for
}

// QuotaUsedUp tells the 420 that ends with the window of the quota from the one of too many requests at once, which
// ends within milliseconds. Where Quota.Until is zero, the answer did not tell when the window ends.
func (r Response) QuotaUsedUp() bool {
	if r.StatusCode != StatusMethodFailure {
		return false
	}
	if r.Quota.Until.IsZero() {
		remaining, err := strconv.Atoi(r.Header.Get(headerRemaining))
		return err == nil && remaining <= 0
	}
	return r.Quota.Remaining <= 0
}

// The headers of a quota, as net/http writes them.
const (
	headerLimit     = "X-Ratelimit-Resource-Limit"
	headerRemaining = "X-Ratelimit-Resource-Remaining"
	headerUntil     = "X-Ratelimit-Resource-Until"
)

// Quota is what an answer said of the quota of its operation: requests in a fixed window that ends on a wall-clock
// boundary. Until is on this machine's clock: the moment the answer came, plus the header X-RateLimit-Resource-Until
// minus the header Date, so a wrong local clock does no harm. A Quota is zero when the answer carried none, or one that
// cannot be read. Where Until minus Date is longer than a window lasts, Date is wrong: then the header alone counts,
// and where that is as far off, there is no Quota.
type Quota struct {
	Limit     int       `json:"limit"`     // requests in a window, 1,000 as documented; 0: the answer did not tell
	Remaining int       `json:"remaining"` // requests left in it
	Until     time.Time `json:"until"`     // the end of the window
}

// sameWindow bounds how far the ends of one window may differ, as answers tell them: Date is cut to whole seconds, an
// answer is on its way for up to the limit of an attempt, and machines have clocks of their own. A window has an hour,
// so the next one ends an hour later.
const sameWindow = 30 * time.Minute

// longestWindow bounds what is believed: a mistake must not silence a client for longer than a window lasts.
const longestWindow = 61 * time.Minute

// Narrow gives the state of a window after one more answer. Within a window the quota only falls and answers
// overtake each other, so the lowest figure holds, and the earliest end. Of a later window the answer alone counts;
// a late answer of an earlier window changes nothing.
func (q Quota) Narrow(said Quota) Quota {
	later := said.Until.Sub(q.Until)
	switch {
	case later >= sameWindow:
		return said
	case later <= -sameWindow:
		return q
	}
	q.Remaining = min(q.Remaining, said.Remaining)
	if later < 0 {
		q.Until = said.Until
	}
	return q
}
