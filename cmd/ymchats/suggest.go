package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// didYouMean is a question with the names that are like what was typed, and empty where none is.
func didYouMean(typed string, names []string, prefix string) string {
	var alike []string
	for _, name := range similar(typed, names) {
		alike = append(alike, prefix+name)
	}
	if len(alike) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(alike, " or ") + "?"
}

// similar gives the names that differ from what was typed in one letter or two, begin like it, or are one of its
// words: whoever types --chat-id means --chat. cobra knows how far apart two names of commands are, so the names are
// those of commands here.
func similar(typed string, names []string) []string {
	const longest = 40 // no name is that long
	if typed == "" || len(typed) > longest {
		return nil
	}
	root := &cobra.Command{SuggestionsMinimumDistance: 2}
	if len(typed) < 4 { // two other letters would make another word
		root.SuggestionsMinimumDistance = 1
	}
	for _, name := range names {
		root.AddCommand(&cobra.Command{Use: name, Run: func(*cobra.Command, []string) {}})
	}
	found := root.SuggestionsFor(typed)
	for word := range strings.SplitSeq(typed, "-") {
		if slices.Contains(names, word) && !slices.Contains(found, word) {
			found = append(found, word)
		}
	}
	return found
}

func flagNames(flags *pflag.FlagSet) (names []string) {
	flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

func commandNames(cmd *cobra.Command) (names []string) {
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}
