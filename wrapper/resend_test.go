package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// chatAt is a chat that was read at that time by the Market's clock, and had last been written into so long before.
func chatAt(date time.Time, quiet time.Duration) reply {
	return reply{status: 200, header: http.Header{"Date": {httpDate(date)}},
		body: `{"status":"OK","result":{"chatId":77,"updatedAt":"` + date.Add(-quiet).Format(time.RFC3339Nano) + `"}}`}
}

// The doubtful attempt begins at 0 s. Answered by the Market after 3 s, the chat is read at 3.25 s; cut off, it is read at
// 10 s, when the Market has given up. Whoever has not been heard of for 2 s more than that wrote before.
func TestResendCheck(t *testing.T) {
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // of every bubble
	without := func(r reply, header string) reply {
		r.header.Set(header, "")
		return r
	}
	cached := func(r reply) reply {
		r.header.Set("Age", "60")
		return r
	}
	young := func(r reply, age time.Duration, at time.Time) reply {
		r.body = strings.Replace(r.body, `"chatId":77`, `"chatId":77,"createdAt":"`+at.Add(-age).Format(time.RFC3339Nano)+`"`, 1)
		return r
	}
	const written, unreadable = "has been written into since", "could not be read"
	doubts := map[string]struct {
		reply reply
		read  time.Duration
	}{
		"500":       {reply{status: 500, body: serverError().body, slow: 3 * time.Second, header: http.Header{"Date": {""}}}, 3250 * ms},
		"no answer": {reply{err: io.ErrUnexpectedEOF, slow: 3 * time.Second}, 10 * time.Second},
	}
	for doubt, first := range doubts {
		read, unseen := start.Add(first.read.Truncate(time.Second)), first.read+2*time.Second // Date is cut
		for what, row := range map[string]struct {
			read reply
			says string // empty: the message is repeated
		}{
			"quiet for long":          {chatAt(read, time.Hour), ""},
			"quiet for long enough":   {chatAt(read, unseen+ms), ""},
			"not quite":               {chatAt(read, unseen), written},
			"written into in between": {chatAt(read, time.Second), written},
			"in the Market's future":  {chatAt(read, -time.Minute), written},

			"the Market is an hour ahead":        {chatAt(read.Add(time.Hour), unseen+time.Second), ""},
			"the Market is an hour behind":       {chatAt(read.Add(-time.Hour), unseen+time.Second), ""},
			"written into, the Market is ahead":  {chatAt(read.Add(time.Hour), time.Second), written},
			"written into, the Market is behind": {chatAt(read.Add(-time.Hour), time.Second), written},

			"made too short a time ago": {young(chatAt(read, unseen), unseen, read), "the chat was made within the last"},
			"made before, and written":  {young(chatAt(read, unseen), unseen+ms, read), written},
			"an old one":                {young(chatAt(read, unseen+ms), time.Hour, read), ""},

			"no such chat":             {failure(404, "NOT_FOUND", "Can't find chat by id: '77'"), unreadable},
			"404 of a proxy":           {reply{status: 404, body: "<html>"}, unreadable},
			"404, empty":               {reply{status: 404}, unreadable},
			"another chat":             {reply{status: 200, body: strings.Replace(chatAt(read, time.Hour).body, "77", "78", 1)}, unreadable},
			"from a cache":             {cached(chatAt(read, time.Hour)), "from a cache"},
			"no Date":                  {without(chatAt(read, time.Hour), "Date"), "without the Market's Date"},
			"no updatedAt":             {reply{status: 200, body: `{"status":"OK","result":{"chatId":77}}`}, "did not tell when"},
			"updatedAt is no date":     {reply{status: 200, body: `{"status":"OK","result":{"chatId":77,"updatedAt":"yesterday"}}`}, unreadable},
			"not allowed to read":      {failure(403, "FORBIDDEN", "scope is missing"), "could not be read: getChat: 403: FORBIDDEN: scope is missing"},
			"HTML":                     {reply{status: 200, body: "<html>"}, unreadable},
			"errors beside the chat":   {reply{status: 200, body: `{"status":"OK","errors":[{"code":"X"}],` + chatAt(read, time.Hour).body[len(`{"status":"OK",`):]}, unreadable},
			"the quota is used up":     {quotaUsedUpAt(read, time.Hour), unreadable},
			"the text is brought back": {failure(400, "BAD_REQUEST", "the last message is "+text), "BAD_REQUEST: …"},
		} {
			t.Run(what+", after "+doubt, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newScript(t, first.reply, row.read, ok("sendMessageToChat"))
					var captured wrapper.Response
					err := newClient(t, s).SendMessage(t.Context(), chatID, text, wrapper.Capture(&captured))
					trace := fmt.Sprintf("0s read@%v", first.read)
					if row.says == "" {
						assert.Equal(t, fmt.Sprint(trace, " ", first.read), s.trace("sendMessageToChat"))
						require.NoError(t, err)
						assert.Equal(t, 2, captured.Attempts, "the read is not counted")
						return
					}
					assert.Equal(t, trace, s.trace("sendMessageToChat"))
					want := []error{wrapper.ErrOutcomeUnknown, wrapper.ErrServer}
					if first.reply.err != nil {
						want[1] = first.reply.err
					}
					assertClasses(t, err, want)
					assert.Equal(t, 1, asError(t, err).Attempts)
					assert.ErrorContains(t, err, row.says)
					assert.NotContains(t, err.Error(), text)
				})
			})
		}
	}
}

// What the Market has told before makes a read old: by another call, by the read of another chat.
func TestResendCheckDoesNotBelieveAnOldRead(t *testing.T) {
	dated := func(r reply, date time.Time) reply {
		r.header = http.Header{"Date": {httpDate(date)}}
		return r
	}
	for behind, repeated := range map[time.Duration]bool{0: true, time.Second: true, 2 * time.Second: false, time.Hour: false} {
		synctest.Test(t, func(t *testing.T) {
			now := time.Now().Add(time.Hour)
			read := chatAt(now.Add(-behind), 2*time.Hour)
			s := newScript(t, dated(ok("createChat"), now), dated(serverError(), now.Add(-time.Hour)), read, ok("sendMessageToChat"))
			client := newClient(t, s)
			_, err := client.CreateChat(t.Context(), wrapper.Order(5))
			require.NoError(t, err)
			err = client.SendMessage(t.Context(), chatID, text)
			assert.Equal(t, repeated, err == nil, "%v: %v", behind, err)
			if !repeated {
				assert.ErrorContains(t, err, "as the Market has told a later Date before")
			}
		})
	}
}

// The Market goes on for up to 10 s with a request that it has not answered: a look before that proves nothing.
func TestResendCheckWaitsForTheMarket(t *testing.T) {
	cut := reply{err: io.EOF}
	for what, row := range map[string]struct {
		maxDelay, deadline time.Duration
		says               string
	}{
		"MaxDelay is shorter":     {maxDelay: 9 * time.Second, says: "the Market may be at the message for another 10s, MaxDelay is 9s"},
		"MaxDelay is as long":     {maxDelay: 10 * time.Second},
		"the deadline is shorter": {deadline: 10 * time.Second, says: "the next pause of 10s would outlast the caller's deadline"},
		"the deadline is longer":  {deadline: 11 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, cut, chatAt(time.Now().Add(10*time.Second), time.Hour), ok("sendMessageToChat"))
			client := newClient(t, s, wrapper.WithRetry(wrapper.RetryPolicy{MaxDelay: row.maxDelay}))
			ctx, cancel := t.Context(), func() {}
			if row.deadline > 0 {
				ctx, cancel = context.WithTimeout(ctx, row.deadline)
			}
			defer cancel()
			err := client.SendMessage(ctx, chatID, text)
			if row.says == "" {
				assert.NoError(t, err, what)
				assert.Equal(t, "0s read@10s 10s", s.trace("sendMessageToChat"))
				return
			}
			assert.Zero(t, time.Since(s.began), "it stops at once")
			assertClasses(t, err, []error{io.EOF, wrapper.ErrOutcomeUnknown})
			assert.ErrorContains(t, err, row.says)
		})
	}
}

func quotaUsedUpAt(now time.Time, left time.Duration) reply {
	r := quotaUsedUp(0)
	r.header.Set("Date", httpDate(now))
	r.header.Set("X-RateLimit-Resource-Until", httpDate(now.Add(left)))
	return r
}

// The read is tried again as any other getChat, and the time until it succeeds counts.
func TestResendCheckRetriesItsRead(t *testing.T) {
	for quiet, trace := range map[time.Duration]string{
		2501 * ms: "0s read@250ms read@500ms 500ms",
		2500 * ms: "0s read@250ms read@500ms",
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, serverError(), serverError(), chatAt(time.Now(), quiet), ok("sendMessageToChat"))
			err := newClient(t, s).SendMessage(t.Context(), chatID, text)
			assert.Equal(t, trace, s.trace("sendMessageToChat"))
			assert.Equal(t, quiet == 2500*ms, errors.Is(err, wrapper.ErrOutcomeUnknown))
		})
	}
}

func TestResendCheckWhoseReadNeverSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, serverError(), serverError(), reply{err: io.EOF}, serverError(), failure(500, "X", "bad gateway"))
		err := newClient(t, s).SendMessage(t.Context(), chatID, text)
		assert.Equal(t, "0s read@250ms read@500ms read@1s read@2s", s.trace("sendMessageToChat"))
		assertClasses(t, err, []error{wrapper.ErrServer, wrapper.ErrOutcomeUnknown})
		assert.ErrorContains(t, err, "getChat: 500: X: bad gateway")
	})
}

// A clean read ends the doubt: what counts after it is the next doubtful attempt.
func TestResendCheckBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		s := newScript(t, serverError(), chatAt(start, time.Hour), // read at 250 ms
			serverError(), chatAt(start, 2501*ms), // read at 750 ms, 500 ms after the second attempt
			tooMany(), refusedDial(), ok("sendMessageToChat")) // no doubt, no read
		require.NoError(t, newClient(t, s, wrapper.WithRetry(wrapper.RetryPolicy{MaxAttempts: 5})).SendMessage(t.Context(), chatID, text))
		assert.Equal(t, "0s read@250ms 250ms read@750ms 750ms 1.75s 3.75s", s.trace("sendMessageToChat"))
	})
}

func refusedDial() reply { return reply{err: errors.New("connection refused"), dial: true} }

func TestResendSettings(t *testing.T) {
	doubts := map[string]reply{"500": serverError(), "no answer": {err: io.EOF}}
	for doubt, r := range doubts {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, r, r, ok("sendMessageToChat"))
			require.NoError(t, newClient(t, s, resending(wrapper.ResendAlways)).SendMessage(t.Context(), chatID, text))
			assert.Equal(t, "0s 250ms 750ms", s.trace("sendMessageToChat"), doubt)

			s = newScript(t, r, r, r, r)
			err := newClient(t, s, resending(wrapper.ResendAlways)).SendMessage(t.Context(), chatID, text)
			assert.ErrorIs(t, err, wrapper.ErrOutcomeUnknown)

			s = newScript(t, r)
			err = newClient(t, s, resending(wrapper.ResendNever)).SendMessage(t.Context(), chatID, text)
			assert.Equal(t, "0s", s.trace("sendMessageToChat"), doubt)
			assert.Zero(t, time.Since(s.began), "it stops at once")
			assert.ErrorIs(t, err, wrapper.ErrOutcomeUnknown)
		})
	}
	synctest.Test(t, func(t *testing.T) { // what leaves no doubt is repeated all the same
		s := newScript(t, refusedDial(), tooMany(), ok("sendMessageToChat"))
		require.NoError(t, newClient(t, s, resending(wrapper.ResendNever)).SendMessage(t.Context(), chatID, text))
		for _, op := range repeatable() { // and these can be repeated
			s := newScript(t, serverError(), reply{err: io.EOF}, ok(op))
			require.NoError(t, operations[op](t.Context(), newClient(t, s, resending(wrapper.ResendNever))))
		}
	})
	for _, setting := range []wrapper.Resend{-1, 3} {
		_, err := wrapper.New(business, wrapper.APIKey(token), resending(setting))
		assert.ErrorContains(t, err, "allowed is 0")
	}
}

// With no attempt left there is nothing to find out for.
func TestNoReadAfterTheLastAttempt(t *testing.T) {
	s := newScript(t, serverError())
	err := newClient(t, s).SendMessage(t.Context(), chatID, text, wrapper.Attempts(1))
	assertClasses(t, err, []error{wrapper.ErrServer, wrapper.ErrOutcomeUnknown})
	assert.Equal(t, 1, s.attempts())
}

// The context may end in the pause before the read, or while the chat is read.
func TestContextEndsBeforeTheDoubtDoes(t *testing.T) {
	for after, trace := range map[time.Duration]string{100 * ms: "0s", time.Second: "0s read@250ms"} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, serverError(), reply{hang: true})
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(after, cancel)
			err := newClient(t, s).SendMessage(ctx, chatID, text)
			assert.Equal(t, after, time.Since(s.began))
			assert.Equal(t, trace, s.trace("sendMessageToChat"))
			assertClasses(t, err, []error{context.Canceled, wrapper.ErrServer, wrapper.ErrOutcomeUnknown})
		})
	}
}

// A Market whose clock is wrong, over a socket: the message that was stored before its 500 is there once.
func TestResendCheckOverLoopback(t *testing.T) {
	for _, skew := range []time.Duration{-time.Hour, time.Hour} {
		market := sandbox.New(sandbox.WithClock(func() time.Time { return time.Now().Add(skew) }))
		server := httptest.NewServer(market)
		defer server.Close()
		client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL(server.URL+"/v2"), impatient,
			wrapper.WithMarketGivingUp(100*ms))
		require.NoError(t, err)
		chat, err := client.CreateChat(t.Context(), wrapper.Order(5))
		require.NoError(t, err)

		market.Advance(time.Minute)
		market.Script("sendMessageToChat", sandbox.Fail(500, "E", "not stored"), sandbox.CommitThen(sandbox.Fail(500, "E", "stored")))
		err = client.SendMessage(t.Context(), chat.ChatID, text)
		assertClasses(t, err, []error{wrapper.ErrServer, wrapper.ErrOutcomeUnknown})
		assert.Equal(t, 2, asError(t, err).Attempts)
		assert.Len(t, market.Messages(chat.ChatID), 1)

		market.Advance(time.Minute)
		market.Script("sendMessageToChat", sandbox.Abort())
		require.NoError(t, client.SendMessage(t.Context(), chat.ChatID, text))
		assert.Len(t, market.Messages(chat.ChatID), 2)
	}
}

// A machine that slept has a wall clock that went on and a monotonic one that stood; a clock that was set back has the
// opposite. The longer time is the one to be sure with.
func TestTimePassedIsTheLonger(t *testing.T) {
	began := time.Now()
	slept := began.Add(time.Hour)
	monotonic(&slept, -59*time.Minute)
	assert.Equal(t, time.Hour, wrapper.Passed(began, slept))
	setBack := began.Add(time.Second)
	monotonic(&setBack, time.Minute)
	assert.Equal(t, time.Minute+time.Second, wrapper.Passed(began, setBack))
}

// monotonic moves the monotonic reading of a time, and leaves the wall clock as it is. No machine can be put to sleep for a
// test, and package time offers no other way.
func monotonic(t *time.Time, by time.Duration) {
	wall := t.Round(0)
	ext := (*int64)(unsafe.Add(unsafe.Pointer(t), unsafe.Sizeof(uint64(0))))
	*ext += int64(by)
	if !t.Round(0).Equal(wall) {
		panic("time.Time is not what it was: wall uint64, ext int64")
	}
}

// The Market's own 10 s begin when it has the request, not when the connection for that is asked for.
func TestCheckWaitsFromWhenTheRequestLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, read := time.Now(), time.Duration(0)
		transport := roundTripFunc(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodGet {
				if read == 0 {
					read = time.Since(began)
				}
				return nil, errors.New("enough was seen")
			}
			hooks := httptrace.ContextClientTrace(req.Context())
			hooks.GetConn("host:443")
			time.Sleep(3 * time.Second)
			hooks.GotConn(httptrace.GotConnInfo{})
			hooks.WroteHeaders()
			return nil, io.ErrUnexpectedEOF
		})
		client := newClient(t, nil, wrapper.WithHTTPClient(&http.Client{Transport: transport}))
		err := client.SendMessage(t.Context(), chatID, text)
		require.ErrorIs(t, err, wrapper.ErrOutcomeUnknown)
		assert.Equal(t, 13*time.Second, read)
	})
}
