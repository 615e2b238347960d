package tests

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// wrapperOrder lists the files of wrapper as a caller meets them: a file uses those below it.
var wrapperOrder = []string{
	"client", "raw", "options", "call", "outcome", "retry", "resend", "envelope", "attempt", "auth", "trace",
	"limiter", "gate", "operation", "redact", "log", "transport", "advice", "errors", "quota",
}

// maxBackwards is how many pairs of files may run against the order.
const maxBackwards = 5

// Use between the files of wrapper runs one way, so that it can be read from top to bottom.
func TestOrderOfFiles(t *testing.T) {
	files := parseByName(t, filepath.Join("..", "wrapper"))
	delete(files, "doc")
	assert.ElementsMatch(t, wrapperOrder, slices.Collect(maps.Keys(files)), "the files that have a place in the order")
	var backwards []string
	pairs := 0
	for user, uses := range usesBetween(files) {
		for used, names := range uses {
			pairs++
			if slices.Index(wrapperOrder, user) > slices.Index(wrapperOrder, used) {
				backwards = append(backwards, fmt.Sprintf("%s uses of %s: %s", user, used, strings.Join(names, ", ")))
			}
		}
	}
	slices.Sort(backwards)
	for _, pair := range backwards {
		t.Log(pair)
	}
	t.Logf("pairs: %d, backwards: %d", pairs, len(backwards))
	assert.Greater(t, pairs, 30, "pairs of files that use each other")
	assert.LessOrEqual(t, len(backwards), maxBackwards, "pairs that run backwards")
}

// parseByName gives the files of a package, but for its tests, by their names without .go.
func parseByName(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	files := map[string]*ast.File{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		require.NoError(t, err)
		files[strings.TrimSuffix(filepath.Base(path), ".go")] = file
	}
	return files
}

// usesBetween tells, for each file, of which others it uses something, and what.
func usesBetween(files map[string]*ast.File) map[string]map[string][]string {
	nameFile, methodFile := declaringFiles(files)
	all := map[string]map[string][]string{}
	for user, file := range files {
		all[user] = map[string][]string{}
		add := func(used, name string) {
			if used != "" && used != user && !slices.Contains(all[user][used], name) {
				all[user][used] = append(all[user][used], name)
			}
		}
		keys := literalKeys(file)
		for _, ident := range file.Unresolved { // by the parser, within the file
			if !keys[ident] {
				add(nameFile[ident.Name], ident.Name)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if ok && !isImport(file, selector.X) {
				add(methodFile[selector.Sel.Name], selector.Sel.Name)
			}
			return true
		})
	}
	return all
}

// declaringFiles tells in which file something is declared: what stands for itself, and methods. Of a method whose name
// is also that of another one, of a field or of anything else, nothing can be told by name; it is left out.
func declaringFiles(files map[string]*ast.File) (nameFile, methodFile map[string]string) {
	nameFile, methodFile = map[string]string{}, map[string]string{}
	seen := map[string]int{}
	for file, parsed := range files {
		for _, decl := range parsed.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv != nil {
				methodFile[f.Name.Name] = file
			}
		}
		for name := range parsed.Scope.Objects {
			nameFile[name] = file
		}
		for _, name := range selectable(parsed) {
			seen[name]++
		}
	}
	for method := range notShown { // others have methods of these names, too
		_, name, _ := strings.Cut(method, ".")
		seen[name]++
	}
	maps.DeleteFunc(methodFile, func(name, _ string) bool { return seen[name] > 1 || nameFile[name] != "" })
	return nameFile, methodFile
}

// selectable lists what can follow a dot: fields, methods, and methods of interfaces.
func selectable(file *ast.File) (names []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		var fields *ast.FieldList
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Recv != nil {
				names = append(names, n.Name.Name)
			}
		case *ast.StructType:
			fields = n.Fields
		case *ast.InterfaceType:
			fields = n.Methods
		}
		if fields != nil {
			for _, field := range fields.List {
				for _, name := range field.Names {
					names = append(names, name.Name)
				}
			}
		}
		return true
	})
	return names
}

// literalKeys are the keys of composite literals: mostly fields, which the parser cannot tell from names.
func literalKeys(file *ast.File) map[*ast.Ident]bool {
	keys := map[*ast.Ident]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if pair, ok := n.(*ast.KeyValueExpr); ok {
			if ident, ok := pair.Key.(*ast.Ident); ok {
				keys[ident] = true
			}
		}
		return true
	})
	return keys
}

// isImport tells that an expression is the name of an imported package.
func isImport(file *ast.File, x ast.Expr) bool {
	ident, ok := x.(*ast.Ident)
	if !ok || ident.Obj != nil {
		return false
	}
	return slices.ContainsFunc(file.Imports, func(spec *ast.ImportSpec) bool {
		return filepath.Base(strings.Trim(spec.Path.Value, `"`)) == ident.Name
	})
}
