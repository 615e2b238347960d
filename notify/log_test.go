package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Words of the outside world that must not be in a log or an answer, whatever happens.
const (
	canaryBody   = "CanaryBody"
	canaryError  = "CanaryError"
	canaryPanic  = "CanaryPanic"
	canaryHeader = "CanaryHeader"
	canaryType   = "CanaryType"
)

func canaries(text string) (found []string) {
	for _, canary := range []string{canaryBody, canaryError, canaryPanic, canaryHeader, canaryType, "192.0.2.77", "Petrov"} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(canary)) {
			found = append(found, canary)
		}
	}
	return found
}

// No log line and no answer holds anything of a body, an error, a panic, a header or an address: for each row of the
// table of answers, with canaries in all these places.
func TestNothingIsTold(t *testing.T) {
	places := 0
	for _, row := range rows() {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			called := &calls{act: row.act}
			events := called.events()
			if row.none {
				events = Events{}
			}
			from := row.from
			if from == nil {
				from = Anywhere()
			}
			opts := []Option{WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))}
			if row.seen != nil {
				opts = append(opts, WithSeen(row.seen))
			}
			h, err := New("a/1", from, events, opts...)
			require.NoError(t, err)
			r := deliver(strings.Replace(row.body, `{`, `{"`+canaryBody+`":"`+canaryBody+`",`, 1))
			if row.send != nil {
				row.send(r)
			}
			r.RemoteAddr = "192.0.2.77:1"
			r.Header.Set("Traceparent", canaryHeader)
			r.Header.Set("User-Agent", canaryHeader)
			r.Header.Set("X-Forwarded-For", "192.0.2.77")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.Equal(t, 1, strings.Count(log.String(), "msg=notification"), "a line for each request")
			logged := log.String()
			if row.status == 403 {
				logged = strings.Replace(logged, "sender=192.0.2.77", "", 1) // so that a shop can see what is wrong
			}
			for _, text := range []string{logged, w.Body.String(), fmt.Sprint(w.Header())} {
				assert.Empty(t, canaries(text), "%s: %s", row.name, text)
				places++
			}
			time.Sleep(time.Minute) // what runs on ends
		})
	}
	t.Logf("places searched: %d", places)
}

func TestLog(t *testing.T) {
	const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	fail := func(err error) func(context.Context) error { return func(context.Context) error { return err } }
	for name, row := range map[string]struct {
		body string
		act  func(context.Context) error
		want map[string]any
	}{
		"taken": {message, nil, map[string]any{"level": "INFO", "type": "CHAT_MESSAGE_SENT", "status": 200.0}},
		"PING":  {ping, nil, map[string]any{"level": "INFO", "type": "PING", "status": 200.0}},
		"a type that is no such word": {`{"notificationType":"` + canaryType + ` of Ivan"}`, nil,
			map[string]any{"level": "INFO", "status": 200.0}},
		"malformed": {`{"notificationType":["` + canaryBody + `"]}`, nil,
			map[string]any{"level": "WARN", "status": 400.0, "reason": "notificationType is no string"}},
		"without its chat": {field(`"chatId":7`, `"chatId":"`+canaryBody+`"`), nil,
			map[string]any{"level": "WARN", "type": "CHAT_MESSAGE_SENT", "status": 200.0, "reason": "chatId is no integer"}},
		"failed": {message, fail(fmt.Errorf("%s: %w", canaryError, &json.SyntaxError{})),
			map[string]any{"level": "ERROR", "type": "CHAT_MESSAGE_SENT", "status": 500.0, "reason": notProcessed, "error": "*fmt.wrapError: *json.SyntaxError"}},
		"failed with a nil pointer": {message, fail(fmt.Errorf("%s: %w", canaryError, (*fs.PathError)(nil))),
			map[string]any{"level": "ERROR", "type": "CHAT_MESSAGE_SENT", "status": 500.0, "reason": notProcessed, "error": "*fmt.wrapError: *fs.PathError"}},
		"ended its goroutine": {message, func(context.Context) error { runtime.Goexit(); return nil },
			map[string]any{"level": "ERROR", "type": "CHAT_MESSAGE_SENT", "status": 500.0, "reason": notProcessed, "error": "*errors.errorString"}},
		"panicked": {message, func(context.Context) error { panic(canaryPanic) },
			map[string]any{"level": "ERROR", "type": "CHAT_MESSAGE_SENT", "status": 500.0, "reason": notProcessed, "error": "*notify.panicked", "panic": "string"}},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			called := &calls{act: row.act}
			h, err := New("a/1", Anywhere(), called.events(), WithLogger(slog.New(slog.NewJSONHandler(&log, nil))))
			require.NoError(t, err)
			r := deliver(row.body)
			r.Header.Set("Traceparent", trace)
			h.ServeHTTP(httptest.NewRecorder(), r)
			var got map[string]any
			require.NoError(t, json.Unmarshal(log.Bytes(), &got), log.String())
			assert.Empty(t, canaries(log.String()))
			if stack, ok := got["stack"].(string); name == "panicked" {
				require.True(t, ok)
				assert.Contains(t, stack, "TestLog", "where it panicked")
			}
			delete(got, "time")
			delete(got, "stack")
			row.want["msg"], row.want["traceparent"] = "notification", trace
			assert.Equal(t, row.want, got)
		})
	}
}

// Without WithLogger refusals and failures go to the default logger, and nothing else does. A refusal names the address.
func TestRefusalsAreHeardByDefault(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	failing := Events{MessageSent: func(context.Context, ChatMessageSentNotificationDTO) error { return errOfFunction }}
	for _, row := range []struct {
		source    Source
		events    Events
		remote    string
		forwarded string
		want      string
	}{
		{Anywhere(), Events{}, "192.0.2.1:7", "", ""},
		{Anywhere(), failing, "192.0.2.1:7", "", "level=ERROR msg=notification status=500"},
		{Direct(), Events{}, "192.0.2.1:7", "", "level=WARN msg=notification status=403 reason=\"the sender is not allowed\" sender=192.0.2.1 forwarded=false"},
		{func(*http.Request) bool { panic(canaryPanic) }, Events{}, "192.0.2.1:7", "", "level=ERROR msg=notification status=500 reason=\"the sender could not be checked\" error=*notify.panicked panic=string"},
		{Direct(), Events{}, "[2001:db8::1]:7", "192.0.2.9", "sender=2001:db8::1 forwarded=true"},
		{Direct(), Events{}, "@", "", "sender=\"a unix socket\" forwarded=false"},
		{Direct(), Events{}, canaryHeader, "", "sender=unreadable forwarded=false"},
	} {
		log.Reset()
		h, err := New("a/1", row.source, row.events)
		require.NoError(t, err)
		r := deliver(message)
		r.RemoteAddr = row.remote
		if row.forwarded != "" {
			r.Header.Set("X-Forwarded-For", row.forwarded)
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		assert.Contains(t, log.String(), row.want)
		assert.Equal(t, row.want == "", log.Len() == 0, log.String())
		assert.Empty(t, canaries(log.String()))
	}
}

// An error that wraps itself does not hold up the log.
func TestTypesOf(t *testing.T) {
	assert.Equal(t, "*notify.loop"+strings.Repeat(": *notify.loop", 9), typesOf(&loop{}))
	assert.Empty(t, typesOf(nil))
}

type loop struct{}

func (l *loop) Error() string { return canaryError }
func (l *loop) Unwrap() error { return l }

func TestArguments(t *testing.T) {
	long := strings.Repeat("ж", 100)
	for _, product := range []string{"my-shop/1.4.0", "магазин/1", long + "/" + long, "a b/1 2", "shop/1/2"} {
		_, err := New(product, Anywhere(), Events{})
		assert.NoError(t, err, product)
	}
	for _, product := range []string{"", "/", "shop", "shop/", "/1", long + "x/1", "a/" + long + "x", "a\n/1", "a/\x00", "\xff/1", "a/\xff"} {
		_, err := New(product, Anywhere(), Events{})
		assert.ErrorContains(t, err, "allowed is NAME/VERSION, printable, 1 to 100 characters each", product)
	}
	for says, opt := range map[string]Option{"an option is nil": nil, "WithSeen is given nil": WithSeen(nil), "WithLogger is given nil": WithLogger(nil)} {
		h, err := New("a/1", Anywhere(), Events{}, opt)
		assert.ErrorContains(t, err, says)
		assert.Nil(t, h)
	}
	_, err := New("a/1", nil, Events{})
	assert.EqualError(t, err, "notify: the source is nil, allowed is one of Direct, Behind, From, Anywhere, or your own")
	h, err := New("shop/1/2", Anywhere(), Events{})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, deliver(ping))
	assert.Contains(t, w.Body.String(), `"name":"shop"`)
	assert.Contains(t, w.Body.String(), `"version":"1/2"`)
}
