package bulk

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/windows"
)

// lock keeps others from a file until it is closed, or the process ends. It locks a byte far behind the end: Windows
// lets nobody else read what is locked.
func lock(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	behind := windows.Overlapped{OffsetHigh: math.MaxInt32}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &behind)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrLocked
	}
	return err
}
