package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// starts is how often each program is started.
const starts = 200

// programs are those below start/: one with net/http alone, and one that makes a client.
var programs = []string{"nethttp", "wrapper"}

func importing(options) (section, error) {
	s := section{
		title: "What importing it costs",
		about: fmt.Sprintf(importingAbout, starts),
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return s, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	sizes, took := map[string]float64{}, map[string][]float64{}
	for _, p := range programs {
		if sizes[p], err = build(dir, p); err != nil {
			return s, err
		}
	}
	for round := range starts {
		for _, i := range shuffled(len(programs), round) {
			began := time.Now()
			if err := exec.Command(filepath.Join(dir, programs[i])).Run(); err != nil {
				return s, err
			}
			took[programs[i]] = append(took[programs[i]], float64(time.Since(began)))
		}
	}
	one, other := programs[0], programs[1]
	slower := difference(took[other], took[one]).by(1e6)
	larger := (sizes[other] - sizes[one]) / 1e6
	s.tables = []table{{
		head: []string{"", "start, ms", "size, MB"},
		rows: [][]string{
			{"net/http alone", spreadOf(took[one]).by(1e6).String(), fmt.Sprintf("%.2f", sizes[one]/1e6)},
			{"wrapper", spreadOf(took[other]).by(1e6).String(), fmt.Sprintf("%.2f", sizes[other]/1e6)},
			{"difference", slower.String(), fmt.Sprintf("%.2f", larger)},
		},
	}}
	s.goals = []goal{atMost("start, ms more", slower.median, 0.5), atMost("size, MB more", larger, 1)}
	return s, nil
}

// build gives the size of the binary in bytes.
func build(dir, program string) (float64, error) {
	to := filepath.Join(dir, program)
	if out, err := exec.Command("go", "build", "-o", to, "./start/"+program).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	info, err := os.Stat(to)
	if err != nil {
		return 0, err
	}
	return float64(info.Size()), nil
}

const importingAbout = "" +
	"A program that makes `wrapper.New` and ends, beside one that has `net/http` and `encoding/json` linked and " +
	"ends: the time from start to end of the process, %d starts of each in pairs, and the size of the binaries as " +
	"`go build` makes them."
