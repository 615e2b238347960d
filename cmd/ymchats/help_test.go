package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// build gives the program, under its name, in a directory of its own. It needs the environment that noAccess
// takes away.
func build(t *testing.T) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "ymchats")
	built, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, string(built))
	return program
}

// Each example of the help works as it is printed.
func TestHelpExamples(t *testing.T) {
	program := build(t)
	market := newMarket(t)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(program), "message.txt"), []byte("From a file.\n"), 0o600))
	t.Setenv("PATH", filepath.Dir(program)+string(os.PathListSeparator)+os.Getenv("PATH"))
	root := newCommand()
	for _, name := range []string{"new", "send", "get"} { // the order in which they make sense
		cmd, _, err := root.Find([]string{name})
		require.NoError(t, err)
		require.NotEmpty(t, cmd.Example)
		for line := range strings.Lines(cmd.Example) {
			shell := exec.Command("sh", "-c", line)
			shell.Dir = filepath.Dir(program)
			said, err := shell.CombinedOutput()
			assert.NoError(t, err, line+string(said))
		}
	}
	assert.Equal(t, []string{"Your order is on its way.", "From a file."}, texts(market))
}

// The help tells the exit codes, and that a key on the command line is seen by others.
func TestHelp(t *testing.T) {
	for _, name := range []string{"new", "send", "get"} {
		code, out, _ := run(t, name, "--help")
		assert.Zero(t, code)
		assert.Contains(t, out, exitHelp)
		assert.Contains(t, out, accessHelp)
		assert.Contains(t, out, "every user of this machine can see it in the list of processes")
	}
}

// A default that the text of a flag tells is not told once more as Go writes it.
func TestSandboxHelp(t *testing.T) {
	_, out, _ := run(t, "sandbox", "--help")
	assert.Contains(t, out, "(default all)")
	assert.NotContains(t, out, "[]")
}

// The README tells the same exit codes.
func TestREADMEExitCodes(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	for line := range strings.Lines(exitHelp) {
		if code, says, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
			assert.Contains(t, string(readme), "| "+code+" | "+says+" |")
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
		"checked\nalways\nnever\n:4\n": {"send", "--resend", ""},
		":4\n":                         {"get", "--chat", ""}, // no files
		":0\n":                         {"get", "--config", ""},
	} {
		_, out, _ := run(t, append([]string{"__complete"}, args...)...)
		assert.Equal(t, want, out, args)
	}
	_, out, _ := run(t, "__complete", "")
	for _, name := range []string{"new", "send", "get", "demo", "check", "sandbox", "listen"} {
		assert.Contains(t, out, name+"\t")
	}
}

// A real Ctrl-C, in the middle of a send.
func TestSendSignalled(t *testing.T) {
	program := build(t)
	market := newChat(t)
	arrived := make(chan struct{})
	market.Script("sendMessageToChat", func(http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(arrived)
			<-r.Context().Done()
		})
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program, "send", "--chat", chat, testText)
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
	assert.Equal(t, "ymchats: interrupted\nymchats: the message may have arrived: read the chat before sending again\n", complaint.String())
}
