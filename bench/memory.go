package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// series are the figures of a contender and an operation, one for each round.
type series struct{ nanoseconds, allocs []float64 }

// memoryResult holds a series for each contender and operation.
type memoryResult map[string]map[string]*series

// callsPerRound are made by each contender of each operation in a round: enough for some rounds of the garbage
// collector, and so few that what disturbs the machine lies between rounds rather than within one.
const callsPerRound = 4_000

func memory(o options) (section, error) {
	all := slices.DeleteFunc(contenders(), func(c contender) bool { return !chosen(o.contenders, c.name) })
	result, err := measureMemory(all, o.rounds, callsPerRound)
	if err != nil {
		return section{}, err
	}
	return memorySection(result, all, o.rounds, callsPerRound), nil
}

// measureMemory makes the calls with answers from memory: what is measured is the client alone.
func measureMemory(all []contender, rounds, perRound int) (memoryResult, error) {
	result, connected := memoryResult{}, make([]calls, len(all))
	for i, c := range all {
		var err error
		if connected[i], err = c.connect(gen.ServerURL, &answers{}); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		result[c.name] = map[string]*series{}
		for _, op := range operations {
			result[c.name][op.id] = &series{}
		}
	}
	for round := -1; round < rounds; round++ { // the first one warms up
		for _, op := range operations {
			for _, i := range shuffled(len(all), round+1) {
				if err := result[all[i].name][op.id].measure(round >= 0, perRound, func() error {
					return op.make(context.Background(), connected[i])
				}); err != nil {
					return nil, fmt.Errorf("%s: %s: %w", all[i].name, op.id, err)
				}
			}
		}
	}
	return result, nil
}

// measure makes a call n times. Collecting the garbage that it leaves is part of its cost; that of the contender
// before is not.
func (s *series) measure(keep bool, n int, call func() error) error {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	for range n {
		if err := call(); err != nil {
			return err
		}
	}
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	if keep {
		s.nanoseconds = append(s.nanoseconds, float64(took.Nanoseconds())/float64(n))
		s.allocs = append(s.allocs, float64(after.Mallocs-before.Mallocs)/float64(n))
	}
	return nil
}

// memorySection sets the figures beside the goals.
func memorySection(r memoryResult, all []contender, rounds, perRound int) section {
	s := section{
		Title: "The client alone",
		About: fmt.Sprintf(memoryAbout, rounds, perRound),
	}
	t := table{Head: []string{"µs and allocations of a call"}}
	for _, op := range operations {
		t.Head = append(t.Head, op.id+", µs", "allocations")
		s.Goals = append(s.Goals, memoryGoals(r, op.id)...)
	}
	for _, c := range all {
		row := []string{c.name}
		for _, op := range operations {
			f := r[c.name][op.id]
			row = append(row, fmt.Sprintf("%.1f", spreadOf(f.nanoseconds).median/1e3), whole(f.allocs))
		}
		t.Rows = append(t.Rows, row)
	}
	s.Tables = []table{t}
	return s
}

func whole(figures []float64) string { return fmt.Sprintf("%.0f", spreadOf(figures).median) }

func memoryGoals(r memoryResult, op string) (goals []goal) {
	overRetryable := map[string]float64{"getChat": 0.80, "sendMessageToChat": 0.70, "createChat": 0.70}[op]
	for _, g := range []struct {
		other         string
		times, allocs float64 // 0: no goal
	}{{plain, 0.85, 0.80}, {retryable, overRetryable, 0}, {tuned, 1.10, 0}} {
		if r[ours] == nil || r[g.other] == nil {
			continue
		}
		mine, other := r[ours][op], r[g.other][op]
		times, allocs := ratio(mine.nanoseconds, other.nanoseconds), ratio(mine.allocs, other.allocs)
		goals = append(goals, atMost(op+": time by that of "+g.other, times.median, g.times))
		if g.allocs > 0 {
			goals = append(goals, atMost(op+": allocations by those of "+g.other, allocs.median, g.allocs))
		}
	}
	return goals
}

const memoryAbout = "" +
	"The answers come from memory, with the headers and bodies of the Market; no socket, no TLS. %d rounds of %d " +
	"calls each, the contenders in a new order in each round; medians. The ratios of the goals are taken within a " +
	"round."
