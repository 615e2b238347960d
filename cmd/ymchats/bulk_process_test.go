//go:build unix

package main

import (
	"bytes"
	"context"
	"flag"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

var (
	bulkKills = flag.Int("bulk-kills", 0, "how often TestSendCSVKilled kills the command; 0 leaves the test out")
	bulkRows  = flag.Int("bulk-rows", 500, "rows of the file of TestSendCSVKilled")
)

// serveOn starts a sandbox that goes on with a request when its client has gone, and has the command find it.
func serveOn(t *testing.T) *sandbox.Market {
	t.Helper()
	clearAccess(t)
	market := sandbox.New()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		market.ServeHTTP(w, r.WithContext(context.WithoutCancel(r.Context())))
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		keySetting.variable: testKey, businessSetting.variable: "12345", baseURLSetting.variable: server.URL + "/v2",
	} {
		t.Setenv(name, value)
	}
	return market
}

// The command is killed at any moment, sends fail after they were stored, reads are behind: each buyer has the text once.
func TestSendCSVKilled(t *testing.T) {
	if *bulkKills == 0 {
		t.Skip("TestWorld of the package bulk kills runs on a clock of its own; -bulk-kills 40 has processes killed")
	}
	market := serveOn(t)
	stored := sandbox.Delay(400*time.Millisecond, sandbox.CommitThen(sandbox.Fail(500, "INTERNAL_ERROR", "try later")))
	market.Every(sandbox.OperationSendMessageToChat, sandbox.Sometimes(0.3, 1, stored))
	market.Every(sandbox.OperationGetChatHistory, sandbox.Lagging(2*time.Second))
	path := ordersFile(t, *bulkRows)
	killed := 0
	for range *bulkKills {
		command := program(t, "send", "--csv", path)
		require.NoError(t, command.Start())
		time.Sleep(time.Duration(rand.Int64N(int64(15 * time.Second))))
		require.NoError(t, command.Process.Kill())
		if _ = command.Wait(); command.ProcessState.ExitCode() < 0 {
			killed++
		}
	}
	said, err := program(t, "send", "--csv", path).CombinedOutput()
	require.NoError(t, err, string(said))
	t.Logf("killed %d times; %d texts for %d buyers", killed, len(sentTo(market, *bulkRows)), *bulkRows)
	assertOnce(t, market, *bulkRows)
}

func assertOnce(t *testing.T, market *sandbox.Market, n int) {
	t.Helper()
	seen := map[string]int{}
	for _, text := range sentTo(market, n) {
		seen[text]++
	}
	assert.Len(t, seen, n)
	for text, times := range seen {
		assert.Equal(t, 1, times, text)
	}
}

// When the disk is full nothing more is sent, and the next run goes on.
func TestSendCSVOnAFullDisk(t *testing.T) {
	market := serveOn(t)
	path := ordersFile(t, 40)
	command := program(t, "send", "--csv", path)
	shell := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -f 16; exec "$0" "$@"`, command.Path, "send", "--csv", path)
	shell.Env = command.Env
	var complaint bytes.Buffer
	shell.Stderr = &complaint
	require.Error(t, shell.Run())
	require.Equal(t, 2, shell.ProcessState.ExitCode(), complaint.String())
	assert.Contains(t, complaint.String(), path+".ymchats: it cannot be written: ")
	sent := len(sentTo(market, 40))
	assert.Positive(t, sent)
	assert.Less(t, sent, 40)
	if *bulkKills == 0 {
		return // the next run waits 13 s
	}
	code, out, complaintOf := run(t, "send", "--csv", path)
	assert.Zero(t, code, complaintOf)
	assert.Contains(t, out, "40 rows: 40 sent\n")
	assertOnce(t, market, 40)
}

// SIGHUP, as when a terminal is closed, stops a run like Ctrl-C: the results are written, and the exit code is 1.
func TestSendCSVInterrupted(t *testing.T) {
	market := serveOn(t)
	began := make(chan struct{}, 100)
	market.Observe(func(sandbox.Call) { began <- struct{}{} })
	market.Every(sandbox.OperationSendMessageToChat, sandbox.Delay(100*time.Millisecond, nil))
	path := ordersFile(t, 100)
	command := program(t, "send", "--csv", path)
	var out bytes.Buffer
	command.Stdout = &out
	require.NoError(t, command.Start())
	for range 16 {
		<-began
	}
	require.NoError(t, command.Process.Signal(syscall.SIGHUP))
	require.Error(t, command.Wait())
	assert.Equal(t, 1, command.ProcessState.ExitCode())
	assert.Regexp(t, `^100 rows: \d+ sent, \d+ left\n`, out.String())
	results, err := os.ReadFile(path + ".results.csv")
	require.NoError(t, err)
	assert.Equal(t, 101, strings.Count(string(results), "\r\n"))
}
