// Package closedport gives tests an address where nobody listens.
package closedport

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// Address gives a host and port on loopback that refuse connections until the test ends. A port that was merely closed
// can be taken by another process before the test comes to use it. This one is in use, by the client's end of a
// connection: nobody listens there, and nobody else can begin to.
func Address(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	conn, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn.LocalAddr().String()
}
