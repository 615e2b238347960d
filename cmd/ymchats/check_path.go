package main

import (
	"regexp"
	"slices"
	"strings"
)

// contractWords are the words of the contract's paths: what stands between them are values.
var contractWords = []string{"v2", "businesses", "chats", "chat", "new", "message", "history", "file", "send"}

var (
	pathWord = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)*$`)
	version  = regexp.MustCompile(`^[vV][0-9]{1,2}$`)
)

// shownPath is a path without its values. Of a path that is none of the contract, a segment is a value unless it is a
// word in lower case that does not follow a plural, as in /campaigns/1/orders/2; too much is left out rather than too
// little.
func shownPath(path string) string {
	if path == "" {
		return "…"
	}
	if len(path) > 256 {
		path = path[:256] + "…"
	}
	segments := strings.Split(path, "/")
	before := ""
	for i, segment := range segments {
		ofContract := slices.Contains(contractWords, strings.ToLower(segment))
		word := pathWord.MatchString(segment) && len(segment) <= 32 && !strings.HasSuffix(before, "s")
		if segment != "" && !ofContract && !word && !version.MatchString(segment) {
			segments[i] = "…"
		}
		before = segment
	}
	return strings.Join(segments, "/")
}

var plainMethod = regexp.MustCompile(`^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|CONNECT|TRACE)$`)

// shownMethod leaves out a method that is none: it may be anything.
func shownMethod(method string) string {
	if plainMethod.MatchString(method) {
		return method
	}
	return "…"
}
