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

func newCommand() *cobra.Command { return newCommandOn(isTerminal) }

// newCommandOn is the command line where onTerminal says which of its streams stand on a terminal.
func newCommandOn(onTerminal func(stream any) bool) *cobra.Command {
	root := &cobra.Command{
		Args:          noArguments,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Use:           "ymchats",
		Short:         "Chats of a shop on Yandex Market with its buyers",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newChatCommand(onTerminal), sendCommand(onTerminal), getCommand(onTerminal))
	root.AddCommand(demoCommand(), checkCommand(), sandboxCommand(), listenCommand())
	return root
}

var isName = regexp.MustCompile(`^[a-z-]+$`).MatchString

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
		if !cmd.HasParent() { // of a misspelt command the flags are looked at first
			err = fmt.Errorf("unknown command, or unknown flag --%s: see ymchats --help", unknown.GetSpecifiedName())
		}
	case errors.As(err, &unknown), errors.As(err, new(*pflag.InvalidSyntaxError)):
		err = errors.New("unknown flag: flags are written --name, and -- stands before a text that begins with -")
	}
	return usageError{err}
}

func noArguments(cmd *cobra.Command, args []string) error {
	if err := cobra.NoArgs(cmd, args); err != nil {
		return usageError{err}
	}
	return nil
}
