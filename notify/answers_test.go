package notify

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
)

const (
	ping       = `{"notificationType":"PING","time":"2026-03-01T09:00:00Z"}`
	message    = `{"notificationType":"CHAT_MESSAGE_SENT","chatId":7,"messageId":"9","businessId":1,"sentAt":"2026-03-01T09:00:00.213Z"}`
	newChat    = `{"notificationType":"CHAT_CREATED","chatId":7,"businessId":1,"createdAt":"2026-03-01T12:00:00+03:00"}`
	dispute    = `{"notificationType":"CHAT_ARBITRAGE_STARTED","chatId":7,"businessId":1,"startedAt":"2026-03-01T09:00:00Z"}`
	disputeEnd = `{"notificationType":"CHAT_ARBITRAGE_FINISHED","chatId":7,"businessId":1,"finishedAt":"2026-03-01T09:00:00Z"}`
	order      = `{"notificationType":"ORDER_CREATED","orderId":5,"campaignId":1}`
)

// calls counts the calls of each function; what happens in one is the row's.
type calls struct {
	chat, message, started, finished, other int
	act                                     func(context.Context) error
}

func (c *calls) do(ctx context.Context, count *int) error {
	*count++
	if c.act == nil {
		return nil
	}
	return c.act(ctx)
}

func (c *calls) events() Events {
	return Events{
		ChatCreated:       func(ctx context.Context, _ ChatCreatedNotificationDTO) error { return c.do(ctx, &c.chat) },
		MessageSent:       func(ctx context.Context, _ ChatMessageSentNotificationDTO) error { return c.do(ctx, &c.message) },
		ArbitrageStarted:  func(ctx context.Context, _ ChatArbitrageStartedNotificationDTO) error { return c.do(ctx, &c.started) },
		ArbitrageFinished: func(ctx context.Context, _ ChatArbitrageFinishedNotificationDTO) error { return c.do(ctx, &c.finished) },
		Other:             func(ctx context.Context, _ NotificationType, _ json.RawMessage) error { return c.do(ctx, &c.other) },
	}
}

func (c *calls) total() int { return c.chat + c.message + c.started + c.finished + c.other }

// fixedSeen knows everything, or nothing, or fails.
type fixedSeen struct {
	knows       bool
	has, add    error
	added       *[]string
	addWaits    time.Duration
	addContexts *[]error
}

func (s fixedSeen) Has(context.Context, string) (bool, error) { return s.knows, s.has }

func (s fixedSeen) Add(ctx context.Context, key string) error {
	time.Sleep(s.addWaits)
	if s.added != nil {
		*s.added = append(*s.added, key)
	}
	if s.addContexts != nil {
		*s.addContexts = append(*s.addContexts, ctx.Err())
	}
	return s.add
}

// row is a line of the table of answers: what came, and what is answered.
type row struct {
	name    string
	body    string
	send    func(*http.Request)         // changes the request
	act     func(context.Context) error // what happens in a function
	none    bool                        // no function is set
	seen    Seen
	from    Source
	status  int
	kind    NotificationAPIErrorType
	message string
	calls   int
	other   bool          // the call is one of Other
	after   time.Duration // the answer comes
}

const (
	unknownError = NotificationAPIErrorTypeUnknown
	wrongFormat  = NotificationAPIErrorTypeWrongEventFormat
	notProcessed = "the event could not be processed"
	tooLong      = "the event took too long"
)

var errOfFunction = errors.New("Ivan Petrov, +7 900 000 00 00")

func field(old, by string) string {
	if !strings.Contains(message, old) {
		panic(old)
	}
	return strings.Replace(message, old, by, 1)
}

func sleepFor(d time.Duration) func(context.Context) error {
	return func(context.Context) error { time.Sleep(d); return nil }
}

// rows is the promise of this package, in the order of its documentation.
func rows() []row {
	bad := func(name, body, message string) row {
		return row{name: name, body: body, status: 400, kind: wrongFormat, message: message}
	}
	unreadable := func(name, body string) row { return row{name: name, body: body, status: 200, calls: 1, other: true} }
	read := func(name, body string) row { return row{name: name, body: body, status: 200, calls: 1} }
	fails := func(name string, act func(context.Context) error) row {
		return row{name: name, body: message, act: act, status: 500, kind: unknownError, message: notProcessed, calls: 1}
	}
	broken := func(name string, body io.Reader) row {
		return row{name: name, send: func(r *http.Request) { r.Body = io.NopCloser(body) },
			status: 500, kind: unknownError, message: "the body broke off, or came too slowly"}
	}
	return []row{
		{name: "PING", body: ping, status: 200},
		{name: "PING without a time", body: `{"notificationType":"PING"}`, status: 200},
		{name: "PING that Seen fails for", body: ping, seen: fixedSeen{has: errOfFunction}, status: 200},

		{name: "a new chat", body: newChat, status: 200, calls: 1},
		{name: "a message", body: message, status: 200, calls: 1},
		{name: "a dispute", body: dispute, status: 200, calls: 1},
		{name: "the end of a dispute", body: disputeEnd, status: 200, calls: 1},
		{name: "an order", body: order, status: 200, calls: 1},
		{name: "a message without a function", body: message, none: true, status: 200},
		{name: "an order without a function", body: order, none: true, status: 200},
		{name: "a message without a function, and Seen fails", body: message, none: true, seen: fixedSeen{has: errOfFunction}, status: 200},
		{name: "an unknown type", body: `{"notificationType":"CHAT_READ","chatId":"x"}`, status: 200, calls: 1},
		{name: "an unknown type without a function", body: `{"notificationType":"CHAT_READ"}`, none: true, status: 200},
		{name: "an unknown field", body: field(`"chatId":7`, `"chatId":7,"later":[1]`), status: 200, calls: 1},
		{name: "the id of a message as a number", body: field(`"9"`, `9`), status: 200, calls: 1},
		{name: "an empty id of a message", body: field(`"9"`, `""`), status: 200, calls: 1},
		{name: "a name twice", body: field(`"chatId":7`, `"chatId":"x","chatId":7`), status: 200, calls: 1},
		{name: "nested deeply", body: field(`"chatId":7`, `"chatId":7,"later":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)), status: 200, calls: 1},
		{name: "exactly 1 MiB", body: message + strings.Repeat(" ", 1<<20-len(message)), status: 200, calls: 1},
		{name: "another Content-Type", body: message, send: func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, status: 200, calls: 1},
		{name: "no Content-Type", body: message, send: func(r *http.Request) { r.Header.Del("Content-Type") }, status: 200, calls: 1},
		{name: "seen already", body: message, seen: fixedSeen{knows: true}, status: 200},
		{name: "not seen yet", body: message, seen: fixedSeen{}, status: 200, calls: 1},
		{name: "a function that takes 8.9 s", body: message, act: sleepFor(8900 * time.Millisecond), status: 200, calls: 1, after: 8900 * time.Millisecond},
		{name: "a function that takes 9.5 s", body: message, act: sleepFor(9500 * time.Millisecond), status: 200, calls: 1, after: 9500 * time.Millisecond},

		fails("a function that fails", func(context.Context) error { return errOfFunction }),
		fails("a function that panics", func(context.Context) error { panic(errOfFunction) }),
		fails("a function that panics with nil", func(context.Context) error { panic(nil) }),
		fails("a function that aborts its handler", func(context.Context) error { panic(http.ErrAbortHandler) }),
		fails("a function that ends its goroutine", func(context.Context) error { runtime.Goexit(); return nil }),
		{name: "a function that waits for its context", body: message, act: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
			status: 500, kind: unknownError, message: notProcessed, calls: 1, after: 9 * time.Second},
		{name: "a function that pays no heed to its context", body: message, act: sleepFor(20 * time.Second),
			status: 500, kind: unknownError, message: tooLong, calls: 1, after: 9750 * time.Millisecond},
		{name: "Seen.Has fails", body: message, seen: fixedSeen{has: errOfFunction}, status: 500, kind: unknownError, message: notProcessed},
		{name: "Seen.Has fails and says that it knows", body: message, seen: fixedSeen{knows: true, has: errOfFunction}, status: 500, kind: unknownError, message: notProcessed},
		{name: "Seen.Add fails", body: message, seen: fixedSeen{add: errOfFunction}, status: 500, kind: unknownError, message: notProcessed, calls: 1},
		{name: "Seen.Add takes 20 s", body: message, seen: fixedSeen{addWaits: 20 * time.Second}, status: 500, kind: unknownError, message: tooLong, calls: 1, after: 9750 * time.Millisecond},
		broken("a body that breaks off", io.MultiReader(strings.NewReader(message[:20]), failing{io.ErrUnexpectedEOF})),
		broken("a body that comes too slowly", failing{context.DeadlineExceeded}),

		bad("no body", "", "the body is no JSON object"),
		bad("no JSON", "chatId=7", "the body is no JSON object"),
		bad("half a JSON", message[:50], "the body is no JSON object"),
		bad("bytes after the JSON", message+"{}", "the body is no JSON object"),
		bad("a list", "["+message+"]", "the body is no JSON object"),
		bad("null", "null", "the body is no JSON object"),
		bad("nested beyond all measure", strings.Repeat("[", maxBody), "the body is no JSON object"),
		bad("nested beyond all measure, of a known type", field(`"chatId":7`, `"chatId":`+strings.Repeat("[", 20000)+strings.Repeat("]", 20000)), "the body is no JSON object"),
		bad("over 1 MiB", message+strings.Repeat(" ", 1<<20+1-len(message)), "the body is larger than 1 MiB"),
		bad("8 MiB", strings.Repeat(" ", 8*maxBody), "the body is larger than 1 MiB"),
		bad("no type", field(`"notificationType":"CHAT_MESSAGE_SENT",`, ``), "notificationType is missing"),
		bad("a type that is null", `{"notificationType":null}`, "notificationType is missing"),
		bad("a type that is a number", `{"notificationType":5}`, "notificationType is no string"),
		bad("a type that is empty", `{"notificationType":""}`, "notificationType is empty"),
		bad("a type in another case", field(`notificationType`, `NotificationType`), "notificationType is missing"),

		unreadable("a message without its chat", field(`"chatId":7,`, ``)),
		unreadable("a message whose chat is null", field(`"chatId":7`, `"chatId":null`)),
		unreadable("a chat in another case", field(`"chatId"`, `"ChatID"`)),
		unreadable("a word for a number", field(`"chatId":7`, `"chatId":"seven"`)),
		unreadable("an empty text for a number", field(`"chatId":7`, `"chatId":""`)),
		unreadable("a number beyond int64", field(`"chatId":7`, `"chatId":9223372036854775808`)),
		unreadable("a fraction", field(`"chatId":7`, `"chatId":7.5`)),
		unreadable("a list for a number", field(`"chatId":7`, `"chatId":[7]`)),
		unreadable("a message without its id", field(`"messageId":"9",`, ``)),
		unreadable("a message whose id is an object", field(`"9"`, `{}`)),
		unreadable("a message whose id is a fraction", field(`"9"`, `9.5`)),
		unreadable("a message without its cabinet", field(`"businessId":1,`, ``)),
		unreadable("a chat without its cabinet", `{"notificationType":"CHAT_CREATED","chatId":7}`),
		{name: "a message that cannot be read, without a function", body: field(`"chatId":7,`, ``), none: true, status: 200},
		{name: "a message that cannot be read, and Other fails", body: field(`"chatId":7,`, ``), act: func(context.Context) error { return errOfFunction },
			status: 500, kind: unknownError, message: notProcessed, calls: 1, other: true},

		read("a text for a number", field(`"chatId":7`, `"chatId":"7"`)),
		read("a number with a fraction of nothing", field(`"chatId":7`, `"chatId":7.0`)),
		read("a message without its time", field(`,"sentAt":"2026-03-01T09:00:00.213Z"`, ``)),
		read("a number for a time", field(`"2026-03-01T09:00:00.213Z"`, `1772355600`)),
		read("a time without an offset", field(`.213Z`, ``)),
		read("a time without seconds", field(`:00.213Z`, `Z`)),
		read("an offset without a colon", field(`.213Z`, `+0300`)),
		read("a time that does not exist", field(`03-01`, `02-30`)),
		read("a chat without its time", `{"notificationType":"CHAT_CREATED","chatId":7,"businessId":1}`),
		read("a dispute without its time", `{"notificationType":"CHAT_ARBITRAGE_STARTED","chatId":7,"businessId":1}`),
		read("the end of a dispute without its time", `{"notificationType":"CHAT_ARBITRAGE_FINISHED","chatId":7,"businessId":1}`),
		read("a BOM before the JSON", "\ufeff"+message),
		{name: "gzip", body: message, send: packed, status: 200, calls: 1},
		{name: "gzip in capitals", body: message, send: func(r *http.Request) { packed(r); r.Header.Set("Content-Encoding", "GZIP") }, status: 200, calls: 1},
		{name: "gzip with another checksum", body: message, send: func(r *http.Request) { packed(r); r.Body = anotherChecksum(r.Body) },
			status: 400, kind: wrongFormat, message: "the body is no gzip"},
		{name: "gzip of nonsense", body: message, send: func(r *http.Request) { packed(r); r.Body = nonsense(r.Body) },
			status: 400, kind: wrongFormat, message: "the body is no gzip"},
		{name: "gzip that it is not", body: message, send: func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") },
			status: 400, kind: wrongFormat, message: "the body is no gzip"},
		{name: "half of a gzip", body: message, send: func(r *http.Request) { packed(r); r.Body = io.NopCloser(io.LimitReader(r.Body, 50)) },
			status: 500, kind: unknownError, message: "the body broke off, or came too slowly"},
		{name: "gzip of more than 1 MiB", body: message + strings.Repeat(" ", 8*maxBody), send: packed,
			status: 400, kind: wrongFormat, message: "the body is larger than 1 MiB"},

		{name: "a foreign sender", body: message, from: Direct(), status: 403, kind: unknownError, message: "the sender is not allowed"},
		{name: "a Source that panics", body: message, from: func(*http.Request) bool { panic(errOfFunction) },
			status: 500, kind: unknownError, message: "the sender could not be checked"},
		{name: "a foreign sender by GET", body: message, from: Direct(), send: func(r *http.Request) { r.Method = http.MethodGet },
			status: 403, kind: unknownError, message: "the sender is not allowed"},
		{name: "GET", body: message, send: func(r *http.Request) { r.Method = http.MethodGet }, status: 405, kind: unknownError, message: "the method is not allowed, allowed is POST"},
		{name: "PUT", body: message, send: func(r *http.Request) { r.Method = http.MethodPut }, status: 405, kind: unknownError, message: "the method is not allowed, allowed is POST"},
		{name: "HEAD", body: message, send: func(r *http.Request) { r.Method = http.MethodHead }, status: 405, kind: unknownError, message: "the method is not allowed, allowed is POST"},
	}
}

// packed sends the body as gzip.
func packed(r *http.Request) {
	var body bytes.Buffer
	writer := gzip.NewWriter(&body)
	_, _ = io.Copy(writer, r.Body)
	_ = writer.Close()
	r.Body, r.ContentLength = io.NopCloser(&body), int64(body.Len())
	r.Header.Set("Content-Encoding", "gzip")
}

// nonsense spoils what is packed in a gzip, behind its head of 10 bytes.
func nonsense(gzipped io.Reader) io.ReadCloser {
	body, _ := io.ReadAll(gzipped) // of memory
	body[10] = 0xff                // no such kind of block
	return io.NopCloser(bytes.NewReader(body))
}

// anotherChecksum spoils the checksum of a gzip, which stands before the length of 4 bytes at its end.
func anotherChecksum(gzipped io.Reader) io.ReadCloser {
	body, _ := io.ReadAll(gzipped) // of memory
	body[len(body)-5]++
	return io.NopCloser(bytes.NewReader(body))
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestAnswers executes the table of the package documentation, row by row. Each answer is held against the contract.
func TestAnswers(t *testing.T) {
	contract, err := api.NewNotificationValidator()
	require.NoError(t, err)
	executed := 0
	for _, row := range rows() {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { row.execute(t, contract) })
			executed++
		})
	}
	t.Logf("rows executed: %d", executed)
}

func (row row) execute(t *testing.T, contract *api.Validator) {
	called := &calls{act: row.act}
	events := called.events()
	if row.none {
		events = Events{}
	}
	var opts []Option
	if row.seen != nil {
		opts = append(opts, WithSeen(row.seen))
	}
	from := row.from
	if from == nil {
		from = Anywhere()
	}
	h, err := New("my-shop/1.4.0", from, events, opts...)
	require.NoError(t, err)
	r := deliver(row.body)
	if row.send != nil {
		row.send(r)
	}
	began := time.Now()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)

	assert.Equal(t, row.after, time.Since(began), "the time of the answer")
	assert.Equal(t, row.status, w.Code)
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	if row.status == http.StatusMethodNotAllowed {
		assert.Equal(t, "POST", w.Header().Get("Allow"))
	} else {
		assert.NoError(t, contract.Response(deliver(""), w.Result()))
	}
	row.checkBody(t, w.Body.Bytes(), began)
	time.Sleep(time.Minute) // what runs on ends
	synctest.Wait()
	assert.Equal(t, row.calls, called.total(), "functions called")
	if row.other {
		assert.Equal(t, row.calls, called.other, "calls of Other")
	}
}

func (row row) checkBody(t *testing.T, body []byte, began time.Time) {
	assert.NotContains(t, string(body), "Petrov", "the text of a function's error")
	if row.status == http.StatusOK {
		var said SendNotificationResponse
		require.NoError(t, json.Unmarshal(body, &said))
		assert.Equal(t, "my-shop", said.Name)
		assert.Equal(t, "1.4.0", said.Version)
		assert.True(t, began.Equal(said.Time), "when processing began")
		assert.Equal(t, time.UTC, said.Time.Location())
		return
	}
	var said SendNotificationErrorResponse
	require.NoError(t, json.Unmarshal(body, &said))
	assert.Equal(t, row.kind, *said.Error.Type)
	assert.Equal(t, row.message, *said.Error.Message)
}

// The time of an answer is in UTC, whatever zone this machine is in.
func TestTimeOfAnAnswerIsInUTC(t *testing.T) {
	h, err := New("a/1", Anywhere(), Events{})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("MSK", 3*60*60))
	h.(*handler).answer(w, began, taken)
	assert.Contains(t, w.Body.String(), `"time":"2026-03-01T09:00:00Z"`)
}

// deliver makes a request as the Market does.
func deliver(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/market/notification", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

// Each function gets what stands in its notification, and Other what has no function of its own.
func TestWhatFunctionsGet(t *testing.T) {
	var got []any
	events := Events{
		ChatCreated:      func(_ context.Context, n ChatCreatedNotificationDTO) error { got = append(got, n); return nil },
		MessageSent:      func(_ context.Context, n ChatMessageSentNotificationDTO) error { got = append(got, n); return nil },
		ArbitrageStarted: func(_ context.Context, n ChatArbitrageStartedNotificationDTO) error { got = append(got, n); return nil },
		ArbitrageFinished: func(_ context.Context, n ChatArbitrageFinishedNotificationDTO) error {
			got = append(got, n)
			return nil
		},
		Other: func(_ context.Context, kind NotificationType, body json.RawMessage) error {
			got = append(got, kind, string(body))
			return nil
		},
	}
	all := []string{newChat, message, field(`"9"`, `-9`), dispute, disputeEnd, order}
	h, err := New("a/1", Anywhere(), events)
	require.NoError(t, err)
	for _, body := range all {
		h.ServeHTTP(httptest.NewRecorder(), deliver(body))
	}
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	sentAt := at.Add(213 * time.Millisecond)
	require.Len(t, got, len(all)+1)
	chat := got[0].(ChatCreatedNotificationDTO)
	assert.True(t, at.Equal(chat.CreatedAt))
	chat.CreatedAt = at
	assert.Equal(t, ChatCreatedNotificationDTO{NotificationType: "CHAT_CREATED", ChatID: 7, BusinessID: 1, CreatedAt: at}, chat)
	assert.Equal(t, []any{
		ChatMessageSentNotificationDTO{NotificationType: "CHAT_MESSAGE_SENT", ChatID: 7, MessageID: "9", BusinessID: 1, SentAt: sentAt},
		ChatMessageSentNotificationDTO{NotificationType: "CHAT_MESSAGE_SENT", ChatID: 7, MessageID: "-9", BusinessID: 1, SentAt: sentAt},
		ChatArbitrageStartedNotificationDTO{NotificationType: "CHAT_ARBITRAGE_STARTED", ChatID: 7, BusinessID: 1, StartedAt: at},
		ChatArbitrageFinishedNotificationDTO{NotificationType: "CHAT_ARBITRAGE_FINISHED", ChatID: 7, BusinessID: 1, FinishedAt: at},
		NotificationTypeOrderCreated, order,
	}, got[1:])

	got = nil
	h, err = New("a/1", Anywhere(), Events{Other: events.Other})
	require.NoError(t, err)
	for _, body := range append(all, ping) {
		h.ServeHTTP(httptest.NewRecorder(), deliver(body))
	}
	assert.Len(t, got, 2*len(all), "a type whose function is nil goes to Other, PING does not")
}

// Times are read in every form that others write, and are zero where the moment is not certain.
func TestTimes(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-03-01T09:00:00Z": at, "2026-03-01T12:00:00+03:00": at, "2026-03-01T12:00:00+0300": at,
		"2026-03-01T09:00Z": at, "2026-03-01T12:00+03:00": at, "2026-03-01T12:00+0300": at,
		"2026-03-01T09:00:00": {}, "2026-03-01": {}, "2026-02-30T09:00:00Z": {}, "": {},
	} {
		var got time.Time
		h, err := New("a/1", Anywhere(), Events{MessageSent: func(_ context.Context, n ChatMessageSentNotificationDTO) error {
			got = n.SentAt
			return nil
		}})
		require.NoError(t, err)
		assert.Equal(t, 200, status(h, field("2026-03-01T09:00:00.213Z", text)))
		assert.Equal(t, want, got.UTC(), text)
	}
}

// Every known type with every field left out, and of another kind: without its type it is nonsense, without an id Other
// gets it, and without its time the function of its type does.
func TestEveryFieldIsNeeded(t *testing.T) {
	tried := 0
	for _, body := range []string{newChat, message, dispute, disputeEnd} {
		var whole map[string]any
		require.NoError(t, json.Unmarshal([]byte(body), &whole))
		for name := range whole {
			for _, wrong := range []any{nil, map[string]any{}, []any{1}, true, 1.5, ""} {
				spoilt := map[string]any{}
				for other, value := range whole {
					spoilt[other] = value
				}
				spoilt[name] = wrong
				if wrong == nil {
					delete(spoilt, name)
				}
				text, err := json.Marshal(spoilt)
				require.NoError(t, err)
				if name == "messageId" && wrong == "" {
					continue // an id like any other
				}
				called := &calls{}
				h, err := New("a/1", Anywhere(), called.events())
				require.NoError(t, err)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, deliver(string(text)))
				status, own, other := 200, 0, 1
				switch {
				case name == "notificationType":
					status, other = 400, 0
					assert.Contains(t, w.Body.String(), name+" is ")
				case strings.HasSuffix(name, "At"):
					own, other = 1, 0
				}
				assert.Equal(t, status, w.Code, string(text))
				assert.Equal(t, []int{own, other}, []int{called.total() - called.other, called.other}, string(text))
				tried++
			}
		}
	}
	t.Logf("fields spoilt: %d", tried)
}
