package wrapper_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

func TestErrorKeepsWhatTheAPISaid(t *testing.T) {
	r := reply{status: 400, header: quota(12, time.Minute), body: `{"status":"ERROR","errors":[
		{"code":"BAD_REQUEST","message":"'chatId' must be positive"},{"code":"SECOND"},{"code":7,"message":"third"}]}`}
	r.header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	var captured wrapper.Response
	_, err := newClient(t, newScript(t, r)).GetChat(t.Context(), chatID, wrapper.Capture(&captured))
	e := asError(t, err)
	assert.Equal(t, "'chatId' must be positive", *e.Errors[0].Message)
	assert.Equal(t, "SECOND", e.Errors[1].Code)
	assert.Nil(t, e.Errors[1].Message)
	assert.Equal(t, "third", *e.Errors[2].Message)
	assert.Equal(t, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", e.TraceParent)
	assert.Equal(t, 12, e.Quota.Remaining)
	assert.Equal(t, r.body, string(e.Body))
	assert.Equal(t, "getChat: 400: BAD_REQUEST: 'chatId' must be positive: SECOND: 7: third "+
		"(attempts: 1, traceparent 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01)", err.Error())

	assert.Equal(t, e.StatusCode, captured.StatusCode)
	assert.Equal(t, e.TraceParent, captured.TraceParent)
	assert.Equal(t, e.Quota, captured.Quota)
	assert.Equal(t, "application/json", captured.Header.Get("Content-Type"))
}

func TestErrorsThatDoNotFitTheContract(t *testing.T) {
	rows := map[string]struct {
		body  string
		codes []string
	}{
		"null":     {`{"status":"ERROR","errors":null}`, nil},
		"none":     {`{"status":"ERROR"}`, nil},
		"HTML":     {`<html>nginx</html>`, nil},
		"empty":    {``, nil},
		"an array": {`[]`, nil},
		"old":      {`{"error":{"code":403,"message":"Token is invalid"},"errors":[{"code":"403","message":"Token is invalid"}],"status":"ERROR"}`, []string{"403"}},
	}
	for what, row := range rows {
		_, err := newClient(t, newScript(t, reply{status: 403, body: row.body})).GetChat(t.Context(), chatID)
		assertClasses(t, err, []error{wrapper.ErrForbidden})
		var codes []string
		for _, e := range asError(t, err).Errors {
			codes = append(codes, e.Code)
		}
		assert.Equal(t, row.codes, codes, what)
	}
}

func TestErrorBodyIsBounded(t *testing.T) {
	body := strings.Repeat("x", 1<<21)
	_, err := newClient(t, newScript(t, reply{status: 404, body: body})).GetChat(t.Context(), chatID)
	assertClasses(t, err, []error{wrapper.ErrNotFound})
	assert.Len(t, asError(t, err).Body, 4096)
}

// The API brings back what was sent. Neither that nor the rest of the answer may be printed.
func TestErrorNeverShowsSecrets(t *testing.T) {
	const message, buyer = "canary-message", "canary-buyer"
	body := `{"status":"ERROR","result":{"name":"` + buyer + `"},"errors":[
		{"code":"BAD_REQUEST","message":"'message' size must be between '1' and '4096' (rejected value: ` + message + ` :) and more)"},
		{"code":"OTHER","message":"cannot send ` + message + `!"},
		{"code":"` + message + `"}]}`
	s := newScript(t, reply{status: 400, body: body})
	var captured wrapper.Response
	err := newClient(t, s).SendMessage(t.Context(), chatID, message, wrapper.Capture(&captured))
	e := asError(t, err)
	assert.Equal(t, "'message' size must be between '1' and '4096'", *e.Errors[0].Message)
	assert.Equal(t, "…", *e.Errors[1].Message)
	assert.Equal(t, "…", e.Errors[2].Code)
	assert.Contains(t, string(e.Body), buyer, "the body is there for whoever asks for it")

	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Error("failed", "err", err, "value", *e, "captured", captured)
	slog.New(slog.NewTextHandler(&log, nil)).Error("failed", "err", err, "value", *e, "captured", captured)
	asJSON, jsonErr := json.Marshal(map[string]any{"err": err, "value": *e, "captured": captured})
	require.NoError(t, jsonErr)
	shown := map[string]string{"log": log.String(), "JSON": string(asJSON), "text": err.Error(), "wrapped": fmt.Errorf("x: %w", err).Error()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		shown[verb] = fmt.Sprintf(verb+" "+verb+" "+verb, err, *e, captured)
	}
	for where, text := range shown {
		for _, secret := range []string{message, buyer, token} {
			assert.NotContains(t, text, secret, where)
			assert.NotContains(t, text, fmt.Sprintf("%x", secret), where)
		}
	}
	assert.Contains(t, string(asJSON), "size must be between")
}

// A short message is not cut out of the API's codes.
func TestShortMessages(t *testing.T) {
	err := newClient(t, newScript(t, failure(400, "BAD_REQUEST", "no"))).SendMessage(t.Context(), chatID, "E")
	assert.Equal(t, "BAD_REQUEST", asError(t, err).Errors[0].Code)
}

func TestErrorTextIsOneLineOfBoundedLength(t *testing.T) {
	r := failure(400, "A", `first\nsecond\u001b[31m`+strings.Repeat("x", 5000))
	_, err := newClient(t, newScript(t, r)).GetChat(t.Context(), chatID)
	assert.NotRegexp(t, `[\n\x1b]`, err.Error())
	assert.Less(t, len(err.Error()), 1200)
	assert.True(t, strings.HasSuffix(err.Error(), "(attempts: 1)"), err)
}

// The cause of a failed attempt quotes what came; that is left out.
func TestTransportErrorsDoNotQuote(t *testing.T) {
	s := newScript(t, reply{err: errors.New(`malformed HTTP response "canary \" canary" and so on`)})
	err := newClient(t, s, resending(wrapper.ResendNever)).SendMessage(t.Context(), chatID, text)
	assert.NotContains(t, err.Error(), "canary")
	assert.Contains(t, err.Error(), `malformed HTTP response "…" and so on`)
	err = newClient(t, newScript(t, reply{err: errors.New(`refused canary "quoted" canary`)}), resending(wrapper.ResendNever)).SendMessage(t.Context(), chatID, `canary "quoted" canary`)
	assert.NotContains(t, err.Error(), "canary", "the text is cut out before what it quotes")
	assert.NotContains(t, err.Error(), "businesses", "the URL is not in the text")
}

func TestErrorThatACallerMakes(t *testing.T) {
	message := "no such chat"
	err := error(&wrapper.Error{Operation: "getChat", StatusCode: http.StatusNotFound, Errors: []gen.APIErrorDTO{{Code: "NOT_FOUND", Message: &message}}})
	assert.ErrorIs(t, err, wrapper.ErrNotFound, "a fake in a test is as good as a real one")
	assert.EqualError(t, err, "getChat: 404: NOT_FOUND: no such chat (attempts: 0, not sent)")
	assert.NotErrorIs(t, &wrapper.Error{}, nil)
}

func TestOutcome(t *testing.T) {
	assert.Equal(t, "not sent, unknown, rejected, Outcome(3), Outcome(-1)",
		fmt.Sprintf("%v, %v, %v, %v, %v", wrapper.NotSent, wrapper.Unknown, wrapper.Rejected, wrapper.Outcome(3), wrapper.Outcome(-1)))
}

// The text tells an outcome only where it says something: most of what is Rejected nobody has rejected.
func TestErrorTellsTheOutcome(t *testing.T) {
	for outcome, says := range map[wrapper.Outcome]string{
		wrapper.NotSent:  "getChat: EOF (attempts: 1, not sent)",
		wrapper.Unknown:  "getChat: EOF (attempts: 1, unknown whether the message arrived)",
		wrapper.Rejected: "getChat: EOF (attempts: 1)",
	} {
		assert.EqualError(t, &wrapper.Error{Operation: "getChat", Attempts: 1, Outcome: outcome, Err: io.EOF}, says)
	}
}

// In the worst case a proxy brings back the key.
func TestErrorNeverShowsTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, reply{status: 503, body: `{"errors":[{"code":"api key secret-token","message":"Api-Key secret-token is invalid"}]}`},
			ok("getChatHistory"), ok("getChatHistory"),
			reply{err: errors.New("proxy refused secret-token for Your order is on its way")},
			ok("getChatHistory"), ok("getChatHistory"))
		err := newClient(t, s, wrapper.WithRetry(wrapper.RetryPolicy{MaxAttempts: 2})).SendMessage(t.Context(), chatID, text)
		assert.NotContains(t, err.Error(), token)
		assert.NotContains(t, err.Error(), text)
		assert.ErrorContains(t, err, "503: …: …: … (a *errors.errorString that repeats what was sent)")
	})
}

// The last answer of the API is not lost when later attempts get none.
func TestLastAPIErrorStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScript(t, serverError(), reply{err: io.EOF}, reply{err: io.EOF}, reply{err: io.EOF})
		var captured wrapper.Response
		_, err := newClient(t, s).GetChat(t.Context(), chatID, wrapper.Capture(&captured))
		assertClasses(t, err, []error{wrapper.ErrServer, io.EOF})
		assert.Equal(t, "INTERNAL_ERROR", asError(t, err).Errors[0].Code)
		assert.Equal(t, 500, captured.StatusCode)
		assert.Equal(t, 4, captured.Attempts)
	})
}

func TestErrorBodyDoesNotHoldTheWholeAnswer(t *testing.T) {
	_, err := newClient(t, newScript(t, reply{status: 404, body: strings.Repeat("x", 1<<20)})).GetChat(t.Context(), chatID)
	assert.LessOrEqual(t, cap(asError(t, err).Body), 8192)
}

func TestErrorInJSONHasNoBody(t *testing.T) {
	r := failure(400, "BAD_REQUEST", "no")
	_, err := newClient(t, newScript(t, r)).GetChat(t.Context(), chatID)
	data, jsonErr := json.Marshal(err)
	require.NoError(t, jsonErr)
	assert.NotContains(t, string(data), base64.StdEncoding.EncodeToString([]byte(r.body)))
	assert.NotContains(t, string(data), `"Body"`)
	assert.NotContains(t, string(data), `"Err"`)
}

func TestRedaction(t *testing.T) {
	rows := []struct{ sent, said, want string }{
		{"canary", "(rejected value: can", ""},
		{"canary", "bad (rejected value:can", "bad"},
		{"x", "bad (rejected value: canary (rejected value: y", "bad"},
		{" canary\n", "cannot send canary!", "…"},
		{"canary", "CANARY and canary", "…"},
		{"can", "can and can", "can and can"},
		{"the goods will be delivered", "cannot be delivered: the goods are sold", "cannot be delivered: the goods are sold"},
		{"the goods will be delivered", "no: 'goods will be delivered'", "…"},
		{"  ", "two  spaces", "two  spaces"},
	}
	for _, row := range rows {
		err := newClient(t, newScript(t, failure(400, "BAD_REQUEST", row.said))).SendMessage(t.Context(), chatID, row.sent)
		assert.Equal(t, row.want, *asError(t, err).Errors[0].Message)
	}
	err := newClient(t, newScript(t, failure(400, "E_404", "no"))).SendMessage(t.Context(), chatID, "4")
	assert.Equal(t, "E_404", asError(t, err).Errors[0].Code)
}

func TestInvalidRequestText(t *testing.T) {
	_, err := newClient(t, newScript(t)).GetChat(t.Context(), 0)
	assert.EqualError(t, err, "getChat: invalid request: chatId is 0, allowed is 1 and above (attempts: 0, not sent)")
}

func TestClassesOfStatuses(t *testing.T) {
	for status, want := range map[int]error{0: nil, 101: nil, 200: nil, 399: nil, 400: wrapper.ErrBadRequest, 402: wrapper.ErrBadRequest,
		499: wrapper.ErrBadRequest, 500: wrapper.ErrServer, 502: wrapper.ErrServer, 599: wrapper.ErrServer, 600: wrapper.ErrServer, 999: wrapper.ErrServer} {
		var is []error
		if want != nil {
			is = []error{want}
		}
		assertClasses(t, &wrapper.Error{StatusCode: status}, is)
	}
}

func TestTraceparentInText(t *testing.T) {
	r := failure(404, "A", "b")
	r.header = http.Header{"Traceparent": {"a\x1b[31m\n" + strings.Repeat("x", 5000)}}
	_, err := newClient(t, newScript(t, r)).GetChat(t.Context(), chatID)
	assert.NotRegexp(t, `[\n\x1b]`, err.Error())
	assert.Less(t, len(err.Error()), 2200)
}

func TestTransportErrorText(t *testing.T) {
	_, err := newClient(t, newScript(t, reply{err: io.EOF})).GetChat(t.Context(), chatID, wrapper.Attempts(1))
	assert.EqualError(t, err, "getChat: EOF (attempts: 1)")
	var withURL *url.Error
	assert.False(t, errors.As(err, &withURL))
}

func TestTwoQuotedValues(t *testing.T) {
	_, err := newClient(t, newScript(t, reply{err: errors.New(`got "a", want "b"`)})).GetChat(t.Context(), chatID, wrapper.Attempts(1))
	assert.ErrorContains(t, err, `got "…", want "…"`)
}

// The rejected value is cut out in each way of writing it, to its very end.
func TestRejectedValueHoweverItIsWritten(t *testing.T) {
	for _, said := range []string{
		`bad (rejected value: can\nary)`, `bad (Rejected value: canary)`, `bad rejected value: canary`, `bad, rejected value 'canary'`,
	} {
		err := newClient(t, newScript(t, failure(400, "BAD_REQUEST", said))).SendMessage(t.Context(), chatID, text)
		assert.Contains(t, []string{"bad", "bad,"}, *asError(t, err).Errors[0].Message, said)
	}
	// a text that holds these words does not save what follows them
	err := newClient(t, newScript(t, failure(400, "BAD_REQUEST", "bad (rejected value: canary)"))).SendMessage(t.Context(), chatID, "rejected value")
	assert.Equal(t, "bad", *asError(t, err).Errors[0].Message)
}

// A header that goes on for ever is no trace id, even if it looks like one.
func TestEndlessTraceparent(t *testing.T) {
	for length, kept := range map[int]bool{55: true, 100: true, 101: false, 60_000: false} {
		r := serverError()
		r.header = http.Header{"Traceparent": {strings.Repeat("a", length)}}
		var response wrapper.Response
		_, err := newClient(t, newScript(t, r)).GetChat(t.Context(), chatID, wrapper.Attempts(1), wrapper.Capture(&response))
		assert.Equal(t, kept, len(asError(t, err).TraceParent) == length, length)
		assert.Equal(t, kept, response.TraceParent != "", length)
	}
}

// However the message is written when it comes back, it is not shown.
func TestMessageInAnySpelling(t *testing.T) {
	const message = `Ваш заказ "Ёлка & шары" уже в пути`
	ascii := strconv.QuoteToASCII(message)
	hex := fmt.Sprintf("% x", message)
	var octal strings.Builder
	for _, b := range []byte(message) {
		fmt.Fprintf(&octal, `\%03o`, b)
	}
	var script, points strings.Builder
	for _, r := range message {
		fmt.Fprintf(&script, "%%u%04X", r)
		fmt.Fprintf(&points, `\u{%x}`, r)
	}
	for spelling, said := range map[string]string{
		"as it is":            message,
		"upper case":          strings.ToUpper(message),
		"lower case":          strings.ToLower(message),
		"HTML":                html.EscapeString(message),
		"HTML in hexadecimal": strings.ReplaceAll(message, "а", "&#x430;"),
		"HTML, twice":         html.EscapeString(html.EscapeString(message)),
		"JSON":                ascii,
		"JSON in JSON":        strconv.Quote(ascii),
		"URL":                 url.QueryEscape(message),
		"URL in lower case":   strings.ToLower(url.PathEscape(message)),
		"URL, twice":          url.QueryEscape(url.QueryEscape(message)),
		"bytes of nginx":      strings.ReplaceAll(" "+hex, " ", `\x`),
		"octal":               octal.String(),
		"escape of a browser": script.String(),
		"code points":         points.String(),
		"code points of Perl": strings.ReplaceAll(points.String(), `\u`, `\x`),
		"more blanks":         strings.ReplaceAll(message, " ", "\n\t  "),
		"cut short":           string([]rune(message)[:24]) + "...",
		"its end":             "..." + string([]rune(message)[8:]),
		"within more":         "cannot send «" + message + "» to the buyer",
	} {
		body, err := json.Marshal(map[string]any{"status": "ERROR", "errors": []any{map[string]string{"code": "E", "message": said}}})
		require.NoError(t, err)
		err = newClient(t, newScript(t, reply{status: 400, body: string(body)})).SendMessage(t.Context(), chatID, message)
		assert.Equal(t, "…", *asError(t, err).Errors[0].Message, spelling)
		err = newClient(t, newScript(t, reply{err: errors.New("proxy: " + said)}), resending(wrapper.ResendNever)).
			SendMessage(t.Context(), chatID, message)
		assert.ErrorContains(t, err, "repeats what was sent", spelling)
	}
}

// What an Auth of the user's writes is not shown, wherever in the request it writes it.
func TestKeysOfOtherAuths(t *testing.T) {
	const key, signature = "k-9f8e7d6c5b4a", "c2lnbmF0dXJlLW9mLXJlcXVlc3Q="
	for where, auth := range map[string]wrapper.Auth{
		"parameters": func(_ context.Context, req *http.Request) error {
			req.Header.Set("Authorization", `Custom key="`+key+`", sig="`+signature+`"`)
			return nil
		},
		"cookies": func(_ context.Context, req *http.Request) error {
			req.AddCookie(&http.Cookie{Name: "key", Value: key})
			req.AddCookie(&http.Cookie{Name: "sig", Value: signature})
			return nil
		},
		"the query": func(_ context.Context, req *http.Request) error {
			q := req.URL.Query()
			q.Set("key", key)
			q.Set("sig", signature)
			req.URL.RawQuery = q.Encode()
			return nil
		},
	} {
		for _, said := range []string{"bad key " + key, "bad signature " + signature, url.QueryEscape(signature)} {
			s := newScript(t, failure(403, "FORBIDDEN", said), failure(403, "FORBIDDEN", "the key has no scope, its sig is custom"))
			s.lax = true
			client, err := wrapper.New(business, auth, wrapper.WithHTTPClient(&http.Client{Transport: s}))
			require.NoError(t, err)
			_, err = client.GetChat(t.Context(), chatID)
			assert.Equal(t, "…", *asError(t, err).Errors[0].Message, where)
			_, err = client.GetChat(t.Context(), chatID)
			assert.Equal(t, "the key has no scope, its sig is custom", *asError(t, err).Errors[0].Message, where)
		}
	}
}

// Headers that are not Auth's cut nothing out of what the API says.
func TestHeadersOfOthersAreNoSecrets(t *testing.T) {
	shop := func(next wrapper.Doer) wrapper.Doer {
		return doerFunc(func(req *http.Request) (*http.Response, error) {
			req.Header.Set("X-Shop", "4444")
			return next.Do(req)
		})
	}
	s := newScript(t, failure(404, "NOT_FOUND", "Order not found: '4444'"))
	_, err := newClient(t, s, wrapper.WithMiddleware(shop)).GetChat(t.Context(), chatID)
	assert.Equal(t, "Order not found: '4444'", *asError(t, err).Errors[0].Message)
}

// The API's text is found in every form in which it is met.
func TestFormsOfErrors(t *testing.T) {
	for body, says := range map[string]string{
		"\ufeff" + `{"errors":[{"code":"A","message":"a"}]}`:               "400: A: a (",
		`{"error":{"code":400,"message":"old"}}`:                           "400: 400: old (",
		`{"errors":[],"error":{"message":"old"}}`:                          "400: old (",
		`{"errors":{"code":"A","message":"a"}}`:                            "400: A: a (",
		`{"message":"alone"}`:                                              "400: alone (",
		`{"timestamp":1,"status":400,"error":"Bad Request","path":"/v2/"}`: "400: Bad Request (",
		`<html>nginx</html>`:                                               "400: the answer is text/html, 18 bytes (",
		`"text"`:                                                           "400: the answer is text/html, 6 bytes (",
		``:                                                                 "400 (",
	} {
		r := reply{status: 400, body: body, header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}}
		_, err := newClient(t, newScript(t, r)).GetChat(t.Context(), chatID)
		assert.ErrorContains(t, err, says, body)
	}
}

// Of an answer with very many errors twenty are kept, and the text is bounded.
func TestManyErrors(t *testing.T) {
	body := `{"errors":[` + strings.Repeat(`{"code":"E"},`, 70_000) + `{"code":"E"}]}`
	err := newClient(t, newScript(t, reply{status: 400, body: body})).SendMessage(t.Context(), chatID, text)
	assert.Len(t, asError(t, err).Errors, 20)
	assert.Less(t, len(err.Error()), 2200)
}

// Of many errors those are hidden that repeat the message, in part or as a whole, and no others.
func TestErrorsThatRepeat(t *testing.T) {
	const harmless = "none of the words that were sent"
	var said []map[string]string
	var want []gen.APIErrorDTO
	for n := range 20 {
		code, message := fmt.Sprint("E", n), harmless
		shown := gen.APIErrorDTO{Code: code, Message: new(message)}
		switch n % 5 {
		case 1:
			message, shown.Message = text[3:], new("…")
		case 2:
			message, shown.Message = text[:10]+" (rejected value: "+text[10:]+")", new(text[:10])
		case 3:
			code, shown.Code = text, "…"
		}
		said, want = append(said, map[string]string{"code": code, "message": message}), append(want, shown)
	}
	body, err := json.Marshal(map[string]any{"status": "ERROR", "errors": said})
	require.NoError(t, err)
	err = newClient(t, newScript(t, reply{status: 400, body: string(body)})).SendMessage(t.Context(), chatID, text)
	assert.Equal(t, want, asError(t, err).Errors)
}

// The chat's id in the query is no secret of Auth's: the API's words that name it are shown.
func TestIDsAreNoSecrets(t *testing.T) {
	const id, says = 7000001, "Can't find chat by id: '7000001'"
	none := func(next wrapper.Doer) wrapper.Doer { return next }
	for what, opts := range map[string][]wrapper.Option{
		"alone": nil, "with a middleware": {wrapper.WithMiddleware(none)},
	} {
		client := newClient(t, newScript(t, failure(404, "NOT_FOUND", says), failure(404, "NOT_FOUND", says)), opts...)
		_, err := client.GetChat(t.Context(), id)
		assert.ErrorContains(t, err, says, what)
		assert.ErrorContains(t, client.SendMessage(t.Context(), id, text), says, what)
	}
}
