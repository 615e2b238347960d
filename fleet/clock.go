package fleet

import (
	"sync"
	"time"
)

// clock knows what Redis' clock says, at most: an answer tells the time at some moment after its command was sent, so
// the true time is earlier by up to the way there and back. It is in milliseconds since 1970.
type clock struct {
	mu   sync.Mutex
	sent time.Time
	told int64 // 0: nothing is known yet
}

// now gives 0 where nothing is known.
func (c *clock) now() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at(time.Now())
}

func (c *clock) at(moment time.Time) int64 {
	if c.told == 0 {
		return 0
	}
	return c.told + moment.Sub(c.sent).Milliseconds()
}

// hear takes in an answer to a command that was sent then. The answer that was quickest is the best; what Redis calls
// late was sent by a clock that is wrong.
func (c *clock) hear(sent time.Time, told int64, late bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if late || c.told == 0 || told < c.at(sent) {
		c.sent, c.told = sent, told
	}
}
