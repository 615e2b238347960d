package bulk

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// inBubble runs a test on a clock of its own.
func inBubble(t *testing.T, test func(t *testing.T, s *shop)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newShop(t)) })
}

// Twenty orders of a file reach their buyers, once; a second run finds nothing to do.
func TestRun(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		first := s.run(t.Context(), t, orders(20))
		require.NoError(t, first.err)
		assert.Equal(t, map[string]int{Sent: 20}, first.counts)
		calls := len(s.market.Calls())
		second := s.run(t.Context(), t, orders(20))
		require.NoError(t, second.err)
		assert.Equal(t, map[string]int{Sent: 20}, second.counts)
		assert.Len(t, s.market.Calls(), calls)
		s.assertOnce(t, 20)
	})
}

// A file under another name, a lost journal and a second machine send nothing twice, unless that is meant.
func TestAlreadyThere(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		time.Sleep(300 * time.Millisecond) // Date is cut to whole seconds
		s.run(t.Context(), t, orders(20))
		written := time.Now()
		time.Sleep(time.Second / 2)
		s.path += ".other"
		second := s.run(t.Context(), t, orders(21))
		require.NoError(t, second.err)
		assert.Equal(t, map[string]int{Already: 20, Sent: 1}, second.counts)
		for _, r := range second.results[:20] {
			assert.WithinDuration(t, written, r.At, 10*time.Second, "it is the time of the message")
		}
		s.assertOnce(t, 21)
		s.again = true
		for range 2 {
			assert.Equal(t, map[string]int{Sent: 21}, s.run(t.Context(), t, orders(21)).counts)
			twice := 0
			for _, times := range s.seen() {
				twice += times - 1
			}
			assert.Equal(t, 20, twice, "once more those that stood there, and those only once")
		}
	})
}

// A text that the Market has stored escaped is found all the same.
func TestEscapedTextIsThere(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		const file = "order;text\n31000001;Tom & Jerry\n"
		s.market.Script(sandbox.OperationSendMessageToChat, sandbox.Changed(sandbox.Escaped, nil))
		s.run(t.Context(), t, file)
		time.Sleep(time.Minute)
		s.path += ".other"
		assert.Equal(t, map[string]int{Already: 1}, s.run(t.Context(), t, file).counts)
	})
}

// Results hold nothing that a spreadsheet would take for a formula.
func TestResultsAreHarmless(t *testing.T) {
	p := &Plan{Kind: Chat, delimiter: ','}
	text := p.format([]Result{
		{Row: &Row{ID: 7, gone: true}, State: Left},
		{Row: &Row{ID: 7, place: place{row: 2}}, Chat: 7, State: Failed, Reason: "=cmd()", Todo: "@b, \"c\""},
	})
	assert.Equal(t, "\ufeffrow,order,chat,state,at,reason,todo\r\n,,,left,,,\r\n2,,7,failed,,'=cmd(),\"'@b, \"\"c\"\"\"\r\n", string(text))
}

// Of two runs with two journals one notices the other, and stops.
func TestAnotherRun(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		s.market.Every(sandbox.OperationSendMessageToChat, sandbox.Delay(300*time.Millisecond, nil))
		other := *s
		other.path += ".other"
		done := make(chan ended)
		go func() { done <- other.run(t.Context(), t, orders(100)) }()
		time.Sleep(2 * time.Second)
		second := s.run(t.Context(), t, orders(100))
		assert.ErrorIs(t, second.err, ErrAnotherRun)
		assert.Positive(t, second.counts[Left])
		first := <-done
		if first.err != nil { // it may have noticed as well
			require.ErrorIs(t, first.err, ErrAnotherRun)
		}
		time.Sleep(time.Minute)
		last := s.run(t.Context(), t, orders(100))
		require.NoError(t, last.err)
		s.assertOnce(t, 100)
	})
}

// Two runs with one journal are refused.
func TestJournalIsLocked(t *testing.T) {
	s := newShop(t)
	_, journal := s.plan(t, orders(1))
	_, err := OpenJournal(s.path, "host", 1)
	require.ErrorIs(t, err, ErrLocked)
	require.NoError(t, journal.Close())
}

// A text that is corrected after it was sent is sent only if that is meant.
func TestChangedText(t *testing.T) {
	const corrected = "order;text\n31000001;Corrected.\n31000002;Your order 31000002 is late, sorry.\n"
	inBubble(t, func(t *testing.T, s *shop) {
		s.run(t.Context(), t, orders(2))
		plan, journal := s.plan(t, corrected+"none;Third.\n")
		require.NoError(t, journal.Close())
		require.Len(t, plan.Findings, 2, "in the order of the file")
		assert.Regexp(t, `^row 2, line 2: order 31000001 was sent another text at \S+ \S+ \(line \d of the journal\); --changed `, plan.Findings[0].String())
		s.changed = ChangedSkip
		assert.Equal(t, map[string]int{Changed: 1, Sent: 1}, s.run(t.Context(), t, corrected).counts)
		s.assertOnce(t, 2)
		s.changed = ChangedSend
		assert.Equal(t, map[string]int{Sent: 2}, s.run(t.Context(), t, corrected).counts)
		s.assertOnce(t, 3)
	})
}

// A text that may have been sent and has left the file is looked for, and not sent.
func TestTextThatHasLeftTheFile(t *testing.T) {
	for stored, want := range map[bool]string{true: Sent, false: Failed} {
		inBubble(t, func(t *testing.T, s *shop) {
			fault := sandbox.Delay(time.Second, sandbox.Abort())
			if stored {
				fault = sandbox.Delay(10*time.Second, nil) // as long as the Market may be at it
			}
			s.market.Script(sandbox.OperationSendMessageToChat, fault)
			s.run(t.Context(), t, orders(1), func(r *Run) { time.AfterFunc(time.Second/2, func() { kill(r) }) })
			plan, journal := s.plan(t, "order;text\n31000001;Corrected.\n")
			require.NoError(t, journal.Close())
			assert.Len(t, plan.Findings, 1, "the buyer may have the other text")
			s.changed = ChangedSend
			time.Sleep(time.Second)
			last := s.run(t.Context(), t, "order;text\n31000001;Corrected.\n")
			require.NoError(t, last.err)
			assert.Equal(t, want, last.results[0].State)
			assert.Equal(t, map[bool]int{true: 2, false: 1}[stored], len(s.seen()))
		})
	}
}

// Where the Market has changed a text on its way, nobody can tell whether it is there: it is not sent again.
func TestDoubt(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		s.market.Script(sandbox.OperationSendMessageToChat, sandbox.Changed(sandbox.Masked, sandbox.Delay(time.Second, nil)))
		s.run(t.Context(), t, orders(1), func(r *Run) { time.AfterFunc(time.Second/2, func() { kill(r) }) })
		for range 2 {
			again := s.run(t.Context(), t, orders(1))
			require.NoError(t, again.err)
			assert.Equal(t, map[string]int{Doubt: 1}, again.counts)
			assert.Equal(t, "read chat 7000001; if the text is missing: ymchats send --chat 7000001", again.results[0].Todo)
			assert.Len(t, s.seen(), 1)
		}
		require.NoError(t, s.market.Write(7000001, gen.ChatMessageSenderTypePartner, "Your order 31000001 is late, sorry."))
		last := s.run(t.Context(), t, orders(1))
		assert.Equal(t, map[string]int{Sent: 1}, last.counts, "a person has sent it")
	})
}

// Texts of other rows, and of the buyer, leave no doubt.
func TestNoDoubt(t *testing.T) {
	const file = "order;text\n31000001;First.\n31000001;Second.\n"
	inBubble(t, func(t *testing.T, s *shop) {
		s.rules.Several = true
		s.market.Script(sandbox.OperationSendMessageToChat, sandbox.Delay(time.Second, sandbox.Abort()))
		s.run(t.Context(), t, file, func(r *Run) { time.AfterFunc(time.Second/2, func() { kill(r) }) })
		require.NoError(t, s.market.Write(7000001, gen.ChatMessageSenderTypePartner, "Second."))
		require.NoError(t, s.market.Reply(7000001, "And now?"))
		time.Sleep(time.Minute)
		last := s.run(t.Context(), t, file)
		require.NoError(t, last.err)
		assert.Equal(t, map[string]int{Sent: 1, Already: 1}, last.counts)
		s.assertOnce(t, 3)
	})
}

// Several texts of one order come in the order of the file.
func TestSeveral(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		s.rules.Several = true
		file := "order;text\n"
		for i := range 10 {
			file += fmt.Sprintf("31000001;Text %d\n", i)
		}
		assert.Equal(t, map[string]int{Sent: 10}, s.run(t.Context(), t, file).counts)
		for i, m := range s.market.Messages(7000001) {
			assert.Equal(t, fmt.Sprint("Text ", i), m.Text)
		}
	})
}

// One text for one chat under two names is sent once, and is no sign of another run.
func TestOneChatUnderTwoNames(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		s.run(t.Context(), t, "order;text\n31000001;One.\n")
		s.changed = ChangedSend
		s.market.Every(sandbox.OperationSendMessageToChat, sandbox.Delay(3*time.Second, nil))
		plan, journal := s.plan(t, "order;text\n31000001;Two.\n31000002;Three.\n")
		defer journal.Close()
		same := &Row{Kind: Chat, ID: 7000001, Text: "Two.", Key: keyOf(Chat, 7000001, "Two.")}
		plan.New = append(plan.New, same)
		require.NoError(t, s.newRun(t, plan, journal).Do(t.Context()))
		assert.ElementsMatch(t, []string{Sent, Already}, []string{journal.entry(same.Key).last.What, journal.entry(plan.New[0].Key).last.What})
		assert.Len(t, s.market.Messages(7000001), 2)
	})
}

// An outage fails no row: everything waits until it is over. One that lasts ends the run.
func TestOutage(t *testing.T) {
	for lasts, want := range map[time.Duration]error{75 * time.Second: nil, 2 * time.Hour: ErrOutage} {
		inBubble(t, func(t *testing.T, s *shop) {
			over := time.Now().Add(lasts)
			for _, operation := range []string{sandbox.OperationCreateChat, sandbox.OperationSendMessageToChat, sandbox.OperationGetChatHistory} {
				s.market.Every(operation, sandbox.Fail(503, "UNAVAILABLE", "try later"))
			}
			time.AfterFunc(lasts, func() {
				for _, operation := range []string{sandbox.OperationCreateChat, sandbox.OperationSendMessageToChat, sandbox.OperationGetChatHistory} {
					s.market.Every(operation, nil)
				}
			})
			got := s.run(t.Context(), t, orders(30))
			assert.ErrorIs(t, got.err, want)
			if want == nil {
				assert.Equal(t, map[string]int{Sent: 30}, got.counts)
				assert.WithinRange(t, time.Now(), over, over.Add(2*time.Minute))
				s.assertOnce(t, 30)
			} else {
				assert.Equal(t, map[string]int{Left: 30}, got.counts)
				assert.WithinRange(t, time.Now(), over.Add(-lasts+time.Hour), over.Add(-lasts+70*time.Minute))
			}
			assert.Less(t, len(s.market.Calls()), 800)
			time.Sleep(3 * time.Hour)
		})
	}
}

// An outage that follows another one has an hour of its own. Its pauses are five minutes at most.
func TestOutageAfterAnother(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		began, between := time.Now(), 0
		last, longest := began, time.Duration(0)
		var mu sync.Mutex // chats are made side by side
		s.market.Every(sandbox.OperationCreateChat, func(next http.Handler) http.Handler {
			mu.Lock()
			defer mu.Unlock()
			past := time.Since(began)
			last, longest = time.Now(), max(longest, time.Since(last))
			if past > 40*time.Minute && between < 3 || past > 80*time.Minute {
				between++
				return next
			}
			return sandbox.Fail(503, "UNAVAILABLE", "try later")(next)
		})
		require.NoError(t, s.run(t.Context(), t, orders(30)).err)
		s.assertOnce(t, 30)
		assert.Less(t, longest, longestPause+time.Minute)
	})
}

// What the Market refuses fails its row alone, and is tried again by the next run.
func TestFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, sandbox.WithOrders(31000001, 31000002))
		for range 2 {
			got := s.run(t.Context(), t, orders(3))
			require.NoError(t, got.err)
			assert.Equal(t, map[string]int{Sent: 2, Failed: 1}, got.counts)
			assert.Contains(t, got.results[2].Reason, "404: NOT_FOUND")
			assert.Equal(t, "look at the number", got.results[2].Todo)
		}
		s.market.Script(sandbox.OperationSendMessageToChat, sandbox.Fail(400, "BAD_REQUEST", "no"))
		const file = "chat;text\n7000001;Another.\n7;None.\n"
		began := time.Now()
		got := s.run(t.Context(), t, file)
		assert.Equal(t, map[string]int{Failed: 2}, got.counts)
		assert.Less(t, time.Since(began), readsBehind, "a chat that the file names is not about to be made")
		assert.Equal(t, map[string]int{Sent: 1, Failed: 1}, s.run(t.Context(), t, file).counts)
		s.assertOnce(t, 3)
	})
}

// A key that is not valid ends the run.
func TestStop(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		s.market.Every(sandbox.OperationSendMessageToChat, sandbox.Fail(403, "FORBIDDEN", "no"))
		got := s.run(t.Context(), t, orders(100))
		assert.ErrorIs(t, got.err, wrapper.ErrForbidden)
		assert.Equal(t, map[string]int{Left: 100}, got.counts)
		assert.Less(t, len(s.market.Calls()), 20)
	})
}

// The first reason to stop is the one that is told.
func TestFirstReason(t *testing.T) {
	brake := NewBrake()
	for _, why := range []error{ErrUntil, ErrInterrupted} {
		brake.stop(why)
		assert.Equal(t, ErrUntil, brake.reason())
	}
}

// What is in flight when a run is interrupted comes to its end; nothing else begins, and a pause ends at once.
func TestInterrupt(t *testing.T) {
	for what, row := range map[string]struct {
		fault  sandbox.Fault
		takes  time.Duration
		counts map[string]int
	}{
		"in flight": {sandbox.Delay(9*time.Second, nil), 10 * time.Second, map[string]int{Sent: 4, Left: 16}},
		"hanging":   {sandbox.Delay(time.Hour, nil), 16 * time.Second, map[string]int{Doubt: 4, Left: 16}},
		"pausing":   {sandbox.QuotaUsedUp(20 * time.Second), 2 * time.Second, map[string]int{Left: 20}},
		"waiting":   {sandbox.QuotaUsedUp(time.Hour), 2 * time.Second, map[string]int{Left: 20}},
	} {
		t.Run(what, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *shop) {
				s.market.Every(sandbox.OperationSendMessageToChat, row.fault)
				ctx, interrupt := context.WithCancel(t.Context())
				defer interrupt()
				time.AfterFunc(time.Second, interrupt)
				began := time.Now()
				got := s.run(ctx, t, orders(20))
				assert.ErrorIs(t, got.err, ErrInterrupted)
				assert.LessOrEqual(t, time.Since(began), row.takes)
				assert.Equal(t, row.counts, got.counts)
				s.market.Every(sandbox.OperationSendMessageToChat, nil)
				last := s.run(t.Context(), t, orders(20))
				require.NoError(t, last.err)
				s.assertOnce(t, 20)
				time.Sleep(2 * time.Hour) // requests that hang
			})
		})
	}
}

// A run that is stopped while it looks for a text leaves open what was open.
func TestInterruptedLook(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		s.market.Script(sandbox.OperationSendMessageToChat, sandbox.Delay(time.Hour, sandbox.Abort()))
		s.run(t.Context(), t, orders(1), func(r *Run) { time.AfterFunc(time.Second, func() { kill(r) }) })
		s.market.Every(sandbox.OperationGetChatHistory, sandbox.Fail(503, "UNAVAILABLE", "try later"))
		ctx, interrupt := context.WithTimeout(t.Context(), 14*time.Second)
		defer interrupt()
		assert.Equal(t, map[string]int{Doubt: 1}, s.run(ctx, t, orders(1)).counts)
		time.Sleep(2 * time.Hour)
	})
}

// A text that the client is in doubt about is looked for once more at the end.
func TestLookAtTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		s.market.Script(sandbox.OperationSendMessageToChat, sandbox.CommitThen(sandbox.Delay(2*time.Second, sandbox.Fail(500, "INTERNAL_ERROR", "try later"))))
		time.AfterFunc(time.Second, func() { s.market.Every(sandbox.OperationGetChatHistory, sandbox.Fail(503, "UNAVAILABLE", "try later")) })
		time.AfterFunc(11*time.Second, func() { s.market.Every(sandbox.OperationGetChatHistory, nil) })
		var run *Run
		assert.Equal(t, map[string]int{Sent: 1}, s.run(t.Context(), t, orders(1), func(r *Run) { run = r }).counts)
		assert.Equal(t, 1, run.Progress().Ended, "a row counts once")
		s.assertOnce(t, 1)
	})
}

// Rows go in random order, those of one order together and in the order of the file.
func TestShuffled(t *testing.T) {
	var rows []*Row
	for i := range 200 {
		rows = append(rows, &Row{Kind: Order, ID: int64(i / 2), Text: fmt.Sprint(i)})
	}
	groups := shuffled(rows)
	require.Len(t, groups, 100)
	inOrder := true
	for i, group := range groups {
		assert.Equal(t, []string{fmt.Sprint(2 * group[0].ID), fmt.Sprint(2*group[0].ID + 1)}, []string{group[0].Text, group[1].Text})
		inOrder = inOrder && group[0].ID == int64(i)
	}
	assert.False(t, inOrder)
}

// No row begins after a time.
func TestUntil(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		s.market.Every(sandbox.OperationSendMessageToChat, sandbox.Delay(time.Second, nil))
		got := s.run(t.Context(), t, orders(100), func(r *Run) { r.Until = time.Now().Add(9500 * time.Millisecond) })
		assert.ErrorIs(t, got.err, ErrUntil)
		assert.Equal(t, map[string]int{Sent: 40, Left: 60}, got.counts)
	})
}

// What is left for other work stays, too, while nothing is known of the window: one request asks.
func TestLeaveAtFirst(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		s.leave = 999
		s.market.Every(sandbox.OperationCreateChat, sandbox.Delay(time.Second, nil))
		s.market.Every(sandbox.OperationSendMessageToChat, sandbox.Delay(time.Second, nil))
		got := s.run(t.Context(), t, orders(10), func(r *Run) { r.Until = time.Now().Add(time.Minute) })
		assert.ErrorIs(t, got.err, ErrUntil)
		assert.Equal(t, map[string]int{Sent: 1, Left: 9}, got.counts)
	})
}

// The clock counts: a timer does not see that the computer slept.
func TestUntilByTheClock(t *testing.T) {
	s := newShop(t)
	plan, journal := s.plan(t, orders(1))
	defer journal.Close()
	run := s.newRun(t, plan, journal)
	run.Until = time.Now().Add(time.Minute)
	assert.True(t, run.paced())
	run.Until = time.Now()
	assert.False(t, run.paced())
	assert.ErrorIs(t, run.Brake.reason(), ErrUntil)
}

// Five thousand rows need as many windows of the quota as there are, and meet no 420. Requests that are left for other
// work stay.
func TestQuota(t *testing.T) {
	for _, row := range []struct{ quota, leave, rows, hours int }{
		{100, 0, 230, 5}, // two reads for each row are counted as well
		{0, 901, 297, 3}, // 99 an hour, which four rows at once overshoot if they count alone
		{0, 0, *quotaRows, (*quotaRows + 999) / 1000}, // the contract's: 1,000, and 10,000 of reads
	} {
		if row.rows == 0 {
			continue // the long form has it
		}
		t.Run(fmt.Sprint(row), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newShop(t)
				if row.quota > 0 {
					s = newShop(t, sandbox.WithQuota(row.quota))
				}
				s.leave = row.leave
				refused, used := 0, map[string]int{} // by operation and hour
				s.market.Observe(func(c sandbox.Call) {
					if c.Status == 420 {
						refused++
					}
					used[fmt.Sprint(c.Operation, c.At.Truncate(time.Hour))]++
				})
				for _, operation := range []string{sandbox.OperationCreateChat, sandbox.OperationSendMessageToChat} {
					s.market.Every(operation, sandbox.Delay(100*time.Millisecond, nil)) // several are in flight
				}
				time.Sleep(16 * time.Minute) // into a window
				began := time.Now()
				got := s.run(t.Context(), t, orders(row.rows))
				require.NoError(t, got.err)
				s.assertOnce(t, row.rows)
				assert.Zero(t, refused)
				for what, n := range used {
					if row.leave > 0 && !strings.HasPrefix(what, sandbox.OperationGetChatHistory) {
						assert.LessOrEqual(t, n, 1000-row.leave, what)
					}
				}
				took := time.Since(began)
				assert.InDelta(t, time.Duration(row.hours-1)*time.Hour-16*time.Minute, took, float64(2*time.Minute))
				t.Logf("%d rows with a quota of %d, of which %d are left: %v, %d times 420", row.rows, row.quota, row.leave, took.Round(time.Second), refused)
			})
		})
	}
}

// A chat that was just made may be unknown to the next read.
func TestReadsAreBehind(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		s.market.Every(sandbox.OperationGetChatHistory, sandbox.Lagging(10*time.Second))
		got := s.run(t.Context(), t, orders(8))
		assert.Equal(t, map[string]int{Sent: 8}, got.counts)
		s.assertOnce(t, 8)
	})
}

// Nothing is sent once the journal cannot be written; the next run goes on.
func TestJournalCannotBeWritten(t *testing.T) {
	inBubble(t, func(t *testing.T, s *shop) {
		var locked *os.File
		got := s.run(t.Context(), t, orders(20), func(r *Run) {
			locked = r.Journal.file
			s.market.Every(sandbox.OperationSendMessageToChat, sandbox.Delay(300*time.Millisecond, nil))
			time.AfterFunc(time.Second, func() {
				r.Journal.mu.Lock()
				defer r.Journal.mu.Unlock()
				r.Journal.file = readOnly(t, s.path)
			})
		})
		require.NoError(t, locked.Close())
		assert.ErrorAs(t, got.err, new(*JournalError))
		assert.Equal(t, map[string]int{Sent: 12, Doubt: 4, Left: 4}, got.counts)
		assert.Len(t, s.seen(), 16, "what was in flight came to its end")
		last := s.run(t.Context(), t, orders(20))
		assert.Equal(t, map[string]int{Sent: 20}, last.counts)
		s.assertOnce(t, 20)
	})
}

// What follows half a line could not be read, so nothing follows a write that has failed.
func TestJournalThatFailedOnce(t *testing.T) {
	s := newShop(t)
	_, journal := s.plan(t, orders(1))
	defer journal.Close()
	good := journal.file
	journal.file = readOnly(t, s.path)
	require.Error(t, journal.begin())
	require.NoError(t, journal.file.Close())
	journal.file = good
	require.ErrorAs(t, journal.begin(), new(*JournalError))
}

func readOnly(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	return f
}

// The journal is read as it was left.
func TestJournal(t *testing.T) {
	s := newShop(t)
	synctest.Test(t, func(t *testing.T) { s.market = newShop(t).market; s.run(t.Context(), t, orders(3)) })
	whole, err := os.ReadFile(s.path)
	require.NoError(t, err)
	info, err := os.Stat(s.path)
	require.NoError(t, err)
	if runtime.GOOS != "windows" { // modes are others there
		assert.Equal(t, "-rw-------", info.Mode().String())
	}
	lines := strings.SplitAfter(string(whole), "\n")
	for what, row := range map[string]struct{ text, says string }{
		"whole":               {string(whole), ""},
		"a torn line":         {string(whole) + `{"what":"se`, ""},
		"a long torn line":    {string(whole) + `{"what":"begin","text":"` + strings.Repeat("x", 1000), ""},
		"zeros":               {string(whole) + "\x00\x00\x00", ""},
		"zeros and an end":    {string(whole) + "\x00\x00\x00\n", ""},
		"nothing":             {"", ""},
		"damage":              {strings.Replace(string(whole), lines[2], "{\n", 1), "line 3 is damaged"},
		"an unknown line":     {lines[0] + `{"what":"later"}` + "\n", "line 2 is of no known kind"},
		"another file":        {"order;text\n", "it is no journal"},
		"another host":        {strings.Replace(string(whole), `"host":"host"`, `"host":"other"`, 1), "line 1 is of a run of version 1 to other, cabinet 1, and this one is of version 1 to host, cabinet 1: give another --journal"},
		"another cabinet":     {strings.Replace(string(whole), `"cabinet":1`, `"cabinet":2`, 1), "line 1 is of a run of version 1 to host, cabinet 2, and this one is of version 1 to host, cabinet 1: give another --journal"},
		"another version":     {strings.Replace(string(whole), `"version":1`, `"version":2`, 1), "line 1 is of a run of version 2 to host, cabinet 1, and this one is of version 1 to host, cabinet 1: give another --journal"},
		"a line without text": {string(whole) + "\n" + lines[1], "line 11 is damaged"},
	} {
		require.NoError(t, os.WriteFile(s.path, []byte(row.text), 0o600))
		journal, err := OpenJournal(s.path, "host", 1)
		if row.says != "" {
			assert.EqualError(t, err, row.says, what)
			continue
		}
		require.NoError(t, err, what)
		require.NoError(t, journal.begin(), what)
		require.NoError(t, journal.Close(), what)
		written, err := os.ReadFile(s.path)
		require.NoError(t, err)
		if what != "nothing" {
			assert.True(t, bytes.HasPrefix(written, whole), what)
		}
		assert.True(t, bytes.HasSuffix(written, []byte("\"cabinet\":1}\n")), "nothing is left of a torn line: %s", what)
		_, err = ReadJournal(s.path, "host", 1)
		assert.NoError(t, err, what)
	}
}
