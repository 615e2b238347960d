package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The sandbox tells a listener what happens: the PING on standard error, each event as a line, and Ctrl-C ends both.
func TestListenToASandbox(t *testing.T) {
	for name, row := range map[string]struct {
		flags []string
		want  string // of the message, with the times left out
	}{
		"for people":   {nil, `CHAT_MESSAGE_SENT  chatId 7000001  messageId 7000001000001  businessId 42  sentAt `},
		"for machines": {[]string{"--json"}, `{"notification":{"businessId":42,"chatId":7000001,"messageId":"7000001000001","notificationType":"CHAT_MESSAGE_SENT","sentAt":"`},
	} {
		t.Run(name, func(t *testing.T) {
			listen := start(t, append([]string{"listen", "--addr", "127.0.0.1:0", "--behind", "127.0.0.1"}, row.flags...)...)
			address := loopbackURL.FindString(line(t, listen.errors, "Listening for notifications on "))
			market := start(t, "sandbox", "--addr", "127.0.0.1:0", "--business", "42", "--first-id", "7000001", "--notify", address+"/market")
			site := loopbackURL.FindString(line(t, market.out, "The sandbox listens on "))
			assert.Contains(t, line(t, listen.errors, "type=PING"), "status=200")
			line(t, market.out, "The shop has taken the PING")

			resp, err := http.Post(site+"/_sandbox/chats", "application/json", strings.NewReader(`{"businessId":42,"text":"Hello?"}`))
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			line(t, listen.out, "CHAT_CREATED")
			said := line(t, listen.out, "CHAT_MESSAGE_SENT")
			assert.Contains(t, said, row.want)
			assert.Equal(t, row.flags != nil, json.Valid([]byte(said)))

			market.interrupt()
			line(t, market.out, "Stopping.")
			assert.Zero(t, <-market.ended)
			listen.interrupt()
			line(t, listen.errors, "Stopping.")
			assert.Zero(t, <-listen.ended)
		})
	}
}

// With --read the text of what comes is printed below the event, and an event whose message cannot be read stands alone.
func TestListenReads(t *testing.T) {
	for name, row := range map[string]struct {
		flags []string
		want  []string
	}{
		"for people":   {nil, []string{"  buyer", "  Hello?"}},
		"for machines": {[]string{"--json"}, []string{`"message":{"createdAt":`, `"message":"Hello?"`, `"sender":"CUSTOMER"`}},
	} {
		t.Run(name, func(t *testing.T) {
			market := newSandbox(t) // its address, its key and a cabinet are in the environment
			l := listener{anywhere: true, read: true, json: row.flags != nil}
			access, err := readAccess(accessOf(t))
			require.NoError(t, err)
			l.client, err = access.client()
			require.NoError(t, err)
			var out, complaint bytes.Buffer
			l.out, l.errors = &out, &complaint
			chat, err := market.Direct(access.businessID, "Hello?")
			require.NoError(t, err)
			event := func(cabinet, message int64) string {
				return fmt.Sprintf(`{"notificationType":"CHAT_MESSAGE_SENT","chatId":%d,"messageId":"%d","businessId":%d,"sentAt":"2026-03-01T09:00:00Z"}`,
					chat, message, cabinet)
			}
			assert.Equal(t, 200, postTo(t, &l, "192.0.2.1:1", event(access.businessID, market.Messages(chat)[0].ID)))
			for _, want := range row.want {
				assert.Contains(t, out.String(), want)
			}
			assert.Empty(t, complaint.String())

			assert.Equal(t, 200, postTo(t, &l, "192.0.2.1:1", event(access.businessID, 7)))
			assert.Contains(t, complaint.String(), "the message was not read: getChatMessage: 404: NOT_FOUND")
			assert.Equal(t, 200, postTo(t, &l, "192.0.2.1:1", event(access.businessID+1, 7)))
			assert.Contains(t, complaint.String(), fmt.Sprintf("it is of cabinet %d, and the key belongs to %d", access.businessID+1, access.businessID))
			assert.Equal(t, 3, strings.Count(out.String(), "CHAT_MESSAGE_SENT"), "each event is printed")
			assert.Equal(t, 1, strings.Count(out.String(), "Hello?"))
		})
	}
	t.Setenv("YM_API_KEY", "")
	code, _, complaint := run(t, "listen", "--read")
	assert.Equal(t, 2, code)
	assert.Contains(t, complaint, "is missing: set YM_API_KEY")
}

// accessOf has the flags of a command that calls the Market, none of them set.
func accessOf(t *testing.T) *pflag.FlagSet {
	t.Helper()
	cmd := &cobra.Command{}
	accessFlags(cmd)
	return cmd.Flags()
}

// A shop that is not there yet is offered the PING again, and the reason is told once.
func TestSandboxWaitsForTheShop(t *testing.T) {
	refused := make(chan struct{}, 10)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if len(refused) == 2 {
			_, _ = io.WriteString(w, `{"version":"1","name":"a","time":"2026-03-01T09:00:00Z"}`)
			return
		}
		refused <- struct{}{}
		_, _ = io.WriteString(w, `{"status":"OK"}`)
	}))
	defer shop.Close()
	s := sandboxServer{quota: 1, parallel: 1, notify: shop.URL, pingEvery: time.Millisecond}
	market, err := s.market()
	require.NoError(t, err)
	var out strings.Builder
	s.notifyShop(t.Context(), market, &out)
	assert.Regexp(t, `^sandbox: the shop has not taken the PING: sendNotification: body /name: required\n[^;]*; trying again every 1ms
The shop has taken the PING: from now on it is told what happens.\n$`, out.String())
}

// The log says when the notifications of a shop are off, and when they are on again.
func TestSandboxSaysThatNotificationsAreOff(t *testing.T) {
	failed := make(chan struct{}, 10)
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(body), "PING") {
			w.WriteHeader(http.StatusInternalServerError)
			failed <- struct{}{}
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"version":"1","name":"a","time":"2026-03-01T09:00:00Z"}`)
	}))
	defer shop.Close()
	market := start(t, "sandbox", "--addr", "127.0.0.1:0", "--notify", shop.URL)
	site := loopbackURL.FindString(line(t, market.out, "The sandbox listens on "))
	line(t, market.out, "The shop has taken the PING")
	post := func(path, body string) {
		resp, err := http.Post(site+path, "application/json", strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Less(t, resp.StatusCode, 300)
	}
	post("/_sandbox/chats", `{"businessId":42,"text":"Hello?"}`)
	<-failed
	post("/_sandbox/clock", `{"seconds":1209600}`)
	said := line(t, market.out, "notifications are off")
	off, err := time.ParseInLocation(time.DateTime, said[:len(time.DateTime)], time.Local)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now().Add(14*24*time.Hour), off, time.Hour)
	assert.Contains(t, said, "  The shop's notifications are off: it did not take one for 14 days. POST /_sandbox/notifications ")
	post("/_sandbox/notifications", "")
	line(t, market.out, "The shop's notifications are on again.")
	market.interrupt()
	line(t, market.out, "Stopping.")
	assert.Zero(t, <-market.ended)
}

// postTo gives the status of the answer to a notification that comes from an address.
func postTo(t *testing.T, l *listener, remote, body string) int {
	t.Helper()
	h, err := l.handler()
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, "/any/path", strings.NewReader(body))
	r.RemoteAddr = remote
	r.Header.Set("X-Forwarded-For", "5.45.207.1")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

const orderCreated = `{"notificationType":"ORDER_CREATED","orderId":5,"items":[{"offerId":"a"}]}`

func TestListenSources(t *testing.T) {
	type flags struct {
		behind   []string
		anywhere bool
	}
	for name, row := range map[string]struct {
		flags  flags
		remote string
		want   int
	}{
		"the Market itself":         {flags{}, "5.45.207.1:1", 200},
		"a stranger":                {flags{}, "192.0.2.1:1", 403},
		"anybody":                   {flags{anywhere: true}, "192.0.2.1:1", 200},
		"behind an address":         {flags{behind: []string{"10.0.0.1"}}, "10.0.0.1:1", 200},
		"behind the one beside it":  {flags{behind: []string{"10.0.0.1"}}, "10.0.0.2:1", 403},
		"behind a network":          {flags{behind: []string{"10.0.0.0/8"}}, "10.0.0.2:1", 200},
		"behind an address of IPv6": {flags{behind: []string{"::1"}}, "[::1]:1", 200},
		"behind one of several":     {flags{behind: []string{"192.0.2.7", "10.0.0.0/8"}}, "10.0.0.2:1", 200},
		"behind a mapped IPv6":      {flags{behind: []string{"::ffff:10.0.0.1"}}, "10.0.0.1:1", 200},
	} {
		var out, complaint bytes.Buffer
		l := &listener{behind: row.flags.behind, anywhere: row.flags.anywhere, out: &out, errors: &complaint}
		assert.Equal(t, row.want, postTo(t, l, row.remote, orderCreated), name)
		assert.Equal(t, row.want == 200, out.Len() > 0, name)
		assert.Equal(t, row.want == 403, strings.Contains(complaint.String(), "refused: it came from "+row.remote+`, with X-Forwarded-For ["5.45.207.1"]`), complaint.String())
	}
}

// A line that cannot be written is not lost: the Market is told to repeat the event.
func TestListenKeepsWhatCannotBeWritten(t *testing.T) {
	var complaint bytes.Buffer
	l := &listener{anywhere: true, out: brokenPipe{}, errors: &complaint}
	assert.Equal(t, 500, postTo(t, l, "", orderCreated))
	assert.Contains(t, complaint.String(), "status=500")
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestEventLine(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 5, 7, 0, time.UTC)
	for body, want := range map[string]string{
		`{"messageId":"9","sentAt":"2026-03-01T09:00:00Z","notificationType":"K","chatId":7,"businessId":1}`: "chatId 7  messageId 9  businessId 1  sentAt 2026-03-01T09:00:00Z",
		orderCreated: `items [{"offerId":"a"}]  orderId 5`,
		`{"a":"\u001b[2J","b":"\u009b2J","\u001b":1}`: "\ufffd 1  a \ufffd[2J  b \ufffd2J",
		`{"a":""}`:   `a ""`,
		`{"a":null}`: `a null`,
		`{"a":"` + strings.Repeat("x", 300) + `"}`: "a " + strings.Repeat("x", 200) + "… (300 bytes)",
	} {
		assert.Equal(t, "09:05:07  K  "+want, eventLine(at, "K", json.RawMessage(body)))
	}
	var out, complaint bytes.Buffer
	l := &listener{anywhere: true, json: true, out: &out, errors: &complaint}
	require.Equal(t, 200, postTo(t, l, "", "\n "+strings.ReplaceAll(orderCreated, ",", ",\n")))
	assert.Equal(t, 1, strings.Count(out.String(), "\n"), "an object is one line")
	var said struct {
		ReceivedAt   time.Time
		Notification json.RawMessage
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &said))
	assert.JSONEq(t, orderCreated, string(said.Notification))
	assert.False(t, said.ReceivedAt.IsZero())
	assert.Empty(t, complaint.String())
}
