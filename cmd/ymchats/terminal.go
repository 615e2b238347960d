package main

import (
	"os"
	"runtime"

	"golang.org/x/term"
)

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
