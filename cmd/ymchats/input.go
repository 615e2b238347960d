package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"
)

const maxInput = 1 << 20 // bytes

// readText reads to the end. It takes off what is no part of the text: a byte order mark at its beginning, and one line
// break at its end, that of the editor or of echo.
func readText(in io.Reader) (string, error) {
	read, err := io.ReadAll(io.LimitReader(in, maxInput+1))
	if err != nil {
		return "", fmt.Errorf("standard input: %w", err)
	}
	if len(read) > maxInput {
		return "", errors.New("standard input: it is larger than 1 MiB")
	}
	text, broken := strings.CutSuffix(strings.TrimPrefix(string(read), "\ufeff"), "\n")
	if broken {
		text = strings.TrimSuffix(text, "\r")
	}
	return text, nil
}

// readLine reads a line, byte by byte so that what follows stays unread. The end of the input is the end of the line.
func readLine(in io.Reader) (string, error) {
	var line strings.Builder
	for b := make([]byte, 1); line.Len() < maxInput; {
		n, err := in.Read(b)
		if n == 1 && b[0] == '\n' {
			return line.String(), nil
		}
		line.Write(b[:n])
		if err == io.EOF {
			return line.String(), nil
		}
		if err != nil {
			return "", fmt.Errorf("standard input: %w", err)
		}
	}
	return "", errors.New("standard input: the line is larger than 1 MiB")
}

// whileWaiting reads until the context ends. A read cannot be called off: it is left behind, and ends with the program.
func whileWaiting(ctx context.Context, read func() (string, error)) (text string, err error) {
	done := make(chan struct{})
	var readText string
	var readErr error
	go func() {
		defer close(done)
		readText, readErr = read()
	}()
	select {
	case <-done:
		return readText, readErr
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// terminals tells of the streams of a command which of them stand on a terminal.
type terminals struct {
	is      func(stream any) bool
	columns func(stream any) int // of the screen; 0: unknown, or no line can be written over there
}

var realTerminals = terminals{isTerminal, columnsOf}

// isTerminal tells whether somebody sits at the other end of a stream. A character device need not be a terminal:
// /dev/null is none.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// columnsOf asks afresh each time: people change the size of their windows.
func columnsOf(stream any) int {
	if !isTerminal(stream) || !canRewrite() {
		return 0
	}
	columns, _, err := term.GetSize(int(stream.(*os.File).Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// canRewrite tells whether a line can be written over after a carriage return. A terminal without a name is taken for a
// dumb one, but for those of Windows, which have none.
func canRewrite() bool {
	switch os.Getenv("TERM") {
	case "dumb":
		return false
	case "":
		return runtime.GOOS == "windows"
	}
	return true
}

// endOfInput is what people type to end a text.
func endOfInput() string {
	if runtime.GOOS == "windows" {
		return "Ctrl-Z and Enter"
	}
	return "Ctrl-D"
}
