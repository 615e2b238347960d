package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// bench runs the script alone, without a Fleet. Leases are written as "a1": process a, number 1, of getChat; "a1s" is
// of sendMessageToChat.
type bench struct {
	t       *testing.T
	rdb     *redis.Client
	form    *redis.Script
	subs    *redis.PubSub
	count   string
	allowed int64 // deadline, from now
	slots   int   // that the process allows
}

var benchKeys = []string{"ymchats:{1}", "ymchats:{1}:queue", "ymchats:{1}:seen"}

func newBench(t *testing.T, s *server, listeners ...string) *bench {
	t.Helper()
	s.do("FLUSHALL")
	b := &bench{t: t, rdb: s.client(t), form: newScript().declared, count: "1", allowed: 60_000, slots: 4}
	if len(listeners) > 0 {
		var channels []string
		for _, name := range listeners {
			channels = append(channels, "ymchats:wake:"+name)
		}
		b.subs = b.rdb.Subscribe(context.Background(), channels...)
		t.Cleanup(func() { b.subs.Close() })
		for range channels {
			_, err := b.subs.Receive(context.Background())
			require.NoError(t, err)
		}
	}
	return b
}

func leaseName(short string) string {
	operation := "getChat"
	if name, isSend := strings.CutSuffix(short, "s"); isSend {
		short, operation = name, "sendMessageToChat"
	}
	return short[:1] + "." + short[1:] + "." + operation
}

func (b *bench) now() int64 { return b.rdb.Time(context.Background()).Val().UnixMilli() }

func (b *bench) run(args ...any) answer {
	b.t.Helper()
	a, err := b.runBy(b.now()+b.allowed, args...)
	require.NoError(b.t, err)
	for _, key := range b.rdb.Keys(context.Background(), "*").Val() {
		require.NotEqual(b.t, time.Duration(-1), b.rdb.PTTL(context.Background(), key).Val(), "%s has no expiry", key)
	}
	return a
}

// runBy runs the script with a deadline.
func (b *bench) runBy(deadline int64, args ...any) (answer, error) {
	all := append([]any{args[0], deadline, 3000, 15000, "ymchats:wake:", b.count, b.slots}, args[1:]...)
	return readAnswer(b.form.Run(context.Background(), b.rdb, benchKeys, all...).Result())
}

func (b *bench) acquire(short string) answer { b.t.Helper(); return b.run("acquire", leaseName(short)) }

// ends is when a lease ends.
func (b *bench) ends(short string) (ends int64) {
	b.t.Helper()
	value := b.rdb.HGet(context.Background(), "ymchats:{1}", "l:"+leaseName(short)).Val()
	_, err := fmt.Sscan(value[strings.LastIndex(value, " ")+1:], &ends)
	require.NoError(b.t, err)
	return ends
}

// acquired asks for leases one after the other, and lists the words.
func (b *bench) acquired(shorts string) string {
	b.t.Helper()
	var words []string
	for _, short := range strings.Fields(shorts) {
		words = append(words, b.acquire(short).word)
	}
	return strings.Join(words, " ")
}

// tell: gone and held as "a1 b2", windows as "getChat 3 60000" with the end from now.
func (b *bench) tell(gone, held string, windows ...string) {
	b.t.Helper()
	assert.Equal(b.t, "done", b.run("tell", news(b.now(), gone, held, windows...)).word)
}

func news(now int64, gone, held string, windows ...string) string {
	r := report{windows: map[string]wrapper.Quota{}}
	for _, short := range strings.Fields(gone) {
		r.ended = append(r.ended, leaseName(short))
	}
	for _, short := range strings.Fields(held) {
		r.running = append(r.running, leaseName(short))
	}
	for _, window := range windows {
		var operation string
		var q wrapper.Quota
		var left int64
		_, _ = fmt.Sscan(window, &operation, &q.Remaining, &left)
		q.Until = time.Now().Add(time.Duration(left) * time.Millisecond)
		r.windows[operation] = q
	}
	return r.encode(now)
}

// messages lists what was published since the last time, in order; the end of a lease is left out.
func (b *bench) messages() string {
	b.t.Helper()
	require.NoError(b.t, b.rdb.Publish(context.Background(), "ymchats:wake:a", "the end").Err())
	var all []string
	for {
		m, err := b.subs.ReceiveMessage(context.Background())
		require.NoError(b.t, err)
		if m.Payload == "the end" {
			return strings.Join(all, ", ")
		}
		f := strings.Fields(m.Payload)
		if f[0] == "+" {
			f = []string{"+", strings.TrimSuffix(strings.Replace(f[2], ".", "", 1), ".getChat")}
		}
		all = append(all, strings.TrimPrefix(m.Channel, "ymchats:wake:")+": "+strings.Join(f, " "))
	}
}

// sorted joins words in alphabetical order.
func sorted(words []string) string {
	slices.Sort(words)
	return strings.Join(words, " ")
}

// state lists the leases, and the queue by arrival.
func (b *bench) state() string {
	b.t.Helper()
	var held []string
	for field := range b.rdb.HGetAll(context.Background(), "ymchats:{1}").Val() {
		if lease, isLease := strings.CutPrefix(field, "l:"); isLease {
			held = append(held, short(lease))
		}
	}
	var queue []string
	for _, lease := range b.rdb.ZRange(context.Background(), "ymchats:{1}:queue", 0, -1).Val() {
		queue = append(queue, short(lease))
	}
	seen := b.rdb.ZCard(context.Background(), "ymchats:{1}:seen").Val()
	require.EqualValues(b.t, len(queue), seen, "both forms of the queue")
	return sorted(held) + " | " + strings.Join(queue, " ")
}

func short(lease string) string {
	f := strings.Split(lease, ".")
	if f[2] == "sendMessageToChat" {
		return f[0] + f[1] + "s"
	}
	return f[0] + f[1]
}

func (b *bench) hset(field string, value any) {
	require.NoError(b.t, b.rdb.HSet(context.Background(), "ymchats:{1}", field, value).Err())
	require.NoError(b.t, b.rdb.PExpire(context.Background(), "ymchats:{1}", time.Minute).Err())
}

func TestScriptGivesFourLeasesInOrder(t *testing.T) {
	beside(t)
	onEach(t, func(t *testing.T, s *server) {
		b := newBench(t, s, "a", "b", "c")
		assert.Equal(t, "granted granted granted granted queued queued queued", b.acquired("a1 a2 b1s b2s b3 c1 a3"))
		assert.Equal(t, "a1 a2 b1s b2s | b3 c1 a3", b.state())
		assert.Equal(t, "queued granted", b.acquired("c1 a1"), "asked again: the place is kept, the lease too")
		assert.Equal(t, "a1 a2 b1s b2s | b3 c1 a3", b.state())
		b.tell("a2", "")
		assert.Equal(t, "a1 b1s b2s b3 | c1 a3", b.state())
		b.tell("b1s b2s", "")
		assert.Equal(t, "a1 a3 b3 c1 | ", b.state())
		assert.Equal(t, "b: + b3, c: + c1, a: + a3", b.messages())
		b.tell("a1 a3 b3 c1 a9", "")
		assert.Equal(t, " | ", b.state())
	})
}

// Nobody overtakes who waits already.
func TestScriptLetsNobodyOvertake(t *testing.T) {
	beside(t)
	b := newBench(t, onOne(t), "a", "b")
	b.acquired("a1 a2 a3 a4 b1")
	b.hset("l:"+leaseName("a1"), b.now()-1) // it has ended by itself
	assert.Equal(t, "queued", b.acquired("b2"))
	assert.Equal(t, "a2 a3 a4 b1 | b2", b.state())
}

func TestScriptLeasesEnd(t *testing.T) {
	beside(t)
	b := newBench(t, onOne(t), "a")
	a := b.acquire("a1")
	assert.Equal(t, 3*time.Second, a.left, "the duration of a new lease")
	b.acquired("a2 a3 a4")
	assert.Equal(t, "queued", b.acquired("a5"))
	b.hset("l:"+leaseName("a2"), b.now()-1)
	assert.Equal(t, "granted", b.acquired("a5"), "who looks finds what has ended")
	b.hset("l:"+leaseName("a3"), b.now()+100)
	b.tell("", "a3") // renewed
	ends := b.ends("a3")
	assert.Greater(t, ends, b.now()+10_000)
	b.tell("", "a2 b7")
	assert.Equal(t, "a1 a2 a3 a4 a5 b7 | ", b.state(), "what runs is counted, and if there were too many")
	assert.Equal(t, "queued", b.acquired("c1"))
	b.tell("a1 a2", "")
	assert.Equal(t, "a3 a4 a5 b7 | c1", b.state())
}

// A waiter that runs without Redis leaves the queue.
func TestScriptHeldIsNotQueued(t *testing.T) {
	beside(t)
	b := newBench(t, onOne(t), "a")
	b.acquired("a1 a2 a3 a4 a5 a6")
	b.tell("", "a5")
	assert.Equal(t, "a1 a2 a3 a4 a5 | a6", b.state())
}

// Waiters that are not seen any more are forgotten, and so are those who leave.
func TestScriptForgetsWaiters(t *testing.T) {
	beside(t)
	b := newBench(t, onOne(t), "a", "b", "c")
	b.acquired("a1 a2 a3 a4 b1 c1 b2 c2")
	expires := b.rdb.ZScore(context.Background(), "ymchats:{1}:seen", leaseName("b1")).Val()
	assert.InDelta(t, b.now()+3000, expires, 1000)
	over := redis.Z{Score: float64(b.now() - 1), Member: leaseName("b1")}
	require.NoError(t, b.rdb.ZAdd(context.Background(), "ymchats:{1}:seen", over).Err())
	b.tell("c1", "")
	assert.Equal(t, "a1 a2 a3 a4 | b2 c2", b.state())
	b.tell("a1", "")
	assert.Equal(t, "a2 a3 a4 b2 | c2", b.state())
}

// A process that was killed listens no more: others go first, and alone it gets a lease that ends soon.
func TestScriptPassesByWhoMayBeGone(t *testing.T) {
	beside(t)
	b := newBench(t, onOne(t), "a", "c")
	b.acquired("a1 a2 a3 a4 x1 c1")
	b.tell("a1", "")
	assert.Equal(t, "a2 a3 a4 c1 | x1", b.state())
	assert.Equal(t, "c: + c1", b.messages())
	b.tell("a2", "")
	assert.Equal(t, "a3 a4 c1 x1 | ", b.state())
	ends := b.ends("x1")
	assert.Less(t, ends, b.now()+3001, "it ends soon")
	assert.Equal(t, "granted", b.acquired("x1"))
	ends = b.ends("x1")
	assert.Less(t, ends, b.now()+3001)
}

// A node of a cluster cannot count who listens: the order holds, and what is given by message ends soon.
func TestScriptInAClusterKeepsTheOrder(t *testing.T) {
	beside(t)
	b := newBench(t, onOne(t), "a")
	b.count = "0"
	b.acquired("a1 a2 a3 a4 x1 a5")
	b.tell("a1", "")
	assert.Equal(t, "a2 a3 a4 x1 | a5", b.state())
	ends := b.ends("x1")
	assert.Less(t, ends, b.now()+3001)
}

// Who waits for a window without room is passed by, and keeps the place. More has to be left than runs.
func TestScriptGate(t *testing.T) {
	beside(t)
	onEach(t, func(t *testing.T, s *server) {
		b := newBench(t, s, "a", "b")
		b.tell("", "", "getChat 2 60000")
		assert.Equal(t, "granted granted queued granted queued", b.acquired("a1 a2 a3 b1s b2"))
		assert.Equal(t, "granted queued", b.acquired("b3s b4s"), "others pass by, up to four")
		assert.Equal(t, "a1 a2 b1s b3s | a3 b2 b4s", b.state())
		b.tell("a1", "", "getChat 1 60000") // counted: 1 left, 1 runs
		assert.Equal(t, "a2 b1s b3s b4s | a3 b2", b.state())
		b.tell("b1s a2", "") // a2 cost nothing
		assert.Equal(t, "a3 b3s b4s | b2", b.state())
		b.messages()
		b.tell("a3", "", "getChat 0 60000")
		assert.Equal(t, "b: ! ymchats:{1} getChat", b.messages(), "its waiters are told that nothing is left")
		a := b.acquire("b2")
		assert.Equal(t, "shut", a.word)
		assert.InDelta(t, 60, a.left.Seconds(), 5)
		assert.Equal(t, "b3s b4s | ", b.state(), "who is told has left the queue")
		assert.Equal(t, "granted", b.acquired("a9s"), "the other operations go on")
	})
}

// window is what an answer said, or what is stored: requests left, and the end in ms from the beginning of the test.
type window struct{ remaining, ends int64 }

// What answers say of a window, one after the other, and what holds then: by the script, and by the Limiter in each
// process.
func TestScriptLearnsAsQuotaNarrows(t *testing.T) {
	beside(t)
	b := newBench(t, onOne(t), "a")
	const half, hour = 1_800_000, 3_600_000
	for what, row := range map[string]struct {
		said []window
		want window
	}{
		"one answer":                    {[]window{{5, 60_000}}, window{5, 60_000}},
		"the lowest figure":             {[]window{{5, 60_000}, {7, 60_000}, {6, 60_000}}, window{5, 60_000}},
		"a lower figure":                {[]window{{5, 60_000}, {3, 60_000}}, window{3, 60_000}},
		"the earliest end":              {[]window{{5, 60_000}, {5, 55_000}, {5, 59_000}}, window{5, 55_000}},
		"the earliest end, more left":   {[]window{{5, 60_000}, {6, 55_000}}, window{5, 55_000}},
		"a later window":                {[]window{{0, 60_000}, {9, 60_000 + half}}, window{9, 60_000 + half}},
		"an older window":               {[]window{{9, 60_000 + half}, {0, 60_000}}, window{9, 60_000 + half}},
		"the latest end of one window":  {[]window{{9, 60_000}, {8, 60_000 + half - 1}}, window{8, 60_000}},
		"the earliest, half an hour":    {[]window{{9, 60_000 + half - 1}, {8, 60_000}}, window{8, 60_000}},
		"an hour later":                 {[]window{{0, 30_000}, {999, 30_000 + hour}}, window{999, 30_000 + hour}},
		"an hour later and back":        {[]window{{0, 30_000}, {9, 30_000 + hour}, {0, 30_000}}, window{9, 30_000 + hour}},
		"one window after the next one": {[]window{{0, 30_000}, {9, hour}, {7, hour}}, window{7, hour}},
	} {
		b.rdb.FlushAll(context.Background())
		began := b.now()
		var narrowed wrapper.Quota
		for _, said := range row.said {
			b.told(said.remaining, began+said.ends)
			narrowed = narrowed.Narrow(wrapper.Quota{Remaining: int(said.remaining), Until: time.UnixMilli(began + said.ends)})
		}
		assert.Equal(t, row.want, b.stored(began), "the script: %s", what)
		assert.Equal(t, row.want, window{int64(narrowed.Remaining), narrowed.Until.UnixMilli() - began}, "Narrow: %s", what)
	}
}

// A window that is over, or longer than any, is not taken in.
func TestScriptBelievesNoOtherWindow(t *testing.T) {
	beside(t)
	b := newBench(t, onOne(t), "a")
	for ends, believed := range map[int64]bool{-1: false, 3_659_000: true, 3_720_000: false} {
		b.rdb.FlushAll(context.Background())
		began := b.now()
		b.told(0, began+ends)
		assert.Equal(t, believed, b.stored(began) != window{}, "it ends after %d ms", ends)
	}
}

// told tells the script what an answer said, with an end by its clock.
func (b *bench) told(remaining, ends int64) {
	b.t.Helper()
	b.run("tell", fmt.Sprintf(`{"windows":{"getChat":{"remaining":%d,"ends":%d}}}`, remaining, ends))
}

// stored is the window that the script has kept.
func (b *bench) stored(began int64) (w window) {
	b.t.Helper()
	if b.number("q:getChat", &w.remaining, &w.ends) {
		w.ends -= began
	}
	return w
}

// number reads the two numbers of a field; false: there is no such field.
func (b *bench) number(field string, number, ends *int64) bool {
	b.t.Helper()
	text, err := b.rdb.HGet(context.Background(), "ymchats:{1}", field).Result()
	if err == redis.Nil {
		return false
	}
	require.NoError(b.t, err)
	_, err = fmt.Sscan(text, number, ends)
	require.NoError(b.t, err)
	return true
}

// A program outside of the fleet leaves less than 4 slots: one is taken away with each refusal, at most one in 250 ms,
// down to the last one, and each is back after 2 s.
func TestScriptLowersWhileBusy(t *testing.T) {
	beside(t)
	b := newBench(t, onOne(t), "a")
	busy := func(age int64) (taken int64) { // the last refusal came so long ago
		var number, ends int64
		if b.number("b:busy", &number, &ends) {
			b.hset("b:busy", fmt.Sprint(number, " ", ends-age))
		}
		assert.Equal(t, "done", b.run("tell", `{"busy":true}`).word)
		require.True(t, b.number("b:busy", &taken, &ends))
		assert.InDelta(t, taken*2000, ends-b.now(), 1000)
		return taken
	}
	free := func(age int64) string {
		var number, ends int64
		require.True(t, b.number("b:busy", &number, &ends))
		b.hset("b:busy", fmt.Sprint(number, " ", ends-age))
		words := b.acquired("a1 a2 a3 a4")
		b.tell("a1 a2 a3 a4", "")
		return words
	}
	assert.EqualValues(t, 1, busy(0))
	assert.EqualValues(t, 1, busy(0), "within 250 ms")
	assert.Equal(t, "granted granted granted queued", free(0))
	assert.EqualValues(t, 2, busy(250))
	assert.EqualValues(t, 3, busy(1000))
	assert.EqualValues(t, 3, busy(1000), "one slot is left")
	assert.Equal(t, "granted queued queued queued", free(0))
	assert.Equal(t, "granted granted queued queued", free(2000))
	assert.EqualValues(t, 3, busy(1000), "one was back")
	assert.Equal(t, "granted granted granted queued", free(4000))
	b.acquired("a1 a2 a3 a4")
	assert.Equal(t, "a1 a2 a3 | a4", b.state())
	b.hset("b:busy", fmt.Sprint("3 ", b.now()-1))
	assert.Equal(t, "granted", b.acquired("a4"), "all are back")
	assert.False(t, b.rdb.HExists(context.Background(), "ymchats:{1}", "b:busy").Val())
}

// The lowest number of slots that a process has told within the last minute holds for all.
func TestScriptSlots(t *testing.T) {
	beside(t)
	b := newBench(t, onOne(t), "a", "b")
	allow := func(n int) *bench { b.slots = n; return b }
	assert.Equal(t, "granted granted", allow(4).acquired("a1 a2"))
	assert.False(t, b.rdb.HExists(context.Background(), "ymchats:{1}", "s:4").Val())
	assert.Equal(t, "granted queued", allow(3).acquired("b1 b2"))
	assert.Equal(t, "queued", allow(4).acquired("a3"))
	allow(2).tell("a1", "")
	assert.Equal(t, "a2 b1 | b2 a3", b.state(), "two for all")
	allow(4).tell("a2", "")
	assert.Equal(t, "b1 b2 | a3", b.state())
	var slots, ends int64
	require.True(t, b.number("s:2", &slots, &ends))
	assert.InDelta(t, 60_000, ends-b.now(), 1000)
	b.hset("s:2", fmt.Sprint("2 ", b.now()-1))
	assert.Equal(t, "granted queued", b.acquired("a3 a4"), "three")
	b.hset("s:3", fmt.Sprint("3 ", b.now()-1))
	assert.Equal(t, "granted queued", b.acquired("a4 a5"), "four")
	allow(1).run("tell", `{"busy":true}`)
	assert.False(t, b.rdb.HExists(context.Background(), "ymchats:{1}", "b:busy").Val(), "the only slot stays")
	b.hset("b:busy", fmt.Sprint("3 ", b.now()+6000))
	b.tell("a1 a2 a3 a4 a5 b1 b2", "")
	assert.Equal(t, "granted queued", b.acquired("a6 a7"), "and if three were taken away before")
	b.rdb.FlushAll(context.Background())
	allow(2).acquired("a1")
	allow(3).acquired("a2")
	assert.Equal(t, "queued", allow(4).acquired("a3"), "in this order, too")
}

// A cabinet is forgotten: windows, waiters and what made it busy. Leases end soon unless they are renewed, and what was
// learned before counts no more.
func TestScriptForgets(t *testing.T) {
	beside(t)
	b := newBench(t, onOne(t), "a", "all")
	b.slots = 3
	b.allowed = -1
	assert.Equal(t, "late", b.run("forget", "").word)
	b.allowed = 60_000
	b.tell("", "a1 a2", "getChat 2 60000", "createChat 0 3600000")
	b.run("tell", `{"busy":true}`)
	assert.Equal(t, "queued queued", b.acquired("a3 a4"))
	assert.Equal(t, "a1 a2 | a3 a4", b.state())
	before := b.now()
	b.hset("l:"+leaseName("a2"), fmt.Sprint(before, " ", before+2900))
	a := b.run("forget", "")
	assert.Equal(t, "done", a.word)
	assert.InDelta(t, before, a.forgotten, 1000)
	assert.Equal(t, "a1 a2 | ", b.state())
	for lease, left := range leasesLeft(t, b.rdb, 1) {
		assert.LessOrEqual(t, left, 3*time.Second, lease)
	}
	assert.Equal(t, before+2900, b.ends("a2"), "it ends sooner anyway")
	assert.Equal(t, fmt.Sprint("all: ~ ymchats:{1} ", a.forgotten), b.messages())
	fields := b.rdb.HKeys(context.Background(), "ymchats:{1}").Val()
	assert.Equal(t, "f:forget l:a.1.getChat l:a.2.getChat s:3", sorted(fields))
	assert.InDelta(t, 3660, b.rdb.PTTL(context.Background(), "ymchats:{1}").Val().Seconds(), 30)

	learned := func(known int64) answer {
		return b.run("tell", fmt.Sprintf(`{"busy":true,"known":%d,"windows":{"getChat":{"remaining":0,"ends":%d}}}`, known,
			b.now()+60_000))
	}
	assert.Equal(t, a.forgotten, learned(a.forgotten-1).forgotten)
	assert.Equal(t, "granted", b.acquired("a5"))
	learned(a.forgotten)
	assert.True(t, b.rdb.HExists(context.Background(), "ymchats:{1}", "b:busy").Val())
	assert.Equal(t, "shut", b.acquired("a6"))

	later := b.now() + 50_000 // as after a forget in the same millisecond, or by a clock that was set back
	b.hset("f:forget", fmt.Sprint(later, " ", later+50_000))
	assert.Equal(t, later+1, b.run("forget", "").forgotten)
}

// A window that has ended is forgotten.
func TestScriptWindowsEnd(t *testing.T) {
	beside(t)
	b := newBench(t, onOne(t), "a")
	b.hset("q:getChat", fmt.Sprint("0 ", b.now()-1))
	assert.Equal(t, "granted", b.acquired("a1"))
	assert.Equal(t, "a1 | ", b.state())
	assert.False(t, b.rdb.HExists(context.Background(), "ymchats:{1}", "q:getChat").Val())
}

// The hash lives as long as the longest of what is in it.
func TestScriptKeysExpire(t *testing.T) {
	beside(t)
	b := newBench(t, onOne(t), "a")
	b.acquired("a1")
	assert.InDelta(t, 3, b.rdb.PTTL(context.Background(), "ymchats:{1}").Val().Seconds(), 2)
	b.tell("", "a1")
	assert.InDelta(t, 15, b.rdb.PTTL(context.Background(), "ymchats:{1}").Val().Seconds(), 2)
	b.tell("", "", "getChat 3 3600000")
	assert.InDelta(t, 3600, b.rdb.PTTL(context.Background(), "ymchats:{1}").Val().Seconds(), 30)
	b.acquired("a2 a3 a4s a5s a6s")
	assert.Greater(t, b.rdb.PTTL(context.Background(), "ymchats:{1}:queue").Val(), time.Duration(0))
}

// What was read too late does nothing, but for what has ended.
func TestScriptLate(t *testing.T) {
	beside(t)
	b := newBench(t, onOne(t), "a")
	b.acquired("a1")
	b.allowed = -1
	assert.Equal(t, "late", b.acquire("a2").word)
	assert.Equal(t, "late", b.run("tell", news(b.now(), "", "a3")).word)
	assert.Equal(t, "a1 | ", b.state())
	b.tell("a1", "")
	assert.Equal(t, " | ", b.state())
	for _, args := range [][]any{{"acquire", leaseName("a4")}, {"tell", news(b.now(), "", "", "getChat 0 1000")}} {
		a, err := b.runBy(0, args...)
		require.NoError(t, err)
		assert.Equal(t, "late", a.word, "who does not know the clock")
	}
	assert.Equal(t, " | ", b.state())
}

// Many waiters, the first ones without room in their window.
func TestScriptPassesManyWaiters(t *testing.T) {
	beside(t)
	b := newBench(t, onOne(t), "a", "b")
	b.tell("", "", "getChat 1 60000")
	b.acquired("a0 b1s b2s b3s")
	for i := range 130 {
		require.Equal(t, "queued", b.acquire(fmt.Sprint("a1", i)).word)
	}
	assert.Equal(t, "queued", b.acquired("b4s"))
	b.tell("b1s", "")
	assert.Contains(t, b.state(), "a0 b2s b3s b4s | a10 ")
	assert.Equal(t, "queued", b.acquired("b5"))
	b.messages()
	b.tell("", "", "getChat 0 60000")
	assert.Equal(t, "a: ! ymchats:{1} getChat, b: ! ymchats:{1} getChat", b.messages(), "the last one asks again, too")
}

// In memory that is full nothing is changed, in both forms of the script.
func TestScriptIsRefusedAsAWhole(t *testing.T) {
	beside(t)
	onEach(t, func(t *testing.T, s *server) {
		for name, form := range map[string]*redis.Script{"declared": newScript().declared, "plain": newScript().plain} {
			b := newBench(t, s, "a")
			b.form = form
			b.acquired("a1 a2 a3 a4")
			s.do("CONFIG", "SET", "maxmemory", "1")
			for _, args := range [][]any{{"acquire", leaseName("a5")}, {"tell", news(b.now(), "a1", "")}} {
				_, err := b.runBy(b.now()+60000, args...)
				assert.ErrorContains(t, err, "OOM", name)
			}
			s.do("CONFIG", "SET", "maxmemory", "0")
			assert.Equal(t, "a1 a2 a3 a4 | ", b.state(), name)
			assert.False(t, b.rdb.HExists(context.Background(), "ymchats:{1}", "w").Val())
		}
	})
}

// An answer that is none of the script's, as another script or a proxy may give it, is an error.
func TestAnswersOfAnotherForm(t *testing.T) {
	a, err := readAnswer([]any{"granted", int64(1), int64(3000), "no right", int64(7)}, nil)
	require.NoError(t, err)
	assert.Equal(t, answer{"granted", 1, 3 * time.Second, "no right", 7}, a)
	for _, said := range []any{
		nil, "granted", []any{}, []any{"granted", int64(1), int64(2), ""}, []any{int64(0), int64(1), int64(2), "", int64(3)},
		[]any{"granted", "1", int64(2), "", int64(3)}, []any{"granted", int64(1), "2", "", int64(3)},
		[]any{"granted", int64(1), nil, "", int64(3)}, []any{"granted", int64(1), int64(2), nil, int64(3)},
		[]any{"granted", int64(1), int64(2), "", "3"},
	} {
		_, err := readAnswer(said, nil)
		assert.ErrorContains(t, err, "that the script does not give", "%v", said)
	}
}
