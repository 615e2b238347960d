package sandbox_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The RoundTripper keeps net/http's rules for one: it closes the body, and the answer knows its request.
func TestRoundTripperKeepsTheRules(t *testing.T) {
	closed := false
	req, err := http.NewRequest("POST", "https://market"+newChat, closing{strings.NewReader(order5), &closed})
	require.NoError(t, err)
	resp, err := newMarket().RoundTripper().RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.True(t, closed)
	assert.Same(t, req, resp.Request)
	assert.Equal(t, "401 Unauthorized", resp.Status)
}

type closing struct {
	io.Reader
	closed *bool
}

func (c closing) Close() error { *c.closed = true; return nil }
