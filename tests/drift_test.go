package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The generated files are what the pinned generator makes of the contract today, byte for byte.
func TestGeneratedFilesAreUpToDate(t *testing.T) {
	t.Parallel()
	for name, contract := range generated(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, err := os.ReadFile(filepath.Join("..", name))
			require.NoError(t, err)
			output := regexp.MustCompile(`(?m)^output: (.+)$`)
			committed := string(output.FindSubmatch(config)[1])
			fresh := filepath.Join(t.TempDir(), "fresh.go")
			moved := filepath.Join(t.TempDir(), "config.yaml")
			elsewhere := output.ReplaceAllLiteral(config, fmt.Appendf(nil, "output: %q", fresh))
			require.NoError(t, os.WriteFile(moved, elsewhere, 0o600))

			generate := exec.Command("go", "tool", "oapi-codegen", "-config", moved, contract)
			generate.Dir = ".."
			said, err := generate.CombinedOutput()
			require.NoError(t, err, string(said))
			want, err := os.ReadFile(fresh)
			require.NoError(t, err)
			got, err := os.ReadFile(filepath.Join("..", committed))
			require.NoError(t, err)
			assert.True(t, string(want) == string(got), "%s differs from what the contract makes of it: run make generate", committed)
		})
	}
}

// So is the list of operations.
func TestOperationsAreUpToDate(t *testing.T) {
	t.Parallel()
	fresh := filepath.Join(t.TempDir(), "fresh.go")
	generate := exec.Command("go", "run", "./api/operations", "-output", fresh)
	generate.Dir = ".."
	said, err := generate.CombinedOutput()
	require.NoError(t, err, string(said))
	want, err := os.ReadFile(fresh)
	require.NoError(t, err)
	got, err := os.ReadFile("../gen/operations.go")
	require.NoError(t, err)
	assert.True(t, string(want) == string(got), "gen/operations.go differs from what the contract makes of it: run make generate")
}

// generated gives the contract of each config, as the lines of go:generate name them.
func generated(t *testing.T) map[string]string {
	t.Helper()
	contracts := map[string]string{}
	for _, file := range []string{"../generate.go", "../sandbox/generate.go"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		lines := regexp.MustCompile(`(?m)^//go:generate go .*tool oapi-codegen -config (\S+) (\S+)$`).FindAllSubmatch(text, -1)
		require.NotEmpty(t, lines, file)
		for _, line := range lines {
			contracts[string(line[1])] = string(line[2])
		}
	}
	configs, err := filepath.Glob("../*/*codegen*.yaml")
	require.NoError(t, err)
	require.Len(t, contracts, len(configs), "a config that no line of go:generate names")
	return contracts
}
