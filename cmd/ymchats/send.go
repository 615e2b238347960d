package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/ymarket-go/chats/wrapper"
)

// resends are the values of --resend, in the order of the wrapper's constants.
var resends = []string{
	wrapper.ResendChecked: "checked",
	wrapper.ResendAlways:  "always",
	wrapper.ResendNever:   "never",
}

func sendCommand(on terminals) *cobra.Command {
	s := &sender{job: job{on: on}}
	var resend string
	allowed := strings.Join(resends, ", ")
	cmd := &cobra.Command{
		Use:   "send --chat N [TEXT | -]",
		Short: "Send a message to the buyer of a chat",
		Long: `Sends a text of 1 to 4,096 characters to the buyer of a chat. With -, or without a text where standard
input is no terminal, the text is read from standard input; one line break at its end is taken off.

On a terminal it asks before it sends; elsewhere, and with --yes, it does not.

The Market may store a message and fail all the same. --resend says what to do with a message that may have arrived:
checked reads the chat and repeats only if nobody has written into it since, always repeats it, so that the buyer may
see it twice, and never stops with exit code 7.`,
		Example: `  ymchats send --chat 7000001 "Your order is on its way."
  ymchats send --chat 7000001 --yes - < message.txt`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{errors.New("send takes one text: put it in quotes")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			at := slices.Index(resends, resend)
			if at < 0 {
				return usageError{errors.New("--resend is not allowed as it is written, allowed is " + allowed)}
			}
			s.resend = wrapper.Resend(at)
			return s.send(cmd, args)
		},
	}
	flags := cmd.Flags()
	flags.Int64Var(&s.chatID, "chat", 0, "the number of the chat, as new gives it")
	flags.BoolVar(&s.yes, "yes", false, "do not ask before sending")
	flags.StringVar(&resend, "resend", "checked", "what to do with a message that may have arrived: "+allowed)
	complete := cobra.FixedCompletions(resends, cobra.ShellCompDirectiveNoFileComp)
	_ = cmd.RegisterFlagCompletionFunc("resend", complete)
	return s.command(cmd)
}

type sender struct {
	job
	chatID int64
	yes    bool
}

func (s *sender) send(cmd *cobra.Command, args []string) error {
	if err := needChat(cmd); err != nil {
		return err
	}
	if err := s.prepare(cmd); err != nil {
		return err
	}
	s.situation.message, s.situation.chatID = true, s.chatID
	text, err := s.text(cmd, args)
	if err == nil {
		err = s.consent(cmd, text)
	}
	if err != nil {
		return s.fail(cmd, err)
	}
	return s.run(cmd, func(ctx context.Context) (any, string, error) {
		err := s.client.SendMessage(ctx, s.chatID, text)
		words := fmt.Sprintf("Sent %s to the buyer of chat %d", length(text), s.chatID)
		return map[string]int64{"chatId": s.chatID}, words, err
	})
}

// text is the one of the command line, or that of standard input.
func (s *sender) text(cmd *cobra.Command, args []string) (string, error) {
	switch {
	case len(args) == 1 && args[0] != "-":
		return args[0], nil
	case len(args) == 0 && s.on.is(cmd.InOrStdin()):
		return "", usageError{errors.New("send needs a text, or - to read it from standard input")}
	}
	text, err := whileWaiting(cmd.Context(), func() (string, error) { return readText(cmd.InOrStdin()) })
	if err != nil {
		return "", notSent(cmd.Context(), err)
	}
	return text, nil
}

// consent asks whoever sits at the terminal. Where nobody does, whoever wrote the script has said yes.
func (s *sender) consent(cmd *cobra.Command, text string) error {
	if s.yes || !s.on.is(cmd.InOrStdin()) || !s.on.is(cmd.ErrOrStderr()) {
		return nil
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "Send %s to the buyer of chat %d? [y/N] ", length(text), s.chatID)
	answer, err := whileWaiting(cmd.Context(), func() (string, error) { return readLine(cmd.InOrStdin()) })
	if err != nil {
		fmt.Fprintln(cmd.ErrOrStderr()) // what is said next does not belong to the question
		return notSent(cmd.Context(), err)
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return &wrapper.Error{Operation: "sendMessageToChat", Err: errDeclined}
	}
	return nil
}

// notSent is the error of a message that could not be read, or not be asked about.
func notSent(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &wrapper.Error{Operation: "sendMessageToChat", Err: ctx.Err()}
	}
	return usageError{err}
}

func length(text string) string {
	if n := utf8.RuneCountInString(text); n != 1 {
		return fmt.Sprint(n, " characters")
	}
	return "1 character"
}
