// Command ymchats is the command line of the Yandex Market chat client.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	err := newCommand().ExecuteContext(ctx)
	var code exitCode
	var usage usageError
	switch {
	case errors.As(err, &code):
		os.Exit(int(code))
	case errors.As(err, &usage):
		fmt.Fprintln(os.Stderr, "ymchats:", err)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "ymchats:", err)
		os.Exit(1)
	}
}

// exitCode ends the program with this code; what is to be said has been said.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprint("exit code ", int(c)) }

// usageError is a mistake on the command line.
type usageError struct{ error }

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Args:          noArguments,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Use:           "ymchats",
		Short:         "Chats of a shop on Yandex Market with its buyers",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(demoCommand(), checkCommand(), sandboxCommand())
	return root
}

func noArguments(cmd *cobra.Command, args []string) error {
	if err := cobra.NoArgs(cmd, args); err != nil {
		return usageError{err}
	}
	return nil
}
