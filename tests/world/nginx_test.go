package world

import (
	"os"
	"testing"
	"time"
)

// nginxConfig has one process, for the test to end, and nothing outside of its folder.
const nginxConfig = `daemon off; master_process off; pid {{.Dir}}/pid; error_log {{.Dir}}/error.log;
{{if .Root}}user root;{{end}}
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path {{.Dir}}/body; proxy_temp_path {{.Dir}}/proxy;
  fastcgi_temp_path {{.Dir}}/fastcgi; uwsgi_temp_path {{.Dir}}/uwsgi; scgi_temp_path {{.Dir}}/scgi;
  proxy_cache_path {{.Dir}}/cache keys_zone=chats:1m;
  limit_req_zone $server_name zone=slow:1m rate={{.Rate}}r/s;
  upstream market { server {{.Market}} {{.Upstream}}; {{.Second}} }
  server {
    listen 127.0.0.1:{{.Port}} {{if .TLS}}ssl http2{{end}};
    {{if .TLS}}ssl_certificate {{.PEM}}; ssl_certificate_key {{.PEM}};{{end}}
    location / {
      proxy_pass http://market;
      proxy_http_version 1.1;
      proxy_read_timeout 300ms; proxy_connect_timeout 1s;
      {{.Location}}
    }
  }
}
`

type nginx struct {
	Dir, Market, Port, PEM, Upstream, Second, Location string
	Rate                                               int
	TLS, Root                                          bool
}

// start starts nginx before a sandbox.
func (n nginx) start(t *testing.T, market string) gate {
	t.Helper()
	n.Dir, n.Market, n.Port, n.Root = t.TempDir(), host(market), freePort(t), os.Geteuid() == 0
	if n.Rate == 0 {
		n.Rate = 1000
	}
	if n.Upstream == "" {
		n.Upstream = "max_fails=0"
	}
	scheme := "http"
	if n.TLS {
		scheme, n.PEM = "https", pemFile(t, n.Dir)
	}
	run(t, "127.0.0.1:"+n.Port, "nginx", "-p", n.Dir, "-c", config(t, n.Dir, "nginx.conf", nginxConfig, n))
	return gate{scheme + "://127.0.0.1:" + n.Port, transport(t, n.TLS), 5 * time.Second}
}
