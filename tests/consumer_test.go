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

// pagesWithPrograms have programs in Go. In the Russian pages they are the same: see TestTranslationsAreAlike.
var pagesWithPrograms = []string{
	"../README.md", "../docs/check.md", "../docs/errors.md", "../docs/faq.md", "../docs/notifications.md", "../docs/sandbox.md",
}

// Each Go program of the documentation compiles in an empty module that was set up as the README says. One that promises
// an output is run. So are the first program of the README, which sends its message to the sandbox, and that of
// docs/errors.md, which prints the error that stands beside it; they find the sandbox at another address.
func TestProgramsOfTheDocumentation(t *testing.T) {
	market := sandbox.New()
	server := httptest.NewServer(market)
	defer server.Close()
	dir := newModule(t)
	outputs := map[string]string{"README1": "", "errors1": ""}
	for _, path := range pagesWithPrograms {
		for i, source := range code(readDocument(t, path), "go") {
			name := fmt.Sprint(strings.TrimSuffix(filepath.Base(path), ".md"), i+1)
			require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
			source = strings.Replace(source, "http://127.0.0.1:8080/v2", server.URL+"/v2", 1)
			write(t, filepath.Join(dir, name, "main.go"), source)
			if _, promised, ok := strings.Cut(source, "\t// Output:"); ok {
				outputs[name] = outputIn(promised)
			}
		}
	}
	require.Len(t, outputs, 5)
	run(t, dir, "go", "mod", "tidy")
	run(t, dir, "go", "vet", "-mod=mod", "./...")
	t.Setenv("YM_API_KEY", "any")
	for name, want := range outputs {
		said := strings.TrimSpace(run(t, dir, "go", "run", "-mod=mod", "./"+name))
		switch name {
		case "README1":
			assert.Contains(t, readDocument(t, "../README.md"), "It prints `"+said+"`")
		case "errors1":
			_, failure, _ := strings.Cut(said, "sendMessageToChat: ")
			beginning, _, _ := strings.Cut(failure, ",")
			assert.Contains(t, readDocument(t, "../docs/errors.md"), "// sendMessageToChat: "+beginning+", …)")
		default:
			assert.Equal(t, want, said, name)
		}
	}
	require.Len(t, market.Messages(anyChat), 1)
	assert.Equal(t, "Your order is on its way.", market.Messages(anyChat)[0].Text)
}

// newModule makes an empty module beside a clone of this repository, by the commands of the README.
func newModule(t *testing.T) string {
	t.Helper()
	repository, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	run(t, dir, "go", "mod", "init", "example.com/shop")
	edits := 0
	for _, block := range code(readDocument(t, "../README.md"), "sh") {
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
