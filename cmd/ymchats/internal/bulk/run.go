package bulk

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

const (
	atOnce  = 4                // rows, as the Market takes requests of a cabinet
	settled = 13 * time.Second // after a send absence counts: the Market's 10 s, and 3 s that reads are behind
)

// Why a run ends before all rows are at their end.
var (
	ErrInterrupted = errors.New("interrupted; the same command goes on")
	ErrUntil       = errors.New("the time of --until has come; the same command goes on")
	ErrOutage      = errors.New("the Market has not answered as it should for an hour; the same command goes on")
	ErrAnotherRun  = errors.New("another run sends the same texts: it has another journal, or is on another machine")
)

// Run sends the rows of a plan.
type Run struct {
	Client  *wrapper.Client
	Plan    *Plan
	Journal *Journal
	Brake   *Brake
	Until   time.Time // no row begins afterwards; zero: there is no such time

	pace  *pace
	began time.Time
	chats keyed

	mu    sync.Mutex
	ended int             // rows
	open  []*Row          // to look at once more
	own   map[string]bool // texts that this run has sent, by chat
}

// NewRun makes a run, which begins with Do.
func NewRun(client *wrapper.Client, plan *Plan, journal *Journal, brake *Brake, leave int) *Run {
	return &Run{Client: client, Plan: plan, Journal: journal, Brake: brake,
		pace: newPace(leave), began: time.Now(), own: map[string]bool{}}
}

// Do sends until all rows are at their end, ctx ends, or the error tells why not. Rows whose end is open are looked at
// once more then.
func (r *Run) Do(ctx context.Context) error {
	if err := r.Journal.begin(); err != nil {
		return err
	}
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	r.Brake.cancel = cancel
	defer context.AfterFunc(ctx, func() { r.Brake.stop(ErrInterrupted) })()
	if !r.Until.IsZero() {
		defer time.AfterFunc(time.Until(r.Until), func() { r.Brake.stop(ErrUntil) }).Stop()
	}
	if r.settle(r.Plan.Open) {
		r.work(calls, shuffled(append(r.Plan.Open, r.Plan.New...)))
	}
	if last := r.takeOpen(); r.settle(last) {
		r.work(calls, shuffled(last))
	}
	return cmp.Or(r.leave(), r.Brake.reason())
}

// settle waits until the absence of texts that may have been sent counts. It tells whether the run goes on.
func (r *Run) settle(rows []*Row) bool {
	var newest time.Time
	for _, row := range rows {
		if e := r.Journal.entry(row.Key); e.begin.At.After(newest) {
			newest = e.begin.At
		}
	}
	if newest.IsZero() {
		return r.Brake.reason() == nil
	}
	left := min(time.Until(newest.Add(settled)), settled) // a clock may have been set back
	r.pace.rest(left, "the Market may still be at a message")
	return r.Brake.sleep(left)
}

// shuffled gives rows by order, in random order: two runs that begin at once meet soon.
func shuffled(rows []*Row) (groups [][]*Row) {
	place := map[string]int{}
	for _, row := range rows {
		about := row.About()
		if _, found := place[about]; !found {
			place[about] = len(groups)
			groups = append(groups, nil)
		}
		groups[place[about]] = append(groups[place[about]], row)
	}
	rand.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	return groups
}

// work brings rows to their ends, several at once. Rows that have to wait go to the end of the queue.
func (r *Run) work(ctx context.Context, groups [][]*Row) {
	queue := make(chan []*Row, len(groups))
	for _, rows := range groups {
		queue <- rows
	}
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			for r.paced() {
				select {
				case rows := <-queue:
					if rows = r.goOn(ctx, rows); rows != nil {
						queue <- rows
					}
				default:
					return
				}
			}
		})
	}
	workers.Wait()
}

// paced waits until rows may begin, and tells whether the run goes on. It looks at the clock, too: the timer of Until
// stands still while the computer sleeps.
func (r *Run) paced() bool {
	left, _ := r.pace.wait()
	goesOn := r.Brake.sleep(left)
	if !r.Until.IsZero() && !time.Now().Before(r.Until) {
		r.Brake.stop(ErrUntil)
		return false
	}
	return goesOn
}

// goOn works on rows of one order, and gives back those that have to wait.
func (r *Run) goOn(ctx context.Context, rows []*Row) []*Row {
	for i, row := range rows {
		switch err := r.deliver(ctx, row); {
		case errors.Is(err, errLater):
			return rows[i:]
		case err != nil:
			r.Brake.stop(err)
			return nil
		}
		r.mu.Lock()
		r.ended++
		r.mu.Unlock()
	}
	return nil
}

// Progress is how far a run is.
type Progress struct {
	Ended, All int // rows
	Began      time.Time
	Waits      time.Duration // until it goes on
	For        string
}

// Progress tells how far the run is.
func (r *Run) Progress() Progress {
	left, why := r.pace.wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return Progress{Ended: r.ended, All: r.Plan.Todo(), Began: r.began, Waits: max(left, 0), For: why}
}

// keyed are locks by number. They are few, and stay.
type keyed struct{ locks sync.Map }

func (k *keyed) lock(id int64) (unlock func()) {
	made, _ := k.locks.LoadOrStore(id, make(chan struct{}, 1))
	held := made.(chan struct{})
	held <- struct{}{}
	return func() { <-held }
}
