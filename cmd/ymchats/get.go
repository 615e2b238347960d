package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

func getCommand(on terminals) *cobra.Command {
	j := &job{on: on}
	var chatID int64
	cmd := &cobra.Command{
		Use:   "get --chat N",
		Short: "Tell what a chat is about and whose turn it is",
		Long:  "Reads a chat: what it is about, whose turn it is, who the buyer is, and when it was last written into.",
		Example: `  ymchats get --chat 7000001
  ymchats get --chat 7000001 --json`,
		Args: noWords("get takes no words: give --chat"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("chat") {
				return usageError{errors.New("get needs --chat")}
			}
			if err := j.prepare(cmd); err != nil {
				return err
			}
			return j.run(cmd, func(ctx context.Context) (any, string, error) {
				chat, err := j.client.GetChat(ctx, chatID)
				if err != nil {
					return nil, "", err
				}
				return chat, chatWords(chat), nil
			})
		},
	}
	cmd.Flags().Int64Var(&chatID, "chat", 0, "the number of the chat, as new gives it")
	return j.command(cmd)
}
