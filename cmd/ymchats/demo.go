package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

const (
	demoKey      = "demo-key"
	demoBusiness = 4200
	demoOrder    = 31000001
	demoText     = "Your order leaves our warehouse tomorrow."
)

func demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Send a message through a sandbox on this machine that first says no",
		Long: `Starts a sandbox, which stands in for the Market, and talks to it over real HTTP: starts a chat about an
order, sends a message, reads the chat. The sandbox first claims that the quota is used up, then that it is broken: so
the client waits for the quota, and reads the chat before it repeats a message that may have arrived.
It needs no key and no network, and fails unless the buyer sees exactly one message.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return demo(cmd.Context(), cmd.OutOrStdout()) },
	}
}

func demo(ctx context.Context, out io.Writer) error {
	market := sandbox.New(sandbox.WithAPIKey(demoKey), sandbox.WithBusiness(demoBusiness))
	market.Script(gen.OperationCreateChat, sandbox.QuotaUsedUp(2*time.Second))
	broken := sandbox.Fail(http.StatusInternalServerError, "INTERNAL_ERROR", "Something went wrong, try again later")
	market.Script(gen.OperationSendMessageToChat, broken)
	contract, err := api.NewValidator()
	if err != nil {
		return err
	}
	url, stop, err := serve(contract.Handler(market)) // what breaks the contract, in either direction, fails the demo
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintf(out, "A sandbox, which stands in for the Market, listens on %s\n", url)

	client, err := wrapper.New(demoBusiness, wrapper.APIKey(demoKey),
		wrapper.WithBaseURL(url),
		wrapper.WithUserAgent("ymchats-demo/1.0"),
		wrapper.WithLogger(slog.New(logHandler(story{out}.tell))),
		wrapper.WithMiddleware(story{out}.overhear),
	)
	if err != nil {
		return err
	}
	chatID, err := converse(ctx, out, client)
	if err != nil {
		return err
	}
	return showBuyer(out, market.Messages(chatID))
}

// serve starts a handler on a free port of loopback.
func serve(handler http.Handler) (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with Close
	return "http://" + listener.Addr().String() + "/v2", func() { _ = server.Close() }, nil
}

// converse makes the three calls. The client repeats a message that may have arrived when it is not in the chat.
func converse(
	ctx context.Context, out io.Writer, client *wrapper.Client,
) (chatID int64, err error) {
	fmt.Fprintf(out, "\nStart a chat about order %d\n", demoOrder)
	chat, err := client.CreateChat(ctx, wrapper.Order(demoOrder))
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(out, "\nSend a message into chat %d\n", chat.ChatID)
	if err := client.SendMessage(ctx, chat.ChatID, demoText); err != nil {
		return 0, err
	}
	fmt.Fprintf(out, "\nRead chat %d\n", chat.ChatID)
	info, err := client.GetChat(ctx, chat.ChatID)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(out, "  about %s %d, status %s, last message at %s\n",
		info.Context.Type, *info.Context.OrderID, info.Status, info.UpdatedAt.Local().Format(time.TimeOnly))
	return chat.ChatID, nil
}

func showBuyer(out io.Writer, messages []sandbox.Message) error {
	fmt.Fprintf(out, "\nWhat the buyer sees\n")
	for _, m := range messages {
		fmt.Fprintf(out, "  %s  %s\n", m.At.Local().Format(time.TimeOnly), m.Text)
	}
	if len(messages) != 1 || messages[0].Text != demoText {
		return errors.New("the buyer should see exactly the one message that was sent")
	}
	return nil
}

// story prints what goes over the wire, and what the client makes of it.
type story struct{ out io.Writer }

// tell prints a line of the wrapper's log: which attempt it was, what came of it, and what the client does then.
func (s story) tell(_ context.Context, line slog.Record) error {
	if line.Message != "attempt" {
		return nil
	}
	a := readAttempt(line)
	next := ""
	if a.pause > 0 {
		then := "tries again"
		if a.waitsFor == firstLook {
			then = "reads the chat, as the message may have arrived"
		}
		next = fmt.Sprintf("; the client waits %v, then %s", a.pause.Round(10*time.Millisecond), then)
	}
	_, err := fmt.Fprintf(s.out, "    %s, attempt %d: %v%s\n", a.operation, a.number, a, next)
	return err
}

// overhear is a middleware that prints requests, and the errors of the API in its own words: the log has their codes
// only.
func (s story) overhear(next wrapper.Doer) wrapper.Doer { return overhearing{s, next} }

type overhearing struct {
	story
	next wrapper.Doer
}

func (o overhearing) Do(req *http.Request) (*http.Response, error) {
	fmt.Fprintf(o.out, "  → %s %s\n", req.Method, req.URL.RequestURI())
	resp, err := o.next.Do(req)
	if err != nil {
		fmt.Fprintf(o.out, "  ← no answer: %v\n", err)
		return nil, err
	}
	resp.Body = &overheard{ReadCloser: resp.Body, story: o.story, status: resp.StatusCode}
	return resp, nil
}

// overheard is the body of an answer. It prints what it says when the client closes it.
type overheard struct {
	io.ReadCloser
	story
	status int
	body   bytes.Buffer // as far as it was read
}

func (o *overheard) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	o.body.Write(p[:n])
	return n, err
}

func (o *overheard) Close() error {
	var said gen.APIErrorResponse
	_ = json.Unmarshal(o.body.Bytes(), &said)
	fmt.Fprintf(o.out, "  ← %d", o.status)
	for _, e := range said.Errors {
		fmt.Fprintf(o.out, " %s", e.Code)
		if e.Message != nil {
			fmt.Fprintf(o.out, ": %s", *e.Message)
		}
	}
	fmt.Fprintln(o.out)
	return o.ReadCloser.Close()
}
