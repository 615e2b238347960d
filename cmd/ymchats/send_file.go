package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/wrapper"
)

// attachment is the file that a send takes along.
type attachment struct {
	path    string // empty: there is none
	name    string
	content []byte
}

// maxAttachment is the largest file that the contract allows, in bytes.
const maxAttachment = 5 << 20

func (a *attachment) addFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.path, "file", "", "send a `FILE` of up to 5 MiB before the text, which may be missing then")
	_ = cmd.MarkFlagFilename("file")
}

func (a *attachment) given() bool { return a.path != "" }

// size is that of the file in words.
func (a *attachment) size() string { return counted(len(a.content), "byte") }

// read reads the file, and one byte more than is allowed at most. What the client would refuse is refused here, before
// a chat is started.
func (a *attachment) read(flags *pflag.FlagSet) error {
	switch {
	case a.given():
	case flags.Changed("file"):
		return usageError{errors.New("--file is empty, allowed is the path of a file")}
	default:
		return nil
	}
	file, err := os.Open(a.path)
	if err != nil {
		return usageError{err}
	}
	defer file.Close()
	if a.content, err = io.ReadAll(io.LimitReader(file, maxAttachment+1)); err != nil {
		return usageError{err}
	}
	a.name = filepath.Base(a.path)
	if err := wrapper.CheckFile(a.name, len(a.content)); err != nil {
		return &wrapper.Error{Operation: gen.OperationSendFileToChat, Err: err}
	}
	return nil
}
