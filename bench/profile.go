package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// profiledCalls are those that an allocation profile holds: divided by it, its figures are those of a call.
const profiledCalls = 10_000

// profile writes files for go tool pprof: wrapper-getChat.cpu.pprof, wrapper-getChat.allocs.pprof, and so on.
// The allocations of one process are in one profile, so it is best told which contender and call are wanted.
func profile(o options) error {
	if err := os.MkdirAll(o.profile, 0o755); err != nil {
		return err
	}
	for _, c := range contenders() {
		if !chosen(o.contenders, c.name) {
			continue
		}
		for _, op := range operations {
			if err := profileOne(o.profile, c, op); err != nil {
				return fmt.Errorf("%s: %s: %w", c.name, op.id, err)
			}
		}
	}
	return nil
}

func profileOne(dir string, c contender, op operation) error {
	connected, err := c.connect(gen.ServerURL, &answers{})
	if err != nil {
		return err
	}
	call := func() error { return op.make(context.Background(), connected) }
	base := filepath.Join(dir, strings.NewReplacer(" ", "_", "/", "_").Replace(c.name)+"-"+op.id)
	return errors.Join(profileCPU(base+".cpu.pprof", call), profileAllocs(base, call))
}

func profileCPU(path string, call func() error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	for began := time.Now(); time.Since(began) < 3*time.Second; {
		if err := call(); err != nil {
			return err
		}
	}
	return nil
}

// profileAllocs writes the profile before the calls and after them; pprof -base takes one from the other.
func profileAllocs(base string, call func() error) error {
	defer func(rate int) { runtime.MemProfileRate = rate }(runtime.MemProfileRate)
	runtime.MemProfileRate = 1
	if err := writeAllocs(base + ".before.pprof"); err != nil {
		return err
	}
	for range profiledCalls {
		if err := call(); err != nil {
			return err
		}
	}
	return writeAllocs(base + ".allocs.pprof")
}

func writeAllocs(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	runtime.GC() // the profile is as of the last collection
	runtime.GC()
	return pprof.Lookup("allocs").WriteTo(file, 0)
}
