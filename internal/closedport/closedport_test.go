package closedport_test

import (
	"net"
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
		_, err = net.Listen("tcp", address)
		require.Error(t, err, "another process could listen there")
	}
}
