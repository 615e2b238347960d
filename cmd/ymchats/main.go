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
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(execute(ctx, newCommand(realTerminals)))
}

// execute runs the command line, and gives the exit code. What has not been said yet, it says.
func execute(ctx context.Context, root *cobra.Command) int {
	strictTopics(root)
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

const rootHelp = `Chats of a shop on Yandex Market with its buyers: new starts a chat, send writes into it, get tells
how it stands. They need a key and the businessId of a cabinet, which is the seller's account on the Market: see
ymchats send --help.

demo and sandbox need neither. The sandbox stands in for the Market on this machine.`

// newCommand is the command line whose streams stand on these terminals.
func newCommand(on terminals) *cobra.Command {
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
	root.AddCommand(chatsCommand(on), messagesCommand(on), messageCommand(on))
	root.AddCommand(demoCommand(), checkCommand(), sandboxCommand(), listenCommand())
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().Bool("version", false, "print the version, the commit and Go's version")
	plainHelp(root)
	onlyDecimals(root)
	completeRest(root)
	return root
}
