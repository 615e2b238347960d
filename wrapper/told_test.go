package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// What an error tells, and what it keeps to itself.

func TestResultOfAnEarlierAnswer(t *testing.T) {
	for _, earlier := range []reply{
		{status: 500, body: `{"status":"ERROR","result":{"chatId":77,"status":"NEW"}}`},
		{status: 503, body: `{"status":"OK","result":{"chatId":77}}`},
	} {
		client := newClient(t, newScript(t, earlier, reply{status: 200, body: `{"status":"OK"}`}), impatient)
		chat, err := client.GetChat(t.Context(), chatID)
		assertClasses(t, err, []error{wrapper.ErrInvalidResponse})
		assert.Nil(t, chat)
	}
	older := reply{status: 500, body: `{"status":"ERROR","result":{"chatId":77,"status":"NEW"}}`}
	client := newClient(t, newScript(t, older, reply{status: 200, body: `{"status":"OK","result":{"chatId":77}}`}), impatient)
	chat, err := client.GetChat(t.Context(), chatID)
	require.NoError(t, err)
	assert.Empty(t, chat.Status)
}

func TestStatusThatIsNone(t *testing.T) {
	client := newClient(t, roundTripFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{Status: "000", Body: io.NopCloser(strings.NewReader("{}"))}, nil
	}))
	_, err := client.GetChat(t.Context(), chatID, wrapper.Attempts(1))
	assert.ErrorContains(t, err, "status 000")
	assert.Zero(t, asError(t, err).StatusCode)
}

type leaving struct{ hour int }

func (l leaving) Error() string { return fmt.Sprint("closed at ", l.hour) }

func TestCauseIsFound(t *testing.T) {
	refuses := limiterFunc(func(ctx context.Context, _ string) (func(wrapper.Response), error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	for what, row := range map[string]struct {
		replies []reply
		opts    []wrapper.Option
	}{
		"before":               {},
		"during an attempt":    {replies: []reply{{hang: true}}},
		"in the pause":         {replies: []reply{quotaUsedUp(20 * time.Second)}},
		"while a slot is free": {opts: []wrapper.Option{wrapper.WithLimiter(refuses)}},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		if what == "before" {
			cancel(leaving{22})
		}
		time.AfterFunc(20*ms, func() { cancel(leaving{22}) })
		_, err := newClient(t, newScript(t, row.replies...), row.opts...).GetChat(ctx, chatID)
		assert.ErrorIs(t, err, leaving{22}, what)
		assert.ErrorIs(t, err, context.Canceled, what)
		var found leaving
		assert.ErrorAs(t, err, &found, what)
		assert.ErrorContains(t, err, "closed at 22", what)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("no time for " + text))
	err := newClient(t, newScript(t)).SendMessage(ctx, chatID, text)
	assert.NotContains(t, err.Error(), text)
}

// What is sent by Raw is not checked: half a megabyte of escapes must not cost seconds.
func TestCostOfALargeText(t *testing.T) {
	noise := make([]byte, 0, 500<<10)
	random := rand.New(rand.NewPCG(1, 2))
	for len(noise) < 400<<10 {
		noise = fmt.Appendf(noise, "%c%d", rune('!'+random.IntN(90)), random.IntN(1000))
	}
	failing := roundTripFunc(func(*http.Request) (*http.Response, error) { return nil, io.EOF })
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			client, err := wrapper.New(business, wrapper.APIKey(token), resending(wrapper.ResendNever),
				wrapper.WithHTTPClient(&http.Client{Transport: failing}))
			require.NoError(t, err)
			_, err = client.Raw().SendMessageToChat(t.Context(), business, &gen.SendMessageToChatParams{ChatID: chatID},
				gen.SendMessageToChatRequest{Message: string(noise)})
			assert.ErrorIs(t, err, wrapper.ErrOutcomeUnknown)
		}
	})
	t.Log(result, result.MemString())
	assert.Less(t, result.AllocedBytesPerOp(), int64(45<<20)) // with the race detector it is 32 MiB, and was 55 without it
}

// A server repeats the key where only its own words are expected.
func TestKeyInOtherPlaces(t *testing.T) {
	const key = "0123456789abcdef0123456789abcdef"
	for what, header := range map[string]http.Header{
		"traceparent":       {"Traceparent": {"00-" + key + "-0123456789abcdef-01"}},
		"spelled otherwise": {"Traceparent": {"01-23456789abcdef-0123456789abcdef-01"}},
		"media type":        {"Content-Type": {"text/" + key}},
		"upper case":        {"Content-Type": {"TEXT/" + strings.ToUpper(key)}},
		"location":          {"Location": {"https://" + key + ".example/"}},
	} {
		r := reply{status: 404, body: "no", header: header}
		if what == "location" {
			r.status = 302
		}
		var log strings.Builder
		var captured wrapper.Response
		client, err := wrapper.New(business, wrapper.APIKey(key), wrapper.WithLogger(slog.New(slog.NewTextHandler(&log, nil))),
			wrapper.WithHTTPClient(&http.Client{Transport: newScript(t, r)}))
		require.NoError(t, err)
		_, err = client.GetChat(t.Context(), chatID, wrapper.Capture(&captured))
		shown := strings.ReplaceAll(strings.ToLower(fmt.Sprintf("%v %#v %s %s", err, err, captured.TraceParent, log.String())), "-", "")
		assert.NotContains(t, shown, key, what)
		assert.NotContains(t, shown, "23456789abcdef0123456789abcdef", what)
	}
}

func TestGatewayIsTold(t *testing.T) {
	for body, says := range map[string]string{
		`{"type":"about:blank","title":"Bad Gateway","detail":"upstream reset","status":502}`: "Bad Gateway: upstream reset",
		`{"title":"Too busy"}`:             "Too busy",
		`{"detail":"no route"}`:            "no route",
		`{"title":"Here is ` + text + `"}`: "…",
	} {
		r := reply{status: 403, body: body, header: http.Header{"Content-Type": {"application/problem+json"}}}
		err := newClient(t, newScript(t, r)).SendMessage(t.Context(), chatID, text)
		assert.ErrorContains(t, err, says)
		assert.NotContains(t, err.Error(), text)
	}
}

func TestRedirectNamesItsHost(t *testing.T) {
	for location, says := range map[string]string{
		"https://login.example:8443/?next=secret": "it leads to login.example:8443",
		"/elsewhere":  "it leads to api.partner.market.yandex.ru",
		"":            "no such status",
		"https://a b": "no such status",
	} {
		r := reply{status: 302, header: http.Header{"Location": {location}}}
		_, err := newClient(t, newScript(t, r)).GetChat(t.Context(), chatID)
		assertClasses(t, err, []error{wrapper.ErrInvalidResponse})
		assert.ErrorContains(t, err, says)
		assert.NotContains(t, err.Error(), "secret")
	}
}

// 300 to 399 are redirects. What else has a Location leads nowhere.
func TestRedirectsAlone(t *testing.T) {
	for status, leads := range map[int]bool{203: false, 300: true, 399: true, 400: false} {
		r := reply{status: status, header: http.Header{"Location": {"https://login.example/"}}}
		_, err := newClient(t, newScript(t, r)).GetChat(t.Context(), chatID)
		require.Error(t, err)
		assert.Equal(t, leads, strings.Contains(err.Error(), "leads to login.example"), "%d: %v", status, err)
	}
}

func TestFieldThatCannotBeRead(t *testing.T) {
	for result, says := range map[string]string{
		`{"chatId":77,"updatedAt":"2026-01-01T10:00Z"}`:                  "result.updatedAt cannot be read",
		`{"chatId":"seventy-seven"}`:                                     "result.chatId cannot be read",
		`{"chatId":77,"context":{"customer":{"name":{"first":"Ivan"}}}}`: "result.context.customer.name cannot be read",
		`[]`: "result cannot be read",
	} {
		r := reply{status: 200, body: `{"status":"OK","result":` + result + `}`}
		_, err := newClient(t, newScript(t, r)).GetChat(t.Context(), chatID)
		assertClasses(t, err, []error{wrapper.ErrInvalidResponse})
		assert.ErrorContains(t, err, says)
		assert.NotContains(t, err.Error(), "Ivan")
		assert.NotContains(t, err.Error(), "seventy")
	}
	for chats, says := range map[string]string{
		`[{"chatId":"seventy-seven"}]`:         "result.chats.chatId cannot be read",
		`[{"chatId":77},{"updatedAt":"soon"}]`: "result.chats.updatedAt cannot be read",
		`{"chatId":77}`:                        "result.chats cannot be read",
	} {
		r := reply{status: 200, body: `{"status":"OK","result":{"chats":` + chats + `}}`}
		err := operations["getChats"](t.Context(), newClient(t, newScript(t, r)))
		assert.ErrorContains(t, err, says)
	}
	r := reply{status: 200, body: `{"status":5}`}
	assert.ErrorContains(t, newClient(t, newScript(t, r)).SendMessage(t.Context(), chatID, text), "status cannot be read")
}

func TestAnswerThatIsTooLargeTellsItsLimit(t *testing.T) {
	for _, row := range wrapper.Table() {
		r := reply{status: 200, body: strings.Repeat(" ", row.MaxAnswer+1)}
		err := operations[row.ID](t.Context(), newClient(t, newScript(t, r), resending(wrapper.ResendNever)))
		assert.ErrorContains(t, err, fmt.Sprintf("larger than %d MiB", row.MaxAnswer>>20), row.ID)
	}
}

// The secrets of the attempt that was answered are those that its answer may repeat, though a later one had others.
func TestSecretsOfTheLastAnswer(t *testing.T) {
	keys := []string{"first-key-of-the-vault", "second-key-of-the-vault"}
	s := newScript(t, failure(500, "INTERNAL_ERROR", keys[0]), reply{err: errors.New("no answer to " + keys[1])})
	calls := 0
	client, err := wrapper.New(business, func(_ context.Context, req *http.Request) error {
		req.Header["Api-Key"] = []string{keys[calls]}
		calls++
		return nil
	}, impatient, wrapper.WithHTTPClient(&http.Client{Transport: s}))
	require.NoError(t, err)
	_, err = client.GetChat(t.Context(), chatID, wrapper.Attempts(2))
	assert.ErrorContains(t, err, "INTERNAL_ERROR: …")
	for _, key := range keys {
		assert.NotContains(t, err.Error(), key)
	}
}

// When to come back is what the last attempt was told, not an earlier one.
func TestRetryAtOfAnEarlierAttempt(t *testing.T) {
	acquired := 0
	limiter := limiterFunc(func(context.Context, string) (func(wrapper.Response), error) {
		acquired++
		return func(wrapper.Response) {}, nil
	})
	s := newScript(t, quotaUsedUp(time.Second), failure(404, "NOT_FOUND", "no such chat"))
	_, err := newClient(t, s, wrapper.WithLimiter(limiter)).GetChat(t.Context(), chatID)
	assert.ErrorIs(t, err, wrapper.ErrNotFound)
	assert.Zero(t, asError(t, err).RetryAt)
	assert.Equal(t, 2, acquired)
}

// A Limiter that refuses a repeat knows more than the answer before it.
func TestRetryAtOfALimiterAfterAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := time.Now().Add(time.Hour)
		acquired := 0
		limiter := limiterFunc(func(context.Context, string) (func(wrapper.Response), error) {
			if acquired++; acquired > 1 {
				return nil, &wrapper.Error{RetryAt: back, Err: wrapper.ErrRateLimited}
			}
			return func(wrapper.Response) {}, nil
		})
		s := newScript(t, quotaUsedUp(time.Second))
		_, err := newClient(t, s, wrapper.WithLimiter(limiter)).GetChat(t.Context(), chatID)
		assert.Equal(t, 2, acquired)
		assert.True(t, back.Equal(asError(t, err).RetryAt), "%v", err)
	})
}

// A secret that begins before the cut and ends behind it is found, also where one letter alone stands on a side of it.
func TestSecretAcrossACut(t *testing.T) {
	for _, message := range []string{"Was that the rejected value: 5, or 7?", "A rejected value 12", "It was delivered1 (…:5"} {
		s := newScript(t, failure(400, "BAD_REQUEST", "not allowed: "+message))
		err := newClient(t, s).SendMessage(t.Context(), chatID, message)
		assert.ErrorContains(t, err, "BAD_REQUEST: … (", message)
	}
}
