package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

func newChatCommand(on terminals) *cobra.Command {
	j := &job{on: on}
	var s subject
	cmd := &cobra.Command{
		Use:   "new (--order N | --return N)",
		Short: "Start a chat with a buyer about an order or a return",
		Long: `Starts a chat about an order or a return, or finds the one that exists, and prints its number. Doing it
twice does no harm.`,
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
			return j.run(cmd, func(ctx context.Context) (any, string, error) {
				chat, err := j.client.CreateChat(ctx, s.context(cmd.Flags()))
				if err != nil {
					return nil, "", err
				}
				return chat, fmt.Sprintf("Chat %d, about %s", chat.ChatID, s.words(cmd.Flags())), nil
			})
		},
	}
	s.addFlags(cmd.Flags())
	return j.command(cmd)
}

// subject is what a chat is about, as --order or --return says.
type subject struct{ order, returned int64 }

func (s *subject) addFlags(flags *pflag.FlagSet) {
	flags.Int64Var(&s.order, "order", 0, "the number of the order")
	flags.Int64Var(&s.returned, "return", 0, "the number of the return")
}

func (s *subject) context(flags *pflag.FlagSet) gen.ChatContextDTO {
	if flags.Changed("return") {
		return wrapper.Return(s.returned)
	}
	return wrapper.Order(s.order)
}

func (s *subject) words(flags *pflag.FlagSet) string {
	if flags.Changed("return") {
		return numbered("return", &s.returned)
	}
	return numbered("order", &s.order)
}
