package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

// serve runs until the context ends.
func (s *sandboxServer) serve(ctx context.Context, market *sandbox.Market, out io.Writer) error {
	if err := s.checkNotify(); err != nil {
		return usageError{err}
	}
	listener, err := listenAt(s.addr)
	if err != nil {
		return err
	}
	logTo(out, market)
	server := newSandboxServer(market)
	s.greet(out, listener.Addr().(*net.TCPAddr))
	if s.notify != "" {
		go s.notifyShop(ctx, market, out)
	}
	return serveUntil(ctx, server, sandbox.HTTP2(server, listener), out)
}

func newSandboxServer(market *sandbox.Market) *http.Server {
	server := newServer(market.Site())
	server.WriteTimeout = 2 * time.Minute // a fault may drip
	return server
}

func (s *sandboxServer) greet(out io.Writer, addr *net.TCPAddr) {
	host := addr.String()
	if addr.IP.IsUnspecified() {
		host = net.JoinHostPort("127.0.0.1", fmt.Sprint(addr.Port))
	}
	if !addr.IP.IsLoopback() {
		fmt.Fprintf(out, "It listens on %s, for every machine that reaches this one, "+
			"and its control API asks for no key.\n", addr)
	}
	fmt.Fprintf(out, "The sandbox listens on http://%[1]s/v2, its page is http://%[1]s/_sandbox/\n\n"+
		"These lines make the command in a second terminal call it, and not the Market:\n\n%[2]s\n\n"+
		"A first call:\n\n%[3]s\n\n", host, s.exports(host), s.firstCall(host))
}

// exports are the lines that set up a shell.
func (s *sandboxServer) exports(host string) string {
	return fmt.Sprintf("  export YM_BASE_URL=http://%s/v2\n  export YM_API_KEY=%s\n  export YM_BUSINESS_ID=%d",
		host, shellQuoted(s.goodKey()), s.goodBusiness())
}

func (s *sandboxServer) goodKey() string { return cmp.Or(s.key, "any") }

func (s *sandboxServer) goodBusiness() int64 {
	if len(s.businesses) == 0 {
		return 12345
	}
	return s.businesses[0]
}

// shellQuoted quotes a word for a shell where it needs that.
func shellQuoted(word string) string {
	if isName(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// firstCall is a command that succeeds with these flags, or the reason why there is none.
func (s *sandboxServer) firstCall(host string) string {
	about := `{"context":{"type":"ORDER","id":1}}`
	if s.scopes != nil && !slices.ContainsFunc(s.scopes, startsChats) {
		return "  With these scopes the key cannot start a chat."
	}
	if len(s.orders) > 0 {
		about = fmt.Sprintf(`{"context":{"type":"ORDER","id":%d}}`, s.orders[0])
	} else if s.orders != nil {
		about = `{"context":{"type":"RETURN","id":1}}` // there are no orders, and all returns
	}
	return fmt.Sprintf(`  curl -s -H %s -H 'Content-Type: application/json' -d '%s' http://%s/v2/businesses/%d/chats/new`,
		shellQuoted("Api-Key: "+s.goodKey()), about, host, s.goodBusiness())
}

func startsChats(scope string) bool {
	return slices.ContainsFunc(gen.Operations, func(op gen.Operation) bool {
		return op.ID == gen.OperationCreateChat && slices.Contains(op.Scopes, scope)
	})
}

// logTo writes a line for each request, from the sandbox's own record, and when the notifications of a shop are
// switched off or on. A log that nobody reads does not hold up the sandbox: lines beyond a thousand are dropped.
func logTo(out io.Writer, market *sandbox.Market) {
	lines := make(chan string, 1000)
	go func() {
		for line := range lines {
			fmt.Fprintln(out, line)
		}
	}()
	write := func(line string) {
		select {
		case lines <- line:
		default:
		}
	}
	market.Observe(func(c sandbox.Call) { write(logLine(c)) })
	market.ObserveNotifications(func(offSince time.Time) { write(notificationsLine(offSince)) })
}

// notificationsLine says that a shop's notifications were switched off, or, of the zero time, that they are on again.
func notificationsLine(offSince time.Time) string {
	if offSince.IsZero() {
		return "The shop's notifications are on again. What happened while they were off is not posted."
	}
	return fmt.Sprintf("%s  The shop's notifications are off: it did not take one for 14 days. "+
		"POST /_sandbox/notifications switches them on again.", offSince.Local().Format(time.DateTime))
}

// loggedViolations is how many of a call's violations the log shows.
const loggedViolations = 10

func logLine(c sandbox.Call) string {
	status, verdict := fmt.Sprint(c.Status), "no violations"
	if c.Status == 0 {
		status = "cut"
	}
	if c.Verdict != nil {
		var rules []string
		violations := api.Violations(c.Verdict)
		for _, v := range violations[:min(len(violations), loggedViolations)] {
			rules = append(rules, v.Where+": "+v.Rule)
		}
		if more := len(violations) - len(rules); more > 0 {
			rules = append(rules, fmt.Sprintf("and %d more", more))
		}
		verdict = strings.Join(rules, "; ")
	}
	address := c.Path
	if c.Query != "" {
		address += "?" + c.Query
	}
	return fmt.Sprintf("%s  %s %q  %s  %s", c.At.Local().Format(time.TimeOnly), c.Method, address, status, verdict)
}

func (s *sandboxServer) checkNotify() error {
	if s.notify == "" {
		return nil
	}
	u, err := url.Parse(s.notify)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("--notify is no address, allowed is one like http://127.0.0.1:8081/market")
	}
	return nil
}

// notifyShop offers notifications to the shop until it takes them: it may be about to start. A reason why it does not
// take them is said once.
func (s *sandboxServer) notifyShop(ctx context.Context, market *sandbox.Market, out io.Writer) {
	said := ""
	for {
		err := market.Notify(ctx, s.notify, nil)
		switch {
		case err == nil:
			fmt.Fprintln(out, "The shop has taken the PING: from now on it is told what happens.")
			return
		case ctx.Err() != nil:
			return
		case err.Error() != said:
			said = err.Error()
			fmt.Fprintf(out, "%v; trying again every %v\n", err, s.pingEvery)
		}
		select {
		case <-time.After(s.pingEvery):
		case <-ctx.Done():
			return
		}
	}
}
