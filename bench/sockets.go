package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	socketRounds = 12
	socketCalls  = 256 // of a contender in a round: some for each of 64 goroutines
	burst        = 4
	burstCalls   = 2000
	burstRounds  = 3
)

var crowds = []int{1, 4, 64}

func sockets(options) (section, error) {
	s := section{
		Title: "With TLS on loopback",
		About: fmt.Sprintf(socketsAbout,
			socketRounds, socketCalls, burstCalls, burst, burstRounds),
	}
	t := handshakeTable()
	for _, certificate := range certificates() {
		times, err := measureHandshakes(contenders(), certificate)
		if err != nil {
			return s, err
		}
		t.add(times, certificate)
		s.Goals = append(s.Goals, handshakeGoals(times, certificate)...)
	}
	s.Tables = []table{t}
	opened, err := measureBursts(slices.DeleteFunc(contenders(), func(c contender) bool {
		return c.name != ours && c.name != bare
	}))
	if err != nil {
		return s, err
	}
	g := sameCount("connections for bursts of 4", opened[ours], burst)
	g.Measured += fmt.Sprintf(" (%s: %s)", bare, strings.Trim(fmt.Sprint(opened[bare]), "[]"))
	s.Goals = append(s.Goals, g)
	return s, nil
}

// crowdTimes holds nanoseconds a call for each contender and number of goroutines, one figure a round.
type crowdTimes map[string]map[int][]float64

func measureHandshakes(all []contender, certificate certificate) (crowdTimes, error) {
	server := tlsServer(certificate, false, new(atomic.Int64))
	defer server.Close()
	connected, err := connectAll(all, server.URL+"/v2")
	if err != nil {
		return nil, err
	}
	times := crowdTimes{}
	for _, c := range all {
		times[c.name] = map[int][]float64{}
	}
	for round := range socketRounds + 1 { // the first one warms up
		for _, goroutines := range crowds {
			for _, i := range shuffled(len(all), round) {
				took, err := inParallel(connected[i], goroutines, socketCalls)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", all[i].name, err)
				}
				if round > 0 {
					times[all[i].name][goroutines] = append(times[all[i].name][goroutines], float64(took)/socketCalls)
				}
			}
		}
	}
	return times, nil
}

func connectAll(all []contender, server string) ([]calls, error) {
	connected := make([]calls, len(all))
	for i, c := range all {
		var err error
		if connected[i], err = c.connect(server, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return connected, nil
}

// inParallel makes n calls from so many goroutines, the operations in turn, and gives the time and the first error.
func inParallel(c calls, goroutines, n int) (time.Duration, error) {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	began := time.Now()
	for range goroutines {
		all.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if err := operations[i%3].make(context.Background(), c); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	if err := failed.Load(); err != nil {
		return took, *err
	}
	return took, nil
}

// measureBursts gives for each contender how many connections were opened in each round.
func measureBursts(all []contender) (map[string][]int, error) {
	counts := map[string][]int{}
	for round := range burstRounds {
		for _, i := range shuffled(len(all), round) {
			opened, err := bursts(all[i])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", all[i].name, err)
			}
			counts[all[i].name] = append(counts[all[i].name], opened)
		}
	}
	return counts, nil
}

func bursts(c contender) (opened int, err error) {
	var count atomic.Int64
	server := tlsServer(certificates()[0], true, &count)
	defer server.Close()
	connected, err := c.connect(server.URL+"/v2", nil)
	for n := 0; n < burstCalls && err == nil; n += burst {
		_, err = inParallel(connected, burst, burst)
	}
	server.CloseClientConnections()
	return int(count.Load()), err
}

func handshakeTable() table {
	t := table{Head: []string{"ms a call"}}
	for _, c := range contenders() {
		t.Rows = append(t.Rows, []string{c.name})
	}
	return t
}

// add gives the table a column for each crowd.
func (t *table) add(times crowdTimes, certificate certificate) {
	for _, n := range crowds {
		t.Head = append(t.Head, fmt.Sprintf("%s, %d", certificate.name, n))
		for i, c := range contenders() {
			t.Rows[i] = append(t.Rows[i], fmt.Sprintf("%.2f", spreadOf(times[c.name][n]).median/1e6))
		}
	}
}

// handshakeGoals compares with the transport alone, which is as low as one can get, and shows the generated client's
// figure beside it.
func handshakeGoals(times crowdTimes, c certificate) (goals []goal) {
	for _, n := range crowds {
		what := fmt.Sprintf("%s, goroutines: %d, time by that of %s", c.name, n, bare)
		g := atMost(what, ratio(times[ours][n], times[bare][n]).median, 1.10)
		g.Measured += fmt.Sprintf(" (%s: %.2f)", plain, ratio(times[ours][n], times[plain][n]).median)
		goals = append(goals, g)
	}
	return goals
}

const socketsAbout = "" +
	"Every contender with the transport that it has by itself. The server closes each connection after its answer, as " +
	"the Market does: %d rounds of %d calls each, the three operations in turn, from 1, 4 and 64 goroutines; a figure " +
	"is the time of a round by its calls. The wrapper never has more than 4 calls under way, as the Market would " +
	"refuse a fifth. Both ends run in one process, so a call pays for both ends of its handshake. Connections are " +
	"counted with a server that keeps them: %d calls in bursts of %d, in each of %d rounds."
