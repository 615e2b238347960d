// Command bench runs the benchmarks of this directory in rounds, with each version of Go that is an argument. It writes
// docs/benchmarks.md. README.md has more.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	rounds = 60

	document = "../docs/benchmarks.md"
	// What stands below this line is written anew each time; the rest is written by people.
	marker = "<!-- make bench writes what stands below -->\n"
)

// benchmarks have the number of calls that each client makes in a round: enough for some collections of garbage, and so
// few that what disturbs the machine disturbs all clients of a round.
var benchmarks = map[string]int{"Memory": 2000, "TLS": 128}

// goal is the largest ratio that is wanted of the wrapper's figure by that of another client.
type goal struct {
	benchmark, other, unit string
	most                   float64
}

func goals() (all []goal) {
	for _, op := range []string{"Memory/getChat", "Memory/sendMessageToChat", "Memory/createChat"} {
		all = append(all, goal{op, "limited", "cpu-ns/op", 0.70}, goal{op, "retryablehttp", "cpu-ns/op", 0.75},
			goal{op, "generated", "cpu-ns/op", 1.10}, goal{op, "generated", "allocs/op", 1.05})
	}
	for _, goroutines := range []string{"TLS/1", "TLS/4", "TLS/64"} {
		all = append(all, goal{goroutines, "transport", "cpu-ns/op", 1.05})
	}
	return all
}

// results hold the figures of all rounds by client and unit: "TLS/4/wrapper cpu-ns/op".
type results map[string][]float64

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(versions []string) error {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	all := make([]results, len(versions))
	for i, version := range versions {
		all[i] = results{}
		compile := []string{"go", "test", "-c", "-o", filepath.Join(dir, version), "."}
		if _, err := output("GOTOOLCHAIN="+version, compile...); err != nil {
			return err
		}
	}
	for round := range rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, rounds)
		for i, version := range versions {
			if err := all[i].measure(filepath.Join(dir, version)); err != nil {
				return err
			}
		}
	}
	return write(table(versions, all))
}

// measure runs a round. It has one processor, so that the collection of garbage is part of the calls' time.
func (r results) measure(binary string) error {
	for name, calls := range benchmarks {
		times := fmt.Sprint(calls, "x")
		out, err := output("GOMAXPROCS=1", binary, "-test.run=^$", "-test.bench", name, "-test.benchtime", times)
		if err != nil {
			return err
		}
		for line := range strings.Lines(out) {
			r.add(strings.Fields(line))
		}
	}
	return nil
}

// add takes a line such as "BenchmarkTLS/4/wrapper 128 760128 ns/op 762168 cpu-ns/op", and passes over any other.
func (r results) add(fields []string) {
	if len(fields) == 0 || !strings.HasPrefix(fields[0], "Benchmark") {
		return
	}
	for i := 2; i+1 < len(fields); i += 2 {
		figure, _ := strconv.ParseFloat(fields[i], 64) // the package testing has written it
		key := strings.TrimPrefix(fields[0], "Benchmark") + " " + fields[i+1]
		r[key] = append(r[key], figure)
	}
}

// table sets a ratio that misses its goal in bold. It is the median of the rounds' ratios, as what disturbs the machine
// for a while disturbs both figures of a round.
func table(versions []string, all []results) string {
	text := fmt.Sprintf("%s, %s/%s, %d cores, %d rounds:\n\n", time.Now().UTC().Format(time.DateOnly),
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), rounds)
	text += "| | by that of | wanted | " + strings.Join(versions, " | ") + " |\n"
	text += "| --- | --- | --- |" + strings.Repeat(" --- |", len(versions)) + "\n"
	for _, g := range goals() {
		text += fmt.Sprintf("| %s %s | %s | ≤ %.2f |", g.benchmark, g.unit, g.other, g.most)
		for _, r := range all {
			of, by := r[g.benchmark+"/wrapper "+g.unit], r[g.benchmark+"/"+g.other+" "+g.unit]
			ratios := make([]float64, rounds)
			for i := range ratios {
				ratios[i] = of[i] / by[i]
			}
			ratio := fmt.Sprintf("%.2f", median(ratios))
			if ratio > fmt.Sprintf("%.2f", g.most) { // a goal is met as it is printed
				ratio = "**" + ratio + "**"
			}
			text += fmt.Sprintf(" %s: %.0f by %.0f |", ratio, median(of), median(by))
		}
		text += "\n"
	}
	return text
}

func median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

func write(text string) error {
	old, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	kept, _, found := strings.Cut(string(old), marker)
	if !found {
		return fmt.Errorf("%s has no line %q", document, strings.TrimSpace(marker))
	}
	return os.WriteFile(document, []byte(kept+marker+"\n"+text), 0o644)
}

func output(environment string, command ...string) (string, error) {
	run := exec.Command(command[0], command[1:]...)
	run.Env = append(os.Environ(), environment)
	out, err := run.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s %v: %w: %s", environment, run, err, out)
	}
	return string(out), err
}
