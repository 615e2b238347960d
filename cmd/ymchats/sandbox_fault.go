package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ymarket-go/chats/sandbox"
)

// faultOperations are the operations that --fault can break.
var faultOperations = []string{
	sandbox.OperationCreateChat, sandbox.OperationGetChat, sandbox.OperationSendMessageToChat,
}

// faultKinds are the kinds of faults, and what they do.
var faultKinds = []struct{ name, does string }{
	{"none", "the true answer"},
	{"answer", "an answer of your own: status, headers, body"},
	{"fail", "an error of the Market, 500"},
	{"html", "a page instead of JSON, 500"},
	{"redirect", "302 to another address"},
	{"quota", "420, the quota is used up"},
	{"parallel", "420, too many requests at once"},
	{"abort", "the connection is cut before an answer"},
	{"truncate", "the connection is cut within the answer"},
	{"drip", "the answer comes byte by byte"},
	{"gzipBomb", "an answer that unpacks to 64 MiB"},
	{"contentType", "the true answer as text/plain"},
	{"unknown", "values and fields that nobody knows"},
	{"duplicateKeys", "every name of the answer twice"},
	{"closeAfter", "the connection is closed after the answer"},
	{"resetStream", "the HTTP/2 stream is reset"},
	{"goAway", "the HTTP/2 connection ends"},
	{"proxy", "a proxy's page, 502"},
	{"cached", "an old answer of getChat that says so"},
	{"lagging", "an old answer of getChat that does not say so"},
}

func kindNames() (names []string) {
	for _, kind := range faultKinds {
		names = append(names, kind.name)
	}
	return names
}

func (s *sandboxServer) addFaults(market *sandbox.Market) error {
	seen := map[string]bool{}
	for _, f := range s.faults {
		operation, text, ok := strings.Cut(f, "=")
		if !ok {
			return fmt.Errorf("--fault is %q, allowed is OPERATION=FAULT", f)
		}
		if !slices.Contains(faultOperations, operation) {
			return fmt.Errorf("--fault has no operation %.40q, allowed are %s%s", operation,
				strings.Join(faultOperations, ", "), didYouMean(similar(operation, faultOperations), ""))
		}
		if seen[operation] {
			return fmt.Errorf("--fault is given twice for %s, allowed is one", operation)
		}
		seen[operation] = true
		if err := setFault(market, operation, text); err != nil {
			return fmt.Errorf("--fault %s: %w", operation, err)
		}
	}
	return nil
}

var isWord = regexp.MustCompile(`^[A-Za-z]+$`).MatchString

// setFault takes a kind alone, or the JSON of the control API.
func setFault(market *sandbox.Market, operation, text string) error {
	if isWord(text) {
		text = fmt.Sprintf(`{"kind":%q}`, text)
	}
	var object struct{ Kind string }
	_ = json.Unmarshal([]byte(text), &object) // EveryDescribed says what is wrong
	if kind := object.Kind; kind != "" && !slices.Contains(kindNames(), kind) {
		return fmt.Errorf("there is no kind %.40q, allowed are %s%s", kind,
			strings.Join(kindNames(), ", "), didYouMean(similar(kind, kindNames()), ""))
	}
	if err := market.EveryDescribed(operation, []byte(text)); err != nil {
		return errors.New(strings.Replace(err.Error(), "the body", "it", 1))
	}
	return nil
}

// completeFault offers the operations, and after the = the kinds.
func completeFault(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	var offers []string
	operation, _, chosen := strings.Cut(typed, "=")
	if !chosen {
		for _, name := range faultOperations {
			offers = append(offers, name+"=")
		}
		return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	for _, kind := range faultKinds {
		offers = append(offers, operation+"="+kind.name+"\t"+kind.does)
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}
