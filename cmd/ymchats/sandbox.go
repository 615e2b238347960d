package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/sandbox"
)

func sandboxCommand() *cobra.Command {
	var s sandboxServer
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve a Market to test against",
		Long: `Serves a Market in memory until it is interrupted: the chat API, a control API for tests in any language and a page for
people under /_sandbox/. Each request is logged with its verdict against the contract.

With --notify a shop is told what happens: a PING first, again until it is taken, then each new chat and each message,
in order, repeated as the Market does it. The notifications look as if a proxy on this machine had handed them on.

Faults are written OPERATION=FAULT, where FAULT is the JSON of the control API; each request of the operation meets it.`,
		Example: `  ymchats sandbox --addr 127.0.0.1:8080 --key secret
  ymchats sandbox --notify http://127.0.0.1:8081/market
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
	flags := cmd.Flags()
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8080", "where to listen; port 0 takes a free one")
	flags.StringVar(&s.key, "key", "", "the only Api-Key that is good (default any)")
	flags.IntVar(&s.quota, "quota", 1000, "requests an hour for each operation of a cabinet")
	flags.IntVar(&s.parallel, "parallel", 4, "requests of a cabinet at once")
	flags.Int64SliceVar(&s.businesses, "business", nil, "the cabinets that the key may use, as `N,N` (default all)")
	flags.Int64SliceVar(&s.orders, "order", nil, "the orders that there are, as `N,N` (default all)")
	flags.StringSliceVar(&s.scopes, "scope", nil, "the scopes of the key (default all)")
	flags.StringArrayVar(&s.faults, "fault", nil, "a fault, as `OPERATION=JSON`; may be given for each operation")
	flags.StringVar(&s.notify, "notify", "", "the address of a shop to notify, as `URL`; /notification is added")
	for _, name := range []string{"business", "order"} {
		flags.Lookup(name).DefValue = "" // else the help shows [] for all
	}
	return cmd
}

// sandboxServer is the sandbox as the flags want it.
type sandboxServer struct {
	addr, key       string
	notify          string
	quota, parallel int
	businesses      []int64
	orders          []int64
	scopes, faults  []string
}

// market gives the Market. What sandbox.New would panic about is an error here.
func (s *sandboxServer) market() (market *sandbox.Market, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New(strings.TrimPrefix(fmt.Sprint(p), "sandbox: "))
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
	market = sandbox.New(opts...)
	seen := map[string]bool{}
	for _, f := range s.faults {
		operation, text, ok := strings.Cut(f, "=")
		if !ok {
			return nil, fmt.Errorf("--fault is %q, allowed is OPERATION=JSON", f)
		}
		if seen[operation] {
			return nil, fmt.Errorf("--fault is given twice for %s, allowed is one", operation)
		}
		seen[operation] = true
		fault, err := sandbox.ParseFault([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("--fault %s: %w", operation, err)
		}
		market.Every(operation, fault)
	}
	return market, nil
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
	server := &http.Server{
		Handler:           market.Site(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      2 * time.Minute, // a fault may drip
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	s.greet(out, listener.Addr().(*net.TCPAddr))
	if s.notify != "" {
		go s.notifyShop(ctx, market, out)
	}
	return serveUntil(ctx, server, listener, out)
}

func (s *sandboxServer) greet(out io.Writer, addr *net.TCPAddr) {
	host := addr.String()
	if addr.IP.IsUnspecified() {
		host = net.JoinHostPort("127.0.0.1", fmt.Sprint(addr.Port))
	}
	if !addr.IP.IsLoopback() {
		fmt.Fprintf(out, "It listens on %s, for every machine that reaches this one, and its control API asks for no key.\n", addr)
	}
	key, business := s.key, int64(1)
	if key == "" {
		key = "any"
	}
	if len(s.businesses) > 0 {
		business = s.businesses[0]
	}
	fmt.Fprintf(out, `The Market listens on http://%[1]s/v2, its page is http://%[1]s/_sandbox/

  curl -s -H 'Api-Key: %[2]s' -H 'Content-Type: application/json' -d '{"context":{"type":"ORDER","id":1}}' http://%[1]s/v2/businesses/%[3]d/chats/new

`, host, strings.ReplaceAll(key, "'", `'\''`), business)
}

// logTo writes a line for each request, from the Market's own record. Who does not read the log does not hold up the
// Market: lines beyond a thousand are dropped.
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

func logLine(c sandbox.Call) string {
	status, verdict := fmt.Sprint(c.Status), "keeps the contract"
	if c.Status == 0 {
		status = "cut"
	}
	if c.Verdict != nil {
		var rules []string
		for _, v := range api.Violations(c.Verdict) {
			rules = append(rules, v.Where+": "+v.Rule)
		}
		verdict = strings.Join(rules, "; ")
	}
	return fmt.Sprintf("%s  %s %q  %s  %s", c.At.Local().Format(time.TimeOnly), c.Method, c.Path, status, verdict)
}
