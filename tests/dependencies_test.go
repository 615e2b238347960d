package tests

import (
	"iter"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/ymarket-go/chats"

// What a program links that imports the wrapper: three modules of others, and of this one the generated client.
func TestModulesLinkedByWrapper(t *testing.T) {
	t.Parallel()
	var modules []string
	for line := range goList(t, "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", module+"/wrapper") {
		if line != "" && line != module {
			modules = append(modules, line)
		}
	}
	slices.Sort(modules)
	assert.Equal(t, []string{
		"github.com/apapsch/go-jsonmerge/v2",
		"github.com/google/uuid",
		"github.com/oapi-codegen/runtime",
	}, slices.Compact(modules))
	assert.Equal(t, []string{module + "/gen", module + "/wrapper"}, needs(t)[module+"/wrapper"])
}

// A program that takes notifications links the standard library and nothing else.
func TestNotifyImportsTheStandardLibrary(t *testing.T) {
	t.Parallel()
	var foreign []string
	for line := range goList(t, "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", module+"/notify") {
		if line != "" {
			foreign = append(foreign, line)
		}
	}
	assert.Equal(t, []string{module + "/notify"}, foreign)
}

// A program that imports inbox links what the wrapper links, and notify.
func TestInboxImportsTheWrapperAndNotify(t *testing.T) {
	t.Parallel()
	for line := range goList(t, "-f", `{{join .Imports "\n"}}`, module+"/inbox") {
		foreign := strings.Contains(line, ".") && !strings.HasPrefix(line, module+"/")
		assert.False(t, foreign, line)
	}
}

// Of the packages of this module each imports those that it may, directly or not, and no other.
func TestImportsWithinTheModule(t *testing.T) {
	t.Parallel()
	needs := needs(t)
	for pkg, allowed := range map[string][]string{
		"":         {""},
		"/gen":     {"/gen"},
		"/api":     {"", "/api", "/internal/formdata", "/internal/jsontext", "/internal/peek"},
		"/notify":  {"/notify"},
		"/inbox":   {"/gen", "/inbox", "/internal/sametext", "/notify", "/wrapper"},
		"/sandbox": {"", "/api", "/gen", "/internal/formdata", "/internal/jsontext", "/internal/peek", "/notify", "/sandbox", "/sandbox/internal/control", "/sandbox/internal/routes"},
	} {
		var want []string
		for _, path := range allowed {
			want = append(want, module+path)
		}
		assert.Equal(t, want, needs[module+pkg], pkg)
	}
}

// needs tells of each package of this module which packages of it a program links that imports it, itself included.
func needs(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for line := range goList(t, "-f", `{{.ImportPath}} {{join .Deps " "}}`, module+"/...") {
		packages := strings.Fields(line)
		name := packages[0]
		for _, path := range packages {
			if path == module || strings.HasPrefix(path, module+"/") {
				all[name] = append(all[name], path)
			}
		}
		slices.Sort(all[name])
	}
	return all
}

// goList gives the lines that go list prints.
func goList(t *testing.T, args ...string) iter.Seq[string] {
	t.Helper()
	said, err := exec.Command("go", append([]string{"list"}, args...)...).Output() // what it downloads it tells elsewhere
	require.NoError(t, err)
	return strings.SplitSeq(strings.TrimSpace(string(said)), "\n")
}
