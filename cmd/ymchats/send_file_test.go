package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

// fileNamed writes a file into a directory of its own, and gives its path.
func fileNamed(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// sentParts lists what the shop has sent into the first chat: texts as they are, files by name and size.
func sentParts(market *sandbox.Market) (parts []string) {
	for _, m := range market.Messages(7000001) {
		for _, file := range m.Files {
			parts = append(parts, fmt.Sprint(file.Name, " ", file.Size))
		}
		if m.Text != "" {
			parts = append(parts, m.Text)
		}
	}
	return parts
}

// The file goes first, under its own name, and the text after it if there is one.
func TestSendFile(t *testing.T) {
	photo, empty := fileNamed(t, "Фото №1.jpg", "a photo"), fileNamed(t, "empty", "")
	for says, row := range map[string]struct {
		args []string
		want []string
	}{
		"a file of 7 bytes":                   {[]string{"--file", photo}, []string{"Фото №1.jpg 7"}},
		"a file of 0 bytes":                   {[]string{"--file", empty}, []string{"empty 0"}},
		"a file of 7 bytes and 11 characters": {[]string{"--file", photo, testText}, []string{"Фото №1.jpg 7", testText}},
		"a file of 7 bytes and 5 characters":  {[]string{"--file", photo, "-"}, []string{"Фото №1.jpg 7", "typed"}},
	} {
		market := newSandboxWithChat(t)
		in := shell{in: strings.NewReader("typed\n")}
		code, out, complaint := in.run(t, append([]string{"send", "--chat", chat}, row.args...)...)
		assert.Zero(t, code, complaint)
		assert.Equal(t, "Sent "+says+" to the buyer of chat 7000001\n", out)
		assert.Equal(t, row.want, sentParts(market))
	}
	for _, flag := range []string{"--order", "--return"} {
		market := newSandbox(t)
		code, out, complaint := run(t, "send", flag, order, "--file", photo, "--json")
		assert.Zero(t, code, complaint)
		assert.Equal(t, `{"result":{"chatId":7000001}}`+"\n", out)
		assert.Equal(t, []string{"Фото №1.jpg 7"}, sentParts(market))
	}
}

// What cannot be read, and what the client would refuse, is refused before anything is sent.
func TestSendFileRefuses(t *testing.T) {
	largest := fileNamed(t, "largest", strings.Repeat("x", 5<<20))
	larger := fileNamed(t, "larger", strings.Repeat("x", 5<<20+1))
	photo := fileNamed(t, "a.jpg", "x")
	for what, row := range map[string]struct {
		args []string
		code int
		says string
	}{
		"a byte too much":    {[]string{"--file", larger}, 3, "ymchats: sendFileToChat: invalid request: the file has 5242881 bytes, allowed is 0 to 5242880"},
		"a name of a bell":   {[]string{"--file", fileNamed(t, "a\a", "x")}, 3, "ymchats: sendFileToChat: invalid request: the name of the file has"},
		"a text of blanks":   {[]string{"--file", photo, " "}, 3, "ymchats: sendMessageToChat: invalid request: the message shows nothing but blanks"},
		"no such file":       {[]string{"--file", photo + ".not"}, 2, "no such file"},
		"a directory":        {[]string{"--file", t.TempDir()}, 2, "is a directory"},
		"an empty path":      {[]string{"--file", ""}, 2, "ymchats: --file is empty, allowed is the path of a file"},
		"an empty path, too": {[]string{"--file", "", testText}, 2, "ymchats: --file is empty"},
		"with --csv":         {[]string{"--file", photo, "--csv", "orders.csv"}, 2, "--csv does not go together with --"},
	} {
		for _, to := range [][]string{{"--chat", "1"}, {"--order", order}} {
			market := newSandbox(t)
			code, _, complaint := run(t, append(append([]string{"send"}, to...), row.args...)...)
			assert.Equal(t, row.code, code, what)
			assert.Contains(t, complaint, row.says, what)
			assert.Empty(t, market.Calls(), what)
		}
	}
	market := newSandboxWithChat(t)
	code, _, complaint := run(t, "send", "--chat", chat, "--file", largest)
	assert.Zero(t, code, complaint)
	assert.Equal(t, []string{"largest 5242880"}, sentParts(market))
}

// The question shows the file, and the text where there is one.
func TestSendFileAsks(t *testing.T) {
	photo := fileNamed(t, "a.jpg", "x")
	for _, text := range []string{"", testText} {
		market := newSandboxWithChat(t)
		args := []string{"send", "--chat", chat, "--file", photo}
		if text != "" {
			args = append(args, text)
		}
		code, _, complaint := shell{in: strings.NewReader("n\n"), onTerminal: allTerminals}.run(t, args...)
		assert.Equal(t, 1, code)
		assert.Contains(t, complaint, "a.jpg, 1 byte\n")
		assert.Equal(t, text != "", strings.Contains(complaint, "Text"))
		assert.Contains(t, complaint, "Send it?")
		assert.Empty(t, sentParts(market))
	}
}

// Of a file and a text it is said which one arrived, to people and to programs.
func TestSendFileFails(t *testing.T) {
	photo := fileNamed(t, "a.jpg", "x")
	forbidden := sandbox.Fail(403, "FORBIDDEN", "no")
	committed := sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "try later"))
	const file, message = gen.OperationSendFileToChat, gen.OperationSendMessageToChat
	for what, row := range map[string]struct {
		operation string
		fault     sandbox.Fault
		text      bool
		code      int
		says      string // the last lines
		fileSent  bool
		want      []string
	}{
		"no chat":                {gen.OperationCreateChat, forbidden, true, 4, "the message was not sent: no chat was found or started for it", false, nil},
		"no file":                {file, forbidden, false, 4, "", false, nil},
		"no file, no text":       {file, forbidden, true, 4, "the text was not sent", false, nil},
		"perhaps a file":         {file, committed, false, 7, "the file may have arrived: read chat 7000001 before sending again", false, []string{"a.jpg 1"}},
		"perhaps, and no text":   {file, committed, true, 7, "the file may have arrived: read chat 7000001 before sending again\nymchats: the text was not sent", false, []string{"a.jpg 1"}},
		"no text":                {message, forbidden, true, 4, "the file was sent, the text was not: send the text alone again", true, []string{"a.jpg 1"}},
		"the file, perhaps more": {message, committed, true, 7, "the message may have arrived: read chat 7000001 before sending again\nymchats: the file was sent", true, []string{"a.jpg 1", testText}},
	} {
		t.Run(what, func(t *testing.T) {
			market := newSandbox(t)
			market.Script(row.operation, row.fault)
			args := []string{"send", "--order", order, "--file", photo, "--json", "--resend", "never"}
			if row.text {
				args = append(args, testText)
			}
			code, out, complaint := run(t, args...)
			assert.Equal(t, row.code, code, complaint)
			if row.says != "" {
				assert.True(t, strings.HasSuffix(complaint, "\nymchats: "+row.says+"\n"), complaint)
			}
			assert.Equal(t, row.says != "", strings.Count(complaint, "ymchats: ") > 1, complaint)
			var object struct {
				Error struct {
					Operation string
					FileSent  bool
				}
			}
			require.NoError(t, json.Unmarshal([]byte(out), &object), out)
			assert.Equal(t, row.operation, object.Error.Operation)
			assert.Equal(t, row.fileSent, object.Error.FileSent)
			assert.Equal(t, row.want, sentParts(market))
			assert.NotContains(t, complaint+out, "a.jpg")
		})
	}
}

// A file that is found in the chat after its 500 is followed by the text.
func TestSendFileIsFound(t *testing.T) {
	market := newSandboxWithChat(t)
	market.Advance(time.Minute)
	market.Script(gen.OperationSendFileToChat, sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "try later")))
	code, _, complaint := run(t, "send", "--chat", chat, "--file", fileNamed(t, "a.jpg", "x"), testText)
	assert.Zero(t, code, complaint)
	assert.Equal(t, []string{"a.jpg 1", testText}, sentParts(market))
}
