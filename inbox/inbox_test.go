package inbox_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/inbox"
	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// handled lists what a handler was given.
type handled struct {
	mu    sync.Mutex
	texts []string
}

func (h *handled) add(m *inbox.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.texts = append(h.texts, m.Text())
}

func (h *handled) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.texts...)
}

// listed makes a world whose handler lists what it is given.
func listed(t *testing.T, opts ...inbox.Option) (*world, *handled) {
	w, h := newWorld(t, 1, opts...), &handled{}
	w.handle = func(_ *process, _ context.Context, m *inbox.Message) error { h.add(m); return nil }
	return w, h
}

// direct begins a chat.
func (w *world) direct(text string) int64 {
	chatID, err := w.market.Direct(cabinet, text)
	require.NoError(w, err)
	return chatID
}

// shop writes as the shop, not by an Inbox.
func (w *world) shop(chatID int64, text string) {
	client, err := wrapper.New(cabinet, wrapper.APIKey("any"), wrapper.WithHTTPClient(httpClient(w.market)))
	require.NoError(w, err)
	require.NoError(w, client.SendMessage(w.Context(), chatID, text))
}

// notice is what the Market posts about the message of a chat; the last is -1.
func (w *world) notice(chatID int64, message int) notify.ChatMessageSentNotificationDTO {
	messages := w.market.Messages(chatID)
	if message < 0 {
		message += len(messages)
	}
	m := messages[message]
	return notify.ChatMessageSentNotificationDTO{BusinessID: cabinet, ChatID: chatID, MessageID: fmt.Sprint(m.ID), SentAt: m.At}
}

// Equal answers: one for each message, or two, though the handler fails and messages come again.
func TestEqualAnswers(t *testing.T) {
	for what, row := range map[string]struct {
		times  int
		behind time.Duration
		fails  bool
		faults float64
	}{
		"Yes":                         {times: 1},
		"Yes, and reads 2 s behind":   {times: 1, behind: 2 * time.Second},
		"Yes, and failures":           {times: 1, fails: true},
		"Yes, and faults":             {times: 1, faults: 0.4},
		"Yes twice, and faults":       {times: 2, faults: 0.4},
		"Yes twice":                   {times: 2},
		"Yes twice, and failures":     {times: 2, fails: true},
		"Yes twice, failures, behind": {times: 2, fails: true, behind: 2 * time.Second},
		"Yes, failures, 5 s behind":   {times: 1, fails: true, behind: 5 * time.Second},
		"Yes twice, failures, 5 s":    {times: 2, fails: true, behind: 5 * time.Second},
	} {
		for _, notified := range []bool{false, true} {
			t.Run(fmt.Sprint(what, notified), func(t *testing.T) {
				for seed := range *worlds {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t, uint64(seed))
						fails := w.sometimes(errors.New("no luck"))
						w.handle = func(_ *process, ctx context.Context, m *inbox.Message) error {
							for range row.times {
								if err := m.Reply(ctx, "Yes!"); err != nil {
									return err
								}
								if row.fails {
									if err := fails(); err != nil {
										return err
									}
								}
							}
							return nil
						}
						w.weather(row.faults, row.behind)
						w.start()
						if notified {
							w.notified()
						}
						chatID := w.direct("one")
						require.NoError(t, w.market.Reply(chatID, "two"))
						time.Sleep(300 * time.Millisecond)
						require.NoError(t, w.market.Reply(chatID, "three"))
						time.Sleep(8 * time.Second)
						require.NoError(t, w.market.Reply(chatID, "four"))
						time.Sleep(time.Hour)
						w.stop()
						assert.Equal(t, 4*row.times, len(w.market.Messages(chatID))-4)
					})
				}
			})
		}
	}
}

// A process that is killed between the answers to several messages has sent some of them.
func TestKilledWithinAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		var first atomic.Bool
		var waited time.Duration
		w.handle = func(p *process, ctx context.Context, m *inbox.Message) error {
			if !first.Swap(true) {
				assert.Equal(t, 1, m.Attempt)
				require.NoError(t, m.Reply(ctx, "Hello!"))
				p.kill()
				return errKilled
			}
			assert.Equal(t, 2, m.Attempt)
			began := time.Now()
			defer func() { waited = time.Since(began) }()
			return m.Reply(ctx, "Hello!")
		}
		chatID := w.direct("one")
		w.start()
		<-w.current().ended
		w.start()
		time.Sleep(time.Minute)
		w.stop()
		assert.Len(t, w.market.Messages(chatID), 2)
		assert.Greater(t, waited, 12*time.Second, "what the killed process has sent may be on its way")
		assert.Less(t, waited, 14*time.Second)
	})
}

// It is waited for however long the handler may take, which is 5 min by default.
func TestKilledWithoutALimitOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, inbox.WithTimeout(math.MaxInt64))
		w.handle = func(_ *process, ctx context.Context, m *inbox.Message) error { return m.Reply(ctx, "Hello!") }
		chatID := w.direct("one")
		begun := inbox.State{Started: true, Begun: w.market.Messages(chatID)[0].ID, BegunAt: time.Now(), Open: true}
		require.NoError(t, w.store.Save(t.Context(), chatID, begun))
		w.start()
		time.Sleep(8 * time.Second)
		w.shop(chatID, "Hello!") // what the killed process has sent arrives
		time.Sleep(time.Minute)
		w.stop()
		assert.Len(t, w.market.Messages(chatID), 2)
	})
}

// A handler that calls Reply once more, as the first call does not know whether its answer has arrived, sends it once.
func TestRepliesAgainByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		doubts := 0
		w.handle = func(_ *process, ctx context.Context, m *inbox.Message) error {
			w.market.Script(sandbox.OperationGetChatHistory, sandbox.Fail(500, "INTERNAL_ERROR", "later"))
			short, cancel := context.WithTimeout(ctx, 3*time.Second)
			defer cancel()
			err := m.Reply(short, "Hello!")
			if errors.Is(err, wrapper.ErrOutcomeUnknown) {
				doubts++
				err = m.Reply(ctx, "Hello!")
			}
			return err
		}
		w.market.Script(sandbox.OperationSendMessageToChat, sandbox.CommitThen(sandbox.Abort()))
		chatID := w.direct("one")
		w.start()
		time.Sleep(time.Minute)
		w.stop()
		assert.Equal(t, 1, doubts)
		assert.Len(t, w.market.Messages(chatID), 2)
	})
}

// Work of an attempt that goes on after its time has no Reply, though its message is in the hands of the handler again.
func TestWorkThatOutlivesItsAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, inbox.WithTimeout(time.Minute))
		late := make(chan error, 1)
		w.handle = func(_ *process, ctx context.Context, m *inbox.Message) error {
			answered := make(chan error, 1)
			go func() {
				if m.Attempt == 1 {
					time.Sleep(70 * time.Second)
					late <- m.Reply(context.WithoutCancel(ctx), "Hello!")
					return
				}
				time.Sleep(20 * time.Second)
				answered <- m.Reply(ctx, "Hello!")
			}()
			select {
			case err := <-answered:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		chatID := w.direct("one")
		w.start()
		time.Sleep(5 * time.Minute)
		w.stop()
		assert.Len(t, w.market.Messages(chatID), 2)
		assert.ErrorContains(t, <-late, "after the handler has returned")
	})
}

// A Market whose order is not that of time gives a message again that was handled. It is not handed over again.
func TestAnotherOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := listed(t)
		chatID := w.direct("second")
		require.NoError(t, w.market.Reply(chatID, "first"))
		first := w.market.Messages(chatID)[1].ID
		w.market.Every(sandbox.OperationGetChatHistory, sandbox.Rewrite(
			func(status int, _ http.Header, body []byte) (int, []byte) {
				var answer gen.GetChatHistoryResponse
				require.NoError(t, json.Unmarshal(body, &answer))
				for i, m := range answer.Result.Messages {
					if m.MessageID == first {
						answer.Result.Messages[i].CreatedAt = m.CreatedAt.Add(-time.Minute)
					}
				}
				body, err := json.Marshal(answer)
				require.NoError(t, err)
				return status, body
			}))
		w.start()
		time.Sleep(time.Hour)
		w.stop()
		assert.Equal(t, []string{"first", "second"}, h.all())
	})
}

// Only what an earlier process was given waits.
func TestOtherMessagesDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.direct("one")
		w.start()
		time.Sleep(2 * time.Second)
		w.stop()
		w.start()
		chatID := w.direct("two")
		require.NoError(t, w.current().inbox.Notified(t.Context(), w.notice(chatID, 0)))
		time.Sleep(2 * time.Second)
		assert.Len(t, w.market.Messages(chatID), 2)
		w.stop()
	})
}

// A message that fails holds up its chat alone, and does not let the next one pass.
func TestAMessageThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := listed(t)
		var attempts []int
		w.handle = func(_ *process, _ context.Context, m *inbox.Message) error {
			if m.Text() == "bad" {
				attempts = append(attempts, m.Attempt)
				return fmt.Errorf("cannot: %w", errors.New("this: "+m.Text()))
			}
			h.add(m)
			return nil
		}
		chatID := w.direct("good")
		require.NoError(t, w.market.Reply(chatID, "bad"))
		require.NoError(t, w.market.Reply(chatID, "never"))
		w.start()
		w.notified()
		w.direct("another")
		time.Sleep(10 * time.Minute)
		reads := w.calls(sandbox.OperationGetChatHistory)
		time.Sleep(time.Hour)
		reads = w.calls(sandbox.OperationGetChatHistory) - reads
		w.stop()
		assert.ElementsMatch(t, []string{"good", "another"}, h.all())
		assert.Equal(t, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, attempts[:11])
		assert.LessOrEqual(t, reads, 12)
		assert.NotContains(t, w.log.String(), "bad")
		assert.Contains(t, w.log.String(), "*errors.errorString")
	})
}

// A handler that gives up by nil lets the next message pass.
func TestAHandlerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := listed(t)
		w.handle = func(_ *process, _ context.Context, m *inbox.Message) error {
			if m.Text() == "bad" && m.Attempt < 3 {
				return errors.New("not yet")
			}
			h.add(m)
			return nil
		}
		require.NoError(t, w.market.Reply(w.direct("bad"), "next"))
		w.start()
		time.Sleep(10 * time.Second)
		w.stop()
		assert.Equal(t, []string{"bad", "next"}, h.all())
	})
}

// Handlers that hang hold their workers, and no other.
func TestHandlersThatHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := listed(t, inbox.WithWorkers(6), inbox.WithTimeout(time.Second))
		free := make(chan struct{})
		w.handle = func(_ *process, ctx context.Context, m *inbox.Message) error {
			if m.Text() == "hang" {
				<-free
				return ctx.Err()
			}
			h.add(m)
			return nil
		}
		w.start()
		w.notified()
		for range 4 {
			w.direct("hang")
		}
		time.Sleep(time.Second)
		for range 20 {
			w.direct("fine")
		}
		time.Sleep(time.Minute)
		assert.Len(t, h.all(), 20)
		close(free)
		time.Sleep(time.Second)
		assert.Contains(t, w.log.String(), "context deadline exceeded")
		w.stop()
	})
}

// A panic is an error: the line of the log has the stack, and nothing of what was written.
func TestPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := listed(t)
		w.handle = func(_ *process, _ context.Context, m *inbox.Message) error {
			if m.Attempt == 1 {
				panic("secret")
			}
			h.add(m)
			return nil
		}
		w.direct("secret")
		w.start()
		time.Sleep(5 * time.Second)
		w.stop()
		assert.Equal(t, []string{"secret"}, h.all())
		assert.Contains(t, w.log.String(), "TestPanics")
		assert.Contains(t, w.log.String(), "panic=string")
		assert.NotContains(t, w.log.String(), "secret")
	})
}

// A handler that ends its goroutine, or returns a pointer that is nil, has failed, and the message comes again.
func TestOtherEnds(t *testing.T) {
	for logged, end := range map[string]func() error{
		"the handler has ended its goroutine": func() error { runtime.Goexit(); return nil },
		"*wrapper.Error":                      func() error { return (*wrapper.Error)(nil) },
		"*fs.PathError":                       func() error { return (*fs.PathError)(nil) },
	} {
		t.Run(logged, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, h := listed(t, inbox.WithWorkers(1))
				w.handle = func(_ *process, _ context.Context, m *inbox.Message) error {
					h.add(m)
					if m.Attempt == 1 {
						return end()
					}
					return nil
				}
				w.direct("one")
				p := w.begin()
				require.Error(t, p.inbox.CatchUp(t.Context()))
				p.run()
				time.Sleep(time.Minute)
				w.stop()
				assert.Equal(t, []string{"one", "one"}, h.all())
				assert.Contains(t, w.log.String(), logged)
			})
		})
	}
}

// A Store may give such a pointer, too.
func TestAStoreWithANilPointer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := listed(t)
		saves := 0
		w.store.before = func() error {
			if saves++; saves == 1 {
				return (*fs.PathError)(nil)
			}
			return nil
		}
		w.direct("one")
		w.start()
		time.Sleep(time.Minute)
		w.stop()
		assert.Equal(t, []string{"one"}, h.all())
	})
}

// Notifications that come twice, out of order, of own messages, of another cabinet, and of what is not there, are
// taken, cost few reads, and hand over nothing twice.
func TestNotifications(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := listed(t, inbox.WithInterval(24*time.Hour))
		w.handle = func(_ *process, ctx context.Context, m *inbox.Message) error {
			h.add(m)
			return m.Reply(ctx, answerTo(m.Text()))
		}
		w.start()
		time.Sleep(time.Second)
		box := w.current().inbox
		tell := func(n notify.ChatMessageSentNotificationDTO) { require.NoError(t, box.Notified(t.Context(), n)) }
		reads := func(during time.Duration) int {
			before := w.calls(sandbox.OperationGetChatHistory)
			time.Sleep(during)
			return w.calls(sandbox.OperationGetChatHistory) - before
		}

		chatID := w.direct("one")
		require.NoError(t, w.market.Reply(chatID, "two"))
		for _, message := range []int{1, 0, 1, 0} {
			tell(w.notice(chatID, message))
		}
		assert.LessOrEqual(t, reads(time.Hour), 2)
		tell(w.notice(chatID, 0))
		tell(w.notice(chatID, 1))
		assert.Zero(t, reads(time.Hour), "they are handled")
		tell(w.notice(chatID, -1))
		assert.LessOrEqual(t, reads(time.Hour), 6, "the shop's own message")
		assert.Equal(t, []string{"one", "two"}, h.all())

		other := w.notice(chatID, 0)
		other.BusinessID++
		tell(other)
		assert.Zero(t, reads(time.Hour))
		assert.Contains(t, w.log.String(), "another cabinet")

		lost := w.notice(chatID, 0)
		lost.MessageID, lost.SentAt = "99", time.Now()
		tell(lost)
		assert.Equal(t, 7, reads(48*time.Hour), "six within a minute, and one later")
		assert.Equal(t, 1, strings.Count(w.log.String(), "is not there"))

		lost.ChatID = 99
		tell(lost)
		assert.Equal(t, 7, reads(48*time.Hour))
		open, err := w.store.Open(t.Context())
		require.NoError(t, err)
		assert.Empty(t, open)

		lost.ChatID, lost.MessageID = chatID, "what?"
		tell(lost)
		assert.Equal(t, 1, reads(time.Hour))
		lost.ChatID = 0
		tell(lost)
		assert.Zero(t, reads(time.Hour))
		w.stop()
		assert.Equal(t, []string{"one", "two"}, h.all())
	})
}

// An old notification comes to a process that has handled nothing yet: what was read shows that it is old.
func TestOldNotifications(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, inbox.WithInterval(24*time.Hour))
		w.start()
		chatID := w.direct("one")
		for _, text := range []string{"two", "three"} {
			require.NoError(t, w.current().inbox.Notified(t.Context(), w.notice(chatID, -1)))
			time.Sleep(time.Minute)
			require.NoError(t, w.market.Reply(chatID, text))
		}
		require.NoError(t, w.current().inbox.Notified(t.Context(), w.notice(chatID, -1)))
		time.Sleep(time.Minute)
		w.stop()
		w.start()
		time.Sleep(time.Minute)
		before := w.calls(sandbox.OperationGetChatHistory)
		require.NoError(t, w.current().inbox.Notified(t.Context(), w.notice(chatID, 0)))
		time.Sleep(time.Hour)
		w.stop()
		assert.LessOrEqual(t, w.calls(sandbox.OperationGetChatHistory)-before, 2)
	})
}

// Notified writes down before it returns, and does not wait for handlers.
func TestNotifiedWritesDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := listed(t)
		w.handle = func(_ *process, ctx context.Context, _ *inbox.Message) error { <-ctx.Done(); return ctx.Err() }
		w.start()
		chatID := w.direct("one")
		box := w.current().inbox
		fails := errors.New("no disk")
		w.store.before = func() error { return fails }
		require.ErrorIs(t, box.Notified(t.Context(), w.notice(chatID, 0)), fails)
		w.store.before = nil
		require.NoError(t, box.Notified(t.Context(), w.notice(chatID, 0)))
		open, err := w.store.Open(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []int64{chatID}, open)
		time.Sleep(time.Second) // the handler has it
		began := time.Now()
		require.NoError(t, w.market.Reply(chatID, "two"))
		require.NoError(t, box.Notified(t.Context(), w.notice(chatID, 1)))
		assert.Zero(t, time.Since(began))
		w.stop()
	})
}

// Where a chat begins that the Store does not know.
func TestWhereChatsBegin(t *testing.T) {
	for what, row := range map[string]struct {
		written  []string // "shop: …" by the shop, a number of hours between
		notified int      // which message; -1: none
		opts     []inbox.Option
		want     []string
	}{
		"at its first message":                   {[]string{"a", "b"}, -1, nil, []string{"a", "b"}},
		"after the last of the shop":             {[]string{"a", "shop: x", "b", "shop: y", "c", "d"}, -1, nil, []string{"c", "d"}},
		"at one that was named":                  {[]string{"a", "shop: x", "b", "shop: y", "c"}, 2, nil, []string{"b", "c"}},
		"not at one of the shop":                 {[]string{"a", "shop: x", "b", "shop: y", "c"}, 1, nil, []string{"c"}},
		"not before 7 days":                      {[]string{"a", "wait", "b"}, -1, nil, []string{"b"}},
		"not before a time":                      {[]string{"a", "wait", "b"}, -1, []inbox.Option{inbox.WithSince(time.Unix(0, 0))}, []string{"a", "b"}},
		"everything, after the last of the shop": {[]string{"shop: x", "a", "shop: y", "b"}, -1, []inbox.Option{inbox.WithEverything()}, []string{"b"}},
		"everything, after that of the shop":     {[]string{"shop: x", "a", "shop: y", "b"}, 1, []inbox.Option{inbox.WithEverything()}, []string{"a", "y", "b"}},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, h := listed(t, row.opts...)
				chatID := int64(0)
				for _, text := range row.written {
					time.Sleep(time.Hour)
					shop, byShop := strings.CutPrefix(text, "shop: ")
					switch {
					case text == "wait":
						time.Sleep(10 * 24 * time.Hour)
					case chatID == 0 && byShop:
						chatID = w.direct("begin")
						w.shop(chatID, shop)
					case chatID == 0:
						chatID = w.direct(text)
					case byShop:
						w.shop(chatID, shop)
					default:
						require.NoError(t, w.market.Reply(chatID, text))
					}
				}
				w.start()
				if row.notified >= 0 {
					require.NoError(t, w.current().inbox.Notified(t.Context(), w.notice(chatID, row.notified+len(w.market.Messages(chatID))-len(row.written))))
				}
				time.Sleep(time.Hour)
				w.stop()
				assert.Equal(t, row.want, h.all())
			})
		})
	}
}

// A message says that the shop wrote later, unless that was this process's own Reply.
func TestAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		answered := map[string]bool{}
		w.handle = func(_ *process, ctx context.Context, m *inbox.Message) error {
			answered[fmt.Sprint(m.Text(), m.Attempt)] = m.Answered
			if m.Text() == "two" && m.Attempt == 1 {
				return errors.New("later")
			}
			return m.Reply(ctx, answerTo(m.Text()))
		}
		chatID := w.direct("zero")
		w.shop(chatID, "by hand")
		require.NoError(t, w.market.Reply(chatID, "one"))
		require.NoError(t, w.market.Reply(chatID, "two"))
		w.start()
		require.NoError(t, w.current().inbox.Notified(t.Context(), w.notice(chatID, 0)))
		time.Sleep(time.Minute)
		w.stop()
		assert.Equal(t, map[string]bool{"zero1": true, "one1": false, "two1": false, "two2": false}, answered)
	})
}

// When nothing is written there are 12 lists an hour, fewer where they are long, and no chat is read again, though it
// waits for ever. A program that is started for the first time hands over nothing that is a year old.
func TestIdle(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for what, row := range map[string]struct {
		chats, wait, lists int
		age                time.Duration
	}{
		"no chats":                         {0, 0, 12, 0},
		"one chat that waits":              {1, 1, 12, time.Hour},
		"10,000 chats of which 3 wait":     {10_000, 3, 12, time.Hour},
		"3,000 chats that wait":            {3000, 3000, 3, time.Hour}, // 151 pages are listed every 18 min
		"9,000 chats that ended":           {9000, 0, 12, year},
		"900 chats of last year that wait": {900, 900, 10, year}, // 46 pages are listed every 331 s
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, h := listed(t)
				for i := range row.chats {
					if chatID := w.direct("one"); i >= row.wait {
						answer(w, chatID)
					}
				}
				time.Sleep(row.age)
				w.start()
				time.Sleep(time.Hour)
				want := row.wait
				if row.age == year {
					want = 0
				}
				assert.Len(t, h.all(), want)
				first := w.calls(sandbox.OperationGetChatHistory)
				lists := w.calls(sandbox.OperationGetChats)
				time.Sleep(time.Hour)
				w.stop()
				pages := row.wait/20 + 1
				again := w.calls(sandbox.OperationGetChats) - lists
				assert.InDelta(t, row.lists*pages, again, float64(pages))
				assert.Equal(t, row.wait, first, "each is read once")
				assert.Equal(t, first, w.calls(sandbox.OperationGetChatHistory), "nothing is read again")
				assert.Zero(t, w.refused())
				t.Logf("first hour: %d lists, %d reads; second hour: %d lists, no reads; %d KiB", lists, first, again, w.kept()>>10)
			})
		})
	}
}

// answer writes into a chat as the shop, without the limits of a Client.
func answer(w *world, chatID int64) {
	require.NoError(w, w.market.Write(chatID, gen.ChatMessageSenderTypePartner, "done"))
}

// refused counts the requests that were too many.
func (w *world) refused() (n int) {
	for _, call := range w.market.Calls() {
		if call.Status == 420 {
			n++
		}
	}
	return n
}

// kept gives how many bytes an Inbox has in memory, and ends its use.
func (w *world) kept() int64 {
	before := heap()
	w.mu.Lock()
	w.process = nil
	w.mu.Unlock()
	defer runtime.KeepAlive(w) // the Market has more in memory than the Inbox
	return before - heap()
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one has found to be of no use
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// A thousand buyers write three messages each at once: all are handled in the order of their chats, each answer is sent
// once, within 5 min and the quotas, and nothing stays behind.
func TestManyBuyersAtOnce(t *testing.T) {
	const buyers = 1000
	texts := []string{"one", "two", "three"}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		var mu sync.Mutex
		handled := map[int64][]string{}
		var last time.Time
		w.handle = func(_ *process, ctx context.Context, m *inbox.Message) error {
			mu.Lock()
			handled[m.ChatID] = append(handled[m.ChatID], m.Text())
			mu.Unlock()
			if m.Text() != "three" {
				return nil
			}
			err := m.Reply(ctx, "answer") // one for each chat: the quota is 1,000 an hour
			mu.Lock()
			defer mu.Unlock()
			last = time.Now()
			return err
		}
		w.start()
		w.notified()
		began := time.Now()
		var chats []int64
		for range buyers {
			chatID := w.direct(texts[0])
			chats = append(chats, chatID)
			for _, text := range texts[1:] {
				require.NoError(t, w.market.Reply(chatID, text))
			}
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		for _, chatID := range chats {
			require.Equal(t, texts, handled[chatID])
			require.Len(t, w.market.Messages(chatID), 4)
		}
		assert.Zero(t, w.refused())
		reads := w.calls(sandbox.OperationGetChatHistory)
		assert.InDelta(t, 2*buyers, reads, buyers/2)
		w.stop()
		synctest.Wait()
		stacks := make([]byte, 1<<20)
		assert.NotContains(t, string(stacks[:runtime.Stack(stacks, true)]), "inbox.(*Inbox)")
		kept := w.kept()
		assert.Less(t, kept, int64(buyers*1024))
		t.Logf("all answered after %v, %d reads, %d KiB kept", last.Sub(began), reads, kept>>10)
	})
}

// CatchUp handles what waits, and returns.
func TestCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := listed(t)
		client, err := wrapper.New(cabinet, wrapper.APIKey("any"), wrapper.WithHTTPClient(httpClient(w.market)))
		require.NoError(t, err)
		fails, failing := errors.New("not now"), true
		box, err := inbox.New(client, w.store, func(ctx context.Context, m *inbox.Message) error {
			if m.Text() == "bad" && failing {
				return fails
			}
			h.add(m)
			return m.Reply(ctx, answerTo(m.Text()))
		}, w.opts...)
		require.NoError(t, err)
		w.direct("one")
		w.direct("bad")
		began := time.Now()
		require.ErrorIs(t, box.CatchUp(t.Context()), fails)
		assert.Less(t, time.Since(began), time.Minute)
		assert.Equal(t, []string{"one"}, h.all())
		failing = false
		require.NoError(t, box.CatchUp(t.Context()))
		assert.Equal(t, []string{"one", "bad"}, h.all())

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, box.CatchUp(ctx), context.Canceled)
		ctx, cancel = context.WithCancel(t.Context())
		go func() { _ = box.Run(ctx) }()
		synctest.Wait()
		require.ErrorContains(t, box.CatchUp(t.Context()), "running already")
		require.ErrorContains(t, box.Run(t.Context()), "running already")
		cancel()
	})
}

// Run returns the error of its context, once what it has begun has ended.
func TestRunEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		var ended atomic.Bool
		w.handle = func(_ *process, ctx context.Context, _ *inbox.Message) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			ended.Store(true)
			return nil
		}
		chatID := w.direct("one")
		w.start()
		time.Sleep(10 * time.Second)
		w.stop()
		assert.True(t, ended.Load())
		state, err := w.store.Load(t.Context(), chatID)
		require.NoError(t, err)
		assert.True(t, state.Open)
		assert.Equal(t, w.market.Messages(chatID)[0].ID, state.Handled, "what was handled is saved all the same")
	})
}

// What New refuses, and what it takes.
func TestNewRefuses(t *testing.T) {
	client, err := wrapper.New(cabinet, wrapper.APIKey("any"))
	require.NoError(t, err)
	handle := func(context.Context, *inbox.Message) error { return nil }
	for want, make := range map[string]func() (*inbox.Inbox, error){
		"inbox: client is nil":   func() (*inbox.Inbox, error) { return inbox.New(nil, inbox.Memory(), handle) },
		"inbox: store is nil":    func() (*inbox.Inbox, error) { return inbox.New(client, nil, handle) },
		"inbox: handle is nil":   func() (*inbox.Inbox, error) { return inbox.New(client, inbox.Memory(), nil) },
		"inbox: option 1 is nil": func() (*inbox.Inbox, error) { return inbox.New(client, inbox.Memory(), handle, nil) },
		"inbox: WithInterval is given -1s, allowed is 0, for 5m0s, and above": func() (*inbox.Inbox, error) {
			return inbox.New(client, inbox.Memory(), handle, inbox.WithInterval(-time.Second))
		},
		"inbox: WithTimeout is given -1s, allowed is 0, for 5m0s, and above": func() (*inbox.Inbox, error) {
			return inbox.New(client, inbox.Memory(), handle, inbox.WithTimeout(-time.Second))
		},
		"inbox: WithWorkers is given -1, allowed is 0, for 16, and above": func() (*inbox.Inbox, error) {
			return inbox.New(client, inbox.Memory(), handle, inbox.WithWorkers(-1))
		},
		"inbox: WithLogger is given nil": func() (*inbox.Inbox, error) {
			return inbox.New(client, inbox.Memory(), handle, inbox.WithLogger(nil))
		},
	} {
		box, err := make()
		assert.Nil(t, box)
		assert.ErrorContains(t, err, want)
	}
	_, err = inbox.New(client, inbox.Memory(), handle, inbox.WithInterval(0), inbox.WithWorkers(0), inbox.WithTimeout(0),
		inbox.WithSince(time.Time{}))
	assert.NoError(t, err)
}

// A context that is nil is refused.
func TestNilContexts(t *testing.T) {
	w := newWorld(t, 1)
	box := w.begin().inbox
	var none context.Context
	_, sqlErr := inbox.SQL(none, sql.OpenDB(&database{placeholder: "?"}))
	message := notify.ChatMessageSentNotificationDTO{BusinessID: cabinet, ChatID: w.direct("one"), MessageID: "1"}
	for what, err := range map[string]error{
		"Run": box.Run(none), "CatchUp": box.CatchUp(none), "Notified": box.Notified(none, message), "SQL": sqlErr,
		"Reply": new(inbox.Message).Reply(none, "Hello!"),
	} {
		assert.EqualError(t, err, "inbox: ctx is nil", what)
	}
}

// fmt, JSON and slog show the ids of a message alone.
func TestMessagesShowTheirIDs(t *testing.T) {
	text, name := "secret", "secret"
	m := inbox.Message{ChatID: 7, Attempt: 2}
	m.ChatMessageDTO = gen.ChatMessageDTO{MessageID: 9, Message: &text, Sender: gen.ChatMessageSenderTypeCustomer}
	m.About.Customer = &gen.ChatCustomerDTO{Name: &name}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		assert.Equal(t, "message 9 of chat 7, attempt 2", fmt.Sprintf(verb, m))
		assert.Equal(t, "message 9 of chat 7, attempt 2", fmt.Sprintf(verb, &m))
	}
	shown, err := json.Marshal(&m)
	require.NoError(t, err)
	assert.Equal(t, `{"chatId":7,"messageId":9,"attempt":2}`, string(shown))
	var line strings.Builder
	slog.New(slog.NewTextHandler(&line, nil)).Info("x", "message", m)
	slog.New(slog.NewJSONHandler(&line, nil)).Info("x", "message", &m)
	assert.Contains(t, line.String(), "message.chatId=7 message.messageId=9")
	assert.NotContains(t, line.String(), "secret")
	assert.Equal(t, "secret", m.Text())
	assert.True(t, m.FromBuyer())
	assert.Empty(t, (&inbox.Message{}).Text())
	assert.ErrorContains(t, m.Reply(t.Context(), "text"), "was not given to a handler")
}

// The answer takes a chat off the list of those that wait, and the read before it was behind: another one finds what
// was written meanwhile, though nobody tells of it.
func TestReadsAgainAfterAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, inbox.WithInterval(24*time.Hour))
		w.weather(0, 5*time.Second)
		chatID := w.direct("one")
		time.Sleep(10 * time.Second)
		w.handle = func(_ *process, ctx context.Context, m *inbox.Message) error {
			if m.Text() == "one" {
				require.NoError(t, w.market.Reply(chatID, "two"))
			}
			return m.Reply(ctx, answerTo(m.Text()))
		}
		w.start()
		time.Sleep(time.Minute)
		w.stop()
		unanswered, doubled := w.count([]int64{chatID})
		assert.Zero(t, unanswered)
		assert.Zero(t, doubled)
	})
}

// A process that was killed has opened the chat, and what was written before is read, though reads are behind.
func TestReadsOpenChatsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := listed(t, inbox.WithInterval(24*time.Hour))
		w.every(sandbox.OperationGetChatHistory, 0, 4*time.Second)
		chatID := w.direct("one")
		time.Sleep(10 * time.Second)
		w.start()
		time.Sleep(10 * time.Second)
		require.NoError(t, w.market.Reply(chatID, "two"))
		require.NoError(t, w.current().inbox.Notified(t.Context(), w.notice(chatID, 1)))
		w.stop()
		w.shop(chatID, "a person answers, so that the chat is not listed")
		w.start()
		time.Sleep(time.Minute)
		w.stop()
		assert.Equal(t, []string{"one", "two"}, h.all())
	})
}

// What is written and named while a chat is in work is read after that, though no Reply makes the chat be read again.
func TestNotifiedDuringAVisit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := listed(t, inbox.WithInterval(24*time.Hour))
		chatID := w.direct("one")
		w.handle = func(p *process, _ context.Context, m *inbox.Message) error {
			h.add(m)
			if m.Text() == "one" {
				require.NoError(t, w.market.Reply(chatID, "two"))
				require.NoError(t, p.inbox.Notified(t.Context(), w.notice(chatID, 1)))
			}
			return nil
		}
		time.Sleep(time.Minute)
		w.start()
		time.Sleep(time.Hour)
		w.stop()
		assert.Equal(t, []string{"one", "two"}, h.all())
	})
}

// Notified comes before a chat that was listed, and before the pause of a chat that has failed has ended it changes
// nothing.
func TestTheOrderOfChats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := listed(t, inbox.WithWorkers(1))
		w.handle = func(_ *process, _ context.Context, m *inbox.Message) error {
			h.add(m)
			time.Sleep(10 * time.Second)
			if m.Text() == "bad" {
				return errors.New("no")
			}
			return nil
		}
		for range 5 {
			w.direct("listed")
		}
		w.start()
		time.Sleep(time.Second)
		chatID := w.direct("notified")
		require.NoError(t, w.current().inbox.Notified(t.Context(), w.notice(chatID, 0)))
		time.Sleep(2 * time.Minute)
		assert.Equal(t, []string{"listed", "notified", "listed"}, h.all()[:3])

		chatID = w.direct("bad")
		for range 30 {
			require.NoError(t, w.current().inbox.Notified(t.Context(), w.notice(chatID, 0)))
			time.Sleep(10 * time.Second)
		}
		assert.Less(t, len(h.all()), 6+9, "the pauses grow")
		w.stop()
	})
}

// A failure that names a time is not tried before, and one that leaves open what has happened not within 13 s.
func TestPauses(t *testing.T) {
	for what, row := range map[string]struct {
		fails error
		want  time.Duration
	}{
		"any":                {errors.New("no"), time.Second},
		"the quota":          {&wrapper.Error{RetryAt: time.Date(2000, 1, 1, 0, 20, 0, 0, time.UTC)}, 20 * time.Minute},
		"an unknown outcome": {fmt.Errorf("wrapped: %w", &wrapper.Error{Outcome: wrapper.Unknown}), 13 * time.Second},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				var at []time.Time
				w.handle = func(_ *process, _ context.Context, m *inbox.Message) error {
					at = append(at, time.Now())
					if m.Attempt == 1 {
						return row.fails
					}
					return nil
				}
				w.direct("one")
				w.start()
				time.Sleep(time.Hour)
				w.stop()
				require.Len(t, at, 2)
				assert.InDelta(t, row.want, at[1].Sub(at[0]), float64(2*time.Second))
			})
		})
	}
}

// A Save that fails is made again without the handler, before anything else, and the pauses begin anew with each
// message that is handled.
func TestSavesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := listed(t)
		var saves int
		w.store.before = func() error {
			if saves++; saves > 1 && saves < 6 {
				return errors.New("no disk")
			}
			return nil
		}
		require.NoError(t, w.market.Reply(w.direct("one"), "two"))
		w.start()
		time.Sleep(time.Minute)
		w.stop()
		assert.Equal(t, []string{"one", "two"}, h.all())
		assert.Contains(t, w.log.String(), "no disk")
	})
}

// Replies of one message that are called at once are sent one after another, and wait no longer than their contexts.
func TestRepliesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		var short error
		w.handle = func(_ *process, ctx context.Context, m *inbox.Message) error {
			var parts sync.WaitGroup
			for part := range 3 {
				parts.Go(func() { assert.NoError(t, m.Reply(ctx, fmt.Sprint("part ", part))) })
			}
			time.Sleep(time.Millisecond)
			ending, cancel := context.WithTimeout(ctx, time.Millisecond)
			defer cancel()
			short = m.Reply(ending, "one more")
			parts.Wait()
			return nil
		}
		chatID := w.direct("one")
		w.start()
		time.Sleep(time.Minute)
		w.stop()
		assert.Len(t, w.market.Messages(chatID), 4)
		assert.ErrorIs(t, short, context.DeadlineExceeded)
	})
}

// A Store that hangs once does not keep the chats from being listed.
func TestAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, h := listed(t)
		w.store.Store = &hangingStore{Store: w.store.Store}
		w.direct("one")
		w.start()
		time.Sleep(time.Minute)
		w.stop()
		assert.Equal(t, []string{"one"}, h.all())
		assert.Contains(t, w.log.String(), "the open chats could not be loaded from the Store")
	})
}

// hangingStore hangs when it is asked for the open chats for the first time.
type hangingStore struct {
	inbox.Store
	asked bool
}

func (s *hangingStore) Open(ctx context.Context) ([]int64, error) {
	if !s.asked {
		s.asked = true
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.Store.Open(ctx)
}

// A Reply after the handler has returned is refused.
func TestReplyAfterTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		var kept *inbox.Message
		w.handle = func(_ *process, _ context.Context, m *inbox.Message) error { kept = m; return nil }
		w.direct("one")
		w.start()
		time.Sleep(time.Minute)
		w.stop()
		assert.ErrorContains(t, kept.Reply(t.Context(), "late"), "after the handler has returned")
	})
}
