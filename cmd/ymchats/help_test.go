package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each example of the help works as it is printed, in a shell that finds the program under its name.
func TestHelpExamples(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the examples are written for a shell of Unix")
	}
	market := newSandbox(t)
	dir := t.TempDir()
	require.NoError(t, os.Symlink(program(t).Path, filepath.Join(dir, "ymchats")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "message.txt"), []byte("From a file.\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "orders.csv"), []byte("order;text\n31000001;From a table.\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "receipt.pdf"), []byte("A receipt."), 0o600))
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv(asProgram, "1")
	root := newCommand(realTerminals)
	for _, name := range callNames() {
		cmd, _, err := root.Find([]string{name})
		require.NoError(t, err)
		require.NotEmpty(t, cmd.Example)
		shell := exec.Command("sh", "-e", "-c", cmd.Example)
		shell.Dir = dir
		said, err := shell.CombinedOutput()
		assert.NoError(t, err, cmd.Example+string(said))
	}
	want := []string{"Your order is on its way.", "Your order is on its way.", "From a file.", "", "Your receipt."}
	assert.Equal(t, want, sentTexts(market))
}

// The help tells the exit codes, and that a key on the command line is seen by others.
func TestHelp(t *testing.T) {
	for _, name := range callNames() {
		code, out, _ := run(t, name, "--help")
		assert.Zero(t, code)
		assert.Contains(t, out, exitHelp)
		assert.Contains(t, out, accessHelp)
		assert.Contains(t, out, "every user of this machine can see it in the list of processes")
	}
}

// A flag that is only given or not shows no value; help and completion have help, too.
func TestHelpOfFlags(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"help"}, {"send", "--help"}, {"help", "sandbox"}, {"help", "completion"}, {"completion"}, {"completion", "bash", "--help"}} {
		code, out, complaint := run(t, args...)
		assert.Zero(t, code, complaint)
		assert.Contains(t, out, "Usage:\n")
		assert.NotContains(t, out, "true|false", args)
		assert.Regexp(t, `\n  -h, --help +help for`, out)
	}
	_, out, _ := run(t, "send", "--help")
	assert.Regexp(t, `\n      --yes +do not ask before sending\n`, out)
	assert.Regexp(t, `\n      --chat int +the number of the chat, as new gives it\n`, out, "it has no default")
}

// A default that the text of a flag tells is not told once more as Go writes it.
func TestSandboxHelp(t *testing.T) {
	_, out, _ := run(t, "sandbox", "--help")
	assert.Contains(t, out, "(default all)")
	assert.NotContains(t, out, "[]")
}

// docs/command.md tells the same exit codes.
func TestExitCodesAreTold(t *testing.T) {
	page, err := os.ReadFile("../../docs/command.md")
	require.NoError(t, err)
	for line := range strings.Lines(exitHelp) {
		if code, says, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
			assert.Contains(t, string(page), "| "+code+" | "+says+" |")
		}
	}
}

// The help of the check and docs/check.md tell the same exit codes.
func TestCheckExitCodesAreTold(t *testing.T) {
	_, out, _ := run(t, "check", "--help")
	assert.Contains(t, out, checkExitHelp)
	text, err := os.ReadFile("../../docs/check.md")
	require.NoError(t, err)
	for line := range strings.Lines(checkExitHelp) {
		if code, says, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
			assert.Contains(t, string(text), "| "+code+" | "+says+" |")
		}
	}
}

// docs/check.md describes each member of the JSON.
func TestCheckJSONIsDescribed(t *testing.T) {
	text, err := os.ReadFile("../../docs/check.md")
	require.NoError(t, err)
	for _, object := range []any{listing{}, summary{}} {
		asJSON, err := json.Marshal(object)
		require.NoError(t, err)
		var members map[string]any
		require.NoError(t, json.Unmarshal(asJSON, &members))
		for name := range members {
			assert.Contains(t, string(text), "`"+name+"`")
		}
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		code, out, complaint := run(t, "completion", shell)
		assert.Zero(t, code, complaint)
		assert.Contains(t, out, "ymchats")
	}
	for want, args := range map[string][]string{
		"checked\nalways\nnever\n:4\n":    {"send", "--resend", ""},
		":4\n":                            {"get", "--chat", ""}, // no files
		":0\n":                            {"get", "--config", ""},
		"har\n:8\n":                       {"check", ""},
		"text\njson\njunit\ngithub\n:4\n": {"check", "--format", ""},
		"request\nresponse\nboth\n:4\n":   {"check", "--side", ""},
		"all-methods\nall-methods:read-only\ncommunication\n:4\n": {"sandbox", "--scope", ""},
		strings.Join(operationNames(), "=\n") + "=\n:6\n":         {"sandbox", "--fault", ""}, // no space after them
	} {
		_, out, _ := run(t, append([]string{"__complete"}, args...)...)
		assert.Equal(t, want, out, args)
	}
	_, out, _ := run(t, "__complete", "sandbox", "--fault", "getChat=")
	assert.Contains(t, out, "getChat=abort\tthe connection is cut before an answer\n")
	for _, args := range [][]string{{"sandbox", "--addr", ""}, {"listen", "--behind", ""}, {"demo", ""}, {"sandbox", ""}, {"check", "--base-url", ""}} {
		_, out, _ = run(t, append([]string{"__complete"}, args...)...)
		assert.Equal(t, ":4\n", out, "no files for %v", args)
	}
	_, out, _ = run(t, "__complete", "")
	for _, name := range append(callNames(), "demo", "check", "sandbox", "listen") {
		assert.Contains(t, out, name+"\t")
	}
}

// A real Ctrl-C, in the middle of a send.
func TestSendSignalled(t *testing.T) {
	needSignals(t)
	market := newSandboxWithChat(t)
	arrived := make(chan struct{})
	market.Script("sendMessageToChat", func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(arrived)
			<-r.Context().Done()
		})
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := program(t, "send", "--chat", chat, testText)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	require.NoError(t, command.Start())
	select {
	case <-arrived:
	case <-ctx.Done():
		t.Fatal("the message did not get to the Market")
	}
	require.NoError(t, command.Process.Signal(os.Interrupt))
	require.ErrorAs(t, command.Wait(), new(*exec.ExitError))
	assert.Equal(t, 7, command.ProcessState.ExitCode())
	assert.Equal(t, "ymchats: interrupted\nymchats: the message may have arrived: read chat 7000001 before sending again\n", complaint.String())
}
