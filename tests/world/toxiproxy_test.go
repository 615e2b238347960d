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

// toxic starts toxiproxy before a sandbox. Each connection is poisoned with the probability that the toxics name, and
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

// poison is what toxiproxy does to a part of the connections.
type poison struct {
	name   string
	toxics []string
}

func (p poison) gate(t *testing.T, market string, _ uint64) gate {
	return toxic(t, market, p.toxics...)
}

var poisons = []poison{
	{"latency", []string{
		`{"type":"latency","stream":"downstream","toxicity":0.2,"attributes":{"latency":250,"jitter":200}}`,
		`{"name":"up","type":"latency","stream":"upstream","toxicity":0.1,"attributes":{"latency":250,"jitter":200}}`,
	}},
	{"slicer", []string{
		`{"type":"slicer","stream":"downstream","toxicity":0.5,
			"attributes":{"average_size":40,"size_variation":20,"delay":500}}`,
		`{"name":"up","type":"slicer","stream":"upstream","toxicity":0.5,
			"attributes":{"average_size":80,"size_variation":20,"delay":500}}`,
	}},
	{"reset_peer", []string{
		`{"type":"reset_peer","stream":"downstream","toxicity":0.1,"attributes":{"timeout":0}}`,
		`{"name":"up","type":"reset_peer","stream":"upstream","toxicity":0.1,"attributes":{"timeout":1}}`,
	}},
	{"timeout", []string{
		`{"type":"timeout","stream":"downstream","toxicity":0.1,"attributes":{"timeout":100}}`,
		`{"name":"up","type":"timeout","stream":"upstream","toxicity":0.1,"attributes":{"timeout":100}}`,
	}},
	{"limit_data", []string{
		`{"type":"limit_data","stream":"downstream","toxicity":0.2,"attributes":{"bytes":100}}`,
		`{"name":"body","type":"limit_data","stream":"downstream","toxicity":0.2,"attributes":{"bytes":360}}`,
		`{"name":"up","type":"limit_data","stream":"upstream","toxicity":0.1,"attributes":{"bytes":250}}`,
	}},
}
