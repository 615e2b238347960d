package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ymarket-go/chats/cmd/ymchats/internal/bulk"
	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

const bulkHelp = `With --csv it sends each text of a spreadsheet's file to the buyer of its order. The first row names
the columns: order (заказ), return (возврат) or chat (чат), and text (текст). The whole file is checked before anything
is sent. FILE.ymchats is the journal, by which the same command goes on after an interruption, and sends no text twice;
FILE.results.csv tells how it stands with each row. A text that the shop has written into the chat before is not sent
again. With --csv the exit code is the first one that is true: 2 the file or the journal, 3 rows are refused, 4 the key,
7 it is open whether a text arrived, 1 rows failed or are left, 0 all texts are with their buyers.`

// bulkSender sends the texts of a file.
type bulkSender struct {
	*sender
	path, encoding, journal, changed, until string
	leave                                   int
	asIs, several, again, dryRun            bool

	flags *pflag.FlagSet // of these fields; each needs --csv
	end   time.Time      // of --until; zero: there is none
}

// changes are the values of --changed.
var changes = []string{bulk.ChangedSkip, bulk.ChangedSend}

func (b *bulkSender) addFlags(cmd *cobra.Command) {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.SortFlags = false
	flags.StringVar(&b.path, "csv", "", "send the texts of a `FILE`, each to the buyer of its order")
	flags.StringVar(&b.encoding, "encoding", bulk.Encodings[0],
		"of a file without a byte order mark: "+strings.Join(bulk.Encodings, ", "))
	flags.StringVar(&b.journal, "journal", "", "the `FILE` that tells what was sent (default that of --csv with .ymchats)")
	flags.StringVar(&b.changed, "changed", "",
		"what to do with a text whose order was sent another one before: "+strings.Join(changes, ", ")+
			" (default refuse the file)")
	flags.StringVar(&b.until, "until", "", "begin no row after a `TIME` of today, as 21:00")
	flags.IntVar(&b.leave, "leave", 0, "creates and sends of each hour that are left for other work of the shop")
	flags.BoolVar(&b.asIs, "as-is", false, "send texts with {…} in them, or with lines that look like rows of the file")
	flags.BoolVar(&b.several, "several", false, "send several texts of one order, one after another")
	flags.BoolVar(&b.again, "again", false, "send texts that the shop has written into the chat before")
	flags.BoolVar(&b.dryRun, "dry-run", false, "check the file and the key, say what would be sent, and send nothing")
	b.flags = flags
	cmd.Flags().AddFlagSet(flags)
	completeValues(cmd, "encoding", bulk.Encodings...)
	completeValues(cmd, "changed", changes...)
	for _, name := range []string{"csv", "journal"} {
		_ = cmd.MarkFlagFilename(name)
	}
}

// check finds flags that do not go together, and values that are not allowed.
func (b *bulkSender) check(flags *pflag.FlagSet, words []string) (err error) {
	isGiven := func(name string) bool { return flags.Changed(name) }
	if !isGiven("csv") {
		b.flags.VisitAll(func(flag *pflag.Flag) {
			if flag.Changed && err == nil {
				err = fmt.Errorf("--%s needs --csv", flag.Name)
			}
		})
		return err
	}
	switch without := []string{"chat", "order", "return", "file", "timeout"}; {
	case b.path == "":
		return errors.New("--csv is empty, allowed is the path of a file")
	case isGiven("journal") && b.journal == "":
		return errors.New("--journal is empty, allowed is the path of a file")
	case len(words) > 0:
		return errors.New("send --csv takes no text: the texts stand in the file")
	case slices.ContainsFunc(without, isGiven):
		return fmt.Errorf("--csv does not go together with --%s", without[slices.IndexFunc(without, isGiven)])
	case !slices.Contains(bulk.Encodings, b.encoding):
		return fmt.Errorf("--encoding is %.20q, allowed is %s", b.encoding, strings.Join(bulk.Encodings, ", "))
	case isGiven("changed") && !slices.Contains(changes, b.changed):
		return fmt.Errorf("--changed is %.20q, allowed is %s", b.changed, strings.Join(changes, ", "))
	case b.leave < 0 || b.leave >= bulk.Quota():
		return fmt.Errorf("--leave is %d, allowed is 0 to %d", b.leave, bulk.Quota()-1)
	}
	if b.journal == "" {
		b.journal = b.path + ".ymchats"
	}
	if isGiven("until") {
		b.end, err = b.readUntil(time.Now())
	}
	return err
}

func (b *bulkSender) readUntil(now time.Time) (time.Time, error) {
	clock, err := time.Parse("15:04", b.until)
	if err != nil {
		return time.Time{}, fmt.Errorf("--until is %.20q, allowed is a time like 21:00", b.until)
	}
	end := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location())
	if !now.Before(end) {
		return time.Time{}, fmt.Errorf("--until %s is over for today", b.until)
	}
	return end, nil
}

// send reads the file, asks, and sends.
func (b *bulkSender) send(cmd *cobra.Command) error {
	brake := bulk.NewBrake()
	b.options = append(b.options, wrapper.WithMiddleware(brake.Middleware))
	if err := b.prepare(cmd); err != nil {
		return err
	}
	b.progress.quiet = true // it shows the pauses of one call; the rows have a line of their own
	sheet, err := b.read()
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", b.path, inWords(err))}
	}
	journal, err := b.openJournal()
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", b.journal, inWords(err))}
	}
	defer func() { _ = journal.Close() }()
	plan := bulk.NewPlan(sheet, journal, b.changed, b.again)
	if b.dryRun {
		return b.tell(cmd, sheet, plan)
	}
	if refused := b.refuse(cmd, sheet, plan); refused != nil {
		return refused
	}
	if err := b.consent(cmd, sheet, plan); err != nil {
		return b.fail(cmd, err)
	}
	run := bulk.NewRun(b.client, plan, journal, brake, b.leave)
	run.Until = b.end
	stop := b.follow(cmd.ErrOrStderr(), run)
	err = run.Do(cmd.Context())
	stop()
	return b.sum(cmd, plan, journal, err)
}

// openJournal looks before it opens: a pipe or a device might never end.
func (b *bulkSender) openJournal() (*bulk.Journal, error) {
	if err := onlyFileAt(b.journal); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if b.dryRun {
		return bulk.ReadJournal(b.journal, b.access.host(), b.access.businessID)
	}
	return bulk.OpenJournal(b.journal, b.access.host(), b.access.businessID)
}

func (b *bulkSender) read() (*bulk.Sheet, error) {
	if err := onlyFileAt(b.path); err != nil {
		return nil, err
	}
	file, err := os.ReadFile(b.path)
	if err != nil {
		return nil, err
	}
	return bulk.ReadSheet(file, bulk.Rules{Encoding: b.encoding, AsIs: b.asIs, Several: b.several, Check: unfit})
}

// tryKey makes the one call of a dry run.
func (b *bulkSender) tryKey(ctx context.Context) error {
	for _, err := range b.client.Chats(ctx, gen.GetChatsRequest{}) {
		return err
	}
	return nil
}
