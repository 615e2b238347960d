package tests

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
	"maps"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// The canaries. Words that nothing else holds stand at the head and the tail of each text, so that half of one is found too.
const (
	secretToken = "CanaryToken+Q7/=&x"
	secretName  = "CanaryBuyer"
	secretUser  = "canaryuser"
	secretPass  = "CanaryPass"
	secretQuery = "CanaryQuery"
)

var secretTexts = map[string]string{
	"plain":   "CanaryHead is on its way CanaryTail",
	"quotes":  `CanaryHead says "it's 5\" \ long" CanaryTail`,
	"lines":   "\r\n CanaryHead\nsecond\r\n\tthird\u00a0CanaryTail \n",
	"unicode": "CanaryHead Ваш заказ уже в пути 🚚 中文 Канарейка CanaryTail",
	"markup":  `CanaryHead <b class="x">5 > 4 & 100%25 + 1</b> &amp; CanaryTail`,
	"capital": "CANARYHEAD_CANARYTAIL",
	"cites":   "CanaryHead rejected value CanaryTail",
}

var canaries = []string{"CanaryToken", "CanaryHead", "CanaryTail", "Канарейка", secretName, secretUser, secretPass, secretQuery}

// search looks for the canaries, in whatever way they were written down.
type search struct {
	t      *testing.T
	places int
	found  int
}

func newSearch(t *testing.T) *search {
	s := &search{t: t}
	t.Cleanup(func() { t.Logf("canaries: %d, places searched: %d, found: %d", len(canaries), s.places, s.found) })
	return s
}

func (s *search) look(where, text string) {
	s.places++
	if leaked := leaks(text); leaked != "" {
		s.found++
		assert.Fail(s.t, "a secret is shown", "%s: %s in %.2000s", where, leaked, text)
	}
}

// leaks tells the first canary that a text holds, and how it is written.
func leaks(text string) string {
	text = strings.ToLower(text)
	for written, what := range written() {
		if strings.Contains(text, written) {
			return what
		}
	}
	return ""
}

// written has all that is looked for, in lower case.
var written = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, canary := range canaries {
		for way, form := range spellings(canary) {
			all[strings.ToLower(form)] = canary + " as " + way
		}
	}
	return all
})

func spellings(canary string) map[string]string {
	ascii, numbers := strconv.QuoteToASCII(canary), ""
	for _, r := range canary {
		numbers += fmt.Sprintf("&#%d;", r)
	}
	ways := map[string]string{
		"it is": canary, "JSON": ascii[1 : len(ascii)-1], "URL": url.QueryEscape(canary), "HTML": numbers,
		"hex": fmt.Sprintf("%x", canary), "spaced hex": fmt.Sprintf("% x", canary), "bytes in Go": strings.Trim(fmt.Sprintf("%#v", []byte(canary)), "[]byte{}"),
		"bytes": strings.Trim(fmt.Sprint([]byte(canary)), "[]"), "hex in C": strings.ReplaceAll(fmt.Sprintf(" % x", canary), " ", `\x`),
	}
	for shift := range 3 { // base64 writes the same bytes in three ways, and what stands beside them colours its ends
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + canary))
		ways[fmt.Sprint("base64, shifted by ", shift)] = encoded[4 : len(encoded)-2]
	}
	return ways
}

// TestSearchFindsLeaks keeps the search honest.
func TestSearchFindsLeaks(t *testing.T) {
	type holder struct{ Inner any }
	for _, canary := range canaries {
		for _, beside := range []string{"", "x", "xy", "xyz"} {
			secret := beside + canary + beside
			asJSON, err := json.Marshal(map[string]any{"text": secret, "bytes": []byte(secret)})
			require.NoError(t, err)
			for way, text := range map[string]string{
				"text": secret, "upper case": strings.ToUpper(secret), "JSON": string(asJSON), "quoted": strconv.QuoteToASCII(secret), "query": url.QueryEscape(secret),
				"base64": base64.StdEncoding.EncodeToString([]byte(secret)), "base64 for URLs": base64.URLEncoding.EncodeToString([]byte(secret)),
				"%x": fmt.Sprintf("%x", secret), "%X": fmt.Sprintf("%X", secret), "% x": fmt.Sprintf("% x", secret), "%d": fmt.Sprintf("%d", []byte(secret)),
				"%v": fmt.Sprintf("%v", holder{[]byte(secret)}), "%+v": fmt.Sprintf("%+v", holder{&holder{}}) + fmt.Sprintf("%+v", holder{secret}),
				"%#v": fmt.Sprintf("%#v", holder{[]byte(secret)}), "headers": fmt.Sprint(http.Header{"X": {secret}}), "HTML": "<p>" + html.EscapeString(secret),
			} {
				assert.NotEmpty(t, leaks(text), "%s of %s", way, secret)
			}
		}
	}
	for _, text := range []string{"", "Canary", "CanaryTolken", "…", "63616e617279"} {
		assert.Empty(t, leaks(text), text)
	}
	leaky := fmt.Errorf("outer: %w", errors.Join(io.EOF, valueError("broke at "+secretName)))
	found := &search{t: &testing.T{}}
	found.show("leaky", leaky)
	assert.Positive(t, found.found, "a cause two steps down")
}

// valueError is printed with its text by every verb.
type valueError string

func (e valueError) Error() string { return string(e) }

// show looks at a value in each way in which a program may write it down.
func (s *search) show(what string, value any) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		s.look(what+" "+verb, fmt.Sprintf(verb, value))
	}
	s.look(what+" in a struct", fmt.Sprintf("%v %+v %#v", struct{ V any }{value}, struct{ V any }{value}, struct{ V any }{value}))
	if asJSON, err := json.Marshal(value); err == nil {
		s.look(what+" JSON", string(asJSON))
	} else {
		s.look(what+" JSON error", err.Error())
	}
	log := slog.New(&recordEverything{search: s})
	log.Info(what, "value", value, slog.Group("group", slog.Any("any", value)))
	if err, ok := value.(error); ok {
		s.causes(what, err)
	}
}

func (s *search) causes(what string, err error) {
	s.look(what+" text", err.Error())
	for _, verb := range []string{"%v", "%+v", "%#v"} { // vet knows that the others do not fit a struct
		s.look(what+" kept by a program "+verb, fmt.Sprintf(verb, struct{ err error }{err}))
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if cause := e.Unwrap(); cause != nil {
			s.show(what+" > cause", cause)
		}
	case interface{ Unwrap() []error }:
		for _, cause := range e.Unwrap() {
			s.show(what+" > one cause", cause)
		}
	}
}

// recordEverything is a Handler of all levels that writes each record down in every way.
type recordEverything struct {
	search *search
	lines  int
}

func (h *recordEverything) Enabled(context.Context, slog.Level) bool { return true }
func (h *recordEverything) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h *recordEverything) WithGroup(string) slog.Handler            { return h }

func (h *recordEverything) Handle(ctx context.Context, r slog.Record) error {
	h.lines++
	var text bytes.Buffer
	all := &slog.HandlerOptions{Level: slog.Level(-100), AddSource: true}
	_ = slog.NewTextHandler(&text, all).Handle(ctx, r)
	_ = slog.NewJSONHandler(&text, all).Handle(ctx, r)
	fmt.Fprintf(&text, "%v %+v", ctx, ctx) // %#v reads what timers write
	r.Attrs(func(a slog.Attr) bool {
		if a.Value.Kind() != slog.KindGroup { // whose values fmt cannot ask for their own way of writing
			fmt.Fprintf(&text, "%+v %+v %#v\n", a, a.Value.Any(), a.Value.Any())
		}
		return true
	})
	h.search.look("log", text.String())
	return nil
}

// answer is what comes back for every request of a call.
type answer struct {
	status  int
	body    string
	header  http.Header
	err     error // instead of an answer
	readErr error // at the end of the body
}

func (a *answer) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body)
		_ = req.Body.Close()
	}
	if a.err != nil {
		return nil, a.err
	}
	header := http.Header{"Content-Type": {"application/json"}, "Date": {time.Now().UTC().Format(http.TimeFormat)}}
	for name, values := range a.header {
		header[name] = values
	}
	body := io.Reader(strings.NewReader(a.body))
	if a.readErr != nil {
		body = io.MultiReader(body, failing{a.readErr})
	}
	return &http.Response{StatusCode: a.status, Header: header, Body: io.NopCloser(body), Request: req}, nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// echoes are the ways in which what was sent comes back.
func echoes(sent string) map[string]string {
	var inJSON bytes.Buffer
	encoder := json.NewEncoder(&inJSON)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(sent)
	sent = strings.TrimSpace(sent)
	return map[string]string{
		"as it is": "cannot send " + sent + "!", "bare": sent, "in JSON": `cannot read {"message":` + strings.TrimSpace(inJSON.String()) + `}`,
		"in a query": "POST /?q=" + url.QueryEscape(sent), "in a path": "POST /" + url.PathEscape(sent), "in HTML": "<p>" + html.EscapeString(sent) + "</p>",
		"rejected": "'message' size must be between '1' and '4096' (rejected value: " + sent + ")", "rejected half": "bad (rejected value: " + sent[:len(sent)-3],
	}
}

func errorsBody(said string) string {
	body, _ := json.Marshal(map[string]any{"status": "ERROR", "result": map[string]string{"name": secretName}, "errors": []map[string]any{
		{"code": "BAD_REQUEST", "message": said}, {"code": said}, {"code": 7, "message": said}}})
	return string(body)
}

// answers are all classes of success and failure, with the secrets in each.
func answers(text string) map[string]answer {
	all := map[string]answer{
		"no chat":       {status: 200, body: `{"status":"OK","result":{"chatId":0,"context":{"customer":{"name":"` + secretName + `"}}}}`},
		"a list":        {status: 200, body: `["` + secretName + `"]`},
		"wrong types":   {status: 200, body: `{"status":7,"result":{"chatId":"` + secretName + `","createdAt":"` + secretName + `"}}`},
		"a bad date":    {status: 200, body: `{"status":"OK","result":{"chatId":77,"createdAt":"` + secretName + `"}}`},
		"half":          {status: 200, body: `{"status":"` + secretName, readErr: io.ErrUnexpectedEOF},
		"broken":        {status: 200, body: `{`, readErr: valueError("gzip: bad " + strconv.Quote(secretName))},
		"HTML":          {status: 200, body: "<html>" + secretToken + secretName + text},
		"too large":     {status: 200, body: strings.Repeat(secretName, 1<<17)},
		"another 2xx":   {status: 202, body: `"` + secretName + `"`},
		"redirect":      {status: 302, header: http.Header{"Location": {"https://elsewhere.example/" + secretToken}}, body: secretName},
		"HTML, 502":     {status: 502, body: "<html>" + secretToken + secretName + text},
		"token, 401":    {status: 401, body: errorsBody("Api-Key " + secretToken + " is invalid")},
		"token, 403":    {status: 403, body: errorsBody("OAuth " + url.QueryEscape(secretToken) + " is invalid")},
		"token, bare":   {status: 503, body: errorsBody(secretToken)},
		"token, header": {status: 400, header: http.Header{"Traceparent": {"00-" + secretToken}, "X-Ratelimit-Resource-Until": {secretToken}, "X-Ratelimit-Resource-Remaining": {secretToken}, "Date": {secretToken}}, body: errorsBody("no")},
		"text, header":  {status: 200, header: http.Header{"Traceparent": {url.QueryEscape(strings.TrimSpace(text))}}, body: "{"},
		"HTTP":          {err: fmt.Errorf("net/http: transport connection broken: malformed HTTP response %q", secretName+secretToken+`"`+text)},
		"header line":   {err: textproto.ProtocolError("malformed MIME header line: <i>" + secretName + "\n" + secretToken)},
		"quote":         {err: textproto.ProtocolError("malformed MIME header initial line: " + strconv.Quote(secretName))},
		"open quote":    {err: valueError(`malformed "` + secretName + ` and so on`)},
		"URL":           {err: &url.Error{Op: "Post", URL: "https://" + secretUser + ":" + secretPass + "@host/?" + secretQuery, Err: errors.New("refused " + text)}},
		"a proxy":       {err: errors.Join(io.EOF, errors.New("proxy refused "+secretToken+" for "+text))},
	}
	for op, c := range operations {
		all[op] = answer{status: 200, body: c.named}
	}
	for way, said := range echoes(text) {
		for _, status := range []int{200, 404, 420, 500} {
			all[fmt.Sprint("text ", way, ", ", status)] = answer{status: status, body: errorsBody(said)}
		}
	}
	return all
}

//lint:ignore SA1019 it is deprecated, and its token is a secret all the same
var oauth = wrapper.OAuth

// echoed is what can come back: the texts, and the token that goes with every request.
func echoed() map[string]string {
	all := maps.Clone(secretTexts)
	all["token"] = secretToken
	return all
}

// operationsOf are the calls of a client, with and without the wrapper's reading of answers.
func operationsOf(client *wrapper.Client, text string) map[string]func(context.Context, ...wrapper.CallOption) (shown any, err error) {
	raw := func(resp *http.Response, err error) (any, error) {
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		return resp.Request.Header, nil // the answer itself is raw by promise
	}
	all := map[string]func(context.Context, ...wrapper.CallOption) (any, error){
		"raw elsewhere": func(ctx context.Context, _ ...wrapper.CallOption) (any, error) {
			return raw(client.Raw().GetChat(ctx, business, &gen.GetChatParams{ChatID: 1}, func(_ context.Context, req *http.Request) error {
				req.URL.Host, req.URL.User, req.URL.RawQuery = "elsewhere.example", url.UserPassword(secretUser, secretPass), secretQuery
				return nil
			}))
		},
	}
	for op, c := range operations {
		all[op] = func(ctx context.Context, o ...wrapper.CallOption) (any, error) {
			return c.call(ctx, client, text, o...)
		}
		all["raw "+op] = func(ctx context.Context, _ ...wrapper.CallOption) (any, error) {
			return raw(c.raw(ctx, client.Raw(), text))
		}
	}
	return all
}

// Whatever is answered: neither the token nor the text nor the buyer's name is written down anywhere.
func TestSecretsOfCalls(t *testing.T) {
	s := newSearch(t)
	log := &recordEverything{search: s}
	for auth, header := range map[string]wrapper.Auth{"APIKey": wrapper.APIKey(secretToken), "OAuth": oauth(secretToken)} {
		for kind, text := range echoed() {
			for what, answer := range answers(text) {
				synctest.Test(t, func(t *testing.T) {
					opts := []wrapper.Option{wrapper.WithHTTPClient(&http.Client{Transport: &answer}), wrapper.WithLogger(slog.New(log)),
						wrapper.WithRetry(wrapper.RetryPolicy{MaxAttempts: 2}), wrapper.WithMiddleware(s.middleware)}
					client, err := wrapper.New(business, header, opts...)
					require.NoError(t, err)
					for op, call := range operationsOf(client, text) {
						if kind != "token" && (!isSend(strings.TrimPrefix(op, "raw ")) || auth == "OAuth") {
							continue // it sends no text that could come back, or the same as with the other key
						}
						var captured wrapper.Response
						shown, err := call(t.Context(), wrapper.Capture(&captured))
						captured.Header = nil // as they came: whoever prints headers prints what a server put there
						where := fmt.Sprintf("%s, %s, %s, %s", op, auth, kind, what)
						for _, value := range []any{shown, captured, &captured, captured.Quota} {
							s.show(where, value)
						}
						var e *wrapper.Error
						if errors.As(err, &e) {
							s.show(where, err)
							s.show(where, *e)
							s.show(where+", wrapped", fmt.Errorf("shop: %w", err))
							s.show(where+", its errors", e.Errors)
						}
					}
				})
			}
		}
	}
	assert.Greater(t, log.lines, 500)
	assert.Greater(t, s.places, 50_000)
}

// middleware looks at what a middleware may write down of a request; its body is the text, of course.
func (s *search) middleware(next wrapper.Doer) wrapper.Doer {
	return doer(func(req *http.Request) (*http.Response, error) {
		s.look("headers in a middleware", fmt.Sprintf("%+v", req.Header))
		s.look("context in a middleware", fmt.Sprintf("%v %+v", req.Context(), req.Context()))
		s.look("Doer in a middleware", fmt.Sprintf("%v %+v %#v", next, next, next))
		resp, err := next.Do(req)
		if resp != nil {
			s.look("request of an answer", fmt.Sprintf("%+v", resp.Request.Header))
		}
		return resp, err
	})
}

// What New refuses, what it makes, and what a call refuses before it sends.
func TestSecretsOfArguments(t *testing.T) {
	s := newSearch(t)
	var none context.Context
	for _, base := range []string{
		"https://" + secretUser + ":" + secretPass + "@host/v2", secretUser + ":" + secretPass + "@host/v2", "https://host/v2?key=" + secretQuery,
		"https://host/v2#" + secretQuery, "https://" + secretUser + ":" + secretPass + "@ho st/?" + secretQuery, "ftp://" + secretUser + "@host",
		"http://" + secretUser + ":" + secretPass + "@host/" + secretQuery, "https://" + secretUser + ":" + secretPass + "@", "%" + secretPass,
	} {
		_, err := wrapper.New(business, wrapper.APIKey(secretToken), wrapper.WithBaseURL(base))
		require.Error(t, err, base)
		s.show("base URL", err)
	}
	for _, token := range []string{secretToken, secretToken + "\n", secretToken + " " + secretToken, "ж" + secretToken} {
		for _, auth := range []wrapper.Auth{wrapper.APIKey(token), oauth(token)} {
			opts := []wrapper.Option{
				wrapper.WithHTTPClient(&http.Client{Transport: &answer{err: io.EOF}}),
				wrapper.WithRetry(wrapper.RetryPolicy{Resend: wrapper.ResendNever}), // a look takes 13 s
			}
			client, err := wrapper.New(business, auth, opts...)
			require.NoError(t, err)
			err = client.SendMessage(t.Context(), 77, secretTexts["plain"]+strings.Repeat("\xff", len(token)%2), wrapper.Attempts(1))
			for _, value := range []any{auth, &auth, opts, client, *client, client.Raw(), err, wrapper.RetryPolicy{}, []wrapper.CallOption{wrapper.Attempts(1)}} {
				s.show("argument", value)
			}
			s.show("too long", client.SendMessage(t.Context(), 77, secretTexts["plain"]+strings.Repeat("x", 5000)))
			s.show("no id", client.SendMessage(t.Context(), 0, secretTexts["plain"]))
			s.show("no context", client.SendMessage(none, 77, secretTexts["plain"]))
		}
	}
}

// refusing is a Limiter that was told more than it should have been.
type refusing struct{ err error }

func (r refusing) Acquire(context.Context, string) (func(wrapper.Response), error) { return nil, r.err }

// What the parts say that a program hands in, and what a panic of one leaves.
func TestSecretsOfParts(t *testing.T) {
	s := newSearch(t)
	text := secretTexts["quotes"]
	for what, opt := range map[string]wrapper.Option{
		"limiter":        wrapper.WithLimiter(refusing{valueError("no room for " + strconv.Quote(text))}),
		"limiter, Error": wrapper.WithLimiter(refusing{&wrapper.Error{Err: valueError("no room for " + strconv.Quote(secretName)), Body: []byte(secretName)}}),
		"middleware": wrapper.WithMiddleware(func(wrapper.Doer) wrapper.Doer {
			return doer(func(*http.Request) (*http.Response, error) { return nil, valueError("no way for " + text) })
		}),
		"panic": wrapper.WithMiddleware(func(next wrapper.Doer) wrapper.Doer {
			return doer(func(req *http.Request) (*http.Response, error) { _, _ = next.Do(req); panic("middleware") })
		}),
	} {
		opts := []wrapper.Option{wrapper.WithHTTPClient(&http.Client{Transport: &answer{status: 400, body: errorsBody(text)}}),
			wrapper.WithLogger(slog.New(&recordEverything{search: s})), wrapper.WithRetry(wrapper.RetryPolicy{MaxAttempts: 1}), opt}
		client, err := wrapper.New(business, wrapper.APIKey(secretToken), opts...)
		require.NoError(t, err)
		func() {
			defer func() { s.look("panic", fmt.Sprintf("%v %s", recover(), debug.Stack())) }()
			s.show(what, client.SendMessage(t.Context(), 77, text))
		}()
	}
}

// Violations name places and rules. Only names that look like one are shown, so the canaries stand in values, and in names
// that do not.
func TestSecretsOfViolations(t *testing.T) {
	s := newSearch(t)
	validator, err := api.NewValidator()
	require.NoError(t, err)
	for _, path := range []string{"/v2/businesses/1/chats/message?chatId=" + secretQuery, "/v2/businesses/" + secretQuery + "/chats/new", "/v2/businesses/1/chats/new?a+" + secretQuery + "=1",
		"/v2/businesses/1/chats/message?chatId=1&chatId=" + secretQuery, "/v2/businesses/1/chats/message?%zz" + secretQuery, "/" + secretQuery} {
		for _, body := range []string{`{"message":["` + secretName + `"]}`, `{"message":"` + strings.Repeat(secretName, 500) + `"}`, `{"Dear ` + secretName + `":1}`, `"` + secretName, `{"message":"x"} ` + secretName,
			`{"context":{"type":"` + secretName + `","id":"` + secretName + `"},"orderId":"` + secretName + `"}`, `{"message":"` + secretName + "\xff" + `"}`} {
			req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
			req.Header = http.Header{"Api-Key": {secretToken, secretToken}, "Authorization": {"Basic " + secretToken}, "Content-Type": {"text/" + secretName}}
			s.violations(t, validator.Request(req))
			req = httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
			req.Header.Set("Content-Type", "application/json")
			s.violations(t, validator.Request(req))
		}
	}
	for what, answer := range answers(secretTexts["unicode"]) {
		req := httptest.NewRequest(http.MethodGet, "/v2/businesses/1/chat?chatId=1", nil)
		if resp, err := answer.RoundTrip(req); err == nil && what != "getChat" {
			if err = validator.Response(req, resp); err != nil {
				s.violations(t, err)
			}
		}
	}
}

func (s *search) violations(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	s.show("violations", err)
	for _, v := range api.Violations(err) {
		s.show("violation", v)
		s.show("violation", *v)
	}
}

// The sandbox remembers requests without what they held, but for the messages, which is what it is for.
func TestSecretsOfTheSandbox(t *testing.T) {
	s := newSearch(t)
	market := sandbox.New(sandbox.WithAPIKey(secretToken))
	client, err := wrapper.New(business, wrapper.APIKey(secretToken), wrapper.WithHTTPClient(&http.Client{Transport: market.RoundTripper()}))
	require.NoError(t, err)
	chat, err := client.CreateChat(t.Context(), wrapper.Order(5))
	require.NoError(t, err)
	for _, text := range secretTexts {
		require.NoError(t, client.SendMessage(t.Context(), chat.ChatID, text))
	}
	for _, body := range []string{`{"message":["` + secretName + `"]}`, secretName, `{"Dear ` + secretName + `":1}`} {
		req := httptest.NewRequest(http.MethodPost, "/v2/businesses/1/chats/message?chatId="+secretQuery, strings.NewReader(body))
		req.Header.Set("Api-Key", secretToken+"x")
		market.ServeHTTP(httptest.NewRecorder(), req)
	}
	calls := market.Calls()
	require.Len(t, calls, 1+len(secretTexts)+3)
	s.show("calls", calls)
	for _, call := range calls {
		s.show("call", call)
		s.show("verdict", call.Verdict)
	}
}

// The report of recorded traffic, in each format, and the complaints about what is no recording.
func TestSecretsOfTheCheck(t *testing.T) {
	t.Parallel()
	s := newSearch(t)
	ymchats := buildCommand(t)
	const entry = `{"request":{"method":"POST","url":"https://api.partner.market.yandex.ru/v2/businesses/%s/chats/message?chatId=%s","headers":[{"name":"Api-Key","value":"%s"},{"name":"Api-Key","value":"x"},
		{"name":"Content-Type","value":"text/%s"}],"postData":{"text":%q}},"response":{"status":%s,"headers":[{"name":"Content-Type","value":"application/json"}],"content":{"text":%q,"encoding":%q}}}`
	whole := func(entries ...string) string { return `{"log":{"entries":[` + strings.Join(entries, ",") + `]}}` }
	wrong := fmt.Sprintf(entry, "1", secretQuery, secretToken, secretName, `{"message":["`+secretName+`"]}`, "200", `{"status":"`+secretName+`","result":"`+secretName+`"}`, "")
	var files []string
	for what, har := range map[string]string{
		"violations": whole(wrong), "cut off": whole(wrong)[:len(wrong)/2], "after it": whole(wrong) + secretName, "no HAR": `{"` + secretName + `":"` + secretToken + `"}`, "no JSON": secretName,
		"types":    whole(`{"request":{"method":7,"url":"https://api.partner.market.yandex.ru/v2/businesses/1/chat?` + secretQuery + `","headers":"` + secretToken + `"}}`),
		"status":   whole(fmt.Sprintf(entry, "1", "1", secretToken, secretName, "{}", `"`+secretName+`"`, "", "")),
		"encoding": whole(fmt.Sprintf(entry, "1", "1", secretToken, secretName, secretName, "200", secretName, secretName)),
		"base64":   whole(fmt.Sprintf(entry, "1", "1", secretToken, secretName, secretName, "200", secretName+"!", "base64")),
		"method":   whole(strings.Replace(wrong, `"POST"`, `"PO `+secretName+`"`, 1)),
		"path":     whole(fmt.Sprintf(entry, secretQuery, "1", secretToken, secretName, "{}", "404", "{}", "")),
	} {
		file := filepath.Join(t.TempDir(), strings.ReplaceAll(what, " ", "_")+".har")
		write(t, file, har)
		files = append(files, file)
	}
	for _, format := range []string{"text", "json", "junit", "github"} {
		said, err := exec.Command(ymchats, append([]string{"check", "--strict", "--format", format}, files...)...).CombinedOutput()
		require.Error(t, err)
		for _, file := range files {
			assert.True(t, strings.Contains(string(said), filepath.Base(file)), "%s says nothing of %s", format, file)
		}
		s.look(format, string(said))
	}
}

// buildCommand gives the path of the command line.
func buildCommand(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ymchats.exe") // without .exe Windows does not run it; elsewhere a name is a name
	run(t, ".", "go", "build", "-o", path, "../cmd/ymchats")
	return path
}

// The host that a redirect names sees no request at all, by whatever status it is named.
func TestSecretsAndRedirects(t *testing.T) {
	s := newSearch(t)
	var asked atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 305, 307, 308} {
		here := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/?"+secretQuery, status))
		for what, opts := range map[string][]wrapper.Option{"own": nil, "given": {wrapper.WithHTTPClient(&http.Client{})}} {
			client, err := wrapper.New(business, wrapper.APIKey(secretToken), append(opts, wrapper.WithBaseURL(here.URL))...)
			require.NoError(t, err)
			for op, call := range operationsOf(client, secretTexts["markup"]) {
				_, err := call(t.Context())
				if !strings.HasPrefix(op, "raw") {
					require.ErrorIs(t, err, wrapper.ErrInvalidResponse, "%s %s %d", op, what, status)
				}
				s.show(op, err)
			}
		}
		here.Close()
	}
	assert.Zero(t, asked.Load())
}

// readsAndSends answers what reads and what sends, each in its order; the last answer comes again.
type readsAndSends struct{ reads, sends []answer }

func (m *readsAndSends) RoundTrip(req *http.Request) (*http.Response, error) {
	answers := &m.reads
	if strings.HasSuffix(req.URL.Path, "/chats/message") && req.Method == http.MethodPost {
		answers = &m.sends
	}
	now := (*answers)[0]
	*answers = (*answers)[min(1, len(*answers)-1):]
	return now.RoundTrip(req)
}

// What a call has read, an error that it meets later may cite: on the next page, in the next look, or in the answer to
// the message.
func TestSecretsOfWhatWasRead(t *testing.T) {
	s := newSearch(t)
	log := slog.New(&recordEverything{search: s})
	result := func(result string, errs string) answer {
		body := strings.Replace(errs, `"result":{"name":"`+secretName+`"}`, `"result":`+result, 1)
		return answer{status: 200, body: body}
	}
	const ok = `{"result":{"name":"` + secretName + `"},"status":"OK"}`
	for kind, text := range secretTexts {
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		about := `"context":{"type":"ORDER","customer":{"name":"` + secretName + `"}}`
		message := `{"messageId":1,"createdAt":"2020-01-01T00:00:00Z","sender":"CUSTOMER","message":` + string(quoted) + `}`
		history := `{` + about + `,"messages":[` + message + `]`
		page, whole := result(history+`,"paging":{"nextPageToken":"2"}}`, ok), result(history+`}`, ok)
		chats := result(`{"chats":[{"chatId":1,`+about+`}],"paging":{"nextPageToken":"2"}}`, ok)
		failed := answer{status: 500, body: errorsBody("no")}
		for way, said := range echoes(text) {
			cites := answer{status: 400, body: errorsBody(said)}
			named := answer{status: 400, body: errorsBody("the buyer is " + secretName)}
			for what, row := range map[string]struct {
				market readsAndSends
				call   func(context.Context, *wrapper.Client) error
			}{
				"Messages":              {readsAndSends{reads: []answer{page, cites}}, readMessages},
				"Messages, of the name": {readsAndSends{reads: []answer{page, named}}, readMessages},
				"Chats":                 {readsAndSends{reads: []answer{chats, named}}, readChats},
				"GetMessage":            {readsAndSends{reads: []answer{result(message, cites.body)}}, readMessage},
				"Once":                  {readsAndSends{reads: []answer{page, cites}}, sendOnce},
				"the second look":       {readsAndSends{[]answer{whole, cites}, []answer{failed}}, sendHello},
				"the second send":       {readsAndSends{[]answer{whole}, []answer{failed, cites}}, sendHello},
			} {
				synctest.Test(t, func(t *testing.T) {
					client, err := wrapper.New(business, wrapper.APIKey("key"), wrapper.WithLogger(log),
						wrapper.WithHTTPClient(&http.Client{Transport: &row.market}))
					require.NoError(t, err)
					where := fmt.Sprintf("%s, %s, %s", what, kind, way)
					err = row.call(t.Context(), client)
					var e *wrapper.Error
					require.ErrorAs(t, err, &e, where)
					if way == "bare" {
						assert.Contains(t, err.Error(), "…", where)
					}
					s.show(where, err)
					s.show(where+", its errors", e.Errors)
				})
			}
		}
	}
}

func readMessages(ctx context.Context, c *wrapper.Client) error {
	_, err := c.Messages(ctx, anyChat, 0)
	return err
}

func readMessage(ctx context.Context, c *wrapper.Client) error {
	_, err := c.GetMessage(ctx, anyChat, anyMessage)
	return err
}

func readChats(ctx context.Context, c *wrapper.Client) (last error) {
	for _, err := range c.Chats(ctx, gen.GetChatsRequest{}) {
		last = err
	}
	return last
}

func sendHello(ctx context.Context, c *wrapper.Client) error {
	return c.SendMessage(ctx, anyChat, "Good morning")
}

func sendOnce(ctx context.Context, c *wrapper.Client) error {
	return c.SendMessage(ctx, anyChat, "Good morning", wrapper.Once(0))
}
