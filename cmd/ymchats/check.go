package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ymarket-go/chats/api"
)

const (
	exitViolations = 1
	exitUnreadable = 2
)

func checkCommand() *cobra.Command {
	c := &checker{}
	var format string
	cmd := &cobra.Command{
		Use:   "check FILE.har…",
		Short: "Check recorded traffic against the contract",
		Long: `Checks the requests and answers in HAR 1.2 files, as browsers and proxies save them, against the contract. The client
that was recorded may be written in any language. "-" reads from standard input.

Exit code: 0 when all keep the contract, 1 when some do not, 2 when a file or a flag cannot be read.`,
		Example: `  ymchats check traffic.har
  ymchats check --base-url http://127.0.0.1:8080/v2 --format github recorded/*.har`,
		Args: func(_ *cobra.Command, files []string) error {
			if len(files) == 0 {
				return usageError{errors.New("check needs at least one file, or - for standard input")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			report, err := newReport(format)
			if err != nil {
				return usageError{err}
			}
			if err := c.prepare(); err != nil {
				return usageError{err}
			}
			return c.run(files, report, cmd)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "what to print: text, json, or github for annotations")
	cmd.Flags().StringSliceVar(&c.baseURLs, "base-url", nil, "where the recorded API is (default the servers of the contract)")
	cmd.Flags().BoolVar(&c.strict, "strict", false, "traffic to other hosts and paths is a violation")
	cmd.Flags().BoolVar(&c.ignoreAuth, "ignore-auth", false, "the keys were taken out of the recording: do not ask for them")
	return cmd
}

// checker checks files one after the other.
type checker struct {
	baseURLs   []string
	strict     bool
	ignoreAuth bool

	servers  []*url.URL
	contract *api.Validator
}

func (c *checker) prepare() error {
	if len(c.baseURLs) == 0 {
		doc, err := api.Load()
		if err != nil {
			return err
		}
		for _, server := range doc.Servers {
			c.baseURLs = append(c.baseURLs, server.URL)
		}
	}
	var paths []string
	for _, base := range c.baseURLs {
		u, err := url.Parse(strings.TrimRight(base, "/"))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(base, "?#") {
			return errors.New("--base-url is not allowed, allowed is one like https://host/v2, without user info, query and fragment")
		}
		c.servers = append(c.servers, u)
		paths = append(paths, u.Path)
	}
	var err error
	c.contract, err = api.NewValidator(api.WithBasePaths(paths...))
	return err
}

func (c *checker) run(files []string, r report, cmd *cobra.Command) error {
	total := summary{Files: len(files)}
	unreadable := 0
	for _, file := range files {
		if err := c.file(cmd.Context(), file, cmd.InOrStdin(), &total, func(f finding) { r.violation(cmd.OutOrStdout(), f) }); err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "ymchats: %s: %v\n", file, err)
			r.unreadable(cmd.OutOrStdout(), file, err)
			unreadable++
		}
	}
	r.end(cmd.OutOrStdout(), total)
	switch {
	case unreadable > 0 || total.Unreadable > 0:
		return exitCode(exitUnreadable)
	case total.Violations > 0:
		return exitCode(exitViolations)
	case total.Checked == 0:
		fmt.Fprintf(cmd.ErrOrStderr(), "ymchats: nothing was checked: no request went to %s; see --base-url and --strict\n",
			strings.Join(c.baseURLs, ", "))
	}
	return nil
}

func (c *checker) file(ctx context.Context, name string, stdin io.Reader, total *summary, report func(finding)) error {
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
	return readHAR(in, func(n int, e *harEntry) error {
		total.Entries++
		found, kind := c.entry(e)
		switch kind {
		case otherTraffic:
			total.Skipped++
		case unreadableEntry:
			total.Unreadable++
		default:
			total.Checked++
		}
		for _, f := range found {
			if kind != unreadableEntry {
				total.Violations++
			}
			f.File, f.Entry = name, n
			report(f)
		}
		return ctx.Err()
	})
}

// kind is what an entry is to the contract.
type kind int

const (
	ourTraffic kind = iota
	otherTraffic
	unreadableEntry // ours, but the file does not say what was sent
)

// entry checks one entry.
func (c *checker) entry(e *harEntry) ([]finding, kind) {
	if !c.serves(e.Request.URL) {
		return c.other()
	}
	req, bodyKnown, err := e.request()
	if err != nil {
		return []finding{{Part: "request", Where: "entry", Rule: err.Error()}}, unreadableEntry
	}
	violations := api.Violations(c.contract.Request(req))
	if len(violations) == 1 && violations[0].Where == "path" || req.Method == http.MethodOptions {
		return c.other() // a browser asks by OPTIONS whether it may ask
	}
	var found []finding
	for _, v := range violations {
		unknown := !bodyKnown && strings.HasPrefix(v.Where, "body") && v.Rule != "none is declared"
		if !unknown && !(c.ignoreAuth && v.Where == "header Api-Key") {
			found = append(found, newFinding("request", v))
		}
	}
	answers, err := c.answer(e, req)
	if err != nil {
		return append(found, finding{Part: "response", Where: "entry", Rule: err.Error()}), unreadableEntry
	}
	return append(found, answers...), ourTraffic
}

func (c *checker) other() ([]finding, kind) {
	if c.strict {
		return []finding{{Part: "request", Where: "path", Rule: "is not one of the contract"}}, otherTraffic
	}
	return nil, otherTraffic
}

func (c *checker) answer(e *harEntry, req *http.Request) (found []finding, err error) {
	if e.Response.Status == 0 || c.contract.Operation(req) == "" {
		return nil, nil // no answer came, or nothing is declared for such a request
	}
	resp, err := e.response()
	if err != nil {
		return nil, err
	}
	for _, v := range api.Violations(c.contract.Response(req, resp)) {
		found = append(found, newFinding("response", v))
	}
	return found, nil
}

// serves tells whether a URL, as it stands in the file, is below one of the servers.
func (c *checker) serves(rawURL string) bool {
	u, err := url.Parse(rawURL)
	if err != nil {
		return false
	}
	for _, s := range c.servers {
		if strings.EqualFold(u.Scheme, s.Scheme) && host(u) == host(s) && strings.HasPrefix(u.Path, s.Path+"/") {
			return true
		}
	}
	return false
}

// host writes a host as others may have written it: with the port that goes without saying, or a dot at its end.
func host(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[strings.ToLower(u.Scheme)]
	}
	return net.JoinHostPort(strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), port)
}
