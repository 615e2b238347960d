package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// machine tells what is measured, and on what. What else the machine does shows in the load of the last minute: it
// makes times longer, and ratios hardly.
func machine() table {
	t := table{head: []string{"measured", ""}, left: true, rows: [][]string{
		{"on", time.Now().UTC().Format(time.DateOnly)},
		{"commit", said("git", "describe", "--always", "--dirty")},
		{"CPU", cpu()},
		{"cores", fmt.Sprint(runtime.NumCPU())},
		{"load before it began", load()},
		{"system", said("uname", "-sr") + ", " + runtime.GOOS + "/" + runtime.GOARCH},
		{"Go", runtime.Version()},
	}}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range build.Deps {
			if dependency.Replace == nil { // the one that is replaced is this project
				t.rows = append(t.rows, []string{dependency.Path, dependency.Version})
			}
		}
	}
	return t
}

func load() string {
	figures, _ := os.ReadFile("/proc/loadavg") // elsewhere there is none
	lastMinute, _, _ := strings.Cut(string(figures), " ")
	return cmp.Or(lastMinute, "unknown")
}

var modelName = regexp.MustCompile(`(?m)^model name\s*:\s*(.+)$`)

// cpu names the processor on Linux and macOS.
func cpu() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // elsewhere there is none
	if found := modelName.FindSubmatch(info); found != nil {
		return string(found[1])
	}
	return said("sysctl", "-n", "machdep.cpu.brand_string")
}

// said is the one line that a command prints.
func said(command string, args ...string) string {
	out, err := exec.Command(command, args...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
