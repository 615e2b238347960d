package fleet

import "time"

// clock estimates Redis' clock, in milliseconds since 1970. An answer holds the time of some moment after its command
// was sent, so the estimate is late by up to the way there and back.
type clock struct {
	sent time.Time
	read int64 // 0: no answer came yet
}

// at is 0 where nothing is known.
func (c *clock) at(moment time.Time) int64 {
	if c.read == 0 {
		return 0
	}
	return c.read + moment.Sub(c.sent).Milliseconds()
}

// trusted is how long an estimate is kept, as clocks drift apart or are set.
const trusted = time.Minute

// set takes in the answer to a command that was sent then. The quickest answer is the best one. The sender of a late
// command had a wrong estimate.
func (c *clock) set(sent time.Time, read int64, late bool) {
	if late || c.read == 0 || read < c.at(sent) || sent.Sub(c.sent) > trusted {
		c.sent, c.read = sent, read
	}
}
