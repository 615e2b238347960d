package main

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
)

// However the program was built, its version says what is known of it.
func TestVersionWords(t *testing.T) {
	const commit, at = "34f39a7c0ffee34f39a7c0ffee34f39a7c0ffee0", "2026-11-27T07:00:00Z"
	vcs := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "vcs.revision", Value: commit}, {Key: "vcs.time", Value: at}, {Key: "vcs.modified", Value: modified}}
	}
	for want, info := range map[string]debug.BuildInfo{
		"ymchats v1.2.3, go1.27.4": {GoVersion: "go1.27.4", Main: debug.Module{Version: "v1.2.3"}},
		"ymchats v1.2.4-0.20261127070000-34f39a7c0ffe, commit " + commit + " of " + at + ", go1.27.4": {
			GoVersion: "go1.27.4", Main: debug.Module{Version: "v1.2.4-0.20261127070000-34f39a7c0ffe"}, Settings: vcs("false")},
		"ymchats (devel), commit " + commit + " of " + at + " with changes, go1.27.4": {
			GoVersion: "go1.27.4", Main: debug.Module{Version: "(devel)"}, Settings: vcs("true")},
		"ymchats (devel), commit unknown (go build in a clone notes it), go1.27.4": {GoVersion: "go1.27.4", Main: debug.Module{Version: "(devel)"}},
		"ymchats (devel), commit unknown (go build in a clone notes it)":           {},
	} {
		assert.Equal(t, want, versionWords(&info))
	}
}

func TestVersion(t *testing.T) {
	code, out, complaint := run(t, "--version")
	assert.Zero(t, code)
	assert.Empty(t, complaint)
	assert.Regexp(t, `^ymchats \S+.*, `+runtime.Version(), out)
}

// The seller sees in the log of requests who called.
func TestProduct(t *testing.T) {
	assert.Regexp(t, `^ymchats/.+`, product())
}
