package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/pflag"
)

const maxConfig = 64 << 10 // bytes

// configRule is how the file is written.
const configRule = `allowed is NAME = VALUE, where NAME is api-key, business-id or base-url: each once, ` +
	`VALUE bare or between two equal quotes (" or '), and after it nothing or a comment (# …)`

// configLine is a line of the file that sets a value.
type configLine struct {
	text   string // the value
	number int    // from 1
}

// readConfig gives the values of the file by name, none if there need not be a file.
func readConfig(flags *pflag.FlagSet) (path string, values map[string]configLine, err error) {
	path, required := configPath(flags)
	if path == "" {
		return path, nil, errors.New("--config is empty, allowed is the path of a file")
	}
	text, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) && !required {
		return path, nil, nil
	}
	if err == nil {
		values, err = parseConfig(text)
	}
	if err != nil {
		return path, nil, fmt.Errorf("%s: %w", path, inWords(err))
	}
	return path, values, nil
}

// inWords gives an error of the system without the call that failed and its path.
func inWords(err error) error {
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file")
	case errors.As(err, &path):
		return fmt.Errorf("it cannot be read: %w", path.Err)
	}
	return err
}

// readPrivate reads a file that only its owner has access to. It looks before it opens: to open a pipe would wait for a
// program that writes into it.
func readPrivate(path string) ([]byte, error) {
	if err := onlyFileAt(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := onlyForOwner(f); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err == nil && len(text) > maxConfig {
		err = errors.New("it is larger than 64 KiB")
	}
	return text, err
}

func onlyFileAt(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return onlyFile(info)
}

func onlyFile(info fs.FileInfo) error {
	const allowed = ", allowed is a file"
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		return errors.New("it is a directory" + allowed)
	case mode&fs.ModeNamedPipe != 0:
		return errors.New("it is a pipe" + allowed)
	case mode&fs.ModeDevice != 0:
		return errors.New("it is a device" + allowed)
	}
	return errors.New("it is no file" + allowed)
}

// onlyForOwner refuses a file that others can read. It looks at the one that is open: another one may be put in its
// place.
func onlyForOwner(f *os.File) error {
	info, err := f.Stat()
	if err == nil {
		err = onlyFile(info)
	}
	if err != nil || runtime.GOOS == "windows" { // what others may do does not stand in the mode there
		return err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("its mode is %#o, so others than its owner have access to the key: run chmod 600 %s",
			mode, f.Name())
	}
	return nil
}

// parseConfig reads the lines. Its errors name a line and never show what stands there: it may be the key.
func parseConfig(text []byte) (map[string]configLine, error) {
	hasMark := bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff"))
	if hasMark || bytes.IndexByte(text, 0) >= 0 {
		return nil, errors.New("it is UTF-16; save the file as UTF-8")
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	values := map[string]configLine{}
	for i, line := range strings.Split(string(text), "\n") {
		if !utf8.ValidString(line) {
			return nil, fmt.Errorf("line %d is not UTF-8; save the file as UTF-8", i+1)
		}
		name, value, err := parseLine(strings.TrimSpace(line))
		if _, twice := values[name]; twice && err == nil {
			err = errors.New("has a name that stood there before")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d %w; %s", i+1, err, configRule)
		}
		if name != "" {
			values[name] = configLine{value, i + 1}
		}
	}
	return values, nil
}

// parseLine reads a line without the blanks around it. Name and value are empty where it says nothing.
func parseLine(line string) (name, value string, err error) {
	if line == "" || line[0] == '#' {
		return "", "", nil
	}
	name, rest, found := strings.Cut(line, "=")
	if !found {
		return "", "", errors.New("has no =")
	}
	switch name = strings.TrimSpace(name); name {
	case keySetting.line, businessSetting.line, baseURLSetting.line:
	default:
		return "", "", errors.New("has an unknown name")
	}
	value, rest, err = cutValue(strings.TrimSpace(rest))
	if err != nil {
		return "", "", err
	}
	if rest = strings.TrimSpace(rest); rest != "" && rest[0] != '#' {
		return "", "", errors.New("has more than a value")
	}
	if value == "" {
		return "", "", errors.New("has no value")
	}
	return name, value, nil
}

// cutValue cuts a text after its value, which is quoted, or ends with the first blank.
func cutValue(text string) (value, rest string, err error) {
	if text == "" || text[0] == '#' {
		return "", text, nil
	}
	if quote := text[:1]; quote == `"` || quote == `'` {
		value, rest, closed := strings.Cut(text[1:], quote)
		if !closed {
			return "", "", errors.New("has a quote that is not closed")
		}
		return value, rest, nil
	}
	if end := strings.IndexFunc(text, unicode.IsSpace); end >= 0 {
		return text[:end], text[end:], nil
	}
	return text, "", nil
}
