//go:build !windows && (!unix || aix || solaris)

package bulk

import (
	"errors"
	"os"
)

// lock fails where a system has no such lock: two runs at once would send each text twice.
func lock(*os.File) error { return errors.ErrUnsupported }
