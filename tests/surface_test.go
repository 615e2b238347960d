package tests

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write testdata/surface.txt anew")

// The surface is what other people's programs compile against. A change of it is meant, or it is a mistake.
func TestSurface(t *testing.T) {
	var got []string
	for _, pkg := range publicPackages(t) {
		for _, line := range surface(t, filepath.Join("..", pkg)) {
			got = append(got, pkg+": "+line)
		}
	}
	const golden = "testdata/surface.txt"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(strings.Join(got, "\n")+"\n"), 0o600))
	}
	file, err := os.ReadFile(golden)
	require.NoError(t, err)
	want := strings.Split(strings.TrimSuffix(string(file), "\n"), "\n")
	const meant = "if it is meant: go test ./tests -run Surface -update"
	assert.Empty(t, without(want, got), "gone; "+meant)
	assert.Empty(t, without(got, want), "new; "+meant)
}

func without(lines, others []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return slices.Contains(others, line) })
}

// surface lists the exported declarations of a package, one a line.
func surface(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	var lines []string
	fset := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, 0)
		require.NoError(t, err)
		ast.FileExports(file)
		for _, decl := range file.Decls {
			lines = append(lines, declarations(t, fset, decl)...)
		}
	}
	slices.Sort(lines)
	return lines
}

func declarations(t *testing.T, fset *token.FileSet, decl ast.Decl) []string {
	t.Helper()
	switch d := decl.(type) {
	case *ast.FuncDecl:
		d.Body = nil
		if line := oneLine(t, fset, d); !methodOfUnexported.MatchString(line) {
			return []string{line}
		}
	case *ast.GenDecl:
		if d.Tok == token.CONST {
			return []string{oneLine(t, fset, d)} // their order may be their value
		}
		var lines []string
		for _, spec := range d.Specs {
			if d.Tok != token.IMPORT {
				lines = append(lines, d.Tok.String()+" "+oneLine(t, fset, spec))
			}
		}
		return lines
	}
	return nil
}

var methodOfUnexported = regexp.MustCompile(`^func \((\w+ )?\*?[a-z]\w*\)`)

func oneLine(t *testing.T, fset *token.FileSet, node any) string {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, printer.Fprint(&text, fset, node))
	line := strings.Join(strings.Fields(text.String()), " ")
	return strings.NewReplacer("( ", "(", ", )", ")", " )", ")").Replace(line) // a list may stand on lines of its own
}
