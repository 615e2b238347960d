package tests

import (
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/wrapper"
)

const business = 4200

// contract judges the traffic of these tests.
var contract = sync.OnceValue(func() *api.Validator {
	validator, err := api.NewValidator(api.WithBasePaths("/v2"))
	if err != nil {
		panic(err)
	}
	return validator
})

// newClient gives a client whose requests and answers are held to the contract on their way.
func newClient(t *testing.T, way http.RoundTripper, opts ...wrapper.Option) *wrapper.Client {
	t.Helper()
	hc := &http.Client{Transport: contract().Transport(way)}
	client, err := wrapper.New(business, wrapper.APIKey("key"), append(opts, wrapper.WithHTTPClient(hc))...)
	require.NoError(t, err)
	return client
}

// seed gives SEED of the environment or else the usual one, and prints how to have it again.
func seed(t *testing.T, usual uint64) uint64 {
	t.Helper()
	if given := os.Getenv("SEED"); given != "" {
		var err error
		usual, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("once more with SEED=%d", usual)
	return usual
}
