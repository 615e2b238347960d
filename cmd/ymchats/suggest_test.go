package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Who mistypes a command, a flag, an operation or a fault is asked whether he meant one that there is.
func TestDidYouMean(t *testing.T) {
	newSandbox(t)
	for says, args := range map[string][]string{
		"unknown command sedn; did you mean send?":                      {"sedn", "--chat", "7", "canary"},
		"unknown command chek; did you mean check?":                     {"chek", "a.har"},
		"unknown command sand; did you mean sandbox or send?":           {"sand"},
		"unknown command frobnicate: see ymchats --help":                {"frobnicate"},
		"unknown command: see ymchats --help":                           {"canary:1"},
		"unknown flag: --caht; did you mean --chat?":                    {"get", "--caht", "7"},
		"unknown flag: --chat-id; did you mean --chat?":                 {"get", "--chat-id=7"},
		"unknown flag: --api-key; did you mean --key?":                  {"get", "--api-key=canary"},
		"unknown flag: --business-id; did you mean --business?":         {"get", "--business-id", "7"},
		"unknown flag: --yes\n":                                         {"get", "--yes"},
		"unknown flag: --chat; flags stand after the command, see ymch": {"--chat", "7"},
		"send takes one text: put it in quotes":                         {"send", "a", "b"},
		"demo takes no words, only flags: see ymchats demo --help":      {"demo", "canary"},
	} {
		code, out, complaint := run(t, args...)
		assert.Equal(t, 2, code, args)
		assert.Empty(t, out)
		assert.Contains(t, complaint, "ymchats: "+says)
	}
}

func TestSimilar(t *testing.T) {
	names := []string{"createChat", "getChat", "sendMessageToChat"}
	for typed, want := range map[string][]string{
		"": nil, "getchat": {"getChat"}, "send": {"sendMessageToChat"}, "sendMesageToChat": {"sendMessageToChat"}, "x": {},
		"a-name-that-is-longer-than-any-name-that-there-is-getChat": nil,
	} {
		assert.ElementsMatch(t, want, similar(typed, names), typed)
	}
}
