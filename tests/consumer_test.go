package tests

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// sandboxURL is where the programs of the README expect the sandbox.
const sandboxURL = "http://127.0.0.1:8080/v2"

// Each Go program of the documentation compiles as it stands, in an empty module that was set up as the README says. One
// that promises an output is run. In the Russian pages the programs are the same: see TestTranslationsAreAlike.
func TestProgramsOfTheDocumentation(t *testing.T) {
	t.Parallel()
	dir := newModule(t)
	outputs := map[string]string{}
	for _, path := range []string{"../README.md", "../docs/check.md", "../docs/errors.md", "../docs/notifications.md", "../docs/sandbox.md"} {
		for i, source := range readDocument(t, path).code("go") {
			name := fmt.Sprint(strings.TrimSuffix(filepath.Base(path), ".md"), i+1)
			writeProgram(t, dir, name, source)
			if _, promised, ok := strings.Cut(source, "\t// Output:"); ok {
				outputs[name] = outputIn(promised)
			}
		}
	}
	run(t, dir, "go", "mod", "tidy")
	run(t, dir, "go", "vet", "-mod=mod", "./...")
	require.Len(t, outputs, 3)
	for name, want := range outputs {
		assert.Equal(t, want, strings.TrimSpace(run(t, dir, "go", "run", "-mod=mod", "./"+name)), name)
	}
}

// The README's first program sends its message to the sandbox, and prints what the README says. That of docs/errors.md
// prints the error that stands beside it.
func TestFirstPrograms(t *testing.T) {
	market := sandbox.New()
	server := httptest.NewServer(market)
	defer server.Close()
	dir := newModule(t)
	readme, first := firstProgram(t, "../README.md", server.URL)
	errorsPage, failing := firstProgram(t, "../docs/errors.md", server.URL)
	writeProgram(t, dir, "first", first)
	writeProgram(t, dir, "failing", failing)
	run(t, dir, "go", "mod", "tidy")

	t.Setenv("YM_API_KEY", "any")
	said := strings.TrimSpace(run(t, dir, "go", "run", "-mod=mod", "./first"))
	assert.Contains(t, readme, "It prints `"+said+"`")
	require.Len(t, market.Messages(7000001), 1)
	assert.Equal(t, "Your order is on its way.", market.Messages(7000001)[0].Text)
	said = run(t, dir, "go", "run", "-mod=mod", "./failing")
	_, failure, _ := strings.Cut(said, "sendMessageToChat: ")
	beginning, _, _ := strings.Cut(failure, ",")
	assert.Contains(t, errorsPage, "// sendMessageToChat: "+beginning+", …)")
}

// firstProgram gives a page and the first program on it, which finds the sandbox at another address.
func firstProgram(t *testing.T, path, address string) (page, program string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	program = readDocument(t, path).code("go")[0]
	require.Contains(t, program, sandboxURL)
	return string(text), strings.Replace(program, sandboxURL, address+"/v2", 1)
}

// newModule makes an empty module beside a clone of this repository, by the commands of the README.
func newModule(t *testing.T) string {
	t.Helper()
	repository, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	run(t, dir, "go", "mod", "init", "example.com/shop")
	edits := 0
	for _, block := range readDocument(t, "../README.md").code("sh") {
		for line := range strings.Lines(block) {
			if words := strings.Fields(line); strings.HasPrefix(line, "go mod edit ") {
				edits++
				words[3] = strings.Replace(words[3], "../chats", repository, 1) // it may have spaces in it
				run(t, dir, words[0], words[1:]...)
			}
		}
	}
	require.Equal(t, 2, edits, "the README's commands that tell a module where this one is")
	return dir
}

func writeProgram(t *testing.T, dir, name, source string) {
	t.Helper()
	require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
	write(t, filepath.Join(dir, name, "main.go"), source)
}

// outputIn gives the output that stands in the comments at the end of a program.
func outputIn(comments string) string {
	var lines []string
	for line := range strings.Lines(strings.TrimSuffix(strings.TrimSpace(comments), "}")) {
		lines = append(lines, strings.TrimPrefix(strings.TrimSpace(line), "// "))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func run(t *testing.T, dir string, name string, args ...string) string {
	t.Helper()
	command := exec.Command(name, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s %v: %s", name, args, out)
	return string(out)
}
