package world

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// toxic starts toxiproxy before a Market. Each connection is poisoned with the probability that the toxics name, and
// serves one request, as the Market's do.
func toxic(t *testing.T, market string, toxics ...string) gate {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.New(io.Discard))
	proxy := toxiproxy.NewProxy(server, "market", "127.0.0.1:0", host(market))
	require.NoError(t, proxy.Start())
	t.Cleanup(proxy.Stop)
	for _, text := range toxics {
		_, err := proxy.Toxics.AddToxicJson(strings.NewReader(text))
		require.NoError(t, err)
	}
	tr := transport(t, false)
	tr.DisableKeepAlives = true
	return gate{"http://" + proxy.Listen, tr, 300 * time.Millisecond}
}
