package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats"
	"github.com/ymarket-go/chats/gen"
)

func changed(t *testing.T, old, by string, n int) string {
	t.Helper()
	spec := string(chats.Spec)
	require.Contains(t, spec, old)
	file := filepath.Join(t.TempDir(), "contract.yaml")
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(spec, old, by, n)), 0o600))
	return file
}

// Each change that oasdiff passes over is named; the first lines of what is said are looked at.
func TestWhatBreaks(t *testing.T) {
	all := len(gen.Operations)
	const getChat, remaining = "GET /businesses/{businessId}/chat", "X-RateLimit-Resource-Remaining"
	for what, row := range map[string]struct {
		old, by string
		n       int
		says    string
		lines   int
	}{
		"the key's header renamed":      {"name: Api-Key", "name: X-Api-Key", 1, "gone: " + getChat + " is authorized by header Api-Key", all},
		"the key moved to the query":    {"      in: header\n      name: Api-Key", "      in: query\n      name: Api-Key", 1, " is authorized by header Api-Key", all},
		"OAuth dropped":                 {"  - OAuth: []\n", "", 1, " is authorized by http bearer", all},
		"both at once":                  {"  - ApiKey: []\n  - OAuth: []\n", "  - ApiKey: []\n    OAuth: []\n", 1, " is authorized by header Api-Key", 2 * all},
		"an operation of its own":       {"operationId: getChat\n", "operationId: getChat\n      security: [{ApiKey: []}]\n", 1, "gone: " + getChat + " is authorized by http bearer", 1},
		"an answer's header renamed":    {remaining + ":\n", "X-Remaining:\n", 1, "answers 200 with the header " + remaining, 1},
		"an answer's header everywhere": {remaining + ":\n", "X-Remaining:\n", -1, "gone: " + getChat + " answers 200 with the header " + remaining, 7 * all},
		"a smaller body": {"x-max-request: 5308416", "x-max-request: 5308415", 1,
			"less: POST /businesses/{businessId}/chats/file/send takes a body of 5308416 bytes", 1},
		"a scope": {"x-scopes: [communication, all-methods, 'all-methods:read-only']", "x-scopes: [communication, all-methods]", 1, "gone: " + getChat + " is allowed by the scope all-methods:read-only", 1},
	} {
		t.Run(what, func(t *testing.T) {
			if what == "an answer's header everywhere" {
				row.old, row.by = remaining, "X-Remaining" // with the component that it refers to
			}
			broken, err := compare(changed(t, "openapi", "openapi", 1), changed(t, row.old, row.by, row.n))
			require.NoError(t, err)
			assert.Len(t, broken, row.lines, strings.Join(broken, "\n"))
			assert.Contains(t, strings.Join(broken, "\n"), row.says)
		})
	}
}

// What is added breaks nobody.
func TestWhatDoesNotBreak(t *testing.T) {
	for old, by := range map[string]string{
		"openapi: 3.0.3":                         "openapi: 3.0.3",
		"security:\n":                            "security:\n  - {}\n",
		"x-scopes: [communication, all-methods]": "x-scopes: [communication, all-methods, more]",
		"x-max-request: 524288":                  "x-max-request: 524289",
		"headers:\n":                             "headers:\n            X-More: {schema: {type: string}}\n",
	} {
		broken, err := compare(changed(t, "openapi", "openapi", 1), changed(t, old, by, 1))
		require.NoError(t, err)
		assert.Empty(t, broken, by)
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	good := changed(t, "openapi", "openapi", 1)
	for _, files := range [][2]string{{good, "missing.yaml"}, {"missing.yaml", good}} {
		_, err := compare(files[0], files[1])
		assert.ErrorContains(t, err, "missing.yaml: ")
	}
}

// The comparison that people and CI call makes this one of each contract, and fails with it.
func TestContractDiffAsks(t *testing.T) {
	script, err := os.ReadFile("../contract-diff")
	require.NoError(t, err)
	assert.Contains(t, string(script), `go run ./scripts/contractbreaks "$scratch/base/$contract" "$contract" || status=1`)
}
