package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

const maxConfig = 64 << 10 // bytes

// readConfig gives the lines of the file by name, none if there need not be one.
func readConfig(flags *pflag.FlagSet) (path string, lines map[string]string, err error) {
	path, required := configPath(flags)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && !required {
		return path, nil, nil
	}
	if err != nil {
		return path, nil, err
	}
	defer f.Close()
	if err := onlyForOwner(f); err != nil {
		return path, nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err == nil && len(text) > maxConfig {
		err = errors.New("it is larger than 64 KiB")
	}
	if err == nil {
		lines, err = parseConfig(string(text))
	}
	if err != nil {
		return path, nil, fmt.Errorf("%s: %w", path, err)
	}
	return path, lines, nil
}

// onlyForOwner looks at the file that is open, so that nobody can put another in its place.
func onlyForOwner(f *os.File) error {
	if runtime.GOOS == "windows" {
		return nil // what others may do does not stand in the mode there
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("%s: its mode is %#o, so others than its owner have access to the key: run chmod 600 %[1]s",
			f.Name(), mode)
	}
	return nil
}

func parseConfig(text string) (map[string]string, error) {
	lines := map[string]string{}
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		names := []string{keySetting.line, businessSetting.line, baseURLSetting.line}
		if _, twice := lines[name]; twice || value == "" || !slices.Contains(names, name) {
			return nil, fmt.Errorf("line %d is not allowed, allowed is NAME = VALUE, each once, where NAME is %s",
				i+1, strings.Join(names, ", "))
		}
		lines[name] = value
	}
	return lines, nil
}
