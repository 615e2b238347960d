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
	cmd := &cobra.Command{
		Use:   "new (--order N | --return N)",
		Short: "Start a chat with a buyer about an order or a return",
		Long: `Starts a chat about an order or a return, or finds the one that exists, and prints its number. Doing it
twice does no harm.`,
		Example: `  ymchats new --order 31000001
  ymchats new --return 501 --json`,
		Args: noWords("new takes no words: give --order or --return"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			about, ok := chosen(cmd.Flags(), "order", "return")
			if !ok {
				return usageError{errors.New("new needs either --order or --return")}
			}
			if err := j.prepare(cmd); err != nil {
				return err
			}
			return j.run(cmd, func(ctx context.Context) (any, string, error) {
				chat, err := j.client.CreateChat(ctx, about.context())
				if err != nil {
					return nil, "", err
				}
				return chat, fmt.Sprintf("Chat %d, about %v", chat.ChatID, about), nil
			})
		},
	}
	subjectFlags(cmd.Flags())
	return j.command(cmd)
}

// subject is an order, a return or a chat, by its number.
type subject struct {
	what string // the name of its flag
	id   int64
}

func (s subject) String() string { return fmt.Sprint(s.what, " ", s.id) }

// context is what a chat about the subject is made of.
func (s subject) context() gen.ChatContextDTO {
	if s.what == "return" {
		return wrapper.Return(s.id)
	}
	return wrapper.Order(s.id)
}

func subjectFlags(flags *pflag.FlagSet) {
	flags.Int64("order", 0, "the number of the order")
	flags.Int64("return", 0, "the number of the return")
}

func chatFlag(flags *pflag.FlagSet) {
	flags.Int64("chat", 0, "the number of the chat, as new gives it")
}

// chosen gives the subject that the command line names by one of these flags. It is not ok to give none or several.
func chosen(flags *pflag.FlagSet, names ...string) (s subject, ok bool) {
	named := 0
	for _, name := range names {
		if flags.Changed(name) {
			named++
			s.what = name
			s.id, _ = flags.GetInt64(name)
		}
	}
	return s, named == 1
}
