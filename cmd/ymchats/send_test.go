package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// The text comes from the command line or from standard input; one line break at its end is no part of it.
func TestSendText(t *testing.T) {
	for what, row := range map[string]struct {
		stdin, sent string
		args        []string
	}{
		"a word":                {"unread", "canary", []string{"canary"}},
		"a text like a flag":    {"unread", "-5 canary", []string{"--", "-5 canary"}},
		"-":                     {"canary", "canary", []string{"-"}},
		"nothing":               {"canary", "canary", nil},
		"a line":                {"canary\n", "canary", nil},
		"a line of Windows":     {"canary\r\n", "canary", nil},
		"an empty line":         {"canary\n\n", "canary\n", nil},
		"spaces":                {" canary \n", " canary ", nil},
		"lines":                 {"canary\ncanary\n", "canary\ncanary", nil},
		"a break that is alone": {"canary\r", "canary\r", nil},
	} {
		t.Run(what, func(t *testing.T) {
			market := newSandboxWithChat(t)
			code, _, complaint := shell{in: strings.NewReader(row.stdin)}.run(t, append([]string{"send", "--chat", chat}, row.args...)...)
			assert.Zero(t, code, complaint)
			assert.Equal(t, []string{row.sent}, sentTexts(market))
		})
	}
}

// Of a file that Windows has written the byte order mark is no part of the text.
func TestSendTextWithAByteOrderMark(t *testing.T) {
	market := newSandboxWithChat(t)
	code, _, complaint := shell{in: strings.NewReader("\ufeffcanary\r\n")}.run(t, "send", "--chat", chat, "-")
	assert.Zero(t, code, complaint)
	assert.Equal(t, []string{"canary"}, sentTexts(market))
}

// A text in which there is nothing to read is refused, like one that the contract forbids: before anybody is asked about
// it, and before a chat is started for it.
func TestSendRefusesBeforeItAsks(t *testing.T) {
	for text, says := range map[string]string{
		"":                        "message has 0 characters, allowed is 1 to 4096",
		"   ":                     "the message shows nothing but blanks, allowed is a text with something to read",
		"\n\t\u00a0\u3000":        "the message shows nothing but blanks",
		"\u200b\u2060\ufeff":      "the message shows nothing but blanks",
		strings.Repeat("x", 4097): "message has 4097 characters",
		"\xff":                    "message is not valid UTF-8",
	} {
		market := newSandbox(t)
		for _, to := range []string{"--chat=7000001", "--order=31000001", "--return=501"} {
			code, out, complaint := shell{onTerminal: allTerminals}.run(t, "send", to, "--json", "--", text)
			assert.Equal(t, 3, code, text)
			assert.Contains(t, out, `"class":"invalidRequest","operation":"sendMessageToChat"`)
			assert.True(t, strings.HasPrefix(complaint, "ymchats: sendMessageToChat: invalid request: "+says), complaint)
		}
		assert.Empty(t, market.Calls())
	}
	for _, to := range []string{"--chat=0", "--order=-1", "--return=0"} {
		code, _, complaint := shell{onTerminal: allTerminals}.run(t, "send", to, testText)
		assert.Equal(t, 3, code, to)
		assert.NotContains(t, complaint, "[y/N]")
	}
	market := newSandboxWithChat(t)
	for _, text := range []string{"1", " . ", "👍🏽", "\u200bя", "\u0301"} {
		code, _, complaint := run(t, "send", "--chat", chat, "--", text)
		assert.Zero(t, code, complaint)
	}
	assert.Len(t, sentTexts(market), 5)
}

// --order and --return find the chat, or start it, and say which it is.
func TestSendToASubject(t *testing.T) {
	for flag, about := range map[string]string{"--order": "order 31000001", "--return": "return 31000001"} {
		market := newSandbox(t)
		for i := range 2 {
			code, out, complaint := run(t, "send", flag, order, testText)
			assert.Zero(t, code, complaint)
			assert.Equal(t, "Sent 11 characters to the buyer of chat 7000001, about "+about+"\n", out)
			assert.Len(t, sentTexts(market), i+1)
		}
		code, out, _ := run(t, "send", flag, order, testText, "--json")
		assert.Zero(t, code)
		assert.Equal(t, `{"result":{"chatId":7000001}}`+"\n", out)
		_, _, complaint := shell{in: strings.NewReader("y\n"), onTerminal: allTerminals}.run(t, "send", flag, order, testText)
		assert.Equal(t, question("of "+about), withoutPort(complaint))
		assert.Len(t, sentTexts(market), 4)
		_, _, complaint = shell{in: strings.NewReader("n\n"), onTerminal: allTerminals}.run(t, "send", flag, "5", testText)
		assert.Contains(t, complaint, "not sent: you did not say yes")
		assert.Len(t, market.Calls(), 8, "no chat is started for a message that is not sent")
	}
	market := newSandbox(t)
	for _, args := range [][]string{
		{}, {"--chat", "1", "--order", "1"}, {"--order", "1", "--return", "1"}, {"--chat", "1", "--order", "1", "--return", "1"},
	} {
		code, _, complaint := run(t, append([]string{"send", testText}, args...)...)
		assert.Equal(t, 2, code)
		assert.Equal(t, "ymchats: send needs one of --chat, --order and --return\n", complaint)
	}
	code, _, complaint := run(t, "send", "--order", "0", testText)
	assert.Equal(t, 3, code)
	assert.Contains(t, complaint, "createChat: invalid request: context.id is 0")
	assert.Empty(t, market.Calls())
}

// Whichever of the two steps fails, it is said what became of the message.
func TestSendToASubjectFails(t *testing.T) {
	committed := sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "try later"))
	send := []string{"send", "--order", order, testText, "--max-wait", "1ms"}
	const noChat = "\nymchats: the message was not sent: no chat was found or started for it\n"
	for what, row := range map[string]struct {
		operation string
		fault     sandbox.Fault
		code      int
		says      string
		chatID    string
		seen      int
	}{
		"no such order":       {"createChat", sandbox.Fail(404, "NOT_FOUND", "Order not found: '31000001'"), 5, noChat, "", 0},
		"no quota for chats":  {"createChat", sandbox.QuotaUsedUp(time.Hour), 6, noChat, "", 0},
		"no chat for the key": {"createChat", sandbox.Fail(403, "FORBIDDEN", "no"), 4, noChat, "", 0},
		"no message":          {"sendMessageToChat", sandbox.Fail(403, "FORBIDDEN", "no"), 4, "sendMessageToChat: 403", `,"chatId":7000001,`, 0},
		"perhaps a message":   {"sendMessageToChat", committed, 7, "\nymchats: the message may have arrived: read chat 7000001 before sending again\n", `,"chatId":7000001,`, 1},
	} {
		t.Run(what, func(t *testing.T) {
			for _, more := range [][]string{nil, {"--json"}} {
				market := newSandbox(t)
				market.Script(row.operation, row.fault)
				if row.code == 7 { // the chat does not tell either
					market.Every("getChatHistory", sandbox.Abort())
					more = append(more[:len(more):len(more)], "--max-wait", "1s")
				}
				code, out, complaint := run(t, append(send, more...)...)
				assert.Equal(t, row.code, code)
				assert.Contains(t, complaint, row.says)
				assert.Equal(t, slices.Contains(more, "--json") && row.chatID != "", strings.Contains(out, `"chatId":7000001`))
				assert.Len(t, sentTexts(market), row.seen)
			}
		})
	}
	market := newSandbox(t)
	ctx, interrupt := context.WithCancel(t.Context())
	market.Script("createChat", func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { interrupt(); <-r.Context().Done() })
	})
	code, _, complaint := shell{ctx: ctx}.run(t, "send", "--order", order, testText)
	assert.Equal(t, 1, code)
	assert.Equal(t, "ymchats: interrupted"+noChat, complaint)
}

// question is what is asked about testText.
func question(buyer string) string {
	return "Host     127.0.0.1 (sandbox)\nCabinet  12345\nBuyer    " + buyer +
		"\nText     canary text\nLength   11 characters\nSend it? [y/N] "
}

var ofChat = question("of chat 7000001, about order 31000001")

var clockTime = regexp.MustCompile(`\b\d\d:\d\d\b`)

func withoutPort(text string) string {
	return regexp.MustCompile(`(127\.0\.0\.1):\d+`).ReplaceAllString(text, "$1")
}

// Who is to type the text is told so, and how to end it.
func TestSendSaysThatItReads(t *testing.T) {
	newSandboxWithChat(t)
	says := "Type the message, then " + endOfInput() + " on a line of its own:\n"
	in := &typedInput{parts: []string{testText + "\n", "", "y\n"}}
	_, _, complaint := shell{in: in, onTerminal: allTerminals}.run(t, "send", "--chat", chat, "-")
	assert.Equal(t, says+ofChat, withoutPort(complaint))
	_, _, complaint = shell{in: strings.NewReader(testText)}.run(t, "send", "--chat", chat, "-")
	assert.Empty(t, complaint, "nobody types into a pipe")
}

func TestSendUnreadable(t *testing.T) {
	market := newSandboxWithChat(t)
	code, _, complaint := shell{in: iotest.ErrReader(errors.New("broken"))}.run(t, "send", "--chat", chat)
	assert.Equal(t, 2, code)
	assert.Equal(t, "ymchats: standard input: broken\n", complaint)
	code, _, complaint = shell{in: strings.NewReader(strings.Repeat("x", 1<<20+1))}.run(t, "send", "--chat", chat, "--json")
	assert.Equal(t, 2, code)
	assert.Equal(t, "ymchats: standard input: it is larger than 1 MiB\n", complaint)
	code, _, complaint = shell{onTerminal: allTerminals, in: iotest.ErrReader(errors.New("broken"))}.run(t, "send", "--chat", chat, testText)
	assert.Equal(t, 2, code)
	assert.Equal(t, ofChat+"\nymchats: standard input: broken\n", withoutPort(complaint))
	code, _, complaint = shell{onTerminal: allTerminals}.run(t, "send", "--chat", chat)
	assert.Equal(t, 2, code, "nobody waits for a text that nobody was asked for")
	assert.Equal(t, "ymchats: send needs a text, or - to read it from standard input\n", complaint)
	assert.Empty(t, sentTexts(market))
}

// It asks only whoever can see the question and answer it.
func TestSendAsks(t *testing.T) {
	const no = "ymchats: not sent: you did not say yes\n"
	for what, row := range map[string]struct {
		answer    string
		in, err   bool // on a terminal
		args      []string
		code      int
		complaint string
	}{
		"yes":                        {"y\n", true, true, nil, 0, ofChat},
		"the word":                   {" YES \n", true, true, nil, 0, ofChat},
		"no":                         {"n\n", true, true, nil, 1, ofChat + no},
		"nothing":                    {"\n", true, true, nil, 1, ofChat + no},
		"the end":                    {"", true, true, nil, 1, ofChat + no},
		"something else":             {"yesterday\n", true, true, nil, 1, ofChat + no},
		"not until the line is over": {"n\ny\n", true, true, nil, 1, ofChat + no},
		"--yes":                      {"n\n", true, true, []string{"--yes"}, 0, ""},
		"nobody can answer":          {"n\n", false, true, nil, 0, ""},
		"nobody can see it":          {"n\n", true, false, nil, 0, ""},
	} {
		t.Run(what, func(t *testing.T) {
			market := newSandboxWithChat(t)
			in := strings.NewReader(row.answer)
			s := shell{in: in, onTerminal: func(stream any) bool {
				if stream == in {
					return row.in
				}
				return row.err
			}}
			code, out, complaint := s.run(t, append([]string{"send", "--chat", chat, testText}, row.args...)...)
			assert.Equal(t, row.code, code)
			assert.Equal(t, row.complaint, withoutPort(complaint))
			assert.Equal(t, row.code == 0, out != "")
			assert.Equal(t, row.code == 0, len(sentTexts(market)) == 1)
		})
	}
	newSandboxWithChat(t)
	_, out, _ := shell{onTerminal: allTerminals}.run(t, "send", "--chat", chat, testText, "--json")
	assert.Equal(t, `{"error":{"class":"declined","operation":"sendMessageToChat","status":0,"errors":[],"outcome":"not sent","attempts":0,"chatId":7000001,`+
		`"text":"sendMessageToChat: not sent: you did not say yes (attempts: 0, not sent)"}}`+"\n", out)
}

// Who typed the text on the terminal is asked there as well: what follows the end of the text is the answer.
func TestSendAsksAfterTyping(t *testing.T) {
	market := newSandboxWithChat(t)
	in := &typedInput{parts: []string{testText + "\n", "", "y\n"}}
	code, _, complaint := shell{in: in, onTerminal: allTerminals}.run(t, "send", "--chat", chat, "-")
	assert.Zero(t, code, complaint)
	assert.Equal(t, []string{testText}, sentTexts(market))
}

// typedInput is a terminal: an empty part is the end of a text, and more may follow.
type typedInput struct{ parts []string }

func (in *typedInput) Read(p []byte) (int, error) {
	if len(in.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, in.parts[0])
	if in.parts[0] = in.parts[0][n:]; in.parts[0] != "" {
		return n, nil
	}
	in.parts = in.parts[1:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// --resend decides about a message that was stored before its 500.
func TestSendResend(t *testing.T) {
	committed := sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "try later"))
	for resend, want := range map[string]struct{ code, seen int }{"checked": {0, 1}, "always": {0, 2}, "never": {7, 1}} {
		market := newSandboxWithChat(t)
		market.Advance(time.Minute)
		market.Script("sendMessageToChat", committed)
		code, _, _ := run(t, "send", "--chat", chat, testText, "--resend", resend, "--max-wait", "1ms")
		assert.Equal(t, want.code, code, resend)
		assert.Len(t, sentTexts(market), want.seen, resend)
	}
	market := newSandboxWithChat(t)
	market.Advance(time.Hour)
	market.Script("sendMessageToChat", sandbox.Fail(500, "INTERNAL_ERROR", "try later"))
	code, _, complaint := run(t, "send", "--chat", chat, testText)
	assert.Zero(t, code, "the message is not in the chat")
	assert.Equal(t, "ymchats: server error, looking into the chat in 1s\n"+
		"ymchats: the message may have arrived, looking into the chat in 3s\n", complaint)
	assert.Len(t, sentTexts(market), 1)
}

// Ctrl-C stops everything at once, and says what may have happened.
func TestSendInterrupted(t *testing.T) {
	for what, row := range map[string]struct {
		prepare func(market *sandbox.Market, interrupt func()) shell
		args    []string
		code    int
		says    string
	}{
		"while it reads": {func(_ *sandbox.Market, interrupt func()) shell {
			return shell{in: silentInput(interrupt)}
		}, []string{"-"}, 1, "ymchats: interrupted; nothing was sent\n"},
		"while it asks": {func(_ *sandbox.Market, interrupt func()) shell {
			return shell{in: silentInput(interrupt), onTerminal: allTerminals}
		}, []string{testText}, 1, "[y/N] \nymchats: interrupted; nothing was sent\n"},
		"while it waits": {func(m *sandbox.Market, interrupt func()) shell {
			m.Script("sendMessageToChat", sandbox.QuotaUsedUp(20*time.Second))
			return shell{tee: writer(func(said []byte) {
				if strings.Contains(string(said), "trying again") {
					interrupt()
				}
			})}
		}, []string{testText}, 1, "ymchats: interrupted; the message was not sent\n"},
		"while it counts down": {func(m *sandbox.Market, interrupt func()) shell {
			m.Script("sendMessageToChat", sandbox.QuotaUsedUp(20*time.Second))
			return shell{onTerminal: allTerminals, columns: 80, tee: writer(func(said []byte) {
				if strings.Contains(string(said), "trying again") {
					interrupt()
				}
			})}
		}, []string{testText, "--yes"}, 1, "  \rymchats: interrupted; the message was not sent\n"},
		"in flight": {func(m *sandbox.Market, interrupt func()) shell {
			m.Script("sendMessageToChat", func(http.Handler) http.Handler {
				return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					interrupt()
					<-r.Context().Done()
				})
			})
			return shell{}
		}, []string{testText}, 7, "ymchats: interrupted\nymchats: the message may have arrived: read chat 7000001 before sending again\n"},
	} {
		t.Run(what, func(t *testing.T) {
			market := newSandboxWithChat(t)
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			s := row.prepare(market, interrupt)
			s.ctx = ctx
			code, out, complaint := s.run(t, append([]string{"send", "--chat", chat}, row.args...)...)
			assert.Equal(t, row.code, code)
			assert.True(t, strings.HasSuffix(complaint, row.says), complaint)
			assert.Empty(t, out)
			assert.Empty(t, sentTexts(market), "nor is it sent once the quota is back")
		})
	}
}

func TestReadLine(t *testing.T) {
	in := iotest.DataErrReader(strings.NewReader("a\nb"))
	line, err := readLine(in)
	require.NoError(t, err)
	assert.Equal(t, "a", line)
	line, err = readLine(in)
	require.NoError(t, err)
	assert.Equal(t, "b", line, "the end of the input may come along with the last byte")
	_, err = readLine(strings.NewReader(strings.Repeat("x", maxInput+1)))
	assert.EqualError(t, err, "standard input: the line is larger than 1 MiB")
}

func TestIsTerminal(t *testing.T) {
	assert.False(t, isTerminal(strings.NewReader("")))
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	assert.False(t, isTerminal(null), "it is a character device, and nobody sits there")
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there are no pseudo terminals")
	}
	defer terminal.Close()
	assert.True(t, isTerminal(terminal))
}
