package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/ymarket-go/chats/gen"
)

const (
	waiters       = 64
	callsOfWaiter = 50
	service       = 10 * time.Millisecond
	servers       = 4
)

// waitingRun is how long the calls waited for one of four places, in the order in which they came.
type waitingRun struct {
	Waited, Ideal []time.Duration
	Overtook      int     // calls that began before one that had come earlier
	Allocs        float64 // of a call
}

// turn is a call that wants a place.
type turn struct{ came, began time.Time }

type turnKey struct{}

// slow answers after a fixed time, and notes when the request came to it.
type slow struct{ next http.RoundTripper }

func (s slow) RoundTrip(req *http.Request) (*http.Response, error) {
	req.Context().Value(turnKey{}).(*turn).began = time.Now()
	time.Sleep(service)
	return s.next.RoundTrip(req)
}

// runWaiting lets goroutines come a microsecond apart, so that it is certain who came first.
func runWaiting(waiters int) waitingRun {
	client, err := newWrapped(gen.ServerURL, slow{&answers{}})
	if err != nil {
		panic(err)
	}
	var all sync.WaitGroup
	turns := make([]turn, waiters*callsOfWaiter)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for waiter := range waiters {
		all.Go(func() {
			time.Sleep(time.Duration(waiter) * time.Microsecond)
			for n := range callsOfWaiter {
				t := &turns[waiter*callsOfWaiter+n]
				t.came = time.Now()
				ctx := context.WithValue(context.Background(), turnKey{}, t)
				if err := operations[n%3].make(ctx, client); err != nil {
					panic(err)
				}
			}
		})
	}
	all.Wait()
	runtime.ReadMemStats(&after)
	slices.SortStableFunc(turns, func(a, b turn) int { return a.came.Compare(b.came) })
	run := waitingRun{Ideal: idealWaits(waiters), Allocs: float64(after.Mallocs-before.Mallocs) / float64(len(turns))}
	latest := time.Time{}
	for _, t := range turns {
		run.Waited = append(run.Waited, t.began.Sub(t.came))
		if t.began.Before(latest) {
			run.Overtook++
		}
		latest = maxTime(latest, t.began)
	}
	return run
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// idealWaits is the same with four servers and one queue: whoever came first is served by the first one that is free.
func idealWaits(waiters int) (waits []time.Duration) {
	var free [servers]time.Duration
	comes, left := make([]time.Duration, waiters), make([]int, waiters)
	for w := range waiters {
		comes[w], left[w] = time.Duration(w)*time.Microsecond, callsOfWaiter
	}
	for range waiters * callsOfWaiter {
		next := -1
		for w := range waiters {
			if left[w] > 0 && (next < 0 || comes[w] < comes[next]) {
				next = w
			}
		}
		slices.Sort(free[:])
		begins := max(comes[next], free[0])
		waits = append(waits, begins-comes[next])
		free[0] = begins + service
		comes[next] = free[0]
		left[next]--
	}
	return waits
}

func waiting(options) (section, error) {
	var runs []waitingRun
	if err := inBubble("waiting", &runs); err != nil {
		return section{}, err
	}
	run, uncrowded := runs[0], runs[1]
	s := section{
		Title: "Waiting for a place",
		About: fmt.Sprintf(waitingAbout, waiters, callsOfWaiter, service, servers, servers),
	}
	s.Tables = []table{{
		Head: []string{"waited", "p50", "p99", "longest", "allocations a call"},
		Rows: [][]string{
			append(append([]string{"wrapper"}, waits(run.Waited)...), fmt.Sprintf("%.0f", run.Allocs)),
			append(append([]string{"ideal"}, waits(run.Ideal)...), ""),
			append(append([]string{"wrapper, 4 goroutines"}, waits(uncrowded.Waited)...), fmt.Sprintf("%.0f", uncrowded.Allocs)),
		},
	}}
	s.Goals = []goal{
		sameCount("first come, first served: calls that overtook another one", []int{run.Overtook}, 0),
		atMost("allocations in a crowd by those of 4 goroutines", run.Allocs/uncrowded.Allocs, 1.1),
	}
	return s, nil
}

func waits(all []time.Duration) []string {
	var figures []float64
	for _, wait := range all {
		figures = append(figures, float64(wait))
	}
	slices.Sort(figures)
	show := func(q float64) string { return fmt.Sprintf("%.2f ms", quantile(figures, q)/1e6) }
	return []string{show(0.5), show(0.99), show(1)}
}

const waitingAbout = "" +
	"On virtual time: %d goroutines make %d calls each, the Market takes %v for an answer, and the wrapper has at " +
	"most %d under way. The ideal is one queue before %d servers."
