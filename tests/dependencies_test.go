package tests

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/ymarket-go/chats"

// What a program links that imports the wrapper: three modules of others, and of this one the generated client and what
// makes it fast.
func TestWrapperStaysLight(t *testing.T) {
	assert.Equal(t, []string{
		"github.com/apapsch/go-jsonmerge/v2",
		"github.com/google/uuid",
		"github.com/oapi-codegen/runtime",
	}, list(t, "{{with .Module}}{{.Path}}{{end}}", "/wrapper", func(path string) bool { return path != module }))
	assert.Equal(t, []string{module + "/gen", module + "/internal/fast", module + "/wrapper"},
		list(t, "{{.ImportPath}}", "/wrapper", func(path string) bool { return strings.HasPrefix(path, module) }))
}

// A program that takes notifications links the standard library and nothing else.
func TestNotifyImportsTheStandardLibrary(t *testing.T) {
	assert.Equal(t, []string{module + "/notify"}, list(t, "{{if not .Standard}}{{.ImportPath}}{{end}}", "/notify", func(string) bool { return true }))
}

// The rooms of the house may import what stands below them, and nothing else of it.
func TestRooms(t *testing.T) {
	for room, below := range map[string][]string{
		"":               {""},
		"/gen":           {"/gen"},
		"/internal/fast": {"/internal/fast"},
		"/api":           {"", "/api"},
		"/notify":        {"/notify"},
		"/sandbox":       {"", "/api", "/gen", "/notify", "/sandbox", "/sandbox/internal/control", "/sandbox/internal/face"},
	} {
		var want []string
		for _, b := range below {
			want = append(want, module+b)
		}
		got := list(t, "{{.ImportPath}}", room, func(path string) bool { return path == module || strings.HasPrefix(path, module+"/") })
		assert.Equal(t, want, got, room)
	}
}

// list runs go list over a package and all it needs, and keeps the sorted, distinct lines that are wanted.
func list(t *testing.T, format, pkg string, wanted func(string) bool) []string {
	t.Helper()
	out, err := exec.Command("sh", "-c", `go list -deps -f "$1" "$2" | sort -u`, "sh", format, module+pkg).Output()
	require.NoError(t, err)
	var lines []string
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); line != "" && wanted(line) {
			lines = append(lines, line)
		}
	}
	return lines
}
