package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

func sandboxCommand() *cobra.Command {
	s := sandboxServer{pingEvery: 2 * time.Second}
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve a sandbox: a stand-in for the Market, to test against",
		Long: `Serves a sandbox until it is interrupted. It stands in for the Market and keeps everything in memory: the
chat API, a control API for tests in any language and a page for people under /_sandbox/. Each request is logged with
its verdict against the contract. It speaks HTTP/1 and, with those who begin with it (curl --http2-prior-knowledge),
HTTP/2. What is under /_sandbox/ answers who names this machine by localhost, a loopback address, the host of --addr or
a --host; any other name gets 403.

With --notify a shop is told what happens: a PING first, again until it is taken, then each new chat and each message,
in order, repeated as the Market does it: after 14 days they are off, and the log says so. The notifications look as if
a proxy on this machine had handed them on.

Faults are written OPERATION=FAULT; each request of the operation meets it. FAULT is a kind, like abort, or the JSON of
the control API: a kind with its fields.`,
		Example: `  ymchats sandbox --addr 127.0.0.1:8080 --key secret
  ymchats sandbox --notify http://127.0.0.1:8081/market
  ymchats sandbox --fault getChat=html
  ymchats sandbox --fault 'sendMessageToChat={"kind":"fail","status":500,"commit":true,"probability":0.3}'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s.quotaGiven = cmd.Flags().Changed("quota")
			market, err := s.market(sandbox.WithFirstID(s.firstID))
			if err != nil {
				return usageError{err}
			}
			return s.serve(cmd.Context(), market, cmd.OutOrStdout())
		},
	}
	s.addFlags(cmd.Flags())
	_ = cmd.RegisterFlagCompletionFunc("fault", completeFault)
	completeValues(cmd, "scope", scopes()...)
	return cmd
}

func (s *sandboxServer) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8080", "where to listen; port 0 takes a free one")
	flags.StringVar(&s.key, "key", "", "the only Api-Key that is good (default any)")
	flags.IntVar(&s.quota, "quota", 0, "requests an hour for each operation of a cabinet (default the Market's)")
	flags.Int64Var(&s.firstID, "first-id", idOf(time.Now()),
		"the `id` of the first chat; the next ones follow (default one by the clock, so that no id comes again)")
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
	for name, shown := range map[string]string{"business": "", "order": "", "first-id": "0"} {
		flags.Lookup(name).DefValue = shown // else the help has [] for all, and another number each time
	}
}

// idOf gives the chats of a sandbox that begins at a time ids that none before it has given, as long as that began
// fewer than 25 chats a second. They are small enough for the ids of messages to survive a float; in 2037 they begin
// again.
func idOf(now time.Time) int64 {
	const each = 40 * time.Millisecond
	return max(int64(now.Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))/each)%9_000_000_000, 1)
}

// sandboxServer is the sandbox that the flags describe.
type sandboxServer struct {
	addr, key       string
	notify          string
	pingEvery       time.Duration // until the shop has taken the PING
	quota, parallel int
	quotaGiven      bool // else 0 is the Market's
	firstID         int64
	businesses      []int64
	orders          []int64
	scopes, faults  []string
	hosts           []string
	keepAlive       bool
}

// market makes the sandbox.
func (s *sandboxServer) market(opts ...sandbox.Option) (*sandbox.Market, error) {
	opts = append(opts, sandbox.WithParallel(s.parallel))
	if s.quotaGiven || s.quota != 0 {
		opts = append(opts, sandbox.WithQuota(s.quota))
	}
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
	market, err := sandbox.Open(opts...)
	if option := new(sandbox.OptionError); errors.As(err, &option) {
		return nil, ofFlag(option)
	}
	if err != nil {
		return nil, err
	}
	return market, s.addFaults(market)
}

// optionFlags are the flags whose values go into options of the sandbox.
var optionFlags = map[string]string{
	"WithQuota": "quota", "WithParallel": "parallel", "WithBusiness": "business", "WithOrders": "order",
	"WithScopes": "scope", "WithHost": "host", "WithAPIKey": "key", "WithFirstID": "first-id",
}

// ofFlag is the error of an option in the words of its flag.
func ofFlag(option *sandbox.OptionError) error {
	err := fmt.Errorf("--%s is %s", optionFlags[option.Option], option.Value)
	if option.Allowed != "" {
		err = fmt.Errorf("%w, allowed is %s", err, option.Allowed)
	}
	return err
}

// listensAs is the host of --addr, and empty where that means every address of the machine.
func (s *sandboxServer) listensAs() string {
	host, _, err := net.SplitHostPort(s.addr)
	if err != nil {
		return "" // listenAt says what is wrong
	}
	host, _, _ = strings.Cut(host, "%") // the zone of an IPv6 address stands in no Host
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		return ""
	}
	return host
}

// operationNames are the operations that --fault can break.
func operationNames() (names []string) {
	for _, op := range gen.Operations {
		names = append(names, op.ID)
	}
	slices.Sort(names)
	return names
}

// scopes are those that the contract knows.
func scopes() (all []string) {
	for _, op := range gen.Operations {
		all = append(all, op.Scopes...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func kindNames() (names []string) {
	for _, kind := range sandbox.Kinds {
		names = append(names, kind.Name)
	}
	return names
}

func (s *sandboxServer) addFaults(market *sandbox.Market) error {
	seen := map[string]bool{}
	for _, f := range s.faults {
		operation, text, ok := strings.Cut(f, "=")
		if !ok {
			return fmt.Errorf("--fault is %q, allowed is OPERATION=FAULT", f)
		}
		if names := operationNames(); !slices.Contains(names, operation) {
			return fmt.Errorf("--fault has no operation %.40q, allowed are %s%s", operation,
				strings.Join(names, ", "), didYouMean(similar(operation, names), ""))
		}
		if seen[operation] {
			return fmt.Errorf("--fault is given twice for %s, allowed is one", operation)
		}
		seen[operation] = true
		if err := setFault(market, operation, text); err != nil {
			return fmt.Errorf("--fault %s: %w", operation, err)
		}
	}
	return nil
}

var isWord = regexp.MustCompile(`^[A-Za-z]+$`).MatchString

// setFault takes a kind alone, or the JSON of the control API.
func setFault(market *sandbox.Market, operation, text string) error {
	if isWord(text) {
		text = fmt.Sprintf(`{"kind":%q}`, text)
	}
	switch {
	case !json.Valid([]byte(text)):
		return errors.New("it is not JSON")
	case json.Unmarshal([]byte(text), new(any)) != nil:
		return errors.New("it has a number that is out of range")
	}
	var fault struct{ Kind string }
	_ = json.Unmarshal([]byte(text), &fault) // EveryDescribed says what is wrong
	if names := kindNames(); fault.Kind != "" && !slices.Contains(names, fault.Kind) {
		return fmt.Errorf("there is no kind %.40q, allowed are %s%s", fault.Kind,
			strings.Join(names, ", "), didYouMean(similar(fault.Kind, names), ""))
	}
	return market.EveryDescribed(operation, []byte(text))
}

// completeFault offers the operations, and after the = the kinds.
func completeFault(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	var offers []string
	operation, _, chosen := strings.Cut(typed, "=")
	if !chosen {
		for _, name := range operationNames() {
			offers = append(offers, name+"=")
		}
		return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	for _, kind := range sandbox.Kinds {
		offers = append(offers, operation+"="+kind.Name+"\t"+kind.Does)
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}
