package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/cmd/ymchats/internal/bulk"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// ordersFile writes a file with a text for each of so many orders.
func ordersFile(t *testing.T, n int) string {
	t.Helper()
	var text strings.Builder
	text.WriteString("\ufeffзаказ;текст\r\n")
	for i := range n {
		fmt.Fprintf(&text, "%d;canary %[1]d\r\n", 31000001+i)
	}
	return csvFile(t, text.String())
}

func csvFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "orders.csv")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// sentTo gives the texts that buyers have.
func sentTo(market *sandbox.Market, chats int) (texts []string) {
	for i := range chats {
		for _, m := range market.Messages(7000001 + int64(i)) {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// Twenty orders of a file reach their buyers, once, and the results stand in a file.
func TestSendCSV(t *testing.T) {
	market := newSandbox(t)
	path := ordersFile(t, 20)
	for range 2 {
		code, out, complaint := run(t, "send", "--csv", path)
		assert.Zero(t, code, complaint)
		assert.Equal(t, "20 rows: 20 sent\nResults: "+path+".results.csv\n", out)
		assert.Empty(t, complaint)
	}
	assert.Len(t, sentTo(market, 20), 20)
	code, out, _ := run(t, "send", "--csv", path, "--json")
	assert.Zero(t, code)
	assert.JSONEq(t, fmt.Sprintf(`{"result":{"rows":20,"states":{"sent":20},"results":%q,"journal":%q}}`, path+".results.csv", path+".ymchats"), out)
	results, err := os.ReadFile(path + ".results.csv")
	require.NoError(t, err)
	lines := strings.Split(string(results), "\r\n")
	assert.Equal(t, "\ufeffrow;order;chat;state;at;reason;todo", lines[0])
	assert.Regexp(t, `^2;31000001;70000\d\d;sent;\d{4}-\d\d-\d\d \d\d:\d\d:\d\d;;$`, lines[1])
	assert.Len(t, lines, 22)
	assert.NotContains(t, string(results), "canary")
}

// The question names where the texts go, how many they are, three of them, and how long it takes.
func TestSendCSVAsks(t *testing.T) {
	market := newSandbox(t)
	path := ordersFile(t, 20)
	want := "Host     127.0.0.1 (sandbox)\nCabinet  12345\nFile     " + path + "\nRows     20 rows, 20 to send\n" +
		"Text     order 31000001: canary 31000001\nText     order 31000002: canary 31000002\nText     order 31000003: canary 31000003\n" +
		"Takes    about 5s, until HH:MM\nSend to 20 rows? [y/N] "
	for answer, row := range map[string]struct {
		code int
		says string
	}{
		"n\n": {1, "ymchats: not sent: you did not say yes\n"}, "y\n": {0, ""},
	} {
		code, _, complaint := shell{in: strings.NewReader(answer), onTerminal: allTerminals}.run(t, "send", "--csv", path)
		assert.Equal(t, row.code, code)
		asked, after, _ := strings.Cut(withoutPort(complaint), "[y/N] ")
		assert.Equal(t, want, withoutTime(asked)+"[y/N] ")
		assert.Equal(t, row.says, after)
		require.NoError(t, os.RemoveAll(path+".ymchats"))
	}
	assert.Len(t, sentTo(market, 20), 20)
	code, _, complaint := shell{in: strings.NewReader("n\n"), onTerminal: allTerminals}.run(t, "send", "--csv", path, "--yes")
	assert.Zero(t, code, complaint)
}

func withoutTime(text string) string { return clockTime.ReplaceAllString(text, "HH:MM") }

// A dry run says what would be sent, tries the key, and leaves no trace.
func TestSendCSVDryRun(t *testing.T) {
	market := newSandbox(t)
	path := ordersFile(t, 20)
	code, out, complaint := run(t, "send", "--csv", path, "--dry-run")
	assert.Zero(t, code, complaint)
	assert.Equal(t, "Host     127.0.0.1 (sandbox)\nCabinet  12345\nFile     "+path+"\nRows     20 rows, 20 to send\nTakes    about 5s, until HH:MM\n"+
		"The key is good. Nothing was sent.\n", withoutTime(withoutPort(out)))
	calls := market.Calls()
	require.Len(t, calls, 1)
	assert.Equal(t, sandbox.OperationGetChats, calls[0].Operation)
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, files, 1)

	run(t, "send", "--csv", path)
	require.NoError(t, os.WriteFile(path, []byte("order;text\n31000001;canary 1\n31000001;canary 2\n31000020;canary 31000020\n31000020;canary 31000020\n"), 0o600))
	code, out, _ = run(t, "send", "--csv", path, "--dry-run", "--several", "--changed", "skip")
	assert.Zero(t, code)
	assert.Contains(t, out, "Rows     3 rows, 0 to send, 1 done before, 2 of orders that were sent another text, 1 more repeated ones left out\n")

	code, out, _ = run(t, "send", "--csv", path, "--dry-run", "--several", "--changed", "skip", "--json")
	assert.Zero(t, code)
	before, _, _ := strings.Cut(out, `,"until":`)
	assert.JSONEq(t, `{"rows":3,"new":0,"open":0,"done":1,"changed":2,"repeated":1}`, strings.TrimPrefix(before, `{"result":`)+"}")

	t.Setenv(keySetting.variable, "another")
	code, _, complaint = run(t, "send", "--csv", path, "--dry-run", "--several", "--changed", "skip")
	assert.Equal(t, 4, code)
	assert.Contains(t, complaint, "getChats: 401")
}

// A file that is not right is refused whole.
func TestSendCSVRefuses(t *testing.T) {
	market := newSandbox(t)
	path := csvFile(t, "order;text\n"+strings.Repeat("none;canary\n", 21)+"31000001;canary\n31000002;\u200b\n")
	code, out, complaint := run(t, "send", "--csv", path)
	assert.Equal(t, 3, code)
	assert.Empty(t, out)
	lines := strings.Split(complaint, "\n")
	assert.Equal(t, path+": row 2, line 2: the order is no number: allowed are digits alone", lines[0])
	assert.Equal(t, []string{path + ": and 2 rows more", "ymchats: nothing was sent: 22 rows refused", ""}, lines[20:])
	code, _, complaint = run(t, "send", "--csv", csvFile(t, "order;text\n;\n"))
	assert.Equal(t, 3, code)
	assert.Contains(t, complaint, "has no rows below its header\n")
	code, out, complaint = run(t, "send", "--csv", csvFile(t, "order;text\n31000002;\u200b\n"), "--json")
	assert.Equal(t, 3, code)
	assert.JSONEq(t, `{"error":{"class":"invalidRequest","operation":"sendMessageToChat","status":0,"errors":[],"outcome":"not sent",
		"attempts":0,"text":"nothing was sent: 1 row refused"}}`, out)
	assert.Contains(t, complaint, "the text is refused: invalid request: the message shows nothing but blanks")
	assert.Empty(t, market.Calls())
	assert.NoFileExists(t, path+".results.csv")
}

// Mistakes on the command line, and files that cannot be read.
func TestSendCSVUsage(t *testing.T) {
	market := newSandbox(t)
	path := ordersFile(t, 1)
	past := time.Now().Add(-time.Minute).Format("15:04")
	rows := []struct {
		args []string
		says string
	}{
		{[]string{"--csv", ""}, "--csv is empty, allowed is the path of a file"},
		{[]string{"--csv", path, "canary"}, "send --csv takes no text: the texts stand in the file"},
		{[]string{"--csv", path, "--order", "1"}, "--csv does not go together with --order"},
		{[]string{"--csv", path, "--file", path}, "--csv does not go together with --file"},
		{[]string{"--csv", path, "--timeout", "1s"}, "--csv does not go together with --timeout"},
		{[]string{"--csv", path, "--encoding", "koi8-r"}, `--encoding is "koi8-r", allowed is utf-8, windows-1251`},
		{[]string{"--csv", path, "--changed", "maybe"}, `--changed is "maybe", allowed is skip, send`},
		{[]string{"--csv", path, "--changed", ""}, `--changed is "", allowed is skip, send`},
		{[]string{"--csv", path, "--leave", "1000"}, "--leave is 1000, allowed is 0 to 999"},
		{[]string{"--csv", path, "--leave", "-1"}, "--leave is -1, allowed is 0 to 999"},
		{[]string{"--csv", path, "--until", ""}, `--until is "", allowed is a time like 21:00`},
		{[]string{"--csv", path, "--journal", ""}, "--journal is empty, allowed is the path of a file"},
		{[]string{"--csv", path, "--journal", os.DevNull}, os.DevNull + ": it is a device, allowed is a file"},
		{[]string{"--csv", path, "--journal", os.DevNull, "--dry-run"}, os.DevNull + ": it is a device, allowed is a file"},
		{[]string{"--csv", path, "--journal", path + ".none/journal"}, path + ".none/journal: it cannot be written: "},
		{[]string{"--csv", path, "--until", "9pm"}, `--until is "9pm", allowed is a time like 21:00`},
		{[]string{"--chat", chat, "canary", "--leave", "1"}, "--leave needs --csv"},
		{[]string{"--chat", chat, "canary", "--dry-run"}, "--dry-run needs --csv"},
		{[]string{"--csv", path + ".none"}, path + ".none: there is no such file"},
		{[]string{"--csv", t.TempDir()}, "it is a directory, allowed is a file"},
		{[]string{"--csv", csvFile(t, "a;b\n")}, "it has no header; allowed is a first row with text (or текст)"},
		{[]string{"--csv", path, "--journal", path}, path + ": it is no journal"},
	}
	if past < time.Now().Format("15:04") { // not just after midnight
		rows = append(rows, struct {
			args []string
			says string
		}{[]string{"--csv", path, "--until", past}, "--until " + past + " is over for today"})
	}
	for _, row := range rows {
		code, _, complaint := run(t, append([]string{"send"}, row.args...)...)
		assert.Equal(t, 2, code, row.args)
		assert.Contains(t, complaint, row.says)
	}
	journal, err := bulk.OpenJournal(path+".ymchats", "host", 1)
	require.NoError(t, err)
	defer journal.Close()
	code, _, complaint := run(t, "send", "--csv", path)
	assert.Equal(t, 2, code)
	assert.Equal(t, "ymchats: "+path+".ymchats: another run is using it: wait for its end\n", complaint)
	assert.Empty(t, market.Calls())
}

// The exit code is the first one that is true.
func TestBulkCode(t *testing.T) {
	forbidden := &wrapper.Error{StatusCode: 403, Errors: []gen.APIErrorDTO{{Code: "FORBIDDEN"}}}
	for _, row := range []struct {
		ended, unwritten error
		counts           map[string]int
		want             exitCode
	}{
		{nil, nil, map[string]int{bulk.Sent: 1, bulk.Already: 1, bulk.Changed: 1}, 0},
		{nil, nil, map[string]int{bulk.Sent: 1, bulk.Failed: 1}, 1},
		{nil, nil, map[string]int{bulk.Left: 1}, 1},
		{bulk.ErrUntil, nil, nil, 1},
		{nil, nil, map[string]int{bulk.Doubt: 1, bulk.Failed: 1}, 7},
		{bulk.ErrInterrupted, nil, map[string]int{bulk.Doubt: 1}, 7},
		{forbidden, nil, map[string]int{bulk.Doubt: 1}, 4},
		{&wrapper.Error{StatusCode: 302}, nil, map[string]int{bulk.Left: 1}, 1},
		{bulk.ErrAnotherRun, nil, map[string]int{bulk.Doubt: 1}, 2},
		{&bulk.JournalError{}, nil, nil, 2},
		{forbidden, os.ErrPermission, nil, 2},
	} {
		assert.Equal(t, row.want, bulkCode(row.ended, row.unwritten, row.counts), "%v", row)
	}
}

// What ends a run is said, and stands in the exit code.
func TestSendCSVEnds(t *testing.T) {
	market := newSandbox(t)
	market.Every(sandbox.OperationSendMessageToChat, sandbox.Fail(403, "FORBIDDEN", "no"))
	code, out, complaint := run(t, "send", "--csv", ordersFile(t, 20))
	assert.Equal(t, 4, code)
	assert.Contains(t, complaint, "ymchats: sendMessageToChat: 403: FORBIDDEN: no")
	assert.Contains(t, out, "left\nResults: ")

	market.Every(sandbox.OperationSendMessageToChat, nil)
	path := ordersFile(t, 2)
	require.NoError(t, os.Mkdir(path+".results.csv", 0o700)) // as if it could not be replaced
	code, out, _ = run(t, "send", "--csv", path)
	assert.Zero(t, code)
	assert.Regexp(t, `\nResults: .+orders\.csv\.results-\d{8}-\d{6}\.csv\n$`, out)
	code, _, complaint = ended().run(t, "send", "--csv", ordersFile(t, 20))
	assert.Equal(t, 1, code)
	assert.Equal(t, "ymchats: interrupted; the same command goes on\n", complaint)
}

// The line of progress has what fits into it; what is waited for stays longest.
func TestProgressWords(t *testing.T) {
	now := time.Date(2026, 11, 28, 20, 0, 0, 0, time.UTC)
	runs := bulk.Progress{Ended: 120, All: 500, Began: now.Add(-time.Minute)}
	waits := runs
	waits.Waits, waits.For = 12*time.Minute, "the quota is used up"
	for _, row := range []struct {
		p    bulk.Progress
		room int
		want string
	}{
		{runs, 99, "ymchats: 120 of 500 rows, 120 a minute, to end at 20:03"},
		{runs, 39, "120 of 500, to end at 20:03"},
		{runs, 19, "120 of 500"},
		{runs, 5, "120 o"},
		{waits, 110, "ymchats: 120 of 500 rows, 120 a minute, to end at 20:13; the quota is used up, goes on in 12m0s"},
		{waits, 39, "120 of 500, goes on in 12m0s"},
		{bulk.Progress{All: 500, Began: now}, 99, "ymchats: 0 of 500 rows"},
		{bulk.Progress{Ended: 1, All: 5001, Began: now.Add(-time.Second)}, 99, "ymchats: 1 of 5001 rows, 60 a minute, to end at 2026-11-29 01:00"},
	} {
		got := progressWords(row.p, now, 0, row.room)
		assert.Equal(t, row.want, got)
	}
}
