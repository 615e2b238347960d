//go:build unix && !aix && !solaris

package bulk

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lock keeps others from a file until it is closed, or the process ends.
func lock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}
