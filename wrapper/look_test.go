package wrapper_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strconv"
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

// written is a message of a chat, written so long ago.
func written(id int, sender, words string, ago time.Duration) string {
	at := time.Now().Add(-ago).Format(time.RFC3339Nano)
	return fmt.Sprintf(`{"messageId":%d,"createdAt":%q,"sender":%q,"message":%q}`, id, at, sender, words)
}

// history is the answer to a read of the messages of a chat.
func history(messages ...string) reply {
	return reply{status: 200, body: `{"status":"OK","result":{"context":{"type":"ORDER"},"messages":[` +
		strings.Join(messages, ",") + `]}}`}
}

// shows has each read show a message.
func shows(sender, words string, ago time.Duration) func() reply {
	return func() reply { return history(written(1, sender, words, ago)) }
}

// pages has each read show pages, of which every tenth after the n-th has the text; each page has a next one.
func pages(n int) func() reply {
	page := 0
	return func() reply {
		page++
		r := history()
		if page%10 == n {
			r = history(written(1, "PARTNER", text, 0))
		}
		r.body = strings.TrimSuffix(r.body, "}}") + fmt.Sprintf(`,"paging":{"nextPageToken":"%d"}}}`, page)
		return r
	}
}

// After an attempt in doubt, what a read of the chat shows decides.
func TestLook(t *testing.T) {
	with := func(name string, value func() string) func() reply {
		return func() reply {
			r := history()
			r.header = http.Header{name: {value()}}
			return r
		}
	}
	always := func(r reply) func() reply { return func() reply { return r } }
	const found, resent, unreadable = "found", "sent again", "could not be read"
	const partner, others = "PARTNER", "has written something else"
	for what, row := range map[string]struct {
		read func() reply
		says string
	}{
		"an empty chat":          {always(history()), resent},
		"the text":               {shows(partner, text, 0), found},
		"in other letters":       {shows(partner, "YOUR  order is on &#105;ts way!", 0), found},
		"of an unknown sender":   {shows("ROBOT", text, 0), found},
		"of the buyer":           {shows("CUSTOMER", text, 0), resent},
		"of the Market":          {shows("MARKET", text, 0), resent},
		"of support":             {shows("SUPPORT", text, 0), resent},
		"from long ago":          {shows(partner, text, time.Hour), resent},
		"another text":           {shows(partner, "Hello!", 0), others},
		"another from long ago":  {shows(partner, "Hello!", time.Hour), resent},
		"another of an unknown":  {shows("ROBOT", "Hello!", 0), resent},
		"a file":                 {always(history(`{"messageId":1,"createdAt":"2000-01-01T00:00:00Z","sender":"PARTNER"}`)), resent},
		"from a cache":           {with("Age", func() string { return "60" }), "from a cache"},
		"no Date":                {with("Date", func() string { return "" }), "without the Market's Date"},
		"of an hour ago":         {with("Date", func() string { return httpDate(time.Now().Add(-time.Hour)) }), "told a later Date before"},
		"no such chat":           {always(failure(404, "NOT_FOUND", "no chat")), unreadable},
		"404 of a proxy":         {always(reply{status: 404, body: "<html>"}), unreadable},
		"not allowed to read":    {always(failure(403, "FORBIDDEN", "scope")), "getChatHistory: 403: FORBIDDEN: scope"},
		"HTML":                   {always(reply{status: 200, body: "<html>"}), unreadable},
		"never an answer":        {always(reply{err: io.EOF}), unreadable},
		"the text is brought up": {always(failure(400, "BAD_REQUEST", "the last message is "+text)), "BAD_REQUEST: …"},
		"pages without end":      {pages(-1), "more messages than can be read"},
		"the text on a 10th":     {pages(0), found},
	} {
		for doubt, first := range map[string]reply{"500": serverError(), "cut": {err: io.ErrUnexpectedEOF}} {
			t.Run(what+", after "+doubt, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newScript(t, ok("getChat"), first, ok("sendMessageToChat"))
					s.history = row.read
					client := newClient(t, s)
					_, err := client.GetChat(t.Context(), chatID) // tells of the Market's clock
					require.NoError(t, err)
					var captured wrapper.Response
					err = client.SendMessage(t.Context(), chatID, text, wrapper.Capture(&captured))
					attempts := 1
					switch row.says {
					case found:
						assert.NoError(t, err)
						assert.Equal(t, first.status, captured.StatusCode, "Capture keeps the last answer to the send")
					case resent:
						assert.NoError(t, err)
						attempts = 2
					default:
						assert.ErrorIs(t, err, wrapper.ErrOutcomeUnknown)
						assert.ErrorContains(t, err, row.says)
						assert.NotContains(t, err.Error(), text)
					}
					assert.Equal(t, attempts, captured.Attempts, "the reads are not counted")
				})
			})
		}
	}
}

// A read goes no further than it takes to be sure that the text is there, often enough.
func TestReadsStopWhereTheTextIs(t *testing.T) {
	const theText, another, two, first = "the text", "another", "two others", "the first"
	for what, row := range map[string]struct {
		option wrapper.CallOption // nil: the send is in doubt
		before int                // equal texts that were sent just before
		pages  []string           // with a message each
		reads  int
	}{
		"on the first page":          {nil, 0, []string{theText, another}, 1},
		"on the second page":         {nil, 0, []string{another, theText, another}, 2},
		"before those of a page":     {nil, 0, []string{two, theText, another}, 2},
		"one more than before":       {nil, 1, []string{theText, theText, another}, 2},
		"ever":                       {wrapper.Once(0), 0, []string{theText, another}, 1},
		"twice":                      {wrapper.Times(0, 2), 0, []string{theText, theText, another}, 2},
		"after one on the last page": {wrapper.Once(9), 0, []string{theText, first}, 2},
		"after one on the page":      {wrapper.Once(9), 0, []string{first, theText, another}, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, append(slices.Repeat([]reply{ok("sendMessageToChat")}, row.before), serverError())...)
			s.history = func() reply {
				message := written(10+s.reads, "PARTNER", text, 0)
				switch row.pages[s.reads-1] {
				case another:
					message = written(10+s.reads, "CUSTOMER", "?", 0)
				case two:
					message = written(50, "CUSTOMER", "?", 0) + "," + written(40, "CUSTOMER", "!", ms)
				case first:
					message = written(9, "CUSTOMER", "?", time.Hour)
				}
				next := ""
				if s.reads < len(row.pages) {
					next = strconv.Itoa(s.reads)
				}
				return pageReply(`"context":{"type":"ORDER","orderId":5},"messages":[`+message+`]`, next)
			}
			client := newClient(t, s)
			for range row.before {
				require.NoError(t, client.SendMessage(t.Context(), chatID, text))
			}
			var options []wrapper.CallOption
			if row.option != nil {
				options = append(options, row.option)
			}
			require.NoError(t, client.SendMessage(t.Context(), chatID, text, options...), what)
			assert.Equal(t, row.reads, s.reads, what)
			assert.LessOrEqual(t, time.Since(s.began), 250*ms, "%s: by the first look", what)
		})
	}
}

// How many pages of 10 messages are read of a chat of 25 after a failure. Where the newest messages come first, the
// first look needs no older page, unless a text on it counts as well.
func TestReadsOfALongChat(t *testing.T) {
	fail := sandbox.Fail(500, "E", "no")
	oldest := []sandbox.Option{sandbox.WithOldestFirst()}
	for what, row := range map[string]struct {
		options []sandbox.Option
		fault   sandbox.Fault
		option  wrapper.CallOption
		fails   []sandbox.Fault // of the reads
		reads   int
	}{
		"newest first, stored":            {nil, sandbox.CommitThen(fail), wrapper.Attempts(4), nil, 1},
		"newest first, not stored":        {nil, fail, wrapper.Attempts(4), nil, 1 + 1},
		"newest first, the first fails":   {nil, fail, wrapper.Attempts(4), []sandbox.Fault{fail}, 1 + 3},
		"oldest first, stored":            {oldest, sandbox.CommitThen(fail), wrapper.Attempts(4), nil, 3},
		"oldest first, not stored":        {oldest, fail, wrapper.Attempts(4), nil, 3 + 1},
		"Once, newest first, stored":      {nil, sandbox.CommitThen(fail), wrapper.Once(0), nil, 3 + 1},
		"the second one of Times, stored": {nil, sandbox.CommitThen(fail), wrapper.Times(0, 2), nil, 3 + 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			market := sandbox.New(append(row.options, sandbox.WithPageSize(10))...)
			client := newClient(t, market.RoundTripper())
			chat, err := client.CreateChat(t.Context(), wrapper.Order(5))
			require.NoError(t, err)
			send := func(text string, options ...wrapper.CallOption) {
				time.Sleep(time.Minute)
				require.NoError(t, client.SendMessage(t.Context(), chat.ChatID, text, options...), what)
			}
			if strings.Contains(what, "second") {
				send(text)
			}
			for n := range 25 {
				send(fmt.Sprint("Order ", n))
			}
			market.Script("sendMessageToChat", row.fault)
			market.Script("getChatHistory", row.fails...)
			send(text, row.option)
			reads := 0
			for _, call := range market.Calls() {
				if call.Operation == "getChatHistory" {
					reads++
				}
			}
			assert.Equal(t, row.reads, reads, what)
		})
	}
}

// When the looks come: the first one ends nothing, whatever it meets.
func TestTwoLooks(t *testing.T) {
	cut, empty, failed := reply{err: io.EOF}, history(), serverError()
	for what, row := range map[string]struct {
		first reply
		reads []reply
		trace string
		ends  error
	}{
		"500":                        {failed, []reply{empty, empty}, "0s read@250ms read@3s 3s", nil},
		"cut":                        {cut, []reply{empty, empty}, "0s read@250ms read@13s 13s", nil},
		"the first one fails":        {failed, []reply{failed, empty}, "0s read@250ms read@3s 3s", nil},
		"the second one is repeated": {failed, []reply{empty, failed, cut, empty}, "0s read@250ms read@3s read@3.25s read@3.75s 3.75s", nil},
		"the second one fails": {failed, []reply{empty, failed, failed, failed, failed},
			"0s read@250ms read@3s read@3.25s read@3.75s read@4.75s", wrapper.ErrOutcomeUnknown},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, row.first, ok("sendMessageToChat"))
			n := 0
			s.history = func() reply { n++; return row.reads[n-1] }
			err := newClient(t, s).SendMessage(t.Context(), chatID, text)
			assert.Equal(t, row.trace, s.trace("sendMessageToChat"), what)
			assert.ErrorIs(t, err, row.ends, what)
		})
	}
}

// Where the second look does not fit, the call ends after the first.
func TestLookThatDoesNotFit(t *testing.T) {
	for what, row := range map[string]struct {
		first              reply
		maxDelay, deadline time.Duration
		there              bool
		trace, says        string
	}{
		"MaxDelay, 500":   {first: serverError(), maxDelay: 2 * time.Second, trace: "0s read@250ms", says: "only after 3s, MaxDelay is 2s"},
		"MaxDelay, cut":   {first: reply{err: io.EOF}, maxDelay: 12 * time.Second, trace: "0s read@250ms", says: "only after 13s, MaxDelay is 12s"},
		"deadline":        {first: serverError(), deadline: time.Second, trace: "0s read@250ms", says: "would outlast the caller's deadline"},
		"not even one":    {first: serverError(), deadline: 200 * ms, trace: "0s", says: "would outlast the caller's deadline"},
		"and it is there": {first: reply{err: io.EOF}, deadline: time.Second, there: true, trace: "0s read@250ms"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, row.first)
			s.history = func() reply { return history() }
			if row.there {
				s.history = shows("PARTNER", text, 0)
			}
			ctx, cancel := t.Context(), func() {}
			if row.deadline > 0 {
				ctx, cancel = context.WithTimeout(ctx, row.deadline)
			}
			defer cancel()
			err := newClient(t, s, wrapper.WithRetry(wrapper.RetryPolicy{MaxDelay: row.maxDelay})).SendMessage(ctx, chatID, text)
			assert.Equal(t, row.trace, s.trace("sendMessageToChat"), what)
			if row.there {
				assert.NoError(t, err, what)
				return
			}
			assert.ErrorIs(t, err, wrapper.ErrOutcomeUnknown, what)
			assert.ErrorContains(t, err, row.says, what)
		})
	}
}

// The last attempt is looked for as well: what is certainly not there may be sent anew.
func TestLookAfterTheLastAttempt(t *testing.T) {
	for _, there := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, serverError())
			s.history = func() reply { return history() }
			if there {
				s.history = shows("PARTNER", text, 0)
			}
			err := newClient(t, s).SendMessage(t.Context(), chatID, text, wrapper.Attempts(1))
			if there {
				require.NoError(t, err)
				return
			}
			assert.Equal(t, wrapper.Rejected, asError(t, err).Outcome)
			assert.Equal(t, wrapper.RetryLater, asError(t, err).Advice())
		})
	}
}

// A Market whose clock has jumped ahead, by which its own message seems old, is not believed to lack it; nor is a gateway
// that writes a wrong Date.
func TestLookByAClockThatIsAhead(t *testing.T) {
	for what, row := range map[string]struct {
		ago  time.Duration // that the message was written, by the Date of the read
		ends error
	}{"a jump": {0, nil}, "a wrong Date": {time.Hour, wrapper.ErrOutcomeUnknown}} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, ok("getChat"), serverError())
			s.history = func() reply { return dated(history(written(1, "PARTNER", text, row.ago-time.Hour)), time.Hour) }
			client := newClient(t, s)
			_, err := client.GetChat(t.Context(), chatID)
			require.NoError(t, err)
			assert.ErrorIs(t, client.SendMessage(t.Context(), chatID, text), row.ends, what)
		})
	}
}

// Raw says OK for a message that was found, and the log says found.
func TestFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := newScript(t, serverError())
		s.history = shows("PARTNER", text, 0)
		resp, err := newClient(t, s, newLog(&log, slog.LevelInfo)).Raw().SendMessageToChat(t.Context(), business, sendParams, message)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, 200, resp.StatusCode)
		assert.JSONEq(t, `{"status":"OK"}`, string(body))
		assert.Empty(t, resp.Header.Get("X-RateLimit-Resource-Remaining"))
		assert.Contains(t, log.String(), "msg=found operation=sendMessageToChat attempt=1")
	})
}

// Once and Times send nothing that is there.
func TestOnce(t *testing.T) {
	twice := func() reply {
		return history(written(9, "CUSTOMER", "?", 0), written(10, "PARTNER", text, 0), written(11, "PARTNER", text, 0))
	}
	for what, row := range map[string]struct {
		option   wrapper.CallOption
		read     func() reply
		attempts int
	}{
		"ever":              {wrapper.Once(0), shows("PARTNER", text, 24*time.Hour), 0},
		"not yet":           {wrapper.Once(0), shows("PARTNER", "Hello!", time.Hour), 1},
		"not by the buyer":  {wrapper.Once(0), shows("CUSTOMER", text, time.Hour), 1},
		"after it":          {wrapper.Once(9), twice, 0},
		"not after itself":  {wrapper.Once(1), shows("PARTNER", text, time.Hour), 1},
		"twice":             {wrapper.Times(9, 2), twice, 0},
		"thrice":            {wrapper.Times(9, 3), twice, 1},
		"after one of them": {wrapper.Once(10), twice, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, ok("sendMessageToChat"))
			s.history = row.read
			var captured wrapper.Response
			require.NoError(t, newClient(t, s).SendMessage(t.Context(), chatID, text, row.option, wrapper.Capture(&captured)), what)
			assert.Equal(t, row.attempts, captured.Attempts, what)
			assert.Equal(t, row.attempts, s.attempts()-1, what)
		})
	}
}

// Texts without letters and digits are the same in any escaping, and however they are padded.
func TestOnceOfATextWithoutLetters(t *testing.T) {
	for said, isThere := range map[string]bool{
		"👍": true, " 👍\n": true, "&#128077;": true, `\u{1f44d}`: true, `\ud83d\udc4d`: true, "👎": false, "👍👍": false,
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, ok("sendMessageToChat"))
			s.history = shows("PARTNER", said, time.Hour)
			var captured wrapper.Response
			require.NoError(t, newClient(t, s).SendMessage(t.Context(), chatID, "👍 ", wrapper.Once(0), wrapper.Capture(&captured)))
			assert.Equal(t, isThere, captured.Attempts == 0, said)
		})
	}
}

// A read that lacks the message where it begins is behind: it is repeated, and nothing is sent on its word.
func TestOnceMeetsAReadThatIsBehind(t *testing.T) {
	for _, catchesUp := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t)
			n := 0
			s.history = func() reply {
				if n++; n > 2 && catchesUp {
					return history(written(9, "CUSTOMER", "?", 0), written(10, "PARTNER", text, 0))
				}
				return history()
			}
			err := newClient(t, s).SendMessage(t.Context(), chatID, text, wrapper.Once(9))
			if catchesUp {
				require.NoError(t, err)
				assert.Equal(t, "read@0s read@250ms read@750ms", s.trace("sendMessageToChat"))
				return
			}
			assert.ErrorContains(t, err, "a source that is behind")
			assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome)
		})
	}
}

// The chat cannot be read: nothing is sent, and the error is that of the read.
func TestOnceThatCannotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t)
		s.history = func() reply { return failure(403, "FORBIDDEN", "no scope for "+text) }
		e := asError(t, newClient(t, s).SendMessage(t.Context(), chatID, text, wrapper.Once(0)))
		assert.Equal(t, "getChatHistory", e.Operation)
		assert.Equal(t, wrapper.NotSent, e.Outcome)
		assert.Equal(t, wrapper.Stop, e.Advice())
		assert.Zero(t, e.Attempts)
		assert.NotContains(t, e.Error(), text)
	})
}

// Of a chat with more messages than are read it is open whether the text is among them, and no later read can tell.
func TestOnceInALongChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t)
		s.history = pages(-1)
		e := asError(t, newClient(t, s).SendMessage(t.Context(), chatID, text, wrapper.Once(0)))
		assert.ErrorIs(t, e, wrapper.ErrOutcomeUnknown)
		assert.Equal(t, wrapper.Look, e.Advice())
		assert.Zero(t, e.Attempts)
		assert.Equal(t, 10, s.attempts())
	})
}

// Once reads no sooner than 3 s after this Client has sent the text there, and 13 s where that is in doubt.
func TestOnceWaits(t *testing.T) {
	for _, row := range []struct {
		first reply
		trace string
	}{
		{ok("sendMessageToChat"), "0s read@3s"},
		{serverError(), "0s read@13s"},
		{failure(404, "NOT_FOUND", "no"), "0s read@0s"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, row.first)
			s.history = shows("PARTNER", text, 0)
			client := newClient(t, s, resending(wrapper.ResendNever))
			_ = client.SendMessage(t.Context(), chatID, text)
			require.NoError(t, client.SendMessage(t.Context(), chatID, text, wrapper.Once(0)))
			assert.Equal(t, row.trace, s.trace("sendMessageToChat"))
		})
	}
}

func TestOnceIsRefused(t *testing.T) {
	client := newClient(t, newScript(t))
	for says, option := range map[string]wrapper.CallOption{
		"Once is given -1, allowed is 0":                 wrapper.Once(-1),
		"Times is given 0 times, allowed is 1 and above": wrapper.Times(0, 0),
	} {
		err := client.SendMessage(t.Context(), chatID, text, option)
		assert.ErrorIs(t, err, wrapper.ErrInvalidRequest)
		assert.ErrorContains(t, err, says)
	}
	_, err := client.GetChat(t.Context(), chatID, wrapper.Once(0))
	assert.ErrorContains(t, err, "Once is given to getChat, allowed is SendMessage")
}

// A send waits for another one of the same text into the same chat, as long as its context lasts.
func TestEqualTextsRunOneAfterAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := ok("sendMessageToChat"), ok("sendMessageToChat")
		first.slow = 2 * time.Second
		s := newScript(t, first, second)
		client := newClient(t, s)
		go func() { _ = client.SendMessage(t.Context(), chatID, text) }()
		synctest.Wait()
		cause := errors.New("the shop closes")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		err := client.SendMessage(ctx, chatID, strings.ToUpper(text))
		assertClasses(t, err, []error{context.DeadlineExceeded})
		assert.ErrorIs(t, err, cause)
		assert.Equal(t, wrapper.NotSent, asError(t, err).Outcome)
		require.NoError(t, client.SendMessage(t.Context(), chatID, text))
		assert.Equal(t, "0s 2s", s.trace("sendMessageToChat"))
	})
}

// What this Client sends besides is not somebody's.
func TestOtherTextsOfThisClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, ok("sendMessageToChat"), serverError(), ok("sendMessageToChat"))
		s.history = shows("PARTNER", "Hello!", 0)
		client := newClient(t, s)
		require.NoError(t, client.SendMessage(t.Context(), chatID, "Hello!"))
		require.NoError(t, client.SendMessage(t.Context(), chatID, text))
		assert.Equal(t, "0s 0s read@250ms read@3s 3s", s.trace("sendMessageToChat"))
	})
}

// A Market whose clock is wrong, over a socket: the message that was stored before its 500 is there once.
func TestLookOverLoopback(t *testing.T) {
	for _, skew := range []time.Duration{-time.Hour, time.Hour} {
		market := sandbox.New(sandbox.WithClock(func() time.Time { return time.Now().Add(skew) }))
		client, err := wrapper.New(business, wrapper.APIKey(token), wrapper.WithBaseURL(startServer(t, market.ServeHTTP).URL+"/v2"),
			impatient, wrapper.WithAbsence(ms, ms))
		require.NoError(t, err)
		chat, err := client.CreateChat(t.Context(), wrapper.Order(5))
		require.NoError(t, err)
		market.Script("sendMessageToChat", sandbox.Fail(500, "E", "not stored"), sandbox.CommitThen(sandbox.Abort()))
		var captured wrapper.Response
		require.NoError(t, client.SendMessage(t.Context(), chat.ChatID, text, wrapper.Capture(&captured)))
		assert.Equal(t, 2, captured.Attempts)
		assert.Len(t, market.Messages(chat.ChatID), 1)
	}
}

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

// The Market's own 10 s begin when it has the request, not when the connection for that is asked for.
func TestLookWaitsFromWhenTheRequestWasWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, read, reads := time.Now(), time.Duration(0), 0
		transport := roundTripFunc(func(req *http.Request) (*http.Response, error) {
			if isHistory(req) {
				if reads++; reads == 2 {
					read = time.Since(began)
				}
				return nil, errors.New("enough was seen")
			}
			hooks := httptrace.ContextClientTrace(req.Context())
			hooks.GetConn("host:443")
			time.Sleep(3 * time.Second)
			hooks.GotConn(httptrace.GotConnInfo{})
			hooks.WroteHeaders()
			time.Sleep(time.Second)
			hooks.WroteRequest(httptrace.WroteRequestInfo{})
			return nil, io.ErrUnexpectedEOF
		})
		client := newClient(t, nil, wrapper.WithHTTPClient(&http.Client{Transport: transport}))
		err := client.SendMessage(t.Context(), chatID, text)
		require.ErrorIs(t, err, wrapper.ErrOutcomeUnknown)
		assert.Equal(t, 17*time.Second, read, "it was written at 4 s")
	})
}

func refusedDial() reply { return reply{err: errors.New("connection refused"), dial: true} }

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

// What Times has counted before the send is not taken for it, however new it is.
func TestTimesCountsWhatWasThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, serverError(), ok("sendMessageToChat"))
		began := time.Now()
		s.history = func() reply { return history(written(1, "PARTNER", text, time.Since(began)+time.Second)) }
		var captured wrapper.Response
		require.NoError(t, newClient(t, s).SendMessage(t.Context(), chatID, text, wrapper.Times(0, 2), wrapper.Capture(&captured)))
		assert.Equal(t, 2, captured.Attempts)
	})
}
