package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

const cabinet = 4200

// handlerTransport is a shop without a socket, for virtual time. It lets go when the request's context ends, as a
// connection does.
type handlerTransport struct{ http.Handler }

func (t handlerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	served := req.Clone(req.Context())
	served.RemoteAddr = "127.0.0.1:50000"
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.ServeHTTP(w, served)
	}()
	select {
	case <-done:
		return w.Result(), nil
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

func shopClient(h http.Handler) *http.Client { return &http.Client{Transport: handlerTransport{h}} }

// peek reads the body of a request, and leaves it to be read.
func peek(r *http.Request) string {
	body, _ := io.ReadAll(r.Body) // a handlerTransport's body cannot fail
	r.Body = io.NopCloser(bytes.NewReader(body))
	return string(body)
}

// queuesAtWork counts the goroutines that deliver notifications, or wait for the time to do so.
func queuesAtWork() int {
	stacks := make([]byte, 1<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "sandbox.(*queue).run(")
}

// rememberingShop is a shop that writes down what it is told, unless it is away.
type rememberingShop struct {
	mu     sync.Mutex
	away   bool
	events []string
	tried  int
}

func (s *rememberingShop) take(event string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried++
	if s.away {
		return errors.New("the database is away")
	}
	s.events = append(s.events, event)
	return nil
}

func (s *rememberingShop) set(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

func (s *rememberingShop) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

func (s *rememberingShop) handler(t *testing.T, opts ...notify.Option) http.Handler {
	t.Helper()
	h, err := notify.New("shop/1", notify.Behind(netip.MustParsePrefix("127.0.0.0/8")), notify.Events{
		ChatCreated: func(_ context.Context, n notify.ChatCreatedNotificationDTO) error {
			return s.take(fmt.Sprint("chat ", n.ChatID))
		},
		MessageSent: func(_ context.Context, n notify.ChatMessageSentNotificationDTO) error {
			return s.take(fmt.Sprint("message ", n.MessageID))
		},
	}, append(opts, quiet)...)
	require.NoError(t, err)
	return h
}

// quiet keeps what a shop fails at on purpose out of the output of the tests.
var quiet = notify.WithLogger(slog.New(slog.DiscardHandler))

func client(t *testing.T, market *sandbox.Market) *wrapper.Client {
	t.Helper()
	c, err := wrapper.New(cabinet, wrapper.APIKey("key"), wrapper.WithHTTPClient(&http.Client{Transport: market.RoundTripper()}))
	require.NoError(t, err)
	return c
}

// PING first, then each event in order: the shop's own chats and messages, the buyer's, and chats that a buyer began.
func TestNotify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, shop := sandbox.New(), &rememberingShop{}
		require.NoError(t, market.Notify(t.Context(), "http://shop/market", shopClient(shop.handler(t))))
		c := client(t, market)
		chat, err := c.CreateChat(t.Context(), wrapper.Order(31))
		require.NoError(t, err)
		_, err = c.CreateChat(t.Context(), wrapper.Order(31)) // is there already: no event
		require.NoError(t, err)
		require.NoError(t, c.SendMessage(t.Context(), chat.ChatID, "Hello!"))
		require.NoError(t, market.Reply(chat.ChatID, "Thank you!"))
		asked, err := market.Direct(cabinet, "Is it red?")
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, []string{"chat 7000001", "message 7000001000001", "message 7000001000002", "chat 7000002", "message 7000002000001"}, shop.list())
		info, err := c.GetChat(t.Context(), asked)
		require.NoError(t, err)
		assert.EqualValues(t, "DIRECT", info.Context.Type)
		assert.EqualValues(t, "NEW", info.Status)
		assert.Nil(t, info.Context.OrderID)
		assert.Nil(t, info.Context.ReturnID)

		deliveries := market.Deliveries()
		require.Len(t, deliveries, 6)
		assert.EqualValues(t, "PING", deliveries[0].Type)
		assert.Zero(t, deliveries[0].BusinessID)
		for _, d := range deliveries {
			assert.NoError(t, d.Verdict)
			assert.True(t, d.Taken)
			assert.Equal(t, 200, d.Status)
			assert.Equal(t, 1, d.Attempt)
			assert.Zero(t, d.Again)
		}
		assert.EqualValues(t, cabinet, deliveries[1].BusinessID)
		var sent notify.ChatMessageSentNotificationDTO
		require.NoError(t, json.Unmarshal([]byte(deliveries[2].Body), &sent))
		assert.Equal(t, deliveries[2].At.UTC(), sent.SentAt)
		assert.NotContains(t, deliveries[3].Body, "Thank you!", "a notification has no text")
	})
}

// What a shop has to answer to the PING.
func TestSubscriptionIsRefused(t *testing.T) {
	const good = `{"version":"1","name":"a","time":"2026-03-01T09:00:00Z"}`
	for name, row := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"good":                                 {answersWith("application/json", 200, good), ""},
		"the wrong Content-Type":               {answersWith("text/plain", 200, good), "header Content-Type: must be application/json, in UTF-8"},
		"no Content-Type, as net/http says it": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, good) }, "header Content-Type: must be"},
		"nothing but 200":                      {answersWith("application/json", 200, ""), "body: is not JSON"},
		"without the version":                  {answersWith("application/json", 200, `{"name":"a","time":"2026-03-01T09:00:00Z"}`), "body /version: required"},
		"204":                                  {answersWith("application/json", 204, ""), "status: is not declared"},
		"a redirect":                           {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other", 307) }, "status: is not declared"},
		"400":                                  {answersWith("application/json", 400, `{}`), "it answered with 400"},
		"after 1.1 s": {func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(1100 * time.Millisecond)
			answersWith("application/json", 200, good)(w, r)
		}, "context deadline exceeded"},
		"after 0.9 s": {func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(900 * time.Millisecond)
			answersWith("application/json", 200, good)(w, r)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				market := sandbox.New()
				asked := 0
				err := market.Notify(t.Context(), "http://shop/?secret=Canary", shopClient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					asked++
					assert.Equal(t, "/notification", r.URL.Path)
					row.answer(w, r)
				})))
				if row.says == "" {
					assert.NoError(t, err)
				} else {
					assert.ErrorContains(t, err, "sandbox: the shop has not taken the PING: ")
					assert.ErrorContains(t, err, row.says)
					assert.NotContains(t, err.Error(), "Canary")
				}
				assert.Equal(t, 1, asked, "redirects are not followed")
				deliveries := market.Deliveries()
				require.Len(t, deliveries, 1)
				assert.Equal(t, row.says == "", deliveries[0].Taken)
				_, err = market.Direct(cabinet, "Hello?")
				require.NoError(t, err)
				time.Sleep(2 * time.Second)
				assert.Equal(t, row.says == "", len(market.Deliveries()) > 1, "a shop that was refused is told nothing")
			})
		})
	}
}

func answersWith(contentType string, status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestNotifyAddresses(t *testing.T) {
	for _, address := range []string{"", "shop", "shop.example/market", "ftp://shop/", "http://", "http://[::1", "file:///x", "//shop/market"} {
		err := sandbox.New().Notify(t.Context(), address, nil)
		assert.EqualError(t, err, "sandbox: Notify is given no address of a shop, allowed is one like https://shop.example/market", address)
	}
	var none context.Context
	assert.EqualError(t, sandbox.New().Notify(none, "http://shop", nil), "sandbox: ctx is nil")
	var paths []string
	shop := (&rememberingShop{}).handler(t)
	for _, address := range []string{"http://shop", "http://shop/", "http://shop/market", "http://shop/market/", "https://shop:1/a?b=c"} {
		require.NoError(t, sandbox.New().Notify(t.Context(), address, shopClient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			paths = append(paths, r.URL.RequestURI())
			shop.ServeHTTP(w, r)
		}))))
	}
	assert.Equal(t, []string{"/notification", "/notification", "/market/notification", "/market/notification", "/a/notification?b=c"}, paths)
}

// Over a socket, with a client of the Market's own; a shop that nobody serves refuses the subscription.
func TestNotifyOverSockets(t *testing.T) {
	market, shop := sandbox.New(), &rememberingShop{}
	server := httptest.NewServer(shop.handler(t))
	require.NoError(t, market.Notify(t.Context(), server.URL, nil))
	_, err := market.Direct(cabinet, "Hello?")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(shop.list()) == 2 }, time.Minute, time.Millisecond)
	server.Close()
	err = market.Notify(t.Context(), server.URL, nil)
	assert.ErrorContains(t, err, "connection refused")
	given := &http.Client{}
	require.Error(t, market.Notify(t.Context(), server.URL, given))
	assert.Nil(t, given.CheckRedirect, "the client is not changed")
}

// A database that is away for 90 minutes loses nothing, and the order is kept. Other cabinets do not wait.
func TestNotifyRepeatsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, shop := sandbox.New(), &rememberingShop{}
		require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(shop.handler(t, notify.WithSeen(notify.Recent(1000))))))
		chat, err := market.Direct(cabinet, "0")
		require.NoError(t, err)
		synctest.Wait()
		shop.set(true)
		want := []string{"chat 7000001", "message 7000001000001"}
		for n := range 90 {
			require.NoError(t, market.Reply(chat, fmt.Sprint(n+1)))
			want = append(want, fmt.Sprintf("message 7000001%06d", n+2))
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		assert.Len(t, shop.list(), 2)
		assert.Equal(t, 2+61+2, shop.tried, "61 in the first hour, and two more in the second: the others wait for the first")
		shop.set(false)
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		assert.Equal(t, want, shop.list())
	})
}

func TestNotifyCabinetsSeparately(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market := sandbox.New()
		var chats []int64
		h, err := notify.New("shop/1", notify.Anywhere(), notify.Events{
			ChatCreated: func(_ context.Context, n notify.ChatCreatedNotificationDTO) error {
				if n.BusinessID == 1 {
					return errors.New("cabinet 1 is broken")
				}
				chats = append(chats, n.ChatID)
				return nil
			},
		}, quiet)
		require.NoError(t, err)
		require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(h)))
		for cabinet := int64(1); cabinet <= 2; cabinet++ {
			_, err := market.Direct(cabinet, "Hello?")
			require.NoError(t, err)
			synctest.Wait()
		}
		assert.Equal(t, []int64{7000002}, chats)
	})
}

// pauses counts the attempts of the one event that fails, by the pause before them.
func pauses(deliveries []sandbox.Delivery) map[time.Duration]int {
	counts := map[time.Duration]int{}
	for i, d := range deliveries {
		if i > 0 {
			counts[d.At.Sub(deliveries[i-1].At)]++
		}
	}
	return counts
}

// A shop that never answers well: an hour of minutes, a day of quarters, then hours, and silence after 14 days.
func TestNotifyGivesUpAfterFourteenDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, shop := sandbox.New(), &rememberingShop{}
		require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(shop.handler(t))))
		shop.set(true)
		began := time.Now()
		_, err := market.Direct(cabinet, "Hello?")
		require.NoError(t, err)
		time.Sleep(14*24*time.Hour + time.Minute)
		attempts := market.Deliveries()[1:]
		assert.Equal(t, map[time.Duration]int{time.Minute: 60, 15 * time.Minute: 23 * 4, time.Hour: 13 * 24}, pauses(attempts))
		assert.Len(t, attempts, 1+60+23*4+13*24)
		last := attempts[len(attempts)-1]
		assert.Equal(t, 14*24*time.Hour, last.At.Sub(began))
		assert.Equal(t, len(attempts), last.Attempt)
		assert.Zero(t, last.Again)
		for i, d := range attempts[:len(attempts)-1] {
			assert.Equal(t, attempts[i+1].At, d.Again)
			assert.EqualValues(t, "CHAT_CREATED", d.Type, "the message waits")
		}
		t.Logf("attempts: %d in 14 days, then silence", len(attempts))

		shop.set(false)
		_, err = market.Direct(cabinet, "Is nobody there?")
		require.NoError(t, err)
		time.Sleep(30 * 24 * time.Hour)
		assert.Len(t, market.Deliveries(), 1+len(attempts), "silence")
		assert.Empty(t, shop.list())

		require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(shop.handler(t))))
		_, err = market.Direct(cabinet, "And now?")
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, []string{"chat 7000003", "message 7000003000001"}, shop.list(), "what was missed does not come again")
	})
}

// A shop that hangs is given 10 s each time, and the pauses are counted from the beginning of an attempt.
func TestNotifyAShopThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market := sandbox.New()
		good := (&rememberingShop{}).handler(t)
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(peek(r), "PING") {
				<-r.Context().Done()
			}
			good.ServeHTTP(w, r)
		})
		require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(h)))
		_, err := market.Direct(cabinet, "Hello?")
		require.NoError(t, err)
		time.Sleep(9 * time.Second)
		assert.Len(t, market.Deliveries(), 1)
		time.Sleep(2 * time.Second)
		attempts := market.Deliveries()[1:]
		require.Len(t, attempts, 1)
		assert.Zero(t, attempts[0].Status)
		assert.ErrorIs(t, attempts[0].Verdict, context.DeadlineExceeded)
		assert.Equal(t, time.Minute, attempts[0].Again.Sub(attempts[0].At))
		time.Sleep(time.Minute)
		assert.Equal(t, map[time.Duration]int{time.Minute: 1}, pauses(market.Deliveries()[1:]))
	})
}

// What is answered with 400 does not come again, and what follows does not wait. Every other status is as 500.
func TestNotifyRepeatsAllBut400(t *testing.T) {
	for answer, repeated := range map[int]bool{200: false, 400: false, 403: true, 404: true, 405: true, 429: true, 500: true, 503: true, 204: true, 302: true} {
		t.Run(fmt.Sprint(answer), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				market := sandbox.New()
				good, tried := (&rememberingShop{}).handler(t), 0
				h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if tried++; tried == 2 && answer != 200 {
						answersWith("application/json", answer, `{}`)(w, r)
						return
					}
					good.ServeHTTP(w, r)
				})
				require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(h)))
				_, err := market.Direct(cabinet, "Hello?")
				require.NoError(t, err)
				synctest.Wait()
				if repeated {
					assert.Equal(t, 2, tried)
					assert.False(t, market.Deliveries()[1].Again.IsZero())
					time.Sleep(time.Minute)
					synctest.Wait()
					assert.Equal(t, 4, tried)
					return
				}
				assert.Equal(t, 3, tried)
				assert.True(t, market.Deliveries()[1].Again.IsZero())
			})
		})
	}
}

var momentOf = regexp.MustCompile(`"(?:createdAt|sentAt|startedAt|finishedAt|time)":"([^"]*)"`)

// Each notification tells the moment of what happened, in UTC, however late it is posted.
func TestNotificationsTellTheMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		moscow := time.FixedZone("MSK", 3*60*60)
		clock := sandbox.WithClock(func() time.Time { return time.Now().In(moscow) })
		market, shop := sandbox.New(clock), &rememberingShop{}
		require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(shop.handler(t))))
		shop.set(true)
		var chat int64
		for _, happens := range []func() error{
			func() (err error) { chat, err = market.Ask(cabinet, wrapper.Order(31), "Hello?"); return err },
			func() error { return market.Reply(chat, "Still there?") },
			func() error { return market.StartDispute(chat) },
			func() error { return market.FinishDispute(chat) },
		} {
			market.Advance(time.Hour)
			require.NoError(t, happens())
			synctest.Wait()
		}
		shop.set(false)
		market.Advance(time.Hour)
		synctest.Wait()
		var told []string
		for _, d := range market.Deliveries() {
			if d.Taken {
				told = append(told, fmt.Sprint(d.BusinessID, " ", d.Type, " ", momentOf.FindStringSubmatch(d.Body)[1]))
			}
		}
		assert.Equal(t, []string{
			"0 PING 2000-01-01T00:00:00Z",
			"4200 CHAT_CREATED 2000-01-01T01:00:00Z",
			"4200 CHAT_MESSAGE_SENT 2000-01-01T01:00:00Z",
			"4200 CHAT_MESSAGE_SENT 2000-01-01T02:00:00Z",
			"4200 CHAT_ARBITRAGE_STARTED 2000-01-01T03:00:00Z",
			"4200 CHAT_ARBITRAGE_FINISHED 2000-01-01T04:00:00Z",
		}, told)
	})
}

// Advance brings what is due: nobody has to wait for a minute. Reset forgets what waits, and the shop stays.
func TestNotifyAdvanceAndReset(t *testing.T) {
	stands := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	synctest.Test(t, func(t *testing.T) {
		market, shop := sandbox.New(sandbox.WithClock(func() time.Time { return stands })), &rememberingShop{}
		require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(shop.handler(t))))
		shop.set(true)
		_, err := market.Direct(cabinet, "Hello?")
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, 1, queuesAtWork())
		for n := range 5 {
			assert.Equal(t, n+1, shop.tried)
			market.Advance(time.Minute)
			synctest.Wait()
		}
		market.Advance(30 * time.Second)
		synctest.Wait()
		assert.Equal(t, 6, shop.tried, "not due yet")

		market.Reset()
		synctest.Wait()
		assert.Empty(t, market.Deliveries())
		assert.Zero(t, queuesAtWork())
		shop.set(false)
		time.Sleep(time.Hour)
		market.Advance(time.Hour)
		synctest.Wait()
		assert.Empty(t, shop.list(), "what waited is forgotten")
		_, err = market.Direct(cabinet, "Hello?")
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, []string{"chat 7000002", "message 7000002000001"}, shop.list(), "ids go on")
	})
}

// Notifications end with the context, in the middle of an attempt too, and nothing of it stays.
func TestNotifyEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, shop := sandbox.New(), &rememberingShop{}
		ctx, end := context.WithCancel(t.Context())
		require.NoError(t, market.Notify(ctx, "http://shop", shopClient(shop.handler(t))))
		shop.set(true)
		_, err := market.Direct(cabinet, "Hello?")
		require.NoError(t, err)
		synctest.Wait()
		end()
		synctest.Wait()
		assertNotifications(t, market, `{"shops":0,"off":0}`)
		shop.set(false)
		_, err = market.Direct(cabinet, "Hello?")
		require.NoError(t, err)
		time.Sleep(24 * time.Hour)
		assert.Len(t, market.Deliveries(), 2)
		assert.Empty(t, shop.list())
	})
}

// Two shops are told the same; one that fails does not hold up the other.
func TestNotifyTwoShops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		market, first, second := sandbox.New(), &rememberingShop{}, &rememberingShop{}
		require.NoError(t, market.Notify(t.Context(), "http://first", shopClient(first.handler(t))))
		require.NoError(t, market.Notify(t.Context(), "http://second", shopClient(second.handler(t))))
		first.set(true)
		_, err := market.Direct(cabinet, "Hello?")
		require.NoError(t, err)
		synctest.Wait()
		assert.Empty(t, first.list())
		assert.Len(t, second.list(), 2)

		require.NoError(t, market.Notify(t.Context(), "http://second", shopClient(second.handler(t))))
		_, err = market.Direct(cabinet, "Hello?")
		require.NoError(t, err)
		synctest.Wait()
		assert.Len(t, second.list(), 2+2*2, "each Notify adds a shop, of an address that is there, too")
	})
}

// What a shop sees of a notification beside its body; and the answer's body is closed.
func TestNotificationsHaveHeaders(t *testing.T) {
	market, good, closed := sandbox.New(), (&rememberingShop{}).handler(t), false
	require.NoError(t, market.Notify(t.Context(), "http://shop", &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		assert.Regexp(t, `^00-[0-9a-f]{32}-[0-9a-f]{16}-01$`, r.Header.Get("Traceparent"))
		assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
		assert.Equal(t, "ymarket-sandbox", r.Header.Get("User-Agent"))
		assert.Equal(t, "5.45.207.1", r.Header.Get("X-Forwarded-For"))
		resp, err := handlerTransport{good}.RoundTrip(r)
		if assert.NoError(t, err) {
			resp.Body = closing{resp.Body, &closed}
		}
		return resp, err
	})}))
	assert.True(t, closed)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// Many write at once: each event is told once, in the order of its chat.
func TestNotifyWhileManyWrite(t *testing.T) {
	market, shop := sandbox.New(), &rememberingShop{}
	require.NoError(t, market.Notify(t.Context(), "http://shop", shopClient(shop.handler(t))))
	const writers, messages = 20, 20
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			chat, err := market.Direct(cabinet, "1")
			assert.NoError(t, err)
			for n := range messages - 1 {
				assert.NoError(t, market.Reply(chat, fmt.Sprint(n+2)))
			}
		})
	}
	group.Wait()
	require.Eventually(t, func() bool { return len(shop.list()) == writers*(messages+1) }, time.Minute, time.Millisecond)
	last := map[string]string{}
	for _, event := range shop.list() {
		kind, id, _ := strings.Cut(event, " ")
		if kind == "message" {
			assert.Less(t, last[id[:7]], id)
			last[id[:7]] = id
		}
	}
	assert.Len(t, slices.Collect(maps.Keys(last)), writers)
}

func TestDirectRefuses(t *testing.T) {
	chat, err := sandbox.New().Direct(0, "Hello?")
	assert.EqualError(t, err, "sandbox: Direct is given the cabinet 0, allowed is 1 and above")
	assert.Zero(t, chat)
}

// An unguarded auto-reply answers itself without end; with a look at the chat it answers once.
func TestAutoReply(t *testing.T) {
	for name, guarded := range map[string]bool{"guarded": true, "unguarded": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				market := sandbox.New()
				c := client(t, market)
				h, err := notify.New("shop/1", notify.Anywhere(), notify.Events{
					MessageSent: func(ctx context.Context, n notify.ChatMessageSentNotificationDTO) error {
						info, err := c.GetChat(ctx, n.ChatID)
						if err != nil || guarded && info.Status != "NEW" && info.Status != "WAITING_FOR_PARTNER" {
							return err
						}
						time.Sleep(time.Minute / 10) // within the quota
						return c.SendMessage(ctx, n.ChatID, "We are looking into it.")
					},
				}, quiet)
				require.NoError(t, err)
				ctx, end := context.WithCancel(t.Context())
				require.NoError(t, market.Notify(ctx, "http://shop", shopClient(h)))
				chat, err := market.Direct(cabinet, "Hello?")
				require.NoError(t, err)
				time.Sleep(10 * time.Minute)
				end()
				time.Sleep(time.Minute) // what is at work ends
				if guarded {
					assert.Len(t, market.Messages(chat), 2)
				} else {
					assert.Greater(t, len(market.Messages(chat)), 50)
				}
			})
		})
	}
}

// Every delivery of the sandbox keeps the contract, by a validator of the test's own.
func TestDeliveriesKeepTheContract(t *testing.T) {
	contract, err := api.NewNotificationValidator()
	require.NoError(t, err)
	market, shop := sandbox.New(), &rememberingShop{}
	require.NoError(t, market.Notify(t.Context(), "http://shop", &http.Client{Transport: contract.Transport(handlerTransport{shop.handler(t)})}))
	_, err = market.Direct(cabinet, "Hello?")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(shop.list()) == 2 }, time.Minute, time.Millisecond)
	for _, d := range market.Deliveries() {
		assert.NoError(t, d.Verdict)
	}
}
