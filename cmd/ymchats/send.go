package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
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

const sendHelp = `Sends a text of 1 to 4,096 characters to a buyer. With --order or --return it first starts the chat
about that, or finds the one that exists.

With -, or without a text where standard input is no terminal, the text is read from standard input; a byte order mark
at its beginning and one line break at its end are taken off. A text of nothing but blanks is refused (exit code 3).

On a terminal it asks before it sends; elsewhere, and with --yes, it does not.

The Market may store a message and fail all the same. --resend says what to do with a message that may have arrived:
checked reads the chat and repeats only if nobody has written into it since, always repeats it, so that the buyer may
see it twice, and never stops with exit code 7. A chat that was started a moment ago cannot be checked.`

func sendCommand(on terminals) *cobra.Command {
	s := &sender{job: job{on: on}}
	var resend string
	allowed := strings.Join(resends, ", ")
	cmd := &cobra.Command{
		Use:   "send (--chat N | --order N | --return N) [TEXT | -]",
		Short: "Send a message to the buyer of a chat, an order or a return",
		Long:  sendHelp,
		Example: `  ymchats send --chat 7000001 "Your order is on its way."
  ymchats send --order 31000001 "Your order is on its way."
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
	flags.Int64Var(&s.situation.chatID, "chat", 0, "the number of the chat, as new gives it")
	s.subject.addFlags(flags)
	flags.BoolVar(&s.yes, "yes", false, "do not ask before sending")
	flags.StringVar(&resend, "resend", "checked", "what to do with a message that may have arrived: "+allowed)
	completeValues(cmd, "resend", resends...)
	return s.command(cmd)
}

type sender struct {
	job
	subject subject
	yes     bool
}

func (s *sender) send(cmd *cobra.Command, args []string) error {
	given := 0
	for _, name := range []string{"chat", "order", "return"} {
		if cmd.Flags().Changed(name) {
			given++
		}
	}
	if given != 1 {
		return usageError{errors.New("send needs one of --chat, --order and --return")}
	}
	if err := s.prepare(cmd); err != nil {
		return err
	}
	s.situation.message = true
	text, err := s.text(cmd, args)
	if err == nil {
		err = s.refusal(cmd, text)
	}
	if err == nil {
		err = s.consent(cmd, text)
	}
	if err != nil {
		return s.fail(cmd, err)
	}
	return s.run(cmd, func(ctx context.Context) (any, string, error) { return s.deliver(ctx, cmd, text) })
}

// deliver finds the chat, where its number is not given, and sends the message into it.
func (s *sender) deliver(ctx context.Context, cmd *cobra.Command, text string) (any, string, error) {
	about := ""
	if !cmd.Flags().Changed("chat") {
		chat, err := s.client.CreateChat(ctx, s.subject.context(cmd.Flags()))
		if err != nil {
			return nil, "", err
		}
		s.situation.chatID = chat.ChatID
		about = ", about " + s.subject.words(cmd.Flags())
	}
	chatID := s.situation.chatID
	words := fmt.Sprintf("Sent %s to the buyer of chat %d%s", length(text), chatID, about)
	return map[string]int64{"chatId": chatID}, words, s.client.SendMessage(ctx, chatID, text)
}

// text is the one of the command line, or that of standard input.
func (s *sender) text(cmd *cobra.Command, args []string) (string, error) {
	typed := s.on.is(cmd.InOrStdin())
	switch {
	case len(args) == 1 && args[0] != "-":
		return args[0], nil
	case len(args) == 0 && typed:
		return "", usageError{errors.New("send needs a text, or - to read it from standard input")}
	case typed:
		fmt.Fprintf(cmd.ErrOrStderr(), "Type the message, then %s on a line of its own:\n", endOfInput())
	}
	text, err := whileWaiting(cmd.Context(), func() (string, error) { return readText(cmd.InOrStdin()) })
	if err != nil {
		return "", notSent(cmd.Context(), err)
	}
	return text, nil
}

// refusal is the error of a message that must not be sent, so that nobody is asked about it and no chat is started for
// it. The client refuses what breaks the contract before it looks at its context; once that has ended it sends nothing.
func (s *sender) refusal(cmd *cobra.Command, text string) error {
	ended, cancel := context.WithCancel(cmd.Context())
	cancel()
	chatID := s.situation.chatID
	if !cmd.Flags().Changed("chat") {
		if _, err := s.client.CreateChat(ended, s.subject.context(cmd.Flags())); errors.Is(err, wrapper.ErrInvalidRequest) {
			return err
		}
		chatID = 1 // any that is allowed
	}
	if err := s.client.SendMessage(ended, chatID, text); errors.Is(err, wrapper.ErrInvalidRequest) {
		return err
	}
	if !strings.ContainsFunc(text, isVisible) {
		return &wrapper.Error{Operation: "sendMessageToChat", Err: fmt.Errorf(
			"%w: the message shows nothing but blanks, allowed is a text with something to read", wrapper.ErrInvalidRequest)}
	}
	return nil
}

func isVisible(r rune) bool { return r != ' ' && unicode.IsPrint(r) }

// consent asks whoever sits at the terminal. Where nobody does, whoever wrote the script has said yes.
func (s *sender) consent(cmd *cobra.Command, text string) error {
	if s.yes || !s.on.is(cmd.InOrStdin()) || !s.on.is(cmd.ErrOrStderr()) {
		return nil
	}
	whose := numbered("chat", &s.situation.chatID)
	if !cmd.Flags().Changed("chat") {
		whose = s.subject.words(cmd.Flags())
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "Send %s to the buyer of %s? [y/N] ", length(text), whose)
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
