package tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whatever other people's programs can name says what it is, and it says so of itself: a comment that was copied names
// another.
func TestComments(t *testing.T) {
	for _, pkg := range publicPackages(t) {
		files := handWritten(parseFiles(t, filepath.Join("..", pkg), false))
		if len(files) == 0 {
			continue // all of it is generated
		}
		var silent []string
		about := 0
		for _, file := range files {
			if file.Doc != nil {
				about++
			}
			for _, decl := range file.Decls {
				silent = append(silent, uncommented(decl)...)
			}
		}
		assert.Empty(t, silent, "%s: exported, and without a comment of its own", pkg)
		assert.Equal(t, 1, about, "%s: package comments", pkg)
	}
}

// parseFiles parses the files of a directory, with their comments: its tests, or everything else.
func parseFiles(t *testing.T, dir string, tests bool) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	var files []*ast.File
	fset := token.NewFileSet()
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") != tests {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	require.NotEmpty(t, files, dir)
	return files
}

// uncommented lists what a declaration exports without saying what it is.
func uncommented(decl ast.Decl) []string {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if name, exported := exportedFunc(d); exported && !introduces(d.Doc, d.Name.Name) {
			return []string{name}
		}
	case *ast.GenDecl:
		var silent []string
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				silent = append(silent, uncommentedValues(d, s)...)
			case *ast.TypeSpec:
				silent = append(silent, uncommentedType(d, s)...)
			}
		}
		return silent
	}
	return nil
}

// uncommentedValues: the names of a group may be explained together, or each at the end of its line.
func uncommentedValues(group *ast.GenDecl, s *ast.ValueSpec) []string {
	var silent []string
	for _, name := range s.Names {
		if name.IsExported() && !speaks(group.Doc) && !speaks(s.Doc) && !speaks(s.Comment) {
			silent = append(silent, name.Name)
		}
	}
	return silent
}

func uncommentedType(group *ast.GenDecl, s *ast.TypeSpec) []string {
	if !s.Name.IsExported() {
		return nil
	}
	var silent []string
	if !introduces(s.Doc, s.Name.Name) && !introduces(group.Doc, s.Name.Name) {
		silent = append(silent, s.Name.Name)
	}
	var members *ast.FieldList
	switch kind := s.Type.(type) {
	case *ast.StructType:
		members = kind.Fields
	case *ast.InterfaceType:
		members = kind.Methods
	default:
		return silent
	}
	for _, member := range members.List {
		for _, name := range member.Names {
			if name.IsExported() && !speaks(member.Doc) && !speaks(member.Comment) {
				silent = append(silent, s.Name.Name+"."+name.Name)
			}
		}
	}
	return silent
}

// exportedFunc gives the name of a function, or of a method with its type, and whether others can call it.
func exportedFunc(d *ast.FuncDecl) (string, bool) {
	if d.Recv == nil {
		return d.Name.Name, d.Name.IsExported()
	}
	of := d.Recv.List[0].Type
	if pointer, ok := of.(*ast.StarExpr); ok {
		of = pointer.X
	}
	name, ok := of.(*ast.Ident)
	if !ok {
		return "", false
	}
	return name.Name + "." + d.Name.Name, name.IsExported() && d.Name.IsExported()
}

// speaks leaves out directives like go:embed.
func speaks(comment *ast.CommentGroup) bool { return strings.TrimSpace(comment.Text()) != "" }

func introduces(comment *ast.CommentGroup, name string) bool {
	return strings.HasPrefix(comment.Text(), name+" ")
}
