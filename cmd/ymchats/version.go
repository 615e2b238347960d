package main

import (
	"fmt"
	"runtime/debug"
)

// product labels the calls in the seller's log of requests.
func product() string { return fmt.Sprintf("ymchats/%.80s", moduleVersion(buildInfo())) }

// buildInfo is what the Go command has noted in the program; empty where it has noted nothing.
func buildInfo() *debug.BuildInfo {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info
	}
	return &debug.BuildInfo{}
}

func moduleVersion(info *debug.BuildInfo) string {
	if info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// versionWords tells which program this is: the version of the module, the commit where it was built in a clone, Go.
// go run notes no commit, and go install of a version needs none: the version names it.
func versionWords(info *debug.BuildInfo) string {
	setting := map[string]string{}
	for _, s := range info.Settings {
		setting[s.Key] = s.Value
	}
	text := "ymchats " + moduleVersion(info)
	switch commit := setting["vcs.revision"]; {
	case commit != "" && setting["vcs.modified"] == "true":
		text += fmt.Sprintf(", commit %s of %s with changes", commit, setting["vcs.time"])
	case commit != "":
		text += fmt.Sprintf(", commit %s of %s", commit, setting["vcs.time"])
	case moduleVersion(info) == "(devel)":
		text += ", commit unknown (go build in a clone notes it)"
	}
	if info.GoVersion != "" {
		text += ", " + info.GoVersion
	}
	return text
}
