package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile makes the file if there is none, and locks it for this process; the lock ends with the process, however
// that ends. It is a lock of the file itself, not of a name: a link to the database leads to the same one. SQLite's
// own locks are of another kind (fcntl), and are not touched. It needs Linux, macOS or a BSD.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("another worker has %s: %w", path, errors.Join(err, file.Close()))
	}
	return file, nil
}
