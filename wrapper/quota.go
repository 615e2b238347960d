package wrapper

import (
	"net/http"
	"time"
)

// StatusMethodFailure is the Market's answer to a request beyond one of its limits. net/http has no name for it.
const StatusMethodFailure = 420

// statusClientClosedRequest is what proxies log, and sometimes answer, when the client has gone.
const statusClientClosedRequest = 499

// Response is what Capture keeps of the last answer to a call; where none came, only Attempts is set. A Limiter gets the
// answer to each request.
type Response struct {
	StatusCode  int         // 0: no answer came
	Header      http.Header // as it came: nothing is cut out that a server has put there, so keep it out of logs
	Quota       Quota       // zero: the answer had none
	Attempts    int         // requests handed to the transport; not set for a Limiter
	TraceParent string      // what the Market's support asks for
}

// QuotaUsedUp tells the 420 that ends with the window of the quota from the one of too many requests at once, which
// ends within milliseconds.
func (r Response) QuotaUsedUp() bool {
	return r.StatusCode == StatusMethodFailure && r.Quota.Remaining == 0 && !r.Quota.Until.IsZero()
}

// Quota is what an answer said of the quota of its operation: requests in a fixed window that ends on a wall-clock
// boundary. Until is on this machine's clock: the moment the answer came, plus the header X-RateLimit-Resource-Until
// minus the header Date, so a wrong local clock does no harm. A Quota is zero when the answer carried none, or one
// that cannot be read.
type Quota struct {
	Limit     int       `json:"limit"`     // requests in a window, 1,000 as documented; 0: the answer did not tell
	Remaining int       `json:"remaining"` // requests left in it
	Until     time.Time `json:"until"`     // the end of the window
}

// sameWindow bounds how far the ends of one window may differ. Answers tell it too late by up to a second, as Date is
// cut to whole seconds, and by the time they were on their way, up to the limit of an attempt. Two windows are
// further apart.
const sameWindow = 20 * time.Second

// Narrow gives the state of a window after one more answer. Within a window the quota only falls and answers
// overtake each other, so the lowest figure holds, and the earliest end. Of a later window the answer alone counts;
// a late answer of an earlier window changes nothing.
func (q Quota) Narrow(said Quota) Quota {
	later := said.Until.Sub(q.Until)
	switch {
	case later > sameWindow:
		return said
	case later < -sameWindow:
		return q
	}
	q.Remaining = min(q.Remaining, said.Remaining)
	if later < 0 {
		q.Until = said.Until
	}
	return q
}
