package bulk

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

const (
	firstPause   = time.Second // of an outage, doubling
	longestPause = 5 * time.Minute
	giveUpAfter  = time.Hour              // an outage that lasts longer ends the run
	afterWindow  = 250 * time.Millisecond // clocks differ
)

// pace is what all rows wait for together: the end of an outage, and the next window of a quota.
type pace struct {
	leave int // requests of each hour for the shop's other work

	mu      sync.Mutex
	until   time.Time // nothing begins before
	why     string
	pause   time.Duration // the last one of an outage; 0: there is none
	since   time.Time     // of the outage
	windows map[string]*window
	ended   *sync.Cond // a request has
}

// window is what is known of a quota, and how many requests run that it may not have counted yet.
type window struct {
	quota   wrapper.Quota
	running int
}

func newPace(leave int) *pace {
	windows := map[string]*window{gen.OperationCreateChat: {}, gen.OperationSendMessageToChat: {}}
	p := &pace{leave: leave, windows: windows}
	p.ended = sync.NewCond(&p.mu)
	return p
}

// wait is how long nothing begins, and why.
func (p *pace) wait() (left time.Duration, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Until(p.until), p.why
}

// rest lets nothing begin for some time.
func (p *pace) rest(d time.Duration, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold(time.Now().Add(d), why)
}

// hold lets nothing begin before a time. The lock is held.
func (p *pace) hold(until time.Time, why string) {
	if until.After(p.until) {
		p.until, p.why = until, why
	}
}

// enter tells whether a request of an operation may start. Where it may not, all rows wait for the next window.
func (p *pace) enter(operation string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.windows[operation]
	for p.left(w) <= p.leave {
		if w.running == 0 {
			why := "the quota is used up"
			if p.leave > 0 {
				why = fmt.Sprintf("all but %d of an hour's requests are used", p.leave)
			}
			p.hold(w.quota.Until.Add(afterWindow), why)
			return false
		}
		p.ended.Wait() // what runs may be counted already
	}
	w.running++
	return true
}

// left is how many requests may start for certain.
func (p *pace) left(w *window) int {
	switch {
	case time.Now().Before(w.quota.Until):
		return w.quota.Remaining - w.running
	case p.leave > 0 && w.running > 0:
		return 0 // the answer that is awaited tells what is left of the next window
	}
	return math.MaxInt
}

// done takes in what an answer says of the quota.
func (p *pace) done(operation string, answer wrapper.Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.windows[operation]
	w.running--
	if !answer.Quota.Until.IsZero() {
		w.quota = w.quota.Narrow(answer.Quota)
	}
	p.ended.Broadcast()
}

// works ends an outage.
func (p *pace) works() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pause, p.since = 0, time.Time{}
}

// later makes all rows pause after an error that is the moment's fault. It tells whether the outage lasts too long.
func (p *pace) later(err *wrapper.Error) (tooLong bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	switch {
	case err.RetryAt.After(now):
		p.hold(err.RetryAt.Add(afterWindow), "the quota is used up")
		return false
	case now.Before(p.until): // rows that began before the pause
		return false
	case p.since.IsZero():
		p.since = now
	}
	p.pause = min(max(2*p.pause, firstPause), longestPause)
	p.hold(now.Add(p.pause), "the Market does not answer as it should")
	return now.Sub(p.since) > giveUpAfter
}
