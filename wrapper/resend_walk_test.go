package wrapper

import (
	"flag"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The walk goes through all that can happen around one doubtful send while another call of the same Client is under way,
// in steps, and asks the rule and the check what the client would do. All times are since the attempt began, in steps.
const (
	step  = 250 * time.Millisecond
	never = 1 << 20

	lastStore  = 10 // s: the Market gives up then
	lastAnswer = 15 // s: the attempt ends then
)

func steps(seconds int) int { return seconds * int(time.Second/step) }

// source is where the read of the chat comes from.
type source int

const (
	fresh       source = iota
	lagging            // a machine of the Market that does not know of the last 3 s yet, and writes today's Date
	oldCopy            // a cache, with the Date of its copy
	oldWithAge         // the same, and the cache says so
	oldRepeated        // the same with a new Date, and this Client has had it before
	sources
)

// world is one way in which things can go.
type world struct {
	stored      int           // when the Market stores the message
	answered    int           // when the attempt ends
	marketEnded bool          // the Market itself answers, with a 500
	pause       int           // the backoff
	look        int           // when the client reads the chat
	latency     int           // of the read, until the Market looks at the chat, and once more until its answer is here
	truncated   bool          // the Market cuts its times to whole seconds
	ahead       int           // how far the clock of the machine that writes Date is ahead of the one that writes updatedAt
	clockSet    time.Duration // how far this machine's clock is set in between
	source      source
	copied      int // when a cache took its copy
	others      int // when somebody else writes into the chat; before the send it is below 0
	call        int // when the other call of this Client is answered
	callAhead   int // how far the clock of that answer is ahead
}

// draw makes a world of choices: choose gives a number below n. Some worlds are impossible.
func draw(choose func(n int) int) (w world, possible bool) {
	w.stored = never
	if choose(2) == 1 {
		w.stored = choose(storeTimes)
	}
	w.marketEnded = choose(2) == 0
	w.answered = choose(steps(lastAnswer) + 1)
	if w.marketEnded && (w.answered > steps(lastStore) || w.stored != never && w.stored > w.answered) {
		return w, false // the Market answers when it has ended, and within its 10 s
	}
	w.pause = choose(2) * 2
	w.look = w.looksAt()
	w.latency = choose(2) * steps(2)
	w.truncated = choose(2) == 0
	w.ahead = choose(2*steps(1)+1) - steps(1)
	w.clockSet = []time.Duration{-24 * time.Hour, 0, time.Hour}[choose(3)]
	w.source = source(choose(int(sources)))
	w.others, w.call = never, never
	switch {
	case w.source >= oldCopy:
		w.copied = []int{-steps(4), -1, w.stored - 1}[choose(3)]
		if w.stored == never && w.copied > 0 {
			return w, false
		}
	default:
		w.others = choose(steps(17)+1) - steps(4)
		if w.others == steps(13) {
			w.others = never
		}
	}
	if w.others == never {
		w.call = []int{never, -steps(6), w.look - steps(1), w.look - 1}[choose(4)]
		w.callAhead = []int{0, w.ahead}[choose(2)]
	}
	return w, true
}

const storeTimes = (lastStore+2)*int(time.Second/step) + 1

var (
	walkBegan = time.Date(2026, 9, 9, 12, 0, 0, 400_000_000, time.UTC)
	longAgo   = walkBegan.Add(-time.Hour)
)

func at(n int) time.Time { return walkBegan.Add(time.Duration(n) * step) }

// written is a time as a machine of the Market writes it.
func (w world) written(n, ahead int) time.Time {
	t := at(n + ahead)
	if w.truncated {
		return t.Truncate(time.Second)
	}
	return t
}

// looksAt is when the client reads the chat.
func (w world) looksAt() int {
	found := findings{reached: mayHaveLeft} // the rule takes answers of somebody in between for none
	if w.marketEnded {
		found.status, found.body = 500, apiError
	}
	if judge(operation{}, ResendChecked, found).marketMayGoOn {
		return max(w.answered+w.pause, steps(lastStore))
	}
	return w.answered + w.pause
}

// clock is what the Client has learned of the Market's clock before it reads.
func (w world) clock() marketClock {
	var m market
	learn := func(when, ahead int) {
		if when != never {
			m.learnDate(w.written(when, ahead), at(when))
		}
	}
	if !w.marketEnded {
		learn(w.call, w.callAhead)
		return m.now()
	}
	if w.call < w.answered {
		learn(w.call, w.callAhead)
	}
	learn(w.answered, w.ahead)
	if w.call >= w.answered {
		learn(w.call, w.callAhead)
	}
	return m.now()
}

// sighting is what the read shows.
func (w world) sighting() sighting {
	read := w.look + w.latency
	knows, dated := read, read // up to when the answer knows the chat, and what its Date says
	switch w.source {
	case lagging:
		knows -= steps(3)
	case oldCopy, oldWithAge:
		knows, dated = w.copied, w.copied
	case oldRepeated:
		knows = w.copied
	}
	s := sighting{
		began:     at(w.look),
		date:      w.written(dated, w.ahead),
		createdAt: longAgo,
		updatedAt: longAgo,
		cached:    w.source == oldWithAge,
		repeated:  w.source == oldRepeated,
	}
	if w.stored <= knows {
		s.updatedAt = w.written(w.stored, 0)
	}
	if w.others <= knows && (w.stored > knows || w.others > w.stored) {
		s.updatedAt = w.written(w.others, 0)
	}
	return s
}

// repeats tells whether the client sends the message again.
func (w world) repeats() bool {
	d := doubt{began: walkBegan, clock: w.clock()}
	passed := time.Duration(w.look+2*w.latency)*step + max(w.clockSet, 0) // the larger one of two clocks
	return d.check(w.sighting(), walkBegan.Add(passed)) == nil
}

// doubledBy is the documented cause of a message that arrives twice; empty: there is none.
func (w world) doubledBy() string {
	newest := w.clock().date
	switch {
	case w.source == lagging:
		return "the read lags"
	case w.stored > steps(lastStore):
		return "stored later than 10 s"
	case w.source == oldCopy && newest.IsZero():
		return "read from a cache that hides its age, by a Client that has had no answer before"
	case w.source == oldCopy && !w.sighting().date.Before(newest.Add(-time.Second)):
		return "read from a cache that hides its age, and is no older than the machines of the Market differ"
	}
	return ""
}

// unknownBy is the cause of a message that is not sent again, though it was not stored; empty: there is none.
func (w world) unknownBy() string {
	switch {
	case w.source == oldWithAge || w.source == oldRepeated:
		return "the read came from a cache"
	case w.source == oldCopy:
		return "the read was older than the doubtful attempt"
	case w.clockSet > 0:
		return "this machine's clock was set on"
	case w.others != never:
		return "somebody wrote within the check's sight"
	}
	return ""
}

// tally counts what came of all worlds, by cause.
type tally struct {
	worlds, sentOnce, rightlyUnknown int
	doubledBy, unknownBy             map[string]int
	example                          map[string]world // of an ending without a cause
}

func newTally() *tally {
	return &tally{doubledBy: map[string]int{}, unknownBy: map[string]int{}, example: map[string]world{}}
}

func (t *tally) count(w world) {
	t.worlds++
	switch repeated, stored := w.repeats(), w.stored != never; {
	case repeated && stored:
		by := w.doubledBy()
		t.doubledBy[by]++
		if by == "" {
			t.example["doubled"] = w
		}
	case repeated:
		t.sentOnce++
	case stored:
		t.rightlyUnknown++
	default:
		by := w.unknownBy()
		t.unknownBy[by]++
		if by == "" {
			t.example["unknown"] = w
		}
	}
}

func (t *tally) add(part *tally) {
	t.worlds += part.worlds
	t.sentOnce += part.sentOnce
	t.rightlyUnknown += part.rightlyUnknown
	for cause, n := range part.doubledBy {
		t.doubledBy[cause] += n
	}
	for cause, n := range part.unknownBy {
		t.unknownBy[cause] += n
	}
	for ending, w := range part.example {
		t.example[ending] = w
	}
}

// every goes through all worlds that begin with these choices.
func every(count func(world), choices ...int) {
	var limits []int
	for _, choice := range choices {
		limits = append(limits, choice+1)
	}
	for len(choices) > 0 {
		n := 0
		w, possible := draw(func(limit int) int {
			if n == len(choices) {
				choices, limits = append(choices, 0), append(limits, limit)
			}
			n++
			return choices[n-1]
		})
		if possible {
			count(w)
		}
		for len(choices) > 0 {
			last := len(choices) - 1
			if choices[last]++; choices[last] < limits[last] {
				break
			}
			choices, limits = choices[:last], limits[:last]
		}
	}
}

// some goes through worlds that are drawn at random.
func some(seed uint64, count func(world)) {
	random := rand.New(rand.NewPCG(seed, 0))
	for range 20_000 {
		if w, possible := draw(random.IntN); possible {
			count(w)
		}
	}
}

var (
	walkAll  = flag.Bool("walk", false, "let TestResendWalk go through all worlds, and not through some at random")
	walkSeed = flag.Uint64("walk.seed", rand.Uint64(), "which worlds TestResendWalk goes through")
)

// Nothing doubles a message but what the documentation names, and nothing is left unknown without a cause.
func TestResendWalk(t *testing.T) {
	t.Parallel()
	all := newTally()
	var mu sync.Mutex
	var workers sync.WaitGroup
	parts := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for part := range parts {
				counted := newTally()
				switch {
				case !*walkAll:
					some(*walkSeed+uint64(part), counted.count)
				case part == storeTimes:
					every(counted.count, 0)
				default:
					every(counted.count, 1, part)
				}
				mu.Lock()
				all.add(counted)
				mu.Unlock()
			}
		})
	}
	for part := range storeTimes + 1 {
		parts <- part
	}
	close(parts)
	workers.Wait()

	t.Logf("once more with -walk.seed=%d", *walkSeed)
	t.Logf("worlds: %d, sent once %d, rightly unknown %d", all.worlds, all.sentOnce, all.rightlyUnknown)
	t.Logf("doubled, by cause: %v", all.doubledBy)
	t.Logf("unknown though nothing was stored, by cause: %v", all.unknownBy)
	assert.Empty(t, all.example, "endings without a cause")
	assert.Positive(t, all.sentOnce)
	assert.Len(t, all.doubledBy, 4, "each documented cause is met: %v", all.doubledBy)
	assert.Len(t, all.unknownBy, 4, "each cause is met: %v", all.unknownBy)
}
