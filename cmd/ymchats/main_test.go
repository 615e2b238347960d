package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What newCommand says must reach the shell.
func TestExitCodes(t *testing.T) {
	program := filepath.Join(t.TempDir(), "ymchats")
	built, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, string(built))
	for _, row := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"check", "testdata/browser.har"}, 0, ""},
		{[]string{"check", "testdata/violations.har"}, 1, ""},
		{[]string{"check", "testdata/missing.har"}, 2, "ymchats: testdata/missing.har: no such file or directory\n"},
		{[]string{"check", "--base-url", "https://nobody.example", "--allow-empty", "testdata/browser.har"}, 0, ""},
		{[]string{"check", "--base-url", "https://nobody.example", "testdata/proxy.har"}, 3, "ymchats: nothing was checked: no request of an operation at https://nobody.example was found\n" +
			"ymchats: found instead: 2 × api.partner.market.yandex.ru\n" +
			"ymchats: --base-url says where the recorded API is, --allow-empty that this is meant\n"},
		{[]string{"check", "--fast"}, 2, "ymchats: unknown flag: --fast\n"},
		{[]string{"demo", "now"}, 2, "ymchats: unknown command \"now\" for \"ymchats demo\"\n"},
	} {
		command := exec.Command(program, row.args...)
		var complaint bytes.Buffer
		command.Stderr = &complaint
		if err := command.Run(); err != nil {
			require.ErrorAs(t, err, new(*exec.ExitError))
		}
		assert.Equal(t, row.code, command.ProcessState.ExitCode(), row.args)
		assert.Equal(t, row.says, complaint.String(), row.args)
	}
}
