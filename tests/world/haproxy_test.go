package world

import (
	"testing"
	"time"
)

const haproxyConfig = `global
  maxconn 500
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 300ms
  timeout http-request 250ms
  retries 2
{{.Defaults}}
frontend in
  bind 127.0.0.1:{{.Port}} {{if .TLS}}ssl crt {{.PEM}} alpn h2,http/1.1{{end}}
  {{.Frontend}}
  default_backend market
backend market
  server market {{.Market}} {{.Server}}
`

type haproxy struct {
	Dir, Market, Port, PEM, Defaults, Frontend, Server string
	TLS                                                bool
}

// start starts HAProxy before a sandbox.
func (h haproxy) start(t *testing.T, market string) gate {
	t.Helper()
	h.Dir, h.Market, h.Port = t.TempDir(), host(market), freePort(t)
	scheme := "http"
	if h.TLS {
		scheme, h.PEM = "https", pemFile(t, h.Dir)
	}
	run(t, "127.0.0.1:"+h.Port, "haproxy", "-db", "-f", config(t, h.Dir, "haproxy.cfg", haproxyConfig, h))
	return gate{scheme + "://127.0.0.1:" + h.Port, transport(t, h.TLS), 5 * time.Second}
}
