package wrapper

import (
	"flag"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The walk goes through all that can happen around one doubtful send, in steps, and asks the rule and the check what the
// client would do. All times are since the attempt began, in steps.
const (
	step  = 250 * time.Millisecond
	never = 1 << 20

	lastStore  = 10 // s: the Market gives up then
	lastAnswer = 15 // s: the attempt ends then
)

func steps(seconds int) int { return seconds * int(time.Second/step) }

// seen is how the chat is read.
type seen int

const (
	fresh          seen = iota
	lagging             // by a machine of the Market that does not know of the last 3 s yet, and tells today's Date
	old                 // an answer of before the send that a cache gives, with its Date; the Market has told this client none
	oldAfterOthers      // the same, and this client has had an answer of the Market 2 s before that
	oldWithAge          // the same, and the cache says so
	oldRepeated         // the same with a new Date, and this client has had it before
)

// world is one way in which things can go.
type world struct {
	stored    int           // when the Market stores the message
	answered  int           // when the attempt ends
	findings  findings      // of the answer
	pause     int           // the backoff
	latency   int           // of the read, until the Market looks at the chat, and once more until its answer is here
	others    int           // when somebody else writes into the chat; before the send it is below 0
	ahead     time.Duration // how far the clock of the machine that tells Date is ahead of the one that tells updatedAt
	truncated bool          // both are cut to whole seconds
	clockSet  time.Duration // how far this machine's clock is set in between
	seen      seen
}

// ending is what becomes of it.
type ending int

const (
	sentOnce     ending = iota // repeated, and the first one was not stored
	doubled                    // repeated, and it was
	leftUnknown                // not repeated, though nothing was stored
	rightUnknown               // not repeated, and it was stored
)

var (
	walkBegan = time.Date(2026, 9, 9, 12, 0, 0, 400_000_000, time.UTC)
	longAgo   = walkBegan.Add(-time.Hour)
)

// clock tells the time of each step, by a clock that is ahead and may be cut to whole seconds.
type clock struct{ times [200]time.Time }

const firstStep = -40

func newClock(ahead time.Duration, truncated bool) *clock {
	c := &clock{}
	for i := range c.times {
		c.times[i] = walkBegan.Add(ahead + time.Duration(firstStep+i)*step)
		if truncated {
			c.times[i] = c.times[i].Truncate(time.Second)
		}
	}
	return c
}

func (c *clock) at(n int) time.Time { return c.times[n-firstStep] }

// view is what the client knows when it has read the chat.
type view struct {
	doubt doubt
	now   time.Time
	asked time.Time
	read  int    // when the Market looked at the chat
	date  *clock // the clock of Date
	last  *clock // the clock of updatedAt
}

// look says when the client reads the chat, and what it knows then.
func (w world) look(send operation, date, last *clock) view {
	verdict := judge(send, ResendChecked, w.findings)
	look := w.answered + w.pause
	if verdict.marketMayGoOn {
		look = max(look, steps(lastStore))
	}
	read := look + w.latency
	elapsed := time.Duration(read+w.latency) * step
	v := view{read: read, asked: walkBegan.Add(time.Duration(look) * step), date: date, last: last, doubt: doubt{began: walkBegan}}
	v.now = walkBegan.Add(elapsed + max(w.clockSet, 0)) // the time that has passed is the larger one of two clocks
	if w.marketTold() {
		v.doubt.clock = marketClock{date.at(w.answered), walkBegan.Add(time.Duration(w.answered) * step)}
	}
	return v
}

// end says how it ends.
func (w world) end(v view) ending {
	if w.seen == oldAfterOthers && !w.marketTold() {
		v.doubt.clock = marketClock{v.date.at(-steps(6)), walkBegan.Add(-time.Duration(steps(6)) * step)}
	}
	why := v.doubt.check(w.sighting(v), v.now)
	stored := w.stored != never
	switch {
	case why != nil && stored:
		return rightUnknown
	case why != nil:
		return leftUnknown
	case stored:
		return doubled
	}
	return sentOnce
}

func (w world) sighting(v view) sighting {
	knows, told := v.read, v.read // up to when the answer knows the chat, and what its Date says
	switch w.seen {
	case lagging:
		knows -= steps(3)
	case old, oldAfterOthers, oldWithAge:
		knows, told = -steps(4), -steps(4)
	case oldRepeated:
		knows = -steps(4)
	}
	s := sighting{
		asked:     v.asked,
		date:      v.date.at(told),
		createdAt: longAgo,
		updatedAt: longAgo,
		cached:    w.seen == oldWithAge,
		repeated:  w.seen == oldRepeated,
	}
	if w.stored <= knows {
		s.updatedAt = v.last.at(w.stored)
	}
	if w.others <= knows && (w.stored > knows || w.others > w.stored) {
		s.updatedAt = v.last.at(w.others)
	}
	return s
}

// walk goes through all worlds whose message is stored then, and counts their endings.
func walk(stored int, clocks map[bool][]*clock, count func(world, ending)) {
	send := operation{}
	w := world{stored: stored}
	each := func(choices int, choose func(int), next func()) {
		for i := range choices {
			choose(i)
			next()
		}
	}
	answers := []findings{
		{reached: mayHaveLeft, status: 500, body: apiError},
		{reached: mayHaveLeft}, // the rule takes answers of somebody in between for none
	}
	each(len(answers), func(i int) { w.findings = answers[i] }, func() {
		marketEnded := w.findings.status == 500
		each(steps(lastAnswer)+1, func(i int) { w.answered = i }, func() {
			if marketEnded && (w.answered > steps(lastStore) || stored != never && stored > w.answered) {
				return // the Market answers when it has ended, and within its 10 s
			}
			each(2, func(i int) { w.pause = i * 2 }, func() {
				each(2, func(i int) { w.latency = i * steps(2) }, func() {
					w.walkClocks(send, clocks, count)
				})
			})
		})
	})
}

func (w world) walkClocks(send operation, clocks map[bool][]*clock, count func(world, ending)) {
	for _, truncated := range []bool{false, true} {
		last := clocks[truncated][secondAhead]
		for i, date := range clocks[truncated] {
			w.ahead, w.truncated = time.Duration(i-secondAhead)*step, truncated
			for _, w.clockSet = range []time.Duration{-24 * time.Hour, 0, time.Hour} {
				w.walkReads(w.look(send, date, last), count)
			}
		}
	}
}

func (w world) walkReads(v view, count func(world, ending)) {
	w.others = never
	for w.seen = fresh; w.seen <= oldRepeated; w.seen++ {
		count(w, w.end(v))
	}
	for w.seen = fresh; w.seen <= old; w.seen++ {
		for w.others = -steps(4); w.others < steps(13); w.others++ {
			count(w, w.end(v))
		}
	}
}

// secondAhead is the index of the clock that is not ahead, among those that are up to a second apart.
const secondAhead = int(time.Second / step)

func walkClocks() map[bool][]*clock {
	clocks := map[bool][]*clock{}
	for _, truncated := range []bool{false, true} {
		for i := -secondAhead; i <= secondAhead; i++ {
			clocks[truncated] = append(clocks[truncated], newClock(time.Duration(i)*step, truncated))
		}
	}
	return clocks
}

// tally counts what came of all worlds, by cause.
type tally struct {
	worlds                       int
	endings                      [4]int
	doubledBy, unknownBy         map[string]int
	doubledNoReason, unknownNone int
	exampleDoubled, exampleNone  world
}

func (t *tally) count(w world, e ending) {
	t.worlds++
	t.endings[e]++
	switch e {
	case doubled:
		if w.seen == lagging || w.stored > steps(lastStore) || w.seen == old && !w.marketTold() {
			t.doubledBy[w.doubledBy()]++
			return
		}
		t.doubledNoReason++
		t.exampleDoubled = w
	case leftUnknown:
		cause := w.unknownBy()
		t.unknownBy[cause]++
		if cause == "" {
			t.unknownNone++
			t.exampleNone = w
		}
	}
}

// marketTold: the doubtful answer tells the client what time it is for the Market.
func (w world) marketTold() bool { return w.findings.status == 500 }

func (w world) doubledBy() string {
	switch {
	case w.seen == lagging:
		return "the read lags"
	case w.stored > steps(lastStore):
		return "stored later than 10 s"
	}
	return "read from a cache that hides its age, by a client that has had no answer before"
}

func (w world) unknownBy() string {
	switch {
	case w.seen == oldWithAge || w.seen == oldRepeated:
		return "the read came from a cache"
	case w.seen == old || w.seen == oldAfterOthers:
		return "the read was older than the doubtful attempt"
	case w.clockSet > 0:
		return "this machine's clock was set on"
	case w.others != never:
		return "somebody wrote within the check's sight"
	}
	return ""
}

var walkAll = flag.Bool("walk", false, "let TestResendWalk go in steps of 250 ms; otherwise the Market stores at each second")

// Nothing doubles a message but what the documentation names, and nothing is left unknown without a cause.
func TestResendWalk(t *testing.T) {
	t.Parallel()
	every := steps(1)
	if *walkAll {
		every = 1
	}
	storeTimes := []int{never}
	for n := 0; n <= steps(lastStore+2); n += every {
		storeTimes = append(storeTimes, n)
	}
	var all tally
	all.doubledBy, all.unknownBy = map[string]int{}, map[string]int{}
	var mu sync.Mutex
	var workers sync.WaitGroup
	next := make(chan int)
	clocks := walkClocks()
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for stored := range next {
				part := tally{doubledBy: map[string]int{}, unknownBy: map[string]int{}}
				walk(stored, clocks, part.count)
				mu.Lock()
				all.add(part)
				mu.Unlock()
			}
		})
	}
	for _, stored := range storeTimes {
		next <- stored
	}
	close(next)
	workers.Wait()

	t.Logf("worlds: %d, sent once %d, rightly unknown %d", all.worlds, all.endings[sentOnce], all.endings[rightUnknown])
	t.Logf("doubled: %d, of them by cause: %v", all.endings[doubled], all.doubledBy)
	t.Logf("unknown though nothing was stored: %d, by cause: %v", all.endings[leftUnknown], all.unknownBy)
	assert.Zero(t, all.doubledNoReason, "doubled without a documented cause, for example %+v", all.exampleDoubled)
	assert.Zero(t, all.unknownNone, "unknown without a cause, for example %+v", all.exampleNone)
	assert.Positive(t, all.endings[sentOnce])
	assert.Positive(t, all.doubledBy["the read lags"])
	assert.Positive(t, all.doubledBy["stored later than 10 s"])
}

func (t *tally) add(part tally) {
	t.worlds += part.worlds
	for i, n := range part.endings {
		t.endings[i] += n
	}
	for cause, n := range part.doubledBy {
		t.doubledBy[cause] += n
	}
	for cause, n := range part.unknownBy {
		t.unknownBy[cause] += n
	}
	if part.doubledNoReason > 0 {
		t.doubledNoReason += part.doubledNoReason
		t.exampleDoubled = part.exampleDoubled
	}
	if part.unknownNone > 0 {
		t.unknownNone += part.unknownNone
		t.exampleNone = part.exampleNone
	}
}
