package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The test binary is the worker, too.
func TestMain(m *testing.M) {
	if job := os.Getenv(jobVariable); job != "" {
		work(job, os.Stdin, os.Stdout)
		return
	}
	os.Exit(m.Run())
}

var small = settings{processes: 3, quota: 30, window: 5 * time.Second, takes: 20 * time.Millisecond}

func TestDemo(t *testing.T) {
	var out strings.Builder
	err := demo(&out, small)
	if errors.Is(err, errNoServer) {
		t.Skip("skipped: ", err)
	}
	require.NoError(t, err)
	t.Log(out.String())
	before, with, found := strings.Cut(out.String(), "with a fleet:")
	require.True(t, found)
	assert.Contains(t, before, "without a fleet: each process sent ")
	assert.Regexp(t, " 0 answers 420, at most [1-4] requests at once", with)
}

func TestCompare(t *testing.T) {
	compared = []int{2}
	s := small
	s.window = 3 * time.Second
	var out strings.Builder
	err := compare(&out, s)
	if errors.Is(err, errNoServer) {
		t.Skip("skipped: ", err)
	}
	require.NoError(t, err)
	t.Log(out.String())
	for _, limits := range []string{nothing, byRate, semaphore, byFleet} {
		assert.Contains(t, out.String(), "| 2 | "+limits+" | ")
	}
	assert.Regexp(t, `fleet \| 60 \| 0 \| [1-4] \| `, out.String())
}

func TestDemoRefuses(t *testing.T) {
	for says, change := range map[string]func(*settings){
		"-n is 0, allowed is 1 to 64":          func(s *settings) { s.processes = 0 },
		"-n is 65, allowed is 1 to 64":         func(s *settings) { s.processes = 65 },
		"-quota and -takes: allowed are":       func(s *settings) { s.quota = 0 },
		"-window is 31s, allowed is 1s to 30s": func(s *settings) { s.window = 31 * time.Second },
		"no Redis answers at 127.0.0.1:1: ":    func(s *settings) { s.redis = "127.0.0.1:1" },
	} {
		s := small
		change(&s)
		assert.ErrorContains(t, demo(&strings.Builder{}, s), says)
	}
}
