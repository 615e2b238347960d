package main

import (
	"fmt"
	"io"
	"slices"
)

// compared are the numbers of processes that compare starts.
var compared = []int{1, 4, 16, 32}

// compare writes a table of what comes of different limits, with more and more processes.
func compare(out io.Writer, s settings) error {
	address, stop, err := s.begin()
	if err != nil {
		return err
	}
	defer stop()
	fmt.Fprintf(out, "| processes | they share | sent of %d |", 2*s.quota)
	fmt.Fprintln(out, " 420s | most at once | a process | scripts a call |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|")
	for _, s.processes = range compared {
		for _, limits := range []string{nothing, byRate, semaphore, byFleet} {
			r, err := run(s, limits, address)
			if err != nil {
				return fmt.Errorf("%s: %w", limits, err)
			}
			fmt.Fprintf(out, "| %d | %s | %d | %d | %d | %d to %d | %.1f |\n", s.processes, limits, r.sent, r.refused, r.most,
				slices.Min(r.each), slices.Max(r.each), float64(r.scripts)/float64(max(r.sent, 1)))
		}
	}
	return nil
}
