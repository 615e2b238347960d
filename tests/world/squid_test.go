package world

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// squidConfig keeps everything in memory, and reads nothing after its start: as root, Squid becomes somebody else.
const squidConfig = `http_port 127.0.0.1:{{.Port}}
http_access allow all
pid_filename none
access_log none
cache_log /dev/null
cache_store_log none
netdb_filename none
coredump_dir /
memory_cache_shared off
pinger_enable off
shutdown_lifetime 0 seconds
read_timeout 1 second
{{.More}}
`

type squid struct{ Port, More string }

// start starts Squid as the proxy of a client.
func (s squid) start(t *testing.T, market string, http2 bool) gate {
	t.Helper()
	dir := t.TempDir()
	s.Port = freePort(t)
	run(t, "127.0.0.1:"+s.Port, "squid", "-N", "-f", config(t, dir, "squid.conf", squidConfig, s))
	proxy, err := url.Parse("http://127.0.0.1:" + s.Port)
	require.NoError(t, err)
	tr := transport(t, http2)
	tr.Proxy = http.ProxyURL(proxy)
	return gate{market, tr, 400 * time.Millisecond}
}
