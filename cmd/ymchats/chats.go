package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ymarket-go/chats/gen"
)

func chatsCommand(on terminals) *cobra.Command {
	j := &job{on: on}
	var waiting bool
	cmd := &cobra.Command{
		Use:   "chats [--waiting] [--order N | --return N]",
		Short: "List chats",
		Long: `Lists the chats of the cabinet, each with what it is about, whose turn it is, and when it was last written
into. The Market does not promise an order.`,
		Example: `  ymchats chats --waiting
  ymchats chats --order 31000001 --json`,
		Args: noWords("chats takes no words: give --waiting, --order or --return, or nothing for all chats"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var filter gen.GetChatsRequest
			about, ok := chosen(cmd.Flags(), "order", "return")
			switch {
			case ok:
				filter.Contexts = []gen.ChatContextDTO{about.context()}
			case about.what != "":
				return usageError{errors.New("chats takes --order or --return, not both")}
			}
			if waiting {
				filter.Statuses = []gen.ChatStatusType{gen.ChatStatusTypeNew, gen.ChatStatusTypeWaitingForPartner}
			}
			if err := j.prepare(cmd); err != nil {
				return err
			}
			return j.run(cmd, func(ctx context.Context) (any, string, error) {
				chats := []*gen.GetChatInfoDTO{}
				for chat, err := range j.client.Chats(ctx, filter) {
					if err != nil {
						return nil, "", err
					}
					chats = append(chats, chat)
				}
				return map[string]any{"chats": chats}, chatsWords(chats), nil
			})
		},
	}
	cmd.Flags().BoolVar(&waiting, "waiting", false,
		"only those that wait for the shop: new ones, and where the buyer wrote last")
	subjectFlags(cmd.Flags())
	return j.command(cmd)
}

// chatsWords is a line for each chat.
func chatsWords(chats []*gen.GetChatInfoDTO) string {
	if len(chats) == 0 {
		return "No chats."
	}
	var lines []string
	for _, chat := range chats {
		lines = append(lines, fmt.Sprintf("%d  %s  %s, %s%s", chat.ChatID, timeWords(chat.UpdatedAt),
			contextWords(chat.Context), words(statusWords, chat.Status), buyerWords(chat.Context)))
	}
	return strings.Join(lines, "\n")
}

// buyerWords names the buyer behind a comma; empty where the Market does not.
func buyerWords(about gen.ChatFullContextDTO) string {
	if about.Customer == nil || about.Customer.Name == nil {
		return ""
	}
	return ", " + printable(*about.Customer.Name)
}
