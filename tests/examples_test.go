package tests

import (
	"go/ast"
	"go/doc"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// notShown are the methods that nobody calls by name.
var notShown = map[string]string{
	"Error.Error":         "fmt calls it",
	"Error.Format":        "fmt calls it",
	"Error.Is":            "errors.Is calls it",
	"Error.Unwrap":        "errors.Is and errors.As call it",
	"Outcome.MarshalText": "encoding/json and log/slog call it",
	"Outcome.String":      "fmt calls it",
	"Market.ServeHTTP":    "net/http calls it",
	"OptionError.Error":   "fmt calls it",
	"PauseError.Error":    "fmt calls it",
	"Violation.Error":     "fmt calls it",
}

// Every package shows its main job in an example of its own, and every function and method in one under its name. Each
// example is run: it says what it prints.
func TestExamples(t *testing.T) {
	needless := map[string]bool{}
	for name := range notShown {
		needless[name] = true
	}
	for _, pkg := range publicPackages(t) {
		dir := filepath.Join("..", pkg)
		names := callable(t, dir)
		examples := doc.Examples(parseFiles(t, dir, true)...)
		ofPackage := slices.ContainsFunc(examples, func(e *doc.Example) bool { return e.Name == "" })
		assert.True(t, ofPackage, "%s: no Example of the package", pkg)
		for _, e := range examples {
			assert.NotEmpty(t, e.Output, "%s: Example%s promises no output, so it is not run", pkg, e.Name)
		}
		for _, name := range names {
			shown := slices.ContainsFunc(examples, func(e *doc.Example) bool { return shows(e.Name, name) })
			switch _, excused := notShown[name]; {
			case excused:
				needless[name] = shown
			case !shown:
				assert.Fail(t, pkg+": no example", "Example%s", strings.Replace(name, ".", "_", 1))
			}
		}
	}
	for name, is := range needless {
		assert.False(t, is, "%s is excused from having an example: it has one, or it is gone", name)
	}
}

// callable lists the exported functions and methods of a package that somebody wrote.
func callable(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	for _, file := range handWritten(parseFiles(t, dir, false)) {
		for _, decl := range file.Decls {
			if d, ok := decl.(*ast.FuncDecl); ok {
				if name, exported := exportedFunc(d); exported {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// shows: ExampleClient_GetChat is one of Client.GetChat, and so is ExampleClient_GetChat_unknownStatus.
func shows(example, name string) bool {
	rest, ok := strings.CutPrefix(example, strings.Replace(name, ".", "_", 1))
	return ok && (rest == "" || rest[0] == '_' && strings.ToLower(rest[:2]) == rest[:2])
}
