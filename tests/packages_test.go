package tests

import (
	"go/ast"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// publicPackages lists the directories whose packages others can import, "." first: those of this module, and fleet.
func publicPackages(t *testing.T) []string {
	t.Helper()
	dirs := append(publicPackagesOf(t, ".."), publicPackagesOf(t, "../fleet")...)
	slices.Sort(dirs)
	require.Subset(t, dirs, []string{".", "fleet", "notify", "wrapper"})
	return dirs
}

func publicPackagesOf(t *testing.T, root string) []string {
	t.Helper()
	list := exec.Command("go", "list", "-f", "{{if .GoFiles}}{{.Name}} {{.ImportPath}}{{end}}", "./...")
	list.Dir = root
	out, err := list.Output()
	require.NoError(t, err, root)
	var dirs []string
	for line := range strings.Lines(string(out)) {
		name, importPath, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || name == "main" || strings.Contains(importPath+"/", "/internal/") {
			continue
		}
		dirs = append(dirs, path.Join(".", strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")))
	}
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
