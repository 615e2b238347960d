package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// results are what one run of all parts found, with one version of Go.
type results struct {
	Go       string
	Machine  string
	Sections []section
}

// measure runs the parts that were chosen, and prints each when it is done.
func measure(o options) (results, error) {
	found := results{Go: runtime.Version(), Machine: machine()}
	for _, p := range parts {
		if !chosen(o.only, p.name) {
			continue
		}
		s, err := p.measure(o)
		if err != nil {
			return found, fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Print(s.markdown())
		if len(s.Goals) > 0 {
			fmt.Print(goalsTable([]string{found.Go}, [][]goal{s.Goals}).markdown())
		}
		found.Sections = append(found.Sections, s)
	}
	return found, nil
}

// save is for the process that has started this one.
func (r results) save(path string) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// measureWith runs this program with each of the versions of Go, such as go1.26.8, one after the other.
func measureWith(versions []string, o options) ([]results, error) {
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	all := make([]results, len(versions))
	for i, version := range versions {
		file := filepath.Join(dir, version+".json")
		run := exec.Command("go", "run", ".", "-rounds", fmt.Sprint(o.rounds), "-results", file)
		run.Env = append(os.Environ(), "GOTOOLCHAIN="+version)
		run.Stdout, run.Stderr = os.Stdout, os.Stderr
		if err := run.Run(); err != nil {
			return nil, fmt.Errorf("with %s: %w", version, err)
		}
		if all[i], err = load(file); err != nil {
			return nil, err
		}
		if all[i].Go != version {
			return nil, fmt.Errorf("asked for %s, and %s was run", version, all[i].Go)
		}
	}
	return all, nil
}

func load(path string) (r results, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}

// short is a version without its patch: Go 1.26 for go1.26.8.
func (r results) short() string {
	numbers := strings.SplitN(strings.TrimPrefix(r.Go, "go"), ".", 3)
	return "Go " + strings.Join(numbers[:min(2, len(numbers))], ".")
}
