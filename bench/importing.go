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

// begun is a program below start/ in one of its ways. The first one is what the others are compared with.
type begun struct {
	what, program string
	args          []string
}

var begins = []begun{
	{"net/http alone", "nethttp", nil},
	{"wrapper imported", "wrapper", nil},
	{"wrapper imported, and a Client made", "wrapper", []string{"new"}},
}

func importing(options) (section, error) {
	s := section{
		Title: "What importing it costs",
		About: fmt.Sprintf(importingAbout, starts),
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return s, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	sizes := make([]float64, len(begins))
	for i, b := range begins {
		if sizes[i], err = build(dir, b.program); err != nil {
			return s, err
		}
	}
	took, err := start(dir)
	if err != nil {
		return s, err
	}
	t := table{Head: []string{"", "start, ms", "more", "size, MB", "more"}}
	for i, b := range begins {
		slower, larger := difference(took[i], took[0]).by(1e6), (sizes[i]-sizes[0])/1e6
		row := []string{b.what, spreadOf(took[i]).by(1e6).String(), slower.String(),
			fmt.Sprintf("%.2f", sizes[i]/1e6), fmt.Sprintf("%.2f", larger)}
		if i == 0 {
			row[2], row[4] = "", ""
		}
		t.Rows = append(t.Rows, row)
		if i == 1 {
			s.Goals = []goal{atMost("start, ms more", slower.median, 0.5), atMost("size, MB more", larger, 1)}
		}
	}
	s.Tables = []table{t}
	return s, nil
}

// start gives nanoseconds from start to end of each.
func start(dir string) ([][]float64, error) {
	took := make([][]float64, len(begins))
	for round := range starts {
		for _, i := range shuffled(len(begins), round) {
			began := time.Now()
			if err := exec.Command(filepath.Join(dir, begins[i].program), begins[i].args...).Run(); err != nil {
				return nil, err
			}
			took[i] = append(took[i], float64(time.Since(began)))
		}
	}
	return took, nil
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
	"A program that has the wrapper linked and ends, and one that makes a Client before, beside one that has " +
	"`net/http` and `encoding/json` linked and ends: the time from start to end of the process, %d starts of each in " +
	"turns, and the size of the binaries as `go build` makes them."
