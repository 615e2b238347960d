package tests

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var axe = flag.Bool("axe", false, "have TestPageHasNoBarriers download axe-core by npm, and look for barriers with it")

// axeCore gives the program that looks for barriers in a page. npm downloads it in the version of testdata/axe, whose
// lock file has its checksum. Without npm, or without a network, the test is skipped, unless everything is to be tested.
func axeCore(t *testing.T) string {
	t.Helper()
	if !*axe {
		t.Skip("axe-core is downloaded with -axe alone")
	}
	skip := func(format string, args ...any) {
		if os.Getenv("CI") == "true" {
			t.Fatalf(format, args...)
		}
		t.Skipf(format, args...)
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		skip("there is no npm, which axe-core comes with: install it to run this test")
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join("testdata", "axe", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	install := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error",
		"--fetch-retries=1", "--cache", filepath.Join(dir, "cache"))
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		skip("npm has not got axe-core: %v: %.500s", err, out)
	}
	program, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	require.NoError(t, err)
	return string(program)
}

// barrier is something that axe-core found.
type barrier struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML string }
}

// The page has no barrier that axe-core takes for serious or critical, in a wide window and in a narrow one, in the light
// scheme and in the dark one, with everything on it, opened, and with nothing, and when something was wrong.
func TestPageHasNoBarriers(t *testing.T) {
	program := axeCore(t)
	b := openTab(t)
	market, address := busyMarket(t)
	var report []string
	check := func(name string) {
		b.run(program, nil)
		var found struct{ Violations, Passes, Incomplete []barrier }
		b.run("axe.run().then(({violations, passes, incomplete}) => ({violations, passes, incomplete}))", &found)
		require.NotEmpty(t, found.Passes, "it has looked at something")
		for _, v := range found.Violations {
			grave := slices.Contains([]string{"serious", "critical"}, v.Impact)
			assert.False(t, grave, "%s: %s, %s: %s: %s", name, v.Impact, v.ID, v.Help, v.Nodes[0].HTML)
			report = append(report, fmt.Sprintf("%s: %s, %s: %s (%d)", name, v.Impact, v.ID, v.Help, len(v.Nodes)))
		}
		report = append(report, fmt.Sprintf("%s: %d rules pass, %d findings, %d undecided", name, len(found.Passes),
			len(found.Violations), len(found.Incomplete)))
	}
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int{390, 1280} {
			b.look(width, scheme)
			name := fmt.Sprintf("%d-%s", width, scheme)
			query := "?chat=7000007&violations=only" // less of everything, as the whole page takes long
			if (width == 390) == (scheme == "light") {
				query = ""
			}
			b.open(address + query)
			b.run(openAll, nil)
			check(name + "-opened")
		}
	}
	b.open(address + "?chat=7000007&calls=nonsense")
	check("problem")
	b.open(address + "?chat=7000007&call=1&done=message")
	check("one")
	market.Reset()
	b.open(address)
	check("empty")
	text, err := json.MarshalIndent(report, "", "  ")
	require.NoError(t, err)
	t.Logf("%s", text)
}
