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
func machine() string {
	facts := []string{
		time.Now().UTC().Format(time.DateOnly), "commit " + said("git", "describe", "--always", "--dirty"),
		fmt.Sprintf("%d cores of %s", runtime.NumCPU(), cpu()), "load before it began " + loadBefore(),
		said("uname", "-sr") + " " + runtime.GOOS + "/" + runtime.GOARCH,
	}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range build.Deps {
			if compared[dependency.Path] {
				facts = append(facts, dependency.Path+" "+dependency.Version)
			}
		}
	}
	return strings.Join(facts, ", ")
}

// compared are the modules whose figures stand beside the wrapper's.
var compared = map[string]bool{"github.com/hashicorp/go-retryablehttp": true, "resty.dev/v3": true}

func loadBefore() string {
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
