package tests

import (
	"bytes"
	"flag"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"os"
	"path/filepath"
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
	for _, pkg := range publicPackages(t, parser.SkipObjectResolution) {
		for _, decl := range declarations(pkg.Package) {
			got = append(got, pkg.Name+": "+oneLine(t, pkg.fset, decl))
		}
	}
	slices.Sort(got)
	const golden = "testdata/surface.txt"
	if *update {
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

// declarations lists the exported declarations of a package. Constants stay together: their order may be their value.
func declarations(pkg *doc.Package) (list []ast.Node) {
	for _, consts := range pkg.Consts {
		list = append(list, consts.Decl)
	}
	for _, vars := range pkg.Vars {
		for _, spec := range vars.Decl.Specs {
			list = append(list, &ast.GenDecl{Tok: token.VAR, Specs: []ast.Spec{withoutElements(spec.(*ast.ValueSpec))}})
		}
	}
	for _, f := range functions(pkg) {
		list = append(list, f.Decl)
	}
	for _, of := range pkg.Types {
		list = append(list, of.Decl)
		for _, consts := range of.Consts {
			list = append(list, consts.Decl)
		}
		for _, vars := range of.Vars {
			list = append(list, vars.Decl)
		}
	}
	return list
}

// withoutElements leaves a composite literal its type. Programs compile against the type, and a test of its own holds
// what the elements are.
func withoutElements(variable *ast.ValueSpec) *ast.ValueSpec {
	short := *variable
	short.Values = slices.Clone(variable.Values)
	for i, value := range short.Values {
		if literal, ok := value.(*ast.CompositeLit); ok {
			short.Values[i] = &ast.CompositeLit{Type: literal.Type}
		}
	}
	return &short
}

// functions lists the exported functions and methods of a package.
func functions(pkg *doc.Package) []*doc.Func {
	list := slices.Clone(pkg.Funcs)
	for _, of := range pkg.Types {
		list = append(append(list, of.Funcs...), of.Methods...)
	}
	return list
}

func oneLine(t *testing.T, fset *token.FileSet, node ast.Node) string {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, printer.Fprint(&text, fset, node))
	line := strings.Join(strings.Fields(text.String()), " ")
	return strings.NewReplacer("( ", "(", ", )", ")", " )", ")").Replace(line) // a list may stand on lines of its own
}

// publicPackage is a package that others can import.
type publicPackage struct {
	*doc.Package
	fset      *token.FileSet
	generated map[string]bool // names of files
}

// byHand tells that no generator wrote a declaration.
func (p publicPackage) byHand(node ast.Node) bool {
	return !p.generated[p.fset.Position(node.Pos()).Filename]
}

// publicPackages parses all of them, with their examples: the root of the repository and the directories in it.
func publicPackages(t *testing.T, mode parser.Mode) (list []publicPackage) {
	t.Helper()
	dirs, err := filepath.Glob("../*")
	require.NoError(t, err)
	for _, dir := range append(dirs, "..") {
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		pkg := publicPackage{fset: token.NewFileSet(), generated: map[string]bool{}}
		var files []*ast.File
		for _, name := range names {
			file, err := parser.ParseFile(pkg.fset, name, nil, mode)
			require.NoError(t, err)
			files = append(files, file)
			pkg.generated[name] = ast.IsGenerated(file)
		}
		pkg.Package, err = doc.NewFromFiles(pkg.fset, files, filepath.ToSlash(dir))
		if err == nil && pkg.Name != "main" && len(pkg.Filenames) > 0 {
			list = append(list, pkg)
		}
	}
	require.Greater(t, len(list), 6)
	return list
}

// notShown are the methods that nobody calls by name.
var notShown = map[string]string{
	"Error.Error":         "fmt calls it",
	"Error.Format":        "fmt calls it",
	"Error.Is":            "errors.Is calls it",
	"Error.Unwrap":        "errors.Is and errors.As call it",
	"Message.Format":      "fmt calls it",
	"Message.LogValue":    "log/slog calls it",
	"Message.MarshalJSON": "encoding/json calls it",
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
	for _, pkg := range publicPackages(t, parser.ParseComments) {
		examples := slices.Clone(pkg.Examples)
		assert.NotEmpty(t, examples, "%s: no Example of the package", pkg.ImportPath)
		for _, of := range pkg.Types {
			examples = append(examples, of.Examples...)
		}
		for _, f := range functions(pkg.Package) {
			examples = append(examples, f.Examples...)
			name := strings.TrimPrefix(strings.TrimPrefix(f.Recv+"."+f.Name, "*"), ".")
			switch _, excused := notShown[name]; {
			case excused:
				needless[name] = len(f.Examples) > 0
			case pkg.byHand(f.Decl):
				assert.NotEmpty(t, f.Examples, "%s: no example of %s", pkg.ImportPath, name)
			}
		}
		for _, e := range examples {
			assert.NotEmpty(t, e.Output, "%s: Example%s promises no output, so it is not run", pkg.ImportPath, e.Name)
		}
	}
	for name, is := range needless {
		assert.False(t, is, "%s is excused from having an example: it has one, or it is gone", name)
	}
}

// Every exported field of a struct has a comment, and every constant, or its group has. What else is exported the linter
// looks at.
func TestFieldsAndConstantsHaveComments(t *testing.T) {
	for _, pkg := range publicPackages(t, parser.ParseComments) {
		consts := slices.Clone(pkg.Consts)
		for _, of := range pkg.Types {
			consts = append(consts, of.Consts...)
			shape, ok := of.Decl.Specs[0].(*ast.TypeSpec).Type.(*ast.StructType)
			if !ok || !pkg.byHand(of.Decl) {
				continue
			}
			for _, field := range shape.Fields.List {
				speaks := field.Doc.Text()+field.Comment.Text() != "" || len(field.Names) == 0
				assert.True(t, speaks, "%s.%s: no comment: %v", pkg.Name, of.Name, field.Names)
			}
		}
		for _, group := range consts {
			for _, spec := range group.Decl.Specs {
				value := spec.(*ast.ValueSpec)
				speaks := group.Doc+value.Doc.Text()+value.Comment.Text() != "" || !pkg.byHand(value)
				assert.True(t, speaks, "%s: no comment: %v", pkg.Name, value.Names)
			}
		}
	}
}
