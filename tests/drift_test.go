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
	for name, contract := range map[string]string{
		"api/oapi-codegen.yaml":        "openapi.yaml",
		"api/oapi-codegen-server.yaml": "openapi.yaml",
		"sandbox/control-codegen.yaml": "sandbox/control.yaml",
	} {
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
