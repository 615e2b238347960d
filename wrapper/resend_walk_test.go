package wrapper

import (
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
	fresh       seen = iota
	lagging          // by a machine of the Market that does not know of the last 3 s yet, and tells today's Date
	old              // an answer of before the send that a cache gives, with its Date
	oldWithAge       // the same, and the cache says so
	oldRepeated      // the same with a new Date, and this client has had it before
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
	longAgo   = -steps(3600)
)

// at is the Market's clock at a step.
func at(n int) time.Time { return walkBegan.Add(time.Duration(n) * step) }

// end says how it ends.
func (w world) end(send operation) ending {
	v := judge(send, ResendChecked, w.findings)
	look := w.answered + w.pause
	if v.marketMayGoOn {
		look = max(look, steps(lastStore))
	}
	read := look + w.latency // when the Market looks at the chat
	done := read + w.latency // when the client has the answer
	elapsed := time.Duration(done) * step
	now := walkBegan.Add(elapsed + max(w.clockSet, 0)) // passed is the larger of two clocks
	d := doubt{began: walkBegan}
	if w.findings.status == 500 && w.findings.body.fromMarket() {
		d.newest = w.date(w.answered)
	}
	stored := w.stored != never
	why := d.check(w.sighting(read), now)
	switch {
	case why != certain && stored:
		return rightUnknown
	case why != certain:
		return leftUnknown
	case stored:
		return doubled
	}
	return sentOnce
}

func (w world) sighting(read int) sighting {
	knows := read
	s := sighting{date: w.date(read), createdAt: w.cut(at(longAgo))}
	switch w.seen {
	case lagging:
		knows = read - steps(3)
	case old, oldWithAge, oldRepeated:
		knows = -steps(4)
		if w.seen != oldRepeated {
			s.date = w.date(knows)
		}
		s.cached = w.seen == oldWithAge
		s.repeated = w.seen == oldRepeated
	}
	last := longAgo
	for _, written := range []int{w.stored, w.others} {
		if written <= knows {
			last = max(last, written)
		}
	}
	s.updatedAt = w.cut(at(last))
	return s
}

func (w world) date(n int) time.Time { return w.cut(at(n).Add(w.ahead)) }

func (w world) cut(t time.Time) time.Time {
	if w.truncated {
		return t.Truncate(time.Second)
	}
	return t
}

// walk goes through all worlds whose message is stored then, and counts their endings.
func walk(stored int, count func(world, ending)) {
	send := operation{id: "sendMessageToChat"}
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
					w.walkClocks(send, count)
				})
			})
		})
	})
}

func (w world) walkClocks(send operation, count func(world, ending)) {
	for ahead := -time.Second; ahead <= time.Second; ahead += step {
		for _, truncated := range []bool{false, true} {
			for _, clockSet := range []time.Duration{-24 * time.Hour, 0, time.Hour} {
				w.ahead, w.truncated, w.clockSet, w.others = ahead, truncated, clockSet, never
				for w.seen = fresh; w.seen <= oldRepeated; w.seen++ {
					count(w, w.end(send))
				}
				for w.seen = fresh; w.seen <= old; w.seen++ {
					for w.others = -steps(4); w.others < steps(13); w.others++ {
						count(w, w.end(send))
					}
				}
			}
		}
	}
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
	return "an old read that nothing tells from a fresh one"
}

func (w world) unknownBy() string {
	switch {
	case w.seen == oldWithAge || w.seen == oldRepeated:
		return "the read came from a cache"
	case w.seen == old:
		return "the read was older than the doubtful attempt"
	case w.clockSet > 0:
		return "this machine's clock was set on"
	case w.others != never:
		return "somebody wrote within the check's sight"
	}
	return ""
}

// Nothing doubles a message but what the documentation names, and nothing is left unknown without a cause.
func TestResendWalk(t *testing.T) {
	storeTimes := []int{never}
	for n := range steps(lastStore) + 1 {
		storeTimes = append(storeTimes, n)
	}
	for n := steps(lastStore) + 1; n <= steps(lastStore+2); n++ {
		storeTimes = append(storeTimes, n)
	}
	var all tally
	all.doubledBy, all.unknownBy = map[string]int{}, map[string]int{}
	var mu sync.Mutex
	var workers sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for stored := range next {
				part := tally{doubledBy: map[string]int{}, unknownBy: map[string]int{}}
				walk(stored, part.count)
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
