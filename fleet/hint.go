package fleet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// withHint adds what usually lies behind an error whose own text does not say it.
func withHint(err error) error {
	var unknown *net.DNSError
	var noTLS tls.RecordHeaderError
	var dial *net.OpError
	hint := ""
	switch {
	case errors.As(err, &unknown):
		hint = "is the host's name right?"
	case errors.Is(err, syscall.ECONNREFUSED):
		hint = "nothing listens there: are host and port right?"
	case errors.As(err, &noTLS):
		hint = "is it a plain port?"
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		hint = "the connection was closed: a TLS port?"
	case errors.As(err, &dial) && dial.Op == "dial" && dial.Timeout():
		hint = "no connection: a firewall, or another host?"
	case errors.Is(err, os.ErrDeadlineExceeded):
		hint = "connected, but no answer"
	case errors.Is(err, context.DeadlineExceeded) && errors.Unwrap(err) == nil: // of a dial with TLS
		hint = "connected, but no handshake: is it a plain port?"
	}
	if hint == "" {
		return err
	}
	return fmt.Errorf("%w (%s)", err, hint)
}
