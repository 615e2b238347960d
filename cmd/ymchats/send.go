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

	"github.com/ymarket-go/chats/gen"
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

With --file it sends a file of up to 5,242,880 bytes first, under its own name, and then the text if there is one on the
command line. Where only one of the two was sent, it says which.

On a terminal it asks before it sends; elsewhere, and with --yes, it does not.

The Market may store a message and fail all the same. --resend says what to do with a message that may have arrived:
checked looks for it in the chat and repeats it only if it is not there, always repeats it, so that the buyer may see it
twice, and never stops with exit code 7. The look takes 3 s, or 13 s where the Market has not answered.

` + bulkHelp

func sendCommand(on terminals) *cobra.Command {
	s := &sender{job: job{on: on}}
	bulk := &bulkSender{sender: s}
	var resend string
	allowed := strings.Join(resends, ", ")
	cmd := &cobra.Command{
		Use:   "send (--chat N | --order N | --return N) [--file FILE] [TEXT | -] | --csv FILE",
		Short: "Send a message to the buyer of a chat, an order or a return",
		Long:  sendHelp,
		Example: `  ymchats send --chat 7000001 "Your order is on its way."
  ymchats send --order 31000001 "Your order is on its way."
  ymchats send --chat 7000001 --yes - < message.txt
  ymchats send --order 31000001 --file receipt.pdf "Your receipt."
  ymchats send --csv orders.csv --dry-run`,
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
			if err := bulk.check(cmd.Flags(), args); err != nil {
				return usageError{err}
			}
			if bulk.path != "" {
				return bulk.send(cmd)
			}
			return s.send(cmd, args)
		},
	}
	flags := cmd.Flags()
	chatFlag(flags)
	subjectFlags(flags)
	s.file.addFlag(cmd)
	flags.BoolVar(&s.yes, "yes", false, "do not ask before sending")
	flags.StringVar(&resend, "resend", "checked", "what to do with a message that may have arrived: "+allowed)
	completeValues(cmd, "resend", resends...)
	bulk.addFlags(cmd)
	return s.command(cmd)
}

type sender struct {
	job
	to   subject
	file attachment
	yes  bool
}

func (s *sender) send(cmd *cobra.Command, args []string) error {
	var ok bool
	if s.to, ok = chosen(cmd.Flags(), "chat", "order", "return"); !ok {
		return usageError{errors.New("send needs one of --chat, --order and --return")}
	}
	if err := s.prepare(cmd); err != nil {
		return err
	}
	s.situation.message = true
	if s.to.what == "chat" {
		s.situation.chatID = s.to.id
	}
	text, err := s.text(cmd, args)
	if err == nil {
		err = s.file.read(cmd.Flags())
	}
	s.situation.text = !s.file.given() || len(args) > 0
	if err == nil && s.situation.text {
		err = refusal(text)
	}
	if err == nil {
		err = s.consent(cmd, text)
	}
	if err != nil {
		return s.fail(cmd, err)
	}
	return s.run(cmd, func(ctx context.Context) (any, string, error) { return s.deliver(ctx, text) })
}

// deliver finds the chat of an order or a return, and sends the file and the message into it.
func (s *sender) deliver(ctx context.Context, text string) (any, string, error) {
	about := ""
	if s.to.what != "chat" {
		chat, err := s.client.CreateChat(ctx, s.to.context())
		if err != nil {
			return nil, "", err
		}
		s.situation.chatID, about = chat.ChatID, fmt.Sprint(", about ", s.to)
	}
	chatID := s.situation.chatID
	var sent []string
	if s.file.given() {
		if err := s.client.SendFile(ctx, chatID, s.file.name, s.file.content); err != nil {
			return nil, "", err
		}
		s.situation.fileSent = true
		sent = append(sent, "a file of "+s.file.size())
	}
	if s.situation.text {
		if err := s.client.SendMessage(ctx, chatID, text); err != nil {
			return nil, "", err
		}
		sent = append(sent, length(text))
	}
	words := fmt.Sprintf("Sent %s to the buyer of chat %d%s", strings.Join(sent, " and "), chatID, about)
	return map[string]int64{"chatId": chatID}, words, nil
}

// text is the one of the command line, or that of standard input.
func (s *sender) text(cmd *cobra.Command, args []string) (string, error) {
	typed := s.on.is(cmd.InOrStdin())
	switch {
	case len(args) == 1 && args[0] != "-":
		return args[0], nil
	case len(args) == 0 && s.file.given():
		return "", nil // there need be none
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

// refusal is the error of a text that must not be sent. It comes before the question, and before a chat is started.
func refusal(text string) error {
	if err := unfit(text); err != nil {
		return &wrapper.Error{Operation: gen.OperationSendMessageToChat, Err: err}
	}
	return nil
}

// unfit says why a text must not be sent.
func unfit(text string) error {
	err := wrapper.CheckMessage(text)
	if err == nil && !strings.ContainsFunc(text, isVisible) {
		err = fmt.Errorf("%w: the message shows nothing but blanks, allowed is a text with something to read",
			wrapper.ErrInvalidRequest)
	}
	return err
}

func isVisible(r rune) bool { return r != ' ' && unicode.IsPrint(r) }

// consent asks the person at the terminal, and shows what goes where. Where there is no terminal, the author of the
// script has said yes. There is no question about a number that the client refuses.
func (s *sender) consent(cmd *cobra.Command, text string) error {
	if s.to.id < 1 || !s.asks(cmd) {
		return nil
	}
	buyer, err := s.buyer(cmd.Context())
	s.progress.end()
	if err != nil {
		return err
	}
	facts := append(s.access.destination(cmd.Context()), fact{"Buyer", buyer})
	if s.file.given() {
		facts = append(facts, fact{"File", printable(s.file.name) + ", " + s.file.size()})
	}
	if s.situation.text {
		facts = append(facts, fact{"Text", beginning(text)}, fact{"Length", length(text)})
	}
	return approve(cmd, facts, "Send it?")
}

// asks tells whether somebody can be asked, and is to be.
func (s *sender) asks(cmd *cobra.Command) bool {
	return !s.yes && s.on.is(cmd.InOrStdin()) && s.on.is(cmd.ErrOrStderr())
}

// buyer names the buyer by the order. The number of a chat says nothing to a person, so the chat is read.
func (s *sender) buyer(ctx context.Context) (string, error) {
	if s.to.what != "chat" {
		return fmt.Sprint("of ", s.to), nil
	}
	chat, err := s.client.GetChat(ctx, s.to.id)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("of chat %d, %s", s.to.id, contextWords(chat.Context)), nil
}

// notSent is the error of a text, or of an answer to the question, that could not be read.
func notSent(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &wrapper.Error{Operation: gen.OperationSendMessageToChat, Err: ctx.Err()}
	}
	return usageError{err}
}

func length(text string) string { return counted(utf8.RuneCountInString(text), "character") }
