package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/cmd/ymchats/internal/har"
)

const (
	exitViolations = 1
	exitUnreadable = 2
	exitNothing    = 3
)

// checkExitHelp lists the exit codes.
const checkExitHelp = `Exit codes, of the built program (go run makes 1 of them all):
  0  no violations were found
  1  violations were found
  2  a file, an entry of the contract's traffic or a flag cannot be read
  3  nothing was checked: standard error lists the other requests in the recording`

func checkCommand() *cobra.Command {
	c := &checker{}
	var format string
	cmd := &cobra.Command{
		Use:   "check FILE.har…",
		Short: "Check recorded traffic against the contract",
		Long: `Checks the requests and answers in HAR 1.2 files, as browsers, proxies and test tools save them, against the
contract. The client that was recorded may be written in any language. "-" reads from standard input.

Each entry is of one of three kinds. Requests of the contract's operations are checked. Other requests to the same host
are listed once each, with their count; --strict makes violations of them. A path below /businesses/{businessId}/chat or
/chats that the Market does not have is a violation always. Requests to other hosts are passed over.
A key that is sent over http:// is a violation always, unless the host is loopback. What a file does not hold is
unknown, and no violation.

` + checkExitHelp,
		Example: `  ymchats check traffic.har
  ymchats check --base-url http://127.0.0.1:8080/v2 --format github recorded/*.har`,
		Args: func(_ *cobra.Command, files []string) error {
			if len(files) == 0 {
				return usageError{errors.New("check needs at least one file, or - for standard input")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			report, err := newReport(format, cmd.OutOrStdout())
			if err != nil {
				return usageError{err}
			}
			if err := c.prepare(); err != nil {
				return usageError{err}
			}
			return c.run(files, report, cmd)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "what to print: text, json, junit, or github for annotations")
	c.flags(cmd.Flags())
	completeCheck(cmd)
	return cmd
}

// completeCheck offers recordings, and the values of the flags.
func completeCheck(cmd *cobra.Command) {
	completeValues(cmd, "format", "text", "json", "junit", "github")
	completeValues(cmd, "side", "request", "response", "both")
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{"har"}, cobra.ShellCompDirectiveFilterFileExt
	}
}

func (c *checker) flags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&c.baseURLs, "base-url", nil,
		"where the recorded API is (default the servers of the contract)")
	flags.StringVar(&c.side, "side", "both", "what to check: request, response or both")
	flags.BoolVar(&c.strict, "strict", false, "other requests to the same host are violations")
	flags.BoolVar(&c.ignoreAuth, "ignore-auth", false,
		"the keys were taken out of the recording: do not ask for them")
	flags.BoolVar(&c.allowEmpty, "allow-empty", false, "it is well when nothing was checked")
}

// checker checks files one after the other.
type checker struct {
	baseURLs   []string
	side       string
	strict     bool
	ignoreAuth bool
	allowEmpty bool

	servers  servers
	contract *api.Validator    // of paths without a base
	paths    map[string]string // of the contract, by operation

	outcome outcome
}

func (c *checker) prepare() error {
	if !slices.Contains([]string{"request", "response", "both"}, c.side) {
		return fmt.Errorf("--side is %q, allowed is request, response or both", c.side)
	}
	doc, err := api.Load()
	if err != nil {
		return err
	}
	if len(c.baseURLs) == 0 {
		for _, server := range doc.Servers {
			c.baseURLs = append(c.baseURLs, server.URL)
		}
	}
	if c.servers, err = newServers(c.baseURLs); err != nil {
		return err
	}
	c.paths = map[string]string{}
	for path, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			c.paths[op.OperationID] = path
		}
	}
	c.contract, err = api.NewValidator(api.WithBasePaths(""))
	return err
}

func (c *checker) run(files []string, r report, cmd *cobra.Command) error {
	c.outcome.Summary.Files = len(files)
	unreadable := 0
	for _, file := range files {
		if err := c.file(cmd.Context(), file, cmd.InOrStdin(), r); err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "ymchats: %s: %v\n", file, err)
			r.unreadable(file, err)
			unreadable++
		}
	}
	r.end(c.outcome)
	s := c.outcome.Summary
	switch {
	case unreadable > 0 || s.Unreadable > 0:
		return exitCode(exitUnreadable)
	case s.Violations > 0:
		return exitCode(exitViolations)
	case s.Checked == 0 && !c.allowEmpty:
		fmt.Fprint(cmd.ErrOrStderr(), c.nothing())
		return exitCode(exitNothing)
	}
	return nil
}

func (c *checker) file(ctx context.Context, name string, stdin io.Reader, r report) error {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if path := (*fs.PathError)(nil); errors.As(err, &path) {
			return path.Err // the name stands before it
		}
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	return har.Read(in, func(e *har.Entry) error {
		if err := c.take(name, e, r); err != nil {
			return err
		}
		return ctx.Err()
	})
}

// take checks an entry, counts it and reports on it. An error means that the file cannot be read.
func (c *checker) take(file string, e *har.Entry, r report) error {
	found, err := c.entry(e)
	if err != nil {
		return err
	}
	s := &c.outcome.Summary
	s.Entries++
	switch found.kind {
	case otherHost:
		s.OtherHosts++
		c.outcome.hosts.add(found.host)
	case sameHost:
		s.SameHost++
	default:
		s.Ours++
	}
	for _, part := range found.checked {
		r.checked(file, found.operation, part)
	}
	if len(found.checked) > 0 {
		s.Checked++
	}
	s.NotRecorded += found.notRecorded
	for _, f := range found.violations {
		f.File = file
		if f.Where == damaged {
			s.Unreadable++
		} else {
			s.Violations++
		}
		r.violation(f)
	}
	for _, f := range found.notices {
		f.File = file
		s.Notices++
		c.outcome.Notices.add(f)
	}
	if found.other != nil {
		found.other.File = file
		c.outcome.OtherRequests.add(*found.other)
	}
	return nil
}
