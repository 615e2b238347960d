package tests

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Who imports this module gets no Redis client, neither into the program nor into the list of modules: fleet is a module
// of its own.
func TestOnlyFleetNeedsRedis(t *testing.T) {
	for _, args := range [][]string{{"list", "-deps", module + "/..."}, {"list", "-m", "all"}} {
		out, err := exec.Command("go", args...).Output()
		require.NoError(t, err)
		assert.Contains(t, string(out), module)
		assert.NotContains(t, string(out), "redis", "go %v", args)
		assert.NotContains(t, string(out), module+"/fleet", "go %v", args)
	}
	for _, name := range []string{"../go.mod", "../go.sum"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.NotContains(t, string(text), "redis", name)
	}
}
