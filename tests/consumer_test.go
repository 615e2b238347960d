package tests

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each Go program of the README compiles in an empty module outside this repository, set up as the README says. One that
// promises an output is run.
func TestREADMEPrograms(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	programs := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	require.Len(t, programs, 5)
	setup := regexp.MustCompile("(?s)```\n(require .*?)```").FindStringSubmatch(string(readme))
	require.NotNil(t, setup)
	dir := newModule(t, setup[1])
	outputs := map[string]string{}
	for i, program := range programs {
		source := program[1]
		if !strings.Contains(source, "func main()") {
			source += "\nfunc main() { handle(nil) }\n"
		}
		name := fmt.Sprint("program", i+1)
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
		write(t, filepath.Join(dir, name, "main.go"), source)
		if want := regexp.MustCompile(`// Output: (.*)`).FindStringSubmatch(source); want != nil {
			outputs[name] = want[1]
		}
	}
	run(t, dir, "go", "mod", "tidy")
	run(t, dir, "go", "vet", "-mod=mod", "./...")
	require.NotEmpty(t, outputs)
	for name, want := range outputs {
		assert.Equal(t, want, strings.TrimSpace(run(t, dir, "go", "run", "-mod=mod", "./"+name)))
	}
}

// newModule makes a module that requires this one, which is a clone at the place where the README expects it.
func newModule(t *testing.T, setup string) string {
	t.Helper()
	repository, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	setup = strings.Replace(setup, "../chats", strconv.Quote(repository), 1) // it may have spaces in it
	write(t, filepath.Join(dir, "go.mod"), "module example.com/shop\n\ngo 1.26.0\n\n"+setup)
	return dir
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
