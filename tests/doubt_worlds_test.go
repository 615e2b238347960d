package tests

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

var worldSends = flag.Int("worldsends", 60, "messages of each world in TestDoubtWorlds")

// doubtWorld is what happens beside sends of which a third fails. The zero value: one writer, each message at once
// after the one before.
type doubtWorld struct {
	gap     time.Duration                             // between the messages of a writer
	cut     bool                                      // no answer comes, instead of a 500
	buyer   bool                                      // writes every 3 s
	clients int                                       // that write at the same time into one chat; 0: one
	writers int                                       // of each Client; 0: one
	same    bool                                      // all send the same text
	fresh   bool                                      // each message goes into a chat of its own, which was just made
	changed func(text string) string                  // what the Market makes of texts
	files   func(name string, size int) (string, int) // files are sent, and what the Market makes of them; nil: texts are
	lag     time.Duration                             // of reads
	unknown int                                       // how many of 1,000 outcomes may stay unknown
}

// A third of the sends and a tenth of the reads fail, in worlds that differ in what happens beside. No message is there
// twice, none is missing that was called sent, and none is there that was called refused. Where another Client writes,
// or digits are masked, outcomes stay unknown, as is documented.
func TestDoubtWorlds(t *testing.T) {
	t.Parallel()
	const few, documented = 10, 600 // of 1,000
	seed := seed(t, 1)
	for name, world := range map[string]doubtWorld{
		"one writer":                {unknown: few},
		"texts 3 s apart":           {gap: 3 * time.Second, unknown: few},
		"cut connections":           {cut: true, unknown: few},
		"a buyer writes every 3 s":  {buyer: true, unknown: few},
		"two writers, one Client":   {writers: 2, unknown: few},
		"two writers, two Clients":  {clients: 2, unknown: documented},
		"the same text":             {same: true, unknown: few},
		"the same text, 20 s apart": {same: true, gap: 20 * time.Second, unknown: few},
		"escaped":                   {changed: sandbox.Escaped, unknown: few},
		"padded":                    {changed: sandbox.Padded, unknown: few},
		"digits masked":             {changed: sandbox.Masked, unknown: documented},
		"reads lag 1 s":             {lag: time.Second, unknown: few},
		"reads lag 2 s":             {lag: 2 * time.Second, unknown: few},
		"first contacts":            {fresh: true, unknown: few},
		"first contacts, lag 2 s":   {fresh: true, lag: 2 * time.Second, unknown: few},
		"files":                     {files: asTheyAre, unknown: few},
		"files, cut connections":    {files: asTheyAre, cut: true, unknown: few},
		"files, two writers":        {files: asTheyAre, writers: 2, unknown: few},
		"files, reads lag 2 s":      {files: asTheyAre, lag: 2 * time.Second, unknown: few},
		"names of files changed":    {files: func(name string, size int) (string, int) { return name + " (1)", size }, unknown: documented},
		"sizes of files changed":    {files: func(name string, size int) (string, int) { return name, size + 1 }, unknown: documented},
		"files made anew":           {files: func(name string, size int) (string, int) { return name + " (1)", size / 2 }, unknown: documented},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := world.run(t, seed)
				t.Logf("%-26s %v", name, r)
				assert.Zero(t, r.doubled, "there more often than they were called sent or unknown")
				assert.Zero(t, r.lost, "sent and not stored")
				assert.LessOrEqual(t, r.unknown*1000, max(world.unknown**worldSends, 2000), "unknown")
			})
		})
	}
}

func asTheyAre(name string, size int) (string, int) { return name, size }

// operation is the one that sends.
func (w doubtWorld) operation() string {
	if w.files != nil {
		return sandbox.OperationSendFileToChat
	}
	return sandbox.OperationSendMessageToChat
}

// faults are those of the sends: 15 % are answered 500, 15 % are stored and answered 500, 5 % are stored and cut.
func (w doubtWorld) faults(seed uint64) sandbox.Fault {
	fail, cut := sandbox.Fail(500, "INTERNAL_ERROR", "Try later"), sandbox.CommitThen(sandbox.Abort())
	if w.cut {
		fail = sandbox.Abort()
	}
	fine, stored := sandbox.Delay(0, nil), sandbox.CommitThen(fail)
	if w.changed != nil {
		fine, stored = sandbox.Changed(w.changed, fine), sandbox.Changed(w.changed, stored)
		cut = sandbox.Changed(w.changed, cut)
	}
	faults := slices.Concat(slices.Repeat([]sandbox.Fault{fail, stored}, 3), []sandbox.Fault{cut})
	return oneOf(seed, append(faults, slices.Repeat([]sandbox.Fault{fine}, 13)...)...)
}

func (w doubtWorld) run(t *testing.T, seed uint64) doubtResult {
	options := []sandbox.Option{sandbox.WithQuota(1 << 30), sandbox.WithoutChecks()}
	if w.files != nil {
		options = append(options, sandbox.WithFiles(w.files))
	}
	market := sandbox.New(options...)
	market.Every(w.operation(), w.faults(seed))
	reads := append(slices.Repeat([]sandbox.Fault{sandbox.Lagging(w.lag)}, 9), sandbox.Fail(500, "E", "no"))
	market.Every("getChatHistory", oneOf(seed+1, reads...))
	clients, writers := max(w.clients, 1), max(w.writers, 1)
	sends := make([][]doubtSend, clients*writers)
	hc := &http.Client{Transport: market.RoundTripper()}
	var all sync.WaitGroup
	for n := range clients {
		client, err := wrapper.New(business, wrapper.APIKey("key"), wrapper.WithHTTPClient(hc))
		require.NoError(t, err)
		for m := range writers {
			writer := n*writers + m
			sends[writer] = make([]doubtSend, *worldSends/len(sends))
			all.Go(func() { w.write(t, client, writer, sends[writer]) })
		}
	}
	over := make(chan struct{})
	go func() {
		all.Wait()
		close(over)
	}()
	for waits := true; waits; {
		select {
		case <-over:
			waits = false
		case <-time.After(3 * time.Second):
			if w.buyer {
				_ = market.Reply(anyChat, "Where is it?")
			}
		}
	}
	time.Sleep(time.Minute)
	return judgeDoubts(market, sends)
}

// doubtSend is a message, and what its call returned.
type doubtSend struct {
	chat int64
	word string // in its text, which no change changes
	err  error
}

// write sends the messages of a writer.
func (w doubtWorld) write(t *testing.T, client *wrapper.Client, writer int, sends []doubtSend) {
	random := rand.New(rand.NewPCG(uint64(writer), 0))
	for i := range sends {
		number, about := 1000*writer+i, int64(1)
		if w.fresh {
			about = int64(number) + 1
		}
		chat, err := client.CreateChat(t.Context(), wrapper.Order(about))
		if !assert.NoError(t, err) {
			return
		}
		if w.same {
			number = 0
		}
		word := strings.Map(func(digit rune) rune { return digit - '0' + 'a' }, strconv.Itoa(number))
		if w.files == nil {
			err = client.SendMessage(t.Context(), chat.ChatID, "Order "+word+" of 4711 & more is on its way")
		} else {
			size := pick(random, 0, 1, 700, 700, 65_000, 65_000, 1<<20, maxFile)
			err = client.SendFile(t.Context(), chat.ChatID, "Order "+word+" of 4711.pdf", []byte(someFile[:size]))
		}
		sends[i] = doubtSend{chat.ChatID, word, err}
		time.Sleep(w.gap)
	}
}

// doubtResult counts what came of the sends of a world.
type doubtResult struct {
	sent, unknown, refused int // by what their calls returned
	doubled, lost          int // by what is in the chats
	causes                 map[string]int
}

func (r doubtResult) String() string {
	return fmt.Sprintf("sent %d, refused %d, unknown %d %v, doubled %d, sent and not stored %d",
		r.sent, r.refused, r.unknown, r.causes, r.doubled, r.lost)
}

// judgeDoubts holds what the calls returned against what is in the chats.
func judgeDoubts(market *sandbox.Market, sends [][]doubtSend) doubtResult {
	type text struct {
		chat int64
		word string
	}
	r := doubtResult{causes: map[string]int{}}
	sent, unknown, chats := map[text]int{}, map[text]int{}, map[int64]bool{}
	for _, send := range slices.Concat(sends...) {
		key := text{send.chat, send.word}
		chats[send.chat] = true
		switch {
		case send.err == nil:
			r.sent++
			sent[key]++
		case errors.Is(send.err, wrapper.ErrOutcomeUnknown):
			r.unknown++
			unknown[key]++
			r.causes[whyUnknown(send.err)]++
		default:
			r.refused++
		}
	}
	stored := map[text]int{}
	for chat := range chats {
		for _, message := range market.Messages(chat) {
			if !message.FromBuyer {
				shown := message.Text
				for _, file := range message.Files {
					shown = file.Name
				}
				stored[text{chat, strings.Fields(shown)[1]}]++
			}
		}
	}
	for _, send := range slices.Concat(sends...) {
		key := text{send.chat, send.word}
		r.doubled += max(0, stored[key]-sent[key]-unknown[key])
		r.lost += max(0, sent[key]-stored[key])
		delete(stored, key)
		delete(sent, key)
		delete(unknown, key)
	}
	return r
}

// whyUnknown gives the reason that an error tells, in short.
func whyUnknown(err error) string {
	reasons := []string{"something else", "the same text", "lacks a message", "more messages", "could not be read"}
	for _, reason := range reasons {
		if strings.Contains(err.Error(), reason) {
			return reason
		}
	}
	return err.Error()
}
