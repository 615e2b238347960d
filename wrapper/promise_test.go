package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/wrapper"
)

// The promise is the table in the package documentation. promises executes each of its rows.
type promise struct {
	row     string // the first cell of the row
	but     string // what is special about this case
	replies func(op string) []reply
	within  time.Duration // of the caller's context; 0: it has no deadline
	opts    []wrapper.Option
	invalid bool // the arguments of the call
	others  end  // getChat and createChat
	send    end
	file    end    // of sendFileToChat, where it differs from send
	only    string // the operation that the row is about; empty: all
}

// end is what came of a call.
type end struct {
	trace   string // when requests were made; a read is that of the resend check
	is      []error
	outcome wrapper.Outcome // of an error
	success bool
}

func executed(trace string) end { return end{trace: trace, success: true} }

func failed(trace string, outcome wrapper.Outcome, is ...error) end {
	return end{trace: trace, outcome: outcome, is: is}
}

func always(rs ...reply) func(string) []reply { return func(string) []reply { return rs } }

// then ends with what the operation promises.
func then(rs ...reply) func(string) []reply {
	return func(op string) []reply { return append(slices.Clone(rs), ok(op)) }
}

// usedUpUntil is a 420 whose window ends at what is no date.
func usedUpUntil(noDate string) reply {
	r := quotaUsedUp(time.Hour)
	r.header.Set("X-RateLimit-Resource-Until", noDate)
	return r
}

func broken(op string) reply {
	r := ok(op)
	r.body, r.readErr, r.keeps = r.body[:8], io.ErrUnexpectedEOF, false
	return r
}

// brokenOff is a request that the transport could not write to its end.
func brokenOff() reply { return reply{err: syscall.EPIPE, brokenOff: true} }

var (
	errAuth  = errors.New("vault is sealed")
	errLimit = errors.New("redis says no")
)

type refusing struct{}

func (refusing) Acquire(context.Context, string) (func(wrapper.Response), error) {
	return nil, &wrapper.Error{RetryAt: time.Now().Add(time.Minute), Err: fmt.Errorf("%w: %w", wrapper.ErrRateLimited, errLimit)}
}

// promises are made inside a bubble: their replies tell dates of virtual time.
func promises() []promise {
	const rejected, unknown, notSent = wrapper.Rejected, wrapper.Unknown, wrapper.NotSent
	tooManyFarFromTheEnd := tooMany()
	tooManyFarFromTheEnd.header = quota(1, 20*time.Second)
	elsewhere := reply{status: 302, header: http.Header{"Location": {"https://elsewhere.example/"}}}
	refused := reply{err: errors.New("connection refused"), dial: true}
	backoffs, looked := "0s 250ms 750ms 1.75s", "0s read@250ms read@3s 3s read@3.5s read@6s 6s read@7s read@9s 9s read@11s read@12s"
	return []promise{
		{row: "the request breaks the contract", invalid: true, replies: always(),
			others: failed("", notSent, wrapper.ErrInvalidRequest), send: failed("", notSent, wrapper.ErrInvalidRequest)},
		{row: "Auth returns an error", replies: always(), opts: nil,
			others: failed("", notSent, errAuth), send: failed("", notSent, errAuth)},
		{row: "the Limiter refuses", replies: always(), opts: []wrapper.Option{wrapper.WithLimiter(refusing{})},
			others: failed("", notSent, wrapper.ErrRateLimited, errLimit), send: failed("", notSent, wrapper.ErrRateLimited, errLimit)},

		{row: "420, quota back within MaxDelay", replies: then(quotaUsedUp(20 * time.Second)),
			others: executed("0s 20.125s"), send: executed("0s 20.125s")},
		{row: "420, quota back within MaxDelay", but: "no pause is longer than MaxDelay", replies: then(quotaUsedUp(30 * time.Second)),
			others: executed("0s 30s"), send: executed("0s 30s")},
		{row: "420, quota back within MaxDelay", but: "its end is now", replies: then(quotaUsedUp(0)),
			others: executed("0s 250ms"), send: executed("0s 250ms")},
		{row: "420, quota back within MaxDelay", but: "its end has passed", replies: then(quotaUsedUp(-time.Minute)),
			others: executed("0s 250ms"), send: executed("0s 250ms")},
		{row: "420, quota back later", replies: always(quotaUsedUp(31 * time.Second)),
			others: failed("0s", rejected, wrapper.ErrRateLimited), send: failed("0s", rejected, wrapper.ErrRateLimited)},
		{row: "420, quota back at an unknown time", replies: always(usedUpUntil("")),
			others: failed("0s", rejected, wrapper.ErrRateLimited), send: failed("0s", rejected, wrapper.ErrRateLimited)},
		{row: "420, quota back at an unknown time", but: "one that cannot be read", replies: always(usedUpUntil("soon")),
			others: failed("0s", rejected, wrapper.ErrRateLimited), send: failed("0s", rejected, wrapper.ErrRateLimited)},
		{row: "420, too many at once", replies: then(tooMany(), tooMany()),
			others: executed("0s 250ms 750ms"), send: executed("0s 250ms 750ms")},
		{row: "420, too many at once", but: "never sleep to the end of the window", replies: then(tooManyFarFromTheEnd),
			others: executed("0s 250ms"), send: executed("0s 250ms")},
		{row: "420, too many at once", but: "attempts run out", replies: always(tooMany(), tooMany(), tooMany(), tooMany()),
			others: failed(backoffs, rejected, wrapper.ErrRateLimited), send: failed(backoffs, rejected, wrapper.ErrRateLimited)},

		{row: "500, the Market says", replies: then(serverError()),
			others: executed("0s 250ms"), send: executed("0s read@250ms read@3s 3s")},
		{row: "500, the Market says", but: "in the words of older answers", replies: then(reply{status: 500, body: `{"errors":[{"code":"E"}]}`}),
			others: executed("0s 250ms"), send: executed("0s read@250ms read@3s 3s")},
		{row: "500, the Market says", but: "without errors", replies: then(reply{status: 500, body: `{"status":"ERROR"}`}),
			others: executed("0s 250ms"), send: executed("0s read@250ms read@3s 3s")},
		{row: "500, the Market says", but: "attempts run out", replies: always(serverError(), serverError(), serverError(), serverError()),
			others: failed(backoffs, rejected, wrapper.ErrServer), send: failed(looked, rejected, wrapper.ErrServer)},
		{row: "any other 5xx, 408, 499", but: "HTML of a proxy", replies: then(reply{status: 503, body: "<html>busy</html>"}),
			others: executed("0s 250ms"), send: executed("0s read@250ms read@13s 13s")},
		{row: "any other 5xx, 408, 499", but: "a gateway in the Market's form", replies: then(reply{status: 503, body: serverError().body}),
			others: executed("0s 250ms"), send: executed("0s read@250ms read@13s 13s")},
		{row: "any other 5xx, 408, 499", but: "500 in HTML", replies: then(reply{status: 500, body: "<html>oops</html>"}),
			others: executed("0s 250ms"), send: executed("0s read@250ms read@13s 13s")},
		{row: "any other 5xx, 408, 499", but: "500 without a body", replies: then(reply{status: 500}),
			others: executed("0s 250ms"), send: executed("0s read@250ms read@13s 13s")},
		{row: "any other 5xx, 408, 499", but: "500 whose body breaks off", replies: then(reply{status: 500, body: "{", readErr: io.ErrUnexpectedEOF}),
			others: executed("0s 250ms"), send: executed("0s read@250ms read@13s 13s")},
		{row: "any other 5xx, 408, 499", but: "408", replies: then(reply{status: 408}, reply{status: 408, body: serverError().body}),
			others: executed("0s 250ms 750ms"), send: executed("0s read@250ms read@13s 13s read@13.5s read@26s 26s")},
		{row: "any other 5xx, 408, 499", but: "499", replies: then(reply{status: 499}),
			others: executed("0s 250ms"), send: executed("0s read@250ms read@13s 13s")},
		{row: "any other 5xx, 408, 499", but: "attempts run out", replies: always(reply{status: 499}, reply{status: 502}, reply{status: 504}, reply{status: 408}),
			others: failed(backoffs, rejected, wrapper.ErrBadRequest),
			send:   failed("0s read@250ms read@13s 13s read@13.5s read@26s 26s read@27s read@39s 39s read@41s read@52s", rejected, wrapper.ErrBadRequest)},
		{row: "other 4xx", but: "404 after a 500: the doubt is over", replies: always(serverError(), failure(404, "NOT_FOUND", "gone")),
			others: failed("0s 250ms", rejected, wrapper.ErrNotFound), send: failed("0s read@250ms read@3s 3s", rejected, wrapper.ErrNotFound)},
		{row: "other 4xx", but: "429: the Market does not know it", replies: always(reply{status: 429, header: http.Header{"Retry-After": {"1"}}}),
			others: failed("0s", rejected, wrapper.ErrBadRequest), send: failed("0s", rejected, wrapper.ErrBadRequest)},
		{row: "never left this machine", replies: then(refused, refused),
			others: executed("0s 250ms 750ms"), send: executed("0s 250ms 750ms")},
		{row: "never left this machine", but: "attempts run out", replies: always(refused, refused, refused, refused),
			others: failed(backoffs, notSent), send: failed(backoffs, notSent)},
		{row: "left, no answer", replies: then(reply{err: io.EOF}, reply{err: io.EOF}),
			others: executed("0s 250ms 750ms"), send: executed("0s read@250ms read@13s 13s read@13.5s read@26s 26s")},
		{row: "left, no answer", but: "the attempt's 15 s are over", replies: then(reply{hang: true}),
			others: executed("0s 15.25s"), send: executed("0s read@15.25s 15.25s"), file: executed("0s read@15.25s read@28s 28s")},
		{row: "left, no answer", but: "a text that is cut off", only: "sendMessageToChat", replies: then(brokenOff()),
			send: executed("0s read@250ms read@13s 13s")},
		{row: "a file is cut off on its way", only: "sendFileToChat", replies: then(brokenOff(), brokenOff()),
			send: executed("0s 250ms 750ms")},
		{row: "a file is cut off on its way", but: "attempts run out", only: "sendFileToChat",
			replies: always(brokenOff(), brokenOff(), brokenOff(), brokenOff()), send: failed(backoffs, rejected)},
		{row: "left, no answer", but: "and a file is cut off on its way", only: "sendFileToChat",
			replies: then(reply{err: io.EOF}, brokenOff()), send: executed("0s read@250ms read@13s 13s 13.5s")},
		{row: "2xx whose body ends too early", replies: func(op string) []reply { return []reply{broken(op), ok(op)} },
			others: executed("0s 250ms"), send: failed("0s read@250ms read@13s", rejected, wrapper.ErrInvalidResponse)},
		{row: "2xx whose body ends too early", but: "and nothing says so but the JSON", replies: func(op string) []reply {
			half := broken(op)
			half.readErr = nil
			return []reply{half, ok(op)}
		}, others: executed("0s 250ms"), send: failed("0s read@250ms read@13s", rejected, wrapper.ErrInvalidResponse)},

		{row: "other 4xx", but: "400", replies: always(failure(400, "BAD_REQUEST", "no")),
			others: failed("0s", rejected, wrapper.ErrBadRequest), send: failed("0s", rejected, wrapper.ErrBadRequest)},
		{row: "other 4xx", but: "401", replies: always(failure(401, "UNAUTHORIZED", "Api-Key token is invalid")),
			others: failed("0s", rejected, wrapper.ErrUnauthorized), send: failed("0s", rejected, wrapper.ErrUnauthorized)},
		{row: "other 4xx", but: "403 in HTML", replies: always(reply{status: 403, body: "<html>no</html>"}),
			others: failed("0s", rejected, wrapper.ErrForbidden), send: failed("0s", rejected, wrapper.ErrForbidden)},
		{row: "other 4xx", but: "404", replies: always(failure(404, "NOT_FOUND", "Can't find chat by id: '77'")),
			others: failed("0s", rejected, wrapper.ErrNotFound), send: failed("0s", rejected, wrapper.ErrNotFound)},
		{row: "other 4xx", but: "415", replies: always(reply{status: 415}),
			others: failed("0s", rejected, wrapper.ErrBadRequest), send: failed("0s", rejected, wrapper.ErrBadRequest)},
		{row: "other 2xx", replies: func(op string) []reply { return []reply{{status: 202, body: ok(op).body}} },
			others: failed("0s", rejected, wrapper.ErrInvalidResponse),
			send:   failed("0s read@250ms read@13s", unknown, wrapper.ErrInvalidResponse, wrapper.ErrOutcomeUnknown)},
		{row: "3xx", replies: always(elsewhere),
			others: failed("0s", rejected, wrapper.ErrInvalidResponse), send: failed("0s", rejected, wrapper.ErrInvalidResponse)},
		{row: "200, status ERROR, or errors without OK", replies: always(failure(200, "LOCKED", "The chat is closed")),
			others: failed("0s", rejected), send: failed("0s", rejected)},
		{row: "200, status ERROR, or errors without OK", but: "without errors", replies: always(reply{status: 200, body: `{"status":"ERROR"}`}),
			others: failed("0s", rejected), send: failed("0s", rejected)},
		{row: "200, status ERROR, or errors without OK", but: "in the form of older answers",
			replies: always(reply{status: 200, body: `{"error":{"code":403,"message":"Token is invalid"}}`}),
			others:  failed("0s", rejected), send: failed("0s", rejected)},
		{row: "200, empty body", replies: always(reply{status: 200}),
			others: failed("0s", rejected, wrapper.ErrInvalidResponse), send: executed("0s")},
		{row: "200, status OK and no errors", replies: then(), others: executed("0s"), send: executed("0s")},
		{row: "200, status OK and no errors", but: "errors are null", replies: func(op string) []reply {
			r := ok(op)
			r.body, r.keeps = strings.TrimSuffix(r.body, "}")+`,"errors":null}`, false
			return []reply{r}
		}, others: executed("0s"), send: executed("0s")},
		{row: "200, no errors, status not OK", but: "another", replies: func(op string) []reply {
			r := ok(op)
			r.body, r.keeps = strings.Replace(r.body, "OK", "DONE", 1), false
			return []reply{r}
		}, others: executed("0s"), send: failed("0s read@250ms read@13s", rejected, wrapper.ErrInvalidResponse)},
		{row: "200, no errors, status not OK", but: "none", replies: func(op string) []reply {
			r := ok(op)
			r.body, r.keeps = strings.NewReplacer(`"status":"OK",`, "", `"status":"OK"`, "").Replace(r.body), false
			return []reply{r}
		}, others: executed("0s"), send: failed("0s read@250ms read@13s", rejected, wrapper.ErrInvalidResponse)},
		{row: "200, anything else", but: "HTML", replies: always(reply{status: 200, body: "<html>hello</html>"}),
			others: failed("0s", rejected, wrapper.ErrInvalidResponse), send: failed("0s read@250ms read@13s", rejected, wrapper.ErrInvalidResponse)},
		{row: "200, anything else", but: "null", replies: always(reply{status: 200, body: "null"}),
			others: failed("0s", rejected, wrapper.ErrInvalidResponse), send: failed("0s read@250ms read@13s", rejected, wrapper.ErrInvalidResponse)},
		{row: "200, anything else", but: "OK beside errors", replies: func(op string) []reply {
			r := ok(op)
			r.body, r.keeps = strings.TrimSuffix(r.body, "}")+`,"errors":[{"code":"X"}]}`, false
			return []reply{r}
		}, others: failed("0s", rejected, wrapper.ErrInvalidResponse), send: failed("0s read@250ms read@13s", rejected, wrapper.ErrInvalidResponse)},
		{row: "200, anything else", but: "more than 1 MiB", replies: always(reply{status: 200, body: strings.Repeat(" ", 1<<20) + "{}"}),
			others: failed("0s", rejected, wrapper.ErrInvalidResponse), send: failed("0s read@250ms read@13s", rejected, wrapper.ErrInvalidResponse)},

		{row: "the next pause would outlast the deadline", within: 250 * ms, replies: always(serverError()),
			others: failed("0s", rejected, wrapper.ErrServer), send: failed("0s", unknown, wrapper.ErrServer, wrapper.ErrOutcomeUnknown)},
		{row: "the next pause would outlast the deadline", but: "the first look fits", within: time.Second,
			replies: func(op string) []reply {
				if isSend(op) {
					return []reply{serverError()}
				}
				return []reply{serverError(), serverError(), serverError()}
			},
			others: failed("0s 250ms 750ms", rejected, wrapper.ErrServer),
			send:   failed("0s read@250ms", unknown, wrapper.ErrServer, wrapper.ErrOutcomeUnknown)},
		{row: "attempts are used up, one in doubt", replies: always(serverError(), serverError(), serverError(), serverError()),
			others: failed(backoffs, rejected, wrapper.ErrServer), send: failed(looked, rejected, wrapper.ErrServer)},
		{row: "the next pause would outlast the deadline", but: "a window", within: 20 * time.Second, replies: always(quotaUsedUp(20 * time.Second)),
			others: failed("0s", rejected, wrapper.ErrRateLimited), send: failed("0s", rejected, wrapper.ErrRateLimited)},
		{row: "the caller's context ends", but: "during the second attempt", within: 5 * time.Second, replies: always(serverError(), reply{hang: true}),
			others: failed("0s 250ms", rejected, wrapper.ErrServer, context.DeadlineExceeded),
			send:   failed("0s read@250ms read@3s 3s", unknown, wrapper.ErrServer, context.DeadlineExceeded, wrapper.ErrOutcomeUnknown)},
		{row: "the context ends before anything is sent", within: -1, replies: always(),
			others: failed("", notSent, context.DeadlineExceeded), send: failed("", notSent, context.DeadlineExceeded)},
	}
}

// TestPromise executes the table of the package documentation on virtual time, for each operation.
func TestPromise(t *testing.T) {
	table := readPromise(t, "doc.go", `//\t`, regexp.MustCompile(` {2,}`))
	assert.Equal(t, table, readPromise(t, "../docs/promise.md", `\|`, regexp.MustCompile(` *\| *`)), "docs/promise.md promises the same")
	var cases []promise
	synctest.Test(t, func(*testing.T) { cases = promises() })
	seen := map[string]bool{}
	for n, p := range cases {
		cells, promised := table[p.row]
		require.True(t, promised, "no such row: %s", p.row)
		for _, op := range slices.Sorted(maps.Keys(operations)) {
			if p.only != "" && p.only != op {
				continue
			}
			want, cell := p.others, cells[0]
			if isSend(op) {
				want, cell = p.send, cells[1]
			}
			if op == "sendFileToChat" && p.file.trace != "" {
				want = p.file
			}
			keeps(t, p.row, op, cell, cells[3], want)
			t.Run(strings.Join([]string{p.row, p.but, op}, "/"), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { execute(t, op, promises()[n], want) })
			})
			seen[p.row] = true
		}
	}
	for row := range table {
		assert.True(t, seen[row], "this row is not executed: %s", row)
	}
}

// readPromise gives the cells of each row of the table that begins with "what happened", but for the first one.
func readPromise(t *testing.T, file, prefix string, between *regexp.Regexp) map[string][]string {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	rows := map[string][]string{}
	_, table, found := strings.Cut(string(text), "what happened")
	require.True(t, found, file)
	for line := range strings.Lines(table[strings.Index(table, "\n")+1:]) {
		cut := regexp.MustCompile("^" + prefix).FindString(line)
		if cut == "" {
			break
		}
		if strings.HasPrefix(line, "|--") {
			continue
		}
		cells := between.Split(strings.Trim(strings.TrimPrefix(line, cut), " |\n"), -1)
		require.Len(t, cells, 5, line)
		rows[cells[0]] = cells[1:]
	}
	require.Greater(t, len(rows), 15, file)
	return rows
}

// keeps checks that what a case expects is what its row promises.
func keeps(t *testing.T, row, op, cell, class string, want end) {
	what := []any{"%s, %s: the table says %q", row, op, cell}
	first, rest, _ := strings.Cut(cell, ", ")
	if first == "look" {
		assert.Contains(t, want.trace, "read", what...)
		first = rest
	} else if first == "repeat" {
		assert.NotContains(t, want.trace, "read", what...)
	}
	first, _, _ = strings.Cut(first, ",")
	switch first {
	case "-":
	case "not sent":
		assert.Equal(t, failed("", wrapper.NotSent, want.is...), want, what...)
	case "sent", "result":
		assert.True(t, want.success, what...)
	case "stop":
		assert.False(t, want.success, what...)
		if !strings.HasSuffix(cell, "maybe unknown") {
			assert.Equal(t, strings.Contains(cell, "unknown"), want.outcome == wrapper.Unknown, what...)
		}
	case "repeat":
		assert.NotEqual(t, "0s", want.trace, what...)
	default:
		assert.Fail(t, "what does this mean?", what...)
	}
	for name := range strings.FieldsSeq(class) {
		if sentinel := named[strings.Trim(name, ",")]; sentinel != nil && !want.success {
			assert.Contains(t, want.is, sentinel, what...)
		}
	}
}

var named = map[string]error{
	"ErrInvalidRequest": wrapper.ErrInvalidRequest, "ErrRateLimited": wrapper.ErrRateLimited, "ErrServer": wrapper.ErrServer,
	"ErrInvalidResponse": wrapper.ErrInvalidResponse,
}

// execute makes a call and compares what came of it.
func execute(t *testing.T, op string, p promise, want end) {
	s := newScript(t)
	s.replies = numbered(p.replies(op))
	if isSend(op) {
		s.history = func() reply { return ok("getChatHistory") }
	}
	auth := wrapper.APIKey(token)
	if p.row == "Auth returns an error" {
		auth = func(context.Context, *http.Request) error { return errAuth }
	}
	client, err := wrapper.New(business, auth, append([]wrapper.Option{
		wrapper.WithHTTPClient(&http.Client{Transport: s}), wrapper.WithRandom(half)}, p.opts...)...)
	require.NoError(t, err)
	ctx := t.Context()
	if p.within != 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.within)
		defer cancel()
	}
	call := operations[op]
	if p.invalid {
		call = invalidOperations[op]
	}
	var captured wrapper.Response
	err = call(ctx, client, wrapper.Capture(&captured))

	assert.Equal(t, want.trace, s.trace(op))
	attempts := len(strings.Fields(regexp.MustCompile(`read@\S+`).ReplaceAllString(want.trace, "")))
	last := s.lastAnswer(op)
	assert.Equal(t, attempts, captured.Attempts)
	assert.Equal(t, last.status, captured.StatusCode)
	assert.Equal(t, last.header.Get("Traceparent"), captured.TraceParent)
	_, noDate := http.ParseTime(last.header.Get("X-Ratelimit-Resource-Until"))
	assert.Equal(t, noDate == nil, !captured.Quota.Until.IsZero())
	if want.success {
		require.NoError(t, err)
		return
	}
	e := asError(t, err)
	assert.Equal(t, want.outcome, e.Outcome)
	assert.Equal(t, op, e.Operation)
	assert.Equal(t, captured, wrapper.Response{StatusCode: e.StatusCode, Header: captured.Header, Quota: e.Quota, Attempts: e.Attempts, TraceParent: e.TraceParent})
	assert.Equal(t, errors.Is(err, wrapper.ErrRateLimited) && !regexp.MustCompile("at once|unknown time").MatchString(p.row), !e.RetryAt.IsZero())
	assertClasses(t, err, want.is)
}

// numbered gives each answer a traceparent.
func numbered(rs []reply) []reply {
	rs = slices.Clone(rs)
	for i := range rs {
		rs[i].header = maps.Clone(rs[i].header)
		if rs[i].header == nil {
			rs[i].header = http.Header{}
		}
		rs[i].header.Set("Traceparent", fmt.Sprintf("00-%032d-%016d-01", i+1, i+1))
	}
	return rs
}

// trace tells when the requests were made.
func (s *script) trace(op string) string {
	var trace []string
	for i, at := range s.at {
		read := ""
		if s.isRead(op, i) {
			read = "read@"
		}
		trace = append(trace, read+at.String())
	}
	return strings.Join(trace, " ")
}

func (s *script) isRead(op string, i int) bool {
	return isSend(op) && isHistory(s.asked[i])
}

// lastAnswer is the last one that the call itself was given.
func (s *script) lastAnswer(op string) (last reply) {
	n := 0
	for i := range s.at {
		if s.isRead(op, i) {
			continue
		}
		if s.replies[n].status != 0 {
			last = s.replies[n]
		}
		n++
	}
	return last
}
