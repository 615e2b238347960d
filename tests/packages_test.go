package tests

import (
	"go/ast"
	"os/exec"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// publicPackages lists the directories of this module whose packages others can import, "." first.
func publicPackages(t *testing.T) []string {
	t.Helper()
	list := exec.Command("go", "list", "-f", "{{if .GoFiles}}{{.Name}} {{.ImportPath}}{{end}}", "./...")
	list.Dir = ".."
	out, err := list.Output()
	require.NoError(t, err)
	var dirs []string
	for line := range strings.Lines(string(out)) {
		name, importPath, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || name == "main" || strings.Contains(importPath+"/", "/internal/") {
			continue
		}
		dirs = append(dirs, path.Join(".", strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")))
	}
	require.Contains(t, dirs, "wrapper")
	return dirs
}

// handWritten leaves out the files that a generator wrote.
func handWritten(files []*ast.File) []*ast.File {
	var list []*ast.File
	for _, file := range files {
		if !ast.IsGenerated(file) {
			list = append(list, file)
		}
	}
	return list
}
