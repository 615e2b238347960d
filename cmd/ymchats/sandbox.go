package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/sandbox"
)

func sandboxCommand() *cobra.Command {
	var s sandboxServer
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve a sandbox: a stand-in for the Market, to test against",
		Long: `Serves a sandbox until it is interrupted. It stands in for the Market and keeps everything in memory: the
chat API, a control API for tests in any language and a page for people under /_sandbox/. Each request is logged with
its verdict against the contract. It speaks HTTP/1 and, with those who begin with it (curl --http2-prior-knowledge),
HTTP/2. What is under /_sandbox/ answers who names this machine by localhost, a loopback address, the host of --addr or
a --host; any other name gets 403.

With --notify a shop is told what happens: a PING first, again until it is taken, then each new chat and each message,
in order, repeated as the Market does it. The notifications look as if a proxy on this machine had handed them on.

Faults are written OPERATION=FAULT; each request of the operation meets it. FAULT is a kind, like abort, or the JSON of
the control API: a kind with its fields.`,
		Example: `  ymchats sandbox --addr 127.0.0.1:8080 --key secret
  ymchats sandbox --notify http://127.0.0.1:8081/market
  ymchats sandbox --fault getChat=html
  ymchats sandbox --fault 'sendMessageToChat={"kind":"fail","status":500,"commit":true,"probability":0.3}'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			market, err := s.market()
			if err != nil {
				return usageError{err}
			}
			return s.serve(cmd.Context(), market, cmd.OutOrStdout())
		},
	}
	s.addFlags(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("fault", completeFault)
	completeValues(cmd, "scope", "all-methods", "all-methods:read-only", "communication")
	return cmd
}

func (s *sandboxServer) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8080", "where to listen; port 0 takes a free one")
	flags.StringVar(&s.key, "key", "", "the only Api-Key that is good (default any)")
	flags.IntVar(&s.quota, "quota", 1000, "requests an hour for each operation of a cabinet")
	flags.IntVar(&s.parallel, "parallel", 4, "requests of a cabinet at once")
	flags.Int64SliceVar(&s.businesses, "business", nil,
		"the businessIds of the cabinets (the sellers' accounts) that the key may use, as `N,N` (default all)")
	flags.Int64SliceVar(&s.orders, "order", nil, "the orders that there are, as `N,N` (default all)")
	flags.StringSliceVar(&s.scopes, "scope", nil, "the scopes of the key (default all)")
	flags.StringSliceVar(&s.hosts, "host", nil,
		"names, without a port, by which other machines may drive it, as `NAME,NAME`")
	flags.BoolVar(&s.keepAlive, "keep-alive", false, "keep connections open after an answer; the Market closes them")
	flags.StringArrayVar(&s.faults, "fault", nil, "a fault, as `OPERATION=FAULT`; may be given for each operation")
	flags.StringVar(&s.notify, "notify", "", "the address of a shop to notify, as `URL`; /notification is added")
	for _, name := range []string{"business", "order"} {
		flags.Lookup(name).DefValue = "" // else the help shows [] for all
	}
}

// sandboxServer is the sandbox as the flags want it.
type sandboxServer struct {
	addr, key       string
	notify          string
	quota, parallel int
	businesses      []int64
	orders          []int64
	scopes, faults  []string
	hosts           []string
	keepAlive       bool
}

// market makes the sandbox. What sandbox.New would panic about is an error here.
func (s *sandboxServer) market() (market *sandbox.Market, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New(inFlags(strings.TrimPrefix(fmt.Sprint(p), "sandbox: ")))
		}
	}()
	opts := []sandbox.Option{sandbox.WithQuota(s.quota), sandbox.WithParallel(s.parallel)}
	if s.key != "" {
		opts = append(opts, sandbox.WithAPIKey(s.key))
	}
	if s.businesses != nil {
		opts = append(opts, sandbox.WithBusiness(s.businesses...))
	}
	if s.orders != nil {
		opts = append(opts, sandbox.WithOrders(s.orders...))
	}
	if s.scopes != nil {
		opts = append(opts, sandbox.WithScopes(s.scopes...))
	}
	if s.keepAlive {
		opts = append(opts, sandbox.WithKeepAlive())
	}
	opts = append(opts, sandbox.WithHost(s.hosts...))
	if host := s.listensAs(); host != "" {
		opts = append(opts, sandbox.WithHost(host))
	}
	market = sandbox.New(opts...)
	if err := s.addFaults(market); err != nil {
		return nil, err
	}
	return market, nil
}

// listensAs is the host of --addr, and empty where that means every address of the machine.
func (s *sandboxServer) listensAs() string {
	host, _, err := net.SplitHostPort(s.addr)
	if err != nil {
		return "" // net.Listen says what is wrong
	}
	host, _, _ = strings.Cut(host, "%") // the zone of an IPv6 address stands in no Host
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		return ""
	}
	return host
}

// serve runs until the context ends. Times and sizes are bounded, so that a slow client or a flood holds nothing up.
func (s *sandboxServer) serve(ctx context.Context, market *sandbox.Market, out io.Writer) error {
	if err := s.checkNotify(); err != nil {
		return usageError{err}
	}
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	logTo(out, market)
	server := newServer(market.Site())
	s.greet(out, listener.Addr().(*net.TCPAddr))
	if s.notify != "" {
		go s.notifyShop(ctx, market, out)
	}
	return serveUntil(ctx, server, sandbox.HTTP2(server, listener), out)
}

func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      2 * time.Minute, // a fault may drip
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
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
	fmt.Fprintf(out, "The sandbox listens on http://%[1]s/v2, its page is http://%[1]s/_sandbox/\n\n%[2]s\n\n",
		host, s.firstCall(host))
}

// firstCall is a command that succeeds with the flags that were given, or says why there is none.
func (s *sandboxServer) firstCall(host string) string {
	key, business, about := s.key, int64(1), `{"context":{"type":"ORDER","id":1}}`
	if key == "" {
		key = "any"
	}
	if len(s.businesses) > 0 {
		business = s.businesses[0]
	}
	if s.scopes != nil && !slices.ContainsFunc(s.scopes, startsChats) {
		return "  With these scopes the key cannot start a chat."
	}
	if len(s.orders) > 0 {
		about = fmt.Sprintf(`{"context":{"type":"ORDER","id":%d}}`, s.orders[0])
	} else if s.orders != nil {
		about = `{"context":{"type":"RETURN","id":1}}` // there are no orders, and all returns
	}
	url := fmt.Sprintf("http://%s/v2/businesses/%d/chats/new", host, business)
	return fmt.Sprintf(`  curl -s -H 'Api-Key: %s' -H 'Content-Type: application/json' -d '%s' %s`,
		strings.ReplaceAll(key, "'", `'\''`), about, url)
}

func startsChats(scope string) bool { return scope == "communication" || scope == "all-methods" }

// logTo writes a line for each request, from the sandbox's own record. Who does not read the log does not hold up the
// sandbox: lines beyond a thousand are dropped.
func logTo(out io.Writer, market *sandbox.Market) {
	lines := make(chan string, 1000)
	go func() {
		for line := range lines {
			fmt.Fprintln(out, line)
		}
	}()
	market.Observe(func(c sandbox.Call) {
		select {
		case lines <- logLine(c):
		default:
		}
	})
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
