// Command ymchats is the command line of the Yandex Market chat client.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(execute(ctx, newCommand()))
}

// execute runs the command line, and gives the exit code. What has not been said yet, it says.
func execute(ctx context.Context, root *cobra.Command) int {
	err := root.ExecuteContext(ctx)
	var code exitCode
	if err == nil || errors.As(err, &code) {
		return int(code)
	}
	fmt.Fprintln(root.ErrOrStderr(), "ymchats:", err)
	if errors.As(err, new(usageError)) {
		return 2
	}
	return 1
}

// exitCode ends the program with this code; what is to be said has been said.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprint("exit code ", int(c)) }

// usageError is a mistake on the command line.
type usageError struct{ error }

func newCommand() *cobra.Command { return newCommandOn(realTerminals) }

// newCommandOn is the command line whose streams stand on these terminals.
func newCommandOn(on terminals) *cobra.Command {
	root := &cobra.Command{
		Args:          noArguments,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Use:           "ymchats",
		Short:         "Chats of a shop on Yandex Market with its buyers",
		Long:          rootHelp,
		Version:       versionWords(buildInfo()),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newChatCommand(on), sendCommand(on), getCommand(on))
	root.AddCommand(demoCommand(), checkCommand(), sandboxCommand(), listenCommand())
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().Bool("version", false, "print the version, the commit and Go's version")
	completeRest(root)
	return root
}

const rootHelp = `Chats of a shop on Yandex Market with its buyers: new starts a chat, send writes into it, get tells
how it stands. They need a key and the businessId of a cabinet, which is the seller's account on the Market: see
ymchats send --help.

demo and sandbox need neither. The sandbox stands in for the Market on this machine.`

// isName tells what may be repeated of a command line: a key or the text to a buyer looks otherwise.
var isName = regexp.MustCompile(`^[a-z-]{1,20}$`).MatchString

// kinds say of the types of flags what a value looks like.
var kinds = map[string]string{
	"int": "a whole number", "int64": "a whole number", "int64Slice": "whole numbers with commas between them",
	"duration": "a time with its unit, like 500ms, 30s or 2m", "bool": "true or false",
}

// flagError repeats nothing of the command line but the name of a flag: a key or the text to a buyer may stand there.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	switch {
	case errors.As(err, &value):
		flag := value.GetFlag()
		err = fmt.Errorf("--%s is not allowed as it is written, allowed is %s", flag.Name, kinds[flag.Value.Type()])
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "" && isName(unknown.GetSpecifiedName()):
		err = unknownFlag(cmd, unknown.GetSpecifiedName())
	case errors.As(err, &unknown), errors.As(err, new(*pflag.InvalidSyntaxError)):
		err = errors.New("unknown flag: flags are written --name, and -- stands before a text that begins with -")
	}
	return usageError{err}
}

func unknownFlag(cmd *cobra.Command, name string) error {
	text := fmt.Sprintf("unknown flag: --%s%s", name, didYouMean(name, flagNames(cmd.Flags()), "--"))
	if cmd.HasParent() {
		return errors.New(text)
	}
	if words := cmd.Flags().Args(); len(words) > 0 { // of a misspelt command the flags are looked at first
		return unknownCommand(cmd, words[0])
	}
	return fmt.Errorf("%s; flags stand after the command, see ymchats --help", text)
}

func unknownCommand(cmd *cobra.Command, word string) error {
	if !isName(word) {
		return errors.New("unknown command: see ymchats --help")
	}
	if question := didYouMean(word, append(commandNames(cmd), "--version"), ""); question != "" {
		return fmt.Errorf("unknown command %s%s", word, question)
	}
	return fmt.Errorf("unknown command %s: see ymchats --help", word)
}

func noArguments(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case cmd.HasParent():
		return usageError{fmt.Errorf("%s takes no words, only flags: see ymchats %[1]s --help", cmd.Name())}
	}
	return usageError{unknownCommand(cmd, args[0])}
}
