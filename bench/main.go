//go:debug x509usefallbackroots=1

// Command bench measures what the wrapper costs beside other ways to make the same calls. It writes docs/benchmarks.md
// and docs/benchmarks.svg; README.md tells more.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

// options are the flags.
type options struct {
	only       string
	rounds     int
	contenders string
	profile    string
	bubble     string
}

func main() {
	var o options
	flag.StringVar(&o.only, "only", "", "the parts to measure, comma-separated: "+strings.Join(partNames(), ", ")+"; then nothing is written to docs")
	flag.IntVar(&o.rounds, "rounds", 20, "rounds of the part memory, 10 or more")
	flag.StringVar(&o.contenders, "contenders", "", "the contenders of the part memory, comma-separated; none: all")
	flag.StringVar(&o.profile, "profile", "", "a directory for profiles of the part memory: of CPU and allocations, for each contender and call")
	flag.StringVar(&o.bubble, "bubble", "", "used by the program itself: run a part on virtual time")
	flag.Parse()
	if bubbles[o.bubble] != nil {
		runBubble(o.bubble)
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	if o.rounds < 10 {
		return fmt.Errorf("-rounds is %d, allowed is 10 and above", o.rounds)
	}
	if o.profile != "" {
		return profile(o)
	}
	if err := checkSame(contenders()); err != nil {
		return err
	}
	for _, p := range parts {
		if o.only != "" && !slices.Contains(strings.Split(o.only, ","), p.name) {
			continue
		}
		s, err := p.measure(o)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Print(s.markdown())
	}
	return nil
}

// part is a thing that can be measured by itself.
type part struct {
	name    string
	measure func(options) (section, error)
}

var parts = []part{
	{"memory", memory},
	{"sockets", sockets},
	{"quota", quota},
	{"waiting", waiting},
	{"importing", importing},
	{"market", market},
}

func partNames() (names []string) {
	for _, p := range parts {
		names = append(names, p.name)
	}
	return names
}
