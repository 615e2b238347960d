package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ymarket-go/chats/wrapper"
)

func newChatCommand(on terminals) *cobra.Command {
	j := &job{on: on}
	var order, returned int64
	cmd := &cobra.Command{
		Use:   "new (--order N | --return N)",
		Short: "Start a chat with a buyer about an order or a return",
		Long:  "Starts a chat about an order or a return, or finds the one that exists. Doing it twice does no harm.",
		Example: `  ymchats new --order 31000001
  ymchats new --return 501 --json`,
		Args: noWords("new takes no words: give --order or --return"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("order") == cmd.Flags().Changed("return") {
				return usageError{errors.New("new needs either --order or --return")}
			}
			if err := j.prepare(cmd); err != nil {
				return err
			}
			about, words := wrapper.Order(order), numbered("order", &order)
			if cmd.Flags().Changed("return") {
				about, words = wrapper.Return(returned), numbered("return", &returned)
			}
			return j.run(cmd, func(ctx context.Context) (any, string, error) {
				chat, err := j.client.CreateChat(ctx, about)
				if err != nil {
					return nil, "", err
				}
				return chat, fmt.Sprintf("Chat %d, about %s", chat.ChatID, words), nil
			})
		},
	}
	cmd.Flags().Int64Var(&order, "order", 0, "the number of the order")
	cmd.Flags().Int64Var(&returned, "return", 0, "the number of the return")
	return j.command(cmd)
}

// noWords refuses words that are no flags, and does not repeat them: a key may be among them.
func noWords(says string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError{errors.New(says)}
		}
		return nil
	}
}
