package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ymarket-go/chats/gen"
)

func messagesCommand(on terminals) *cobra.Command {
	j := &job{on: on}
	var after int64
	cmd := &cobra.Command{
		Use:   "messages --chat N [--after N]",
		Short: "Read the messages of a chat",
		Long: `Reads the messages of a chat, the oldest first: who wrote, when, and what. With --after it reads those that
came after a message. --json has the numbers of the messages.`,
		Example: `  ymchats messages --chat 7000001
  ymchats messages --chat 7000001 --after 7000001000002 --json`,
		Args: noWords("messages takes no words: give --chat"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			chat, ok := chosen(cmd.Flags(), "chat")
			if !ok {
				return usageError{errors.New("messages needs --chat")}
			}
			if err := j.prepare(cmd); err != nil {
				return err
			}
			return j.run(cmd, func(ctx context.Context) (any, string, error) {
				read, err := j.client.Messages(ctx, chat.id, after)
				if err != nil {
					return nil, "", err
				}
				return read, messagesWords(chat.id, read), nil
			})
		},
	}
	chatFlag(cmd.Flags())
	cmd.Flags().Int64Var(&after, "after", 0, "the number of a message: only those that came after it are read")
	return j.command(cmd)
}

func messageCommand(on terminals) *cobra.Command {
	j := &job{on: on}
	var id int64
	cmd := &cobra.Command{
		Use:   "message --chat N --message N",
		Short: "Read one message, which a notification names",
		Long:  "Reads one message of a chat: who wrote it, when, and what. A notification has its number and not its text.",
		Example: `  ymchats message --chat 7000001 --message 7000001000002
  ymchats message --chat 7000001 --message 7000001000002 --json`,
		Args: noWords("message takes no words: give --chat and --message"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			chat, ok := chosen(cmd.Flags(), "chat")
			if !ok || !cmd.Flags().Changed("message") {
				return usageError{errors.New("message needs --chat and --message")}
			}
			if err := j.prepare(cmd); err != nil {
				return err
			}
			return j.run(cmd, func(ctx context.Context) (any, string, error) {
				message, err := j.client.GetMessage(ctx, chat.id, id)
				if err != nil {
					return nil, "", err
				}
				return message, messageWords(message), nil
			})
		},
	}
	chatFlag(cmd.Flags())
	cmd.Flags().Int64Var(&id, "message", 0, "the number of the message, as a notification gives it")
	return j.command(cmd)
}

var senderWords = map[gen.ChatMessageSenderType]string{
	gen.ChatMessageSenderTypePartner:  "shop",
	gen.ChatMessageSenderTypeCustomer: "buyer",
	gen.ChatMessageSenderTypeMarket:   "Market",
	gen.ChatMessageSenderTypeSupport:  "support",
}

// messagesWords tells a conversation to people.
func messagesWords(chatID int64, read *gen.ChatMessagesResultDTO) string {
	lines := []string{fmt.Sprintf("Chat %d, %s%s", chatID, contextWords(read.Context), buyerWords(read.Context))}
	for i := range read.Messages {
		lines = append(lines, messageWords(&read.Messages[i]))
	}
	if len(read.Messages) == 0 {
		lines = append(lines, "No messages.")
	}
	return strings.Join(lines, "\n")
}

// messageWords is a line of who and when, and each line of the text and each file in one of its own.
func messageWords(m *gen.ChatMessageDTO) string {
	lines := []string{fmt.Sprintf("%s  %s", timeWords(m.CreatedAt), words(senderWords, m.Sender))}
	if m.Message != nil {
		for line := range strings.Lines(*m.Message) {
			lines = append(lines, "  "+printable(strings.TrimRight(line, "\r\n")))
		}
	}
	for _, file := range m.Payload {
		lines = append(lines, fmt.Sprintf("  file %s, %d bytes: %s", printable(file.Name), file.Size, printable(file.URL)))
	}
	return strings.Join(lines, "\n")
}
