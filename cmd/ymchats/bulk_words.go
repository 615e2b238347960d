package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ymarket-go/chats/cmd/ymchats/internal/bulk"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// shownFindings is how many of a file's findings are shown.
const shownFindings = 20

// refuse says why the file may not be sent.
func (b *bulkSender) refuse(cmd *cobra.Command, sheet *bulk.Sheet, plan *bulk.Plan) error {
	out := cmd.ErrOrStderr()
	findings := plan.Findings
	for _, f := range findings[:min(len(findings), shownFindings)] {
		fmt.Fprintf(out, "%s: %v\n", b.path, f)
	}
	if more := len(findings) - shownFindings; more > 0 {
		fmt.Fprintf(out, "%s: and %s more\n", b.path, rows(more))
	}
	why := rows(len(findings)) + " refused"
	switch {
	case len(findings) > 0:
	case len(sheet.Rows) == 0:
		why = b.path + " has no rows below its header"
	default:
		return nil
	}
	fmt.Fprintln(out, "ymchats: nothing was sent:", why)
	if b.json {
		e := &wrapper.Error{Operation: gen.OperationSendMessageToChat, Err: wrapper.ErrInvalidRequest}
		failed := newFailure(e, b.situation)
		failed.Text = "nothing was sent: " + why
		if err := printJSON(cmd.OutOrStdout(), map[string]any{"error": failed}); err != nil {
			return err
		}
	}
	return exitCode(3)
}

func rows(n int) string { return counted(n, "row") }

// facts tell what there is to send.
func (b *bulkSender) facts(cmd *cobra.Command, sheet *bulk.Sheet, plan *bulk.Plan) []fact {
	what := fmt.Sprintf("%s, %d to send", rows(len(sheet.Rows)), len(plan.New))
	for _, more := range []struct {
		n    int
		what string
	}{
		{len(plan.Open), "to look at first"}, {len(plan.Done), "done before"},
		{len(plan.Changed), "of orders that were sent another text"}, {sheet.Repeated, "more repeated ones left out"},
	} {
		if more.n > 0 {
			what += fmt.Sprintf(", %d %s", more.n, more.what)
		}
	}
	facts := append(b.access.destination(cmd.Context()), fact{"File", b.path}, fact{"Rows", what})
	const shown = 3
	for _, row := range plan.New[:min(len(plan.New), shown)] {
		facts = append(facts, fact{"Text", fmt.Sprintf("%s: %s", row.About(), beginning(row.Text))})
	}
	now := time.Now()
	end := bulk.Estimate(plan.Todo(), now, b.leave)
	took := end.Sub(now).Round(time.Second)
	return append(facts, fact{"Takes", fmt.Sprintf("about %v, until %s", max(took, time.Second), clock(now, end))})
}

// clock writes a time, with its day where that is another one.
func clock(now, at time.Time) string {
	if now.YearDay() != at.YearDay() {
		return at.Format("2006-01-02 15:04")
	}
	return at.Format("15:04")
}

// consent asks the person at the terminal, as for a single message.
func (b *bulkSender) consent(cmd *cobra.Command, sheet *bulk.Sheet, plan *bulk.Plan) error {
	if plan.Todo() == 0 || !b.asks(cmd) {
		return nil
	}
	return approve(cmd, b.facts(cmd, sheet, plan), fmt.Sprintf("Send to %s?", rows(plan.Todo())))
}

// tell says what would be sent, and tries the key.
func (b *bulkSender) tell(cmd *cobra.Command, sheet *bulk.Sheet, plan *bulk.Plan) error {
	for _, f := range b.facts(cmd, sheet, plan) {
		if f.name != "Text" && !b.json { // a text is shown to a person who is asked, and in no log
			fmt.Fprintf(cmd.OutOrStdout(), "%-7s  %s\n", f.name, f.value)
		}
	}
	if refused := b.refuse(cmd, sheet, plan); refused != nil {
		return refused
	}
	if err := b.tryKey(cmd.Context()); err != nil {
		return b.fail(cmd, err)
	}
	if b.json {
		return printJSON(cmd.OutOrStdout(), map[string]any{"result": map[string]any{
			"rows": len(sheet.Rows), "new": len(plan.New), "open": len(plan.Open), "done": len(plan.Done),
			"changed": len(plan.Changed), "repeated": sheet.Repeated,
			"until": bulk.Estimate(plan.Todo(), time.Now(), b.leave),
		}})
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), "The key is good. Nothing was sent.")
	return err
}

// sum writes the results, says how the run has ended, and gives the exit code.
func (b *bulkSender) sum(cmd *cobra.Command, plan *bulk.Plan, journal *bulk.Journal, ended error) error {
	results := plan.Results(journal)
	path, err := plan.WriteResults(b.path+".results.csv", results)
	if err != nil {
		err = fmt.Errorf("the results cannot be written: %w", err)
	}
	for _, e := range []error{ended, err} {
		if e != nil {
			fmt.Fprintln(cmd.ErrOrStderr(), b.words(e))
		}
	}
	counts := bulk.Count(results)
	code := bulkCode(ended, err, counts)
	if b.json {
		report := map[string]any{"rows": len(results), "states": counts, "results": path, "journal": b.journal}
		if err := printJSON(cmd.OutOrStdout(), map[string]any{"result": report}); err != nil {
			return err
		}
		return code
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", rows(len(results)), countWords(counts))
	if path != "" {
		fmt.Fprintf(cmd.OutOrStdout(), "Results: %s\n", path)
	}
	return code
}

// words says why a run has ended.
func (b *bulkSender) words(err error) string {
	if e := new(wrapper.Error); errors.As(err, &e) {
		return complaint(e, b.situation)
	}
	return "ymchats: " + err.Error()
}

// bulkCode is the first one that is true.
func bulkCode(ended, unwritten error, counts map[string]int) exitCode {
	e := new(wrapper.Error)
	isCall := errors.As(ended, &e)
	switch {
	case errors.As(ended, new(*bulk.JournalError)), errors.Is(ended, bulk.ErrAnotherRun), unwritten != nil:
		return 2
	case isCall && (errors.Is(e, wrapper.ErrUnauthorized) || errors.Is(e, wrapper.ErrForbidden)):
		return 4
	case counts[bulk.Doubt] > 0:
		return 7
	case ended != nil, counts[bulk.Failed] > 0, counts[bulk.Left] > 0:
		return 1
	}
	return 0
}

func countWords(counts map[string]int) string {
	var words []string
	for _, state := range []struct{ name, words string }{
		{bulk.Sent, "sent"}, {bulk.Already, "in the chat already"}, {bulk.Changed, "skipped as changed"},
		{bulk.Doubt, "in doubt"}, {bulk.Failed, "failed"}, {bulk.Left, "left"},
	} {
		if n := counts[state.name]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, state.words))
		}
	}
	return strings.Join(words, ", ")
}

// follow shows how far a run is: on a line of the terminal; elsewhere, and between the lines of --verbose, once a
// minute.
func (b *bulkSender) follow(out io.Writer, run *bulk.Run) (stop func()) {
	if b.quiet {
		return func() {}
	}
	if b.progress.columns() >= minColumns && !b.verbose {
		return rewrite(out, b.progress.columns, func(room int) string {
			return progressWords(run.Progress(), time.Now(), b.leave, room)
		})
	}
	tick, done := time.NewTicker(time.Minute), make(chan struct{})
	go func() {
		for {
			select {
			case <-tick.C:
				fmt.Fprintln(out, progressWords(run.Progress(), time.Now(), b.leave, 1000))
			case <-done:
				return
			}
		}
	}()
	return func() { tick.Stop(); close(done) }
}

// progressWords says how far a run is, in at most so many characters.
func progressWords(p bulk.Progress, now time.Time, leave, room int) string {
	far := fmt.Sprintf("%d of %d", p.Ended, p.All)
	long, short := "ymchats: "+far+" rows", far
	if took := now.Sub(p.Began); p.Ended > 0 && took > 0 {
		end := bulk.Estimate(p.All-p.Ended, now.Add(p.Waits), leave)
		byRate := now.Add(time.Duration(float64(took) / float64(p.Ended) * float64(p.All-p.Ended)))
		if byRate.After(end) {
			end = byRate
		}
		perMinute := float64(p.Ended) / took.Minutes()
		long += fmt.Sprintf(", %.0f a minute, to end at %s", perMinute, clock(now, end))
		short += ", to end at " + clock(now, end)
	}
	if p.Waits > time.Second {
		long += fmt.Sprintf("; %s, goes on %s", p.For, when(p.Waits))
		short = far + ", goes on " + when(p.Waits)
	}
	for _, text := range []string{long, short} {
		if len(text) <= room {
			return text
		}
	}
	return far[:min(len(far), room)]
}
