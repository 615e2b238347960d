package main

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageError is a mistake on the command line.
type usageError struct{ error }

// isName recognizes what may be repeated of a command line: a key or the text to a buyer looks otherwise.
var isName = regexp.MustCompile(`^[a-z-]{1,20}$`).MatchString

// allowedValues says what a value of a flag looks like, by the type of the flag.
var allowedValues = map[string]string{
	"int": "a whole number", "int64": "a whole number", "int64Slice": "whole numbers with commas between them",
	"duration": "a time with its unit, like 500ms, 30s or 2m", "bool": "true or false",
}

// flagError repeats nothing of the command line but the name of a flag: a key or the text to a buyer may stand there.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	switch {
	case errors.As(err, &value):
		err = badValue(value.GetFlag(), value.GetValue())
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" && isName(unknown.GetSpecifiedName()):
		err = unknownFlag(cmd, unknown.GetSpecifiedName())
	case errors.As(err, &unknown), errors.As(err, new(*pflag.InvalidSyntaxError)):
		err = errors.New("unknown flag: flags are written --name, and -- stands before a text that begins with -")
	}
	return usageError{err}
}

// badValue does not show the value.
func badValue(flag *pflag.Flag, text string) error {
	kind := flag.Value.Type()
	if strings.HasPrefix(kind, "int") && isOutOfRange(text) {
		const largest int64 = math.MaxInt64
		return fmt.Errorf("--%s is out of range, allowed is %s up to %d", flag.Name, allowedValues[kind], largest)
	}
	return fmt.Errorf("--%s is not allowed as it is written, allowed is %s", flag.Name, allowedValues[kind])
}

// isOutOfRange finds a number with too many digits.
func isOutOfRange(text string) bool {
	return slices.ContainsFunc(strings.Split(text, ","), func(number string) bool {
		_, err := strconv.ParseInt(number, 10, 64)
		return errors.Is(err, strconv.ErrRange)
	})
}

// decimal reads numbers in digits alone, as files and the Market have them. pflag would take 031000001 for octal: the
// text would go to the buyer of another order.
type decimal struct{ pflag.Value }

func (d decimal) Set(text string) error {
	numbers := strings.Split(text, ",")
	for i, number := range numbers {
		read, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return err
		}
		numbers[i] = strconv.FormatInt(read, 10)
	}
	return d.Value.Set(strings.Join(numbers, ","))
}

// onlyDecimals makes the flags of all commands that are numbers read them so.
func onlyDecimals(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if strings.HasPrefix(f.Value.Type(), "int") {
				f.Value = decimal{f.Value}
			}
		})
	}
}

func unknownFlag(cmd *cobra.Command, name string) error {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	text := fmt.Sprintf("unknown flag: --%s%s", name, didYouMean(similar(name, names), "--"))
	if cmd.HasParent() {
		return errors.New(text)
	}
	if words := cmd.Flags().Args(); len(words) > 0 { // of a misspelt command the flags are looked at first
		return unknownCommand(cmd, words[0])
	}
	return fmt.Errorf("%s; flags stand after the command, see ymchats --help", text)
}

func unknownCommand(root *cobra.Command, word string) error {
	if !isName(word) {
		return errors.New("unknown command: see ymchats --help")
	}
	root.SuggestionsMinimumDistance = differingLetters(word)
	names := root.SuggestionsFor(word)
	if root.Flags().Lookup(word) != nil {
		names = append(names, "--"+word)
	}
	if len(names) > 0 {
		return fmt.Errorf("unknown command %s%s", word, didYouMean(names, ""))
	}
	return fmt.Errorf("unknown command %s: see ymchats --help", word)
}

// noArguments refuses words that are no flags.
func noArguments(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case cmd.HasParent():
		return usageError{fmt.Errorf("%s takes no words, only flags: see %s --help", cmd.Name(), cmd.CommandPath())}
	}
	return usageError{unknownCommand(cmd, args[0])}
}

// noWords refuses words that are no flags, and says which flags are needed. It does not repeat the words: a key may be
// among them.
func noWords(says string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError{errors.New(says)}
		}
		return nil
	}
}

// didYouMean is a question with these names, and empty where there are none.
func didYouMean(names []string, prefix string) string {
	if len(names) == 0 {
		return ""
	}
	return "; did you mean " + prefix + strings.Join(names, " or "+prefix) + "?"
}

// similar gives the names that are like what was typed, and those that are one of its words: --chat-id means --chat.
// For commands cobra does it.
func similar(typed string, names []string) (found []string) {
	const longest = 40 // no name is that long
	if typed == "" || len(typed) > longest {
		return nil
	}
	lower := strings.ToLower(typed)
	for _, name := range names {
		if strings.HasPrefix(strings.ToLower(name), lower) ||
			distance(strings.ToLower(name), lower) <= differingLetters(typed) ||
			slices.Contains(strings.Split(typed, "-"), name) {
			found = append(found, name)
		}
	}
	return found
}

// differingLetters is in how many letters a name may differ from what was typed. In a short word two other letters make
// another word.
func differingLetters(typed string) int {
	if len(typed) < 4 {
		return 1
	}
	return 2
}

// distance counts the letters that have to be put in, taken out or replaced to make one word of another (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1) // from the first letters of a to as many letters of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
