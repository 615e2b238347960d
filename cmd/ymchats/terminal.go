package main

import (
	"os"

	"golang.org/x/term"
)

// isTerminal tells whether somebody sits at the other end of a stream. A character device need not be a terminal:
// /dev/null is none.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
