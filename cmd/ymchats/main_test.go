package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The exit code of each end, and what is said of it; of one of them also what reaches the shell.
func TestExitCodes(t *testing.T) {
	_, err := os.Stat("testdata/missing.har")
	missing := errors.Unwrap(err) // each system has its own words for it
	require.ErrorIs(t, missing, fs.ErrNotExist)
	for _, row := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"check", "testdata/browser.har"}, 0, ""},
		{[]string{"check", "testdata/violations.har"}, 1, ""},
		{[]string{"check", "testdata/missing.har"}, 2, "ymchats: testdata/missing.har: " + missing.Error() + "\n"},
		{[]string{"check", "--base-url", "https://nobody.example", "--allow-empty", "testdata/browser.har"}, 0, ""},
		{[]string{"check", "--base-url", "https://nobody.example", "testdata/proxy.har"}, 3, "ymchats: nothing was checked: no request of an operation at https://nobody.example was found\n" +
			"ymchats: found instead: 2 × api.partner.market.yandex.ru\n" +
			"ymchats: --base-url says where the recorded API is, --allow-empty that this is meant\n"},
	} {
		code, _, complaint := run(t, row.args...)
		assert.Equal(t, row.code, code, row.args)
		assert.Equal(t, row.says, complaint, row.args)
	}
	command := program(t, "demo", "now")
	var complaint bytes.Buffer
	command.Stderr = &complaint
	require.ErrorAs(t, command.Run(), new(*exec.ExitError))
	assert.Equal(t, 2, command.ProcessState.ExitCode())
	assert.Equal(t, "ymchats: demo takes no words, only flags: see ymchats demo --help\n", complaint.String())
}
