package closedport_test

import (
	"net"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/internal/closedport"
)

func TestAddress(t *testing.T) {
	address := closedport.Address(t)
	for range 3 {
		_, err := net.Dial("tcp", address)
		assert.ErrorContains(t, err, "refused")
	}
	if runtime.GOOS != "windows" { // there it is not promised to whoever names the port
		_, err := net.Listen("tcp", address)
		require.Error(t, err, "another process could listen there")
	}
}
