package wrapper_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// dated is an answer with a Date that is ahead of the Market's by so much.
func dated(r reply, ahead time.Duration) reply {
	r.header = http.Header{"Date": {httpDate(time.Now().Add(ahead))}}
	return r
}

// empty is a chat without messages.
func empty() reply { return history() }

// What stands in between has a clock of its own. Only accepted answers of the Market teach its Date, and none that is
// further ahead than time has passed.
func TestDateIsLearnedFromTheMarketAlone(t *testing.T) {
	for what, before := range map[string]func() reply{
		"a 502":                  func() reply { return reply{status: 502} },
		"a 502 with its errors":  func() reply { return reply{status: 502, body: serverError().body} },
		"a 500 with its errors":  serverError,
		"a 404 with its errors":  func() reply { return failure(404, "NOT_FOUND", "no such chat") },
		"a 404 with a chat":      func() reply { return reply{status: 404, body: ok("getChat").body} },
		"a 203 with a chat":      func() reply { return reply{status: 203, body: ok("getChat").body} },
		"a 200 with its refusal": func() reply { return failure(200, "CLOSED", "no") },
		"a 200 in HTML":          func() reply { return reply{status: 200, body: "<html>"} },
	} {
		for _, ahead := range []time.Duration{3 * time.Second, 80 * 365 * 24 * time.Hour} {
			synctest.Test(t, func(t *testing.T) {
				s := newScript(t, dated(before(), ahead), serverError(), ok("sendMessageToChat"))
				s.history = empty
				client := newClient(t, s)
				_, err := client.GetChat(t.Context(), chatID, wrapper.Attempts(1))
				require.Error(t, err, what)
				assert.NoError(t, client.SendMessage(t.Context(), chatID, text), "%s, %v ahead", what, ahead)
			})
		}
	}
}

// The answer to the send itself teaches nothing either.
func TestDateOfTheDoubtfulAnswer(t *testing.T) {
	for _, doubtful := range []reply{{status: 502}, {status: 408}, serverError()} {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, dated(doubtful, time.Hour), ok("sendMessageToChat"))
			s.history = empty
			assert.NoError(t, newClient(t, s).SendMessage(t.Context(), chatID, text))
		})
	}
}

// An answer may be accepted and its Date wrong all the same: a gateway writes its own.
func TestDateGoesNoFurtherThanTime(t *testing.T) {
	for _, first := range []time.Duration{0, 80 * 365 * 24 * time.Hour} {
		for _, ahead := range []time.Duration{3 * time.Second, time.Hour, 80 * 365 * 24 * time.Hour} {
			synctest.Test(t, func(t *testing.T) {
				s := newScript(t, dated(ok("getChat"), first), dated(ok("getChat"), ahead), serverError(), ok("sendMessageToChat"))
				s.history = empty
				if first > 0 {
					s.replies[1] = dated(ok("getChat"), 0)
				}
				client := newClient(t, s)
				for range 2 {
					_, err := client.GetChat(t.Context(), chatID)
					require.NoError(t, err)
				}
				assert.NoError(t, client.SendMessage(t.Context(), chatID, text), "%v, then %v ahead", first, ahead)
			})
		}
	}
}

// An accepted answer does teach: a read that is older comes from a cache.
func TestDateIsLearnedFromAcceptedAnswers(t *testing.T) {
	for op, call := range operations {
		synctest.Test(t, func(t *testing.T) {
			s := newScript(t, ok(op), serverError())
			client := newClient(t, s)
			require.NoError(t, call(t.Context(), client))
			time.Sleep(time.Minute)
			s.history = func() reply { return dated(history(), -5*time.Second) }
			err := client.SendMessage(t.Context(), chatID, text)
			assert.ErrorContains(t, err, "a later Date", op)
		})
	}
}

// An empty answer to a send is accepted, and teaches as well.
func TestDateIsLearnedFromAnEmptyAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, reply{status: 200}, serverError())
		client := newClient(t, s)
		require.NoError(t, client.SendMessage(t.Context(), chatID, text))
		time.Sleep(time.Minute)
		s.history = func() reply { return dated(history(), -5*time.Second) }
		assert.ErrorContains(t, client.SendMessage(t.Context(), chatID, text), "a later Date")
	})
}
