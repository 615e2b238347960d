package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/ymarket-go/chats/wrapper"
)

// job is what new, send and get have in common: a client, how long it waits, and how results and errors are written.
type job struct {
	json, quiet      bool
	verbose          bool
	maxWait, timeout time.Duration
	resend           wrapper.Resend
	on               terminals

	options   []wrapper.Option // of the client, beside those that flags set
	access    access
	client    *wrapper.Client
	progress  *progress
	situation situation
}

// command adds to a command, which has its own flags already, those that all of them have.
func (j *job) command(cmd *cobra.Command) *cobra.Command {
	cmd.Long += "\n\n" + accessHelp + "\n\n" + exitHelp
	accessFlags(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&j.json, "json", false,
		`print one JSON object: {"result": …} or {"error": …}; nothing with exit code 2`)
	flags.BoolVar(&j.quiet, "quiet", false, "do not tell on standard error what is waited for")
	flags.BoolVar(&j.verbose, "verbose", false,
		"write a line for each attempt to standard error: its status, the quota, the pause after it")
	flags.DurationVar(&j.maxWait, "max-wait", 30*time.Second,
		"the longest single wait for the Market; a longer one ends the call at once")
	flags.DurationVar(&j.timeout, "timeout", 0, "the time for all attempts and waits together (default no limit)")
	return cmd
}

// prepare makes the client. Its errors are mistakes on the command line, or in the settings.
func (j *job) prepare(cmd *cobra.Command) error {
	switch {
	case j.maxWait <= 0:
		return usageError{fmt.Errorf("--max-wait is %v, allowed is more than 0", j.maxWait)}
	case j.timeout < 0:
		return usageError{fmt.Errorf("--timeout is %v, allowed is 0 (no limit) and above", j.timeout)}
	}
	var err error
	if j.access, err = readAccess(cmd.Flags()); err != nil {
		return usageError{err}
	}
	j.situation.baseURL, j.situation.key = j.access.baseURL, j.access.key
	if j.client, err = j.newClient(cmd.ErrOrStderr()); err != nil {
		return usageError{err}
	}
	return nil
}

func (j *job) newClient(stderr io.Writer) (*wrapper.Client, error) {
	j.progress = &progress{out: stderr, quiet: j.quiet, columns: func() int { return j.on.columns(stderr) }}
	if j.verbose {
		j.progress.log = slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug})
	}
	return j.access.client(append(j.options,
		wrapper.WithRetry(wrapper.RetryPolicy{MaxDelay: j.maxWait, Resend: j.resend}),
		wrapper.WithLogger(slog.New(logHandler(j.progress.handle))),
	)...)
}

// run makes the call, and prints its result or its error.
func (j *job) run(cmd *cobra.Command, call func(context.Context) (result any, words string, err error)) error {
	ctx, cancel := cmd.Context(), func() {}
	if j.timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, j.timeout)
	}
	defer cancel()
	result, words, err := call(ctx)
	j.progress.end()
	if err != nil {
		return j.fail(cmd, err)
	}
	if j.json {
		return printJSON(cmd.OutOrStdout(), map[string]any{"result": result})
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), words)
	return err
}

// fail writes an error to standard error for people, and to standard output for programs.
func (j *job) fail(cmd *cobra.Command, err error) error {
	var e *wrapper.Error
	if !errors.As(err, &e) {
		return err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), complaint(e, j.situation))
	if j.json {
		if err := printJSON(cmd.OutOrStdout(), map[string]any{"error": newFailure(e, j.situation)}); err != nil {
			return err
		}
	}
	_, code := classify(e)
	return code
}

func printJSON(out io.Writer, v any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
