package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"testing/synctest"
	"time"
)

// Hours of quota, and waits of milliseconds that no other program disturbs, take virtual time: that of
// testing/synctest. It asks for a *testing.T, which only the package testing makes; so this program starts itself
// once more, as a test.

var bubbles = map[string]func() any{
	"quota":   func() any { return []quotaRun{runQuota(ours), runQuota(naive)} },
	"waiting": func() any { return []waitingRun{runWaiting(waiters), runWaiting(servers)} },
}

// bubbleLimit bounds a process on virtual time, in real time.
const bubbleLimit = 3 * time.Minute

// inBubble runs one of the bubbles in a process of its own, and reads what it found.
func inBubble(name string, found any) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), bubbleLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, self, "-bubble", name).CombinedOutput()
	if err != nil {
		return fmt.Errorf("on virtual time: %w:\n%s", err, out)
	}
	return json.NewDecoder(bytes.NewReader(out)).Decode(found)
}

// runBubble is the process that inBubble starts. It never returns.
func runBubble(name string) {
	test := func(t *testing.T) {
		measure := bubbles[name]
		if measure == nil {
			t.Fatalf("there is nothing called %q to run on virtual time", name)
		}
		var found any
		synctest.Test(t, func(*testing.T) { found = measure() })
		if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
			t.Fatal(err)
		}
	}
	all := func(string, string) (bool, error) { return true, nil }
	testing.Main(all, []testing.InternalTest{{Name: name, F: test}}, nil, nil)
}
