package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/notify"
	"github.com/ymarket-go/chats/wrapper"
)

func listenCommand() *cobra.Command {
	var l listener
	cmd := &cobra.Command{
		Use:   "listen",
		Short: "Print the notifications that the Market posts",
		Long: `Takes the notifications that the Market posts to a shop, and prints each event as a line on standard output,
until it is interrupted. It answers at every path, with 200 once the line is written. What is no event stands on
standard error: the PING by which the Market checks the address, what was refused, and why.

The Market posts over HTTPS: put a server with a certificate in front, and name it with --behind. Without
--behind and --anywhere only the Market's own addresses are let in. An event may come more than once.

A notification does not have the text of the message. With --read each message is read from the Market, and its
sender and text are printed below the event. That takes the key and the cabinet which send takes: see
ymchats send --help.`,
		Example: `  ymchats listen --addr 127.0.0.1:8081 --behind 127.0.0.1
  ymchats listen --read --behind 127.0.0.1
  ymchats listen --json --behind 10.0.0.0/8,fd00::/8 >events.jsonl`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l.out, l.errors = cmd.OutOrStdout(), cmd.ErrOrStderr()
			if l.read {
				access, err := readAccess(cmd.Flags())
				if err != nil {
					return usageError{err}
				}
				if l.client, err = access.client(); err != nil {
					return usageError{err}
				}
			}
			handler, err := l.handler()
			if err != nil {
				return usageError{err}
			}
			return l.serve(cmd.Context(), handler)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&l.addr, "addr", "127.0.0.1:8081", "where to listen; port 0 takes a free one")
	flags.StringSliceVar(&l.behind, "behind", nil, "addresses or networks of your own proxies, as `IP,IP/BITS`")
	flags.BoolVar(&l.anywhere, "anywhere", false, "let everybody in, where something in front checks the sender")
	flags.BoolVar(&l.json, "json", false,
		"print each event as one JSON object: receivedAt, notification, message with --read")
	flags.BoolVar(&l.read, "read", false, "read the messages from the Market, and print their senders and texts")
	accessFlags(cmd)
	return cmd
}

// listener is the receiver that the flags describe.
type listener struct {
	addr           string
	behind         []string
	anywhere, json bool
	read           bool
	client         *wrapper.Client // reads messages; nil: they are not read
	out, errors    io.Writer

	mu sync.Mutex // lines are not mixed
}

func (l *listener) handler() (http.Handler, error) {
	source, err := l.source()
	if err != nil {
		return nil, err
	}
	logger := slog.New(troubleOnly{slog.NewTextHandler(l.errors, nil)})
	return notify.New("ymchats/1", l.reported(source), notify.Events{Other: l.print}, notify.WithLogger(logger))
}

func (l *listener) source() (notify.Source, error) {
	if l.anywhere && len(l.behind) > 0 {
		return nil, errors.New("--anywhere and --behind are given, allowed is one of them")
	}
	if l.anywhere {
		return notify.Anywhere(), nil
	}
	var proxies []netip.Prefix
	for _, text := range l.behind {
		proxy, err := netip.ParsePrefix(text)
		if ip, failed := netip.ParseAddr(text); err != nil && failed == nil {
			proxy, err = ip.Unmap().Prefix(ip.Unmap().BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("--behind has %.60q, allowed are addresses and networks like 10.0.0.1 or 10.0.0.0/8", text)
		}
		proxies = append(proxies, proxy)
	}
	return notify.Behind(proxies...), nil
}

// reported is a source that prints the addresses which it refuses: they show which proxy is missing in --behind.
func (l *listener) reported(source notify.Source) notify.Source {
	return func(r *http.Request) bool {
		ok := source(r)
		if !ok {
			fmt.Fprintf(l.errors, "refused: it came from %s, with X-Forwarded-For %.200q\n",
				r.RemoteAddr, r.Header.Values("X-Forwarded-For"))
		}
		return ok
	}
}

// print prints an event. When its line cannot be written, the Market keeps the event and sends it again.
func (l *listener) print(ctx context.Context, kind notify.NotificationType, body json.RawMessage) error {
	now := time.Now()
	message := l.message(ctx, kind, body)
	line := eventLine(now.Local(), kind, body)
	if message != nil {
		line += "\n" + messageWords(message)
	}
	if l.json {
		event := map[string]any{"receivedAt": now.UTC(), "notification": body}
		if message != nil {
			event["message"] = message
		}
		text, err := json.Marshal(event)
		if err != nil {
			return err
		}
		line = string(text)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := fmt.Fprintln(l.out, line)
	return err
}

// message reads the message that an event names; nil where it names none, or none that can be read. The event is
// printed all the same, so its failure is no reason to have it again.
func (l *listener) message(
	ctx context.Context, kind notify.NotificationType, body json.RawMessage,
) *gen.ChatMessageDTO {
	if l.client == nil || kind != notify.NotificationTypeChatMessageSent {
		return nil
	}
	var sent struct {
		ChatID, BusinessID int64
		MessageID          json.Number
	}
	err := json.Unmarshal(body, &sent)
	id, _ := sent.MessageID.Int64()
	switch {
	case err != nil || id == 0:
		err = errors.New("the notification has no chat or message that can be read")
	case sent.BusinessID != l.client.BusinessID():
		err = fmt.Errorf("it is of cabinet %d, and the key belongs to %d", sent.BusinessID, l.client.BusinessID())
	default:
		var message *gen.ChatMessageDTO
		if message, err = l.client.GetMessage(ctx, sent.ChatID, id); err == nil {
			return message
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.errors, "the message was not read:", err)
	return nil
}

func (l *listener) serve(ctx context.Context, handler http.Handler) error {
	socket, err := listenAt(l.addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(l.errors, "Listening for notifications on http://%s, at every path\n", socket.Addr())
	return serveUntil(ctx, newServer(handler), socket, l.errors)
}

// troubleOnly leaves out of the log what is printed as an event.
type troubleOnly struct{ slog.Handler }

func (h troubleOnly) Handle(ctx context.Context, record slog.Record) error {
	var status int64
	var kind string
	record.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "status":
			status = a.Value.Int64()
		case "type":
			kind = a.Value.String()
		}
		return true
	})
	if status == http.StatusOK && kind != string(notify.NotificationTypePing) {
		return nil
	}
	return h.Handler.Handle(ctx, record)
}

// eventLine is an event for people: its type, and its fields with the ids first. What came from outside is printed so
// that it moves no cursor of a terminal.
func eventLine(at time.Time, kind notify.NotificationType, body json.RawMessage) string {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(body, &fields) // the handler has done so before
	delete(fields, "notificationType")
	names := slices.Sorted(maps.Keys(fields))
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	parts := []string{at.Format(time.TimeOnly), brief(string(kind))}
	for _, name := range names {
		value := string(fields[name])
		var text string
		if json.Unmarshal(fields[name], &text) == nil && text != "" {
			value = text
		}
		parts = append(parts, brief(name)+" "+brief(value))
	}
	return strings.Join(parts, "  ")
}

// rank orders the fields: the ids that are needed most come first.
func rank(name string) int {
	first := []string{"chatId", "messageId", "businessId"}
	if i := slices.Index(first, name); i >= 0 {
		return i
	}
	return len(first)
}

// brief keeps a value from filling the screen.
func brief(value string) string {
	const longest = 200
	if len(value) <= longest {
		return printable(value)
	}
	return fmt.Sprintf("%s… (%d bytes)", printable(value[:longest]), len(value))
}
