package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

func getCommand(on terminals) *cobra.Command {
	j := &job{on: on}
	cmd := &cobra.Command{
		Use:   "get --chat N",
		Short: "Tell what a chat is about and whose turn it is",
		Long:  "Reads a chat: what it is about, whose turn it is, who the buyer is, and when it was last written into.",
		Example: `  ymchats get --chat 7000001
  ymchats get --chat 7000001 --json`,
		Args: noWords("get takes no words: give --chat"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			chat, ok := chosen(cmd.Flags(), "chat")
			if !ok {
				return usageError{errors.New("get needs --chat")}
			}
			if err := j.prepare(cmd); err != nil {
				return err
			}
			return j.run(cmd, func(ctx context.Context) (any, string, error) {
				info, err := j.client.GetChat(ctx, chat.id)
				if err != nil {
					return nil, "", err
				}
				return info, chatWords(info), nil
			})
		},
	}
	chatFlag(cmd.Flags())
	return j.command(cmd)
}
