package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// goName is a name that people who type flags do not know.
var goName = regexp.MustCompile(`\b(MaxDelay|BaseDelay|MaxAttempts|RetryPolicy|Err[A-Z]\w*|With[A-Z]\w*|Resend[A-Z]\w*)\b|wrapper|\w+Error\b`)

// A mistake on the command line is told by what was wrong and what is allowed, in the words of the command line; a
// mistyped name by the name that it is like. Nothing that stands in the wrong place is repeated: it may be the key, or
// what is meant for the buyer.
func TestUsage(t *testing.T) {
	market := newSandbox(t)
	for _, row := range []struct{ line, says string }{
		{"get", "get needs --chat"},
		{"send canary", "send needs one of --chat, --order and --return\n"},
		{"send canary --chat 1 --order 1", "send needs one of --chat, --order and --return\n"},
		{"send canary --order 1 --return 1", "send needs one of --chat, --order and --return\n"},
		{"send canary --chat 1 --order 1 --return 1", "send needs one of --chat, --order and --return\n"},
		{"new", "new needs either --order or --return"},
		{"new --order 1 --return 2", "new needs either --order or --return"},
		{"new canary", "new takes no words: give --order or --return"},
		{"get --key= canary", "get takes no words: give --chat"},
		{"send --chat 7000001 canary text", "send takes one text: put it in quotes"},
		{"demo canary", "demo takes no words, only flags: see ymchats demo --help"},
		{"sandbox canary", "sandbox takes no words, only flags: see ymchats sandbox --help"},
		{"listen canary", "listen takes no words, only flags: see ymchats listen --help"},

		{"send --chat canary", "--chat is not allowed as it is written, allowed is a whole number"},
		{"get --max-wait canary", "--max-wait is not allowed as it is written, allowed is a time with its unit, like 500ms, 30s or 2m"},
		{"get --chat 7000001 --timeout 1", "--timeout is not allowed as it is written, allowed is a time with its unit"},
		{"sandbox --order canary", "--order is not allowed as it is written, allowed is whole numbers"},
		{"sandbox --quota canary", "--quota is not allowed as it is written, allowed is a whole number"},
		{"send --yes=canary", "--yes is not allowed as it is written, allowed is true or false"},
		{"get --chat 7000001 --max-wait 0s", "--max-wait is 0s, allowed is more than 0"},
		{"get --chat 7000001 --timeout -1s", "--timeout is -1s, allowed is 0 (no limit) and above"},
		{"send --chat 7000001 --resend canary canary", "--resend is not allowed as it is written, allowed is checked, always, never"},
		{"get --chat 7000001 --business canary", "the businessId of --business is no number: allowed are digits alone, 1 and above"},
		{"get --chat 7000001 --business 0", "the businessId of --business is no number"},
		{"get --chat 7000001 --base-url https://u:canary@host/v2", "the base URL of --base-url has user info"},
		{"get --chat 7000001 --base-url ftp://example.com/v2", "the base URL of --base-url has none of the schemes"},
		{"get --chat 7000001 --base-url http://host/v2", "the base URL of --base-url is http:// and its host is not loopback, so the token could be read on its way, allowed is https://\n"},

		{"get --chat 0x6acfc1", "--chat is not allowed as it is written, allowed is a whole number\n"},
		{"get --chat 7_000_001", "--chat is not allowed as it is written, allowed is a whole number\n"},
		{"sandbox --order 1,0b11", "--order is not allowed as it is written, allowed is whole numbers"},
		{"get --chat 99999999999999999999", "--chat is out of range, allowed is a whole number up to 9223372036854775807\n"},
		{"get --max-wait 99999999999999999999", "--max-wait is not allowed as it is written, allowed is a time with its unit"},
		{"get --chat -99999999999999999999", "--chat is out of range, allowed is a whole number"},
		{"sandbox --quota 99999999999999999999", "--quota is out of range, allowed is a whole number up to"},
		{"sandbox --order 1,99999999999999999999", "--order is out of range, allowed is whole numbers with commas between them up to"},
		{"sandbox --addr :99999", `--addr is ":99999", allowed is HOST:PORT with a port of 0 to 65535`},
		{"sandbox --addr localhost", `--addr is "localhost", allowed is HOST:PORT`},
		{"sandbox --addr 127.0.0.1:web-site", `--addr is "127.0.0.1:web-site", allowed is HOST:PORT`},
		{"listen --addr 127.0.0.1:99999", `--addr is "127.0.0.1:99999", allowed is HOST:PORT`},

		{"get --yes=canary", "unknown flag: --yes\n"},
		{"get -key=canary", "unknown flag: flags are written --name"},
		{"send -5canary", "unknown flag: flags are written --name"},
		{"send --5canary", "unknown flag: flags are written --name"},
		{"send --=canary", "unknown flag: flags are written --name"},
		{"send --txt canary", "unknown flag: --txt"},
		{"get --caht 7", "unknown flag: --caht; did you mean --chat?"},
		{"get --chat-id=7", "unknown flag: --chat-id; did you mean --chat?"},
		{"get --api-key=canary", "unknown flag: --api-key; did you mean --key?"},
		{"get --business-id 7", "unknown flag: --business-id; did you mean --business?"},
		{"check --fast", "unknown flag: --fast\n"},
		{"--chat 7", "unknown flag: --chat; flags stand after the command, see ymchats --help"},
		{"gett --chat 7", "unknown command gett; did you mean get?"},
		{"sedn --chat 7 canary", "unknown command sedn; did you mean send?"},
		{"chek a.har", "unknown command chek; did you mean check?"},
		{"sand", "unknown command sand; did you mean sandbox or send?"},
		{"version", "unknown command version; did you mean --version?\n"},
		{"frobnicate", "unknown command frobnicate: see ymchats --help"},
		{"canary:1", "unknown command: see ymchats --help"},
		{"help sned", "unknown command sned; did you mean new or send?"},
		{"help send canary:1", "unknown command: see ymchats --help"},
		{"help completion tcsh", "unknown command tcsh: see ymchats --help"},
		{"completion tcsh", "completion needs one of bash, zsh, fish and powershell"},
		{"completion bash canary", "bash takes no words, only flags: see ymchats completion bash --help"},
		{"completion canary:1", "completion needs one of bash, zsh, fish and powershell"},

		{"sandbox --quota 0", "--quota is 0, allowed is 1 and above\n"},
		{"sandbox --parallel -1", "--parallel is -1, allowed is 1 and above"},
		{"sandbox --business 0", "--business is [0], allowed is at least one id of 1 and above"},
		{"sandbox --order 0", "--order is [0], allowed is a list of numbers of 1 and above"},
		{"sandbox --first-id 0", "--first-id is 0, allowed is 1 to 9000000000"},
		{"sandbox --scope all", `--scope is "all", allowed is one of [all-methods`},
		{"sandbox --host a:1", `--host is "a:1", allowed is a name or an address, without a port`},
		{"sandbox --key \x7f", "--key is a token that no header can carry, allowed is printable ASCII"},
		{"sandbox --fault getChat", `--fault is "getChat", allowed is OPERATION=FAULT`},
		{"sandbox --fault getChat=500", "--fault getChat: value must be an object"},
		{"sandbox --fault getChat={abort", "--fault getChat: it is not JSON"},
		{`sandbox --fault getChat={"kind":"quota","seconds":1e999}`, "--fault getChat: it has a number that is out of range\n"},
		{"sandbox --fault getChat=abrt", `--fault getChat: there is no kind "abrt", allowed are none, answer, `},
		{`sandbox --fault getChat={"kind":"abrt"}`, "closeSilently; did you mean abort?"},
		{`sandbox --fault sendMessageToChat=lagging`, "--fault sendMessageToChat: Lagging cannot act on sendMessageToChat, allowed is one of [getChat "},
		{"sandbox --fault getChat={}", `--fault getChat: Error at "/kind": property "kind" is missing`},
		{"sandbox --fault getChat=abort --fault getChat=html", "--fault is given twice for getChat, allowed is one"},
		{"sandbox --fault get=abort", `--fault has no operation "get", allowed are ` + strings.Join(operationNames(), ", ") + `; did you mean getChat or`},
		{"sandbox --notify shop", "--notify is no address, allowed is one like http://127.0.0.1:8081/market"},
		{"listen --behind x", `--behind has "x"`},
		{"listen --behind 10.0.0.0/99", `--behind has "10.0.0.0/99", allowed are addresses and networks like 10.0.0.1`},
		{"listen --behind 10.0.0.1,proxy", `--behind has "proxy", allowed are addresses`},
		{"listen --behind 10.0.0.1 --anywhere", "--anywhere and --behind are given, allowed is one of them"},
	} {
		code, out, complaint := ended().run(t, strings.Split(row.line, " ")...)
		assert.Equal(t, 2, code, row.line)
		assert.True(t, strings.HasPrefix(complaint, "ymchats: "), complaint)
		assert.Contains(t, complaint, row.says, row.line)
		assert.Empty(t, out, row.line)
		assert.NotRegexp(t, goName, complaint, row.line)
	}
	assert.Empty(t, market.Calls())
}

// A number with zeros in front is the number without them, and not an octal one, which would be another order.
func TestLeadingZeros(t *testing.T) {
	newSandbox(t)
	code, out, complaint := run(t, "new", "--order", "0031000001")
	assert.Zero(t, code, complaint)
	assert.Equal(t, "Chat 7000001, about order 31000001\n", out)
}

// The names that are like what was typed.
func TestSimilar(t *testing.T) {
	names := []string{"createChat", "getChat", "sendMessageToChat"}
	for typed, want := range map[string][]string{
		"": nil, "getchat": {"getChat"}, "send": {"sendMessageToChat"}, "sendMesageToChat": {"sendMessageToChat"}, "x": {},
		"gtChta": nil, "gteChat": {"getChat"}, "gChat": {"getChat"},
		"a-name-that-is-longer-than-any-name-that-there-is-getChat": nil,
	} {
		assert.ElementsMatch(t, want, similar(typed, names), typed)
	}
	assert.Equal(t, []string{"key"}, similar("kex", []string{"key", "set"}), "one letter of a short word")
	assert.Empty(t, similar("kxx", []string{"key", "set"}))
}

// What it takes to make one word of another, in both directions.
func TestDistance(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "abxc", 1}, {"kitten", "sitting", 3}, {"chat", "caht", 2}} {
		assert.Equal(t, row.want, distance(row.a, row.b), row)
		assert.Equal(t, row.want, distance(row.b, row.a), row)
	}
}
