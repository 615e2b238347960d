package world

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// proxy is a program that needs nothing but a configuration and arguments, in both of which the fields are filled in.
type proxy struct {
	Name, Config      string
	Args              []string
	TLS               bool // and HTTP/2
	Forward           bool // the client asks it for the Market's URL
	Dir, Port, PEM    string
	Market, MarketTCP string // host:port, and its port alone
	Root              bool
}

var apache = proxy{Name: "apache2", TLS: true, Args: []string{"-X", "-d", "{{.Dir}}", "-f", "{{.Config}}"}, Config: `
{{define "module"}}LoadModule {{.}}_module /usr/lib/apache2/modules/mod_{{.}}.so
{{end}}{{template "module" "mpm_event"}}{{template "module" "authz_core"}}{{template "module" "proxy"}}
{{template "module" "proxy_http"}}{{template "module" "ssl"}}{{template "module" "http2"}}
ServerName localhost
Listen 127.0.0.1:{{.Port}} https
PidFile {{.Dir}}/pid
DefaultRuntimeDir {{.Dir}}
ErrorLog {{.Dir}}/error.log
{{if .Root}}User nobody
Group nogroup{{end}}
Protocols h2
SSLEngine on
SSLCertificateFile {{.PEM}}
ProxyTimeout 1
ProxyPass / http://{{.Market}}/
`}

// varnish keeps each answer to a GET for two minutes, as it does where nobody forbids it.
var varnish = proxy{Name: "varnishd", Args: []string{"-F", "-j", "none", "-n", "{{.Dir}}", "-a", "127.0.0.1:{{.Port}}",
	"-s", "malloc,10m", "-f", "{{.Config}}"}, Config: `vcl 4.1;
backend market {
  .host = "127.0.0.1"; .port = "{{.MarketTCP}}";
  .connect_timeout = 1s; .first_byte_timeout = 300ms; .between_bytes_timeout = 300ms;
}
`}

var nghttpx = proxy{Name: "nghttpx", TLS: true, Args: []string{"--conf={{.Config}}", "{{.PEM}}", "{{.PEM}}"},
	Config: `frontend=127.0.0.1,{{.Port}}
backend=127.0.0.1,{{.MarketTCP}}
workers=1
backend-read-timeout=300ms
backend-connect-timeout=1s
errorlog-file={{.Dir}}/error.log
`}

var h2o = proxy{Name: "h2o", TLS: true, Args: []string{"-c", "{{.Config}}"}, Config: `num-threads: 1
{{if .Root}}user: nobody{{end}}
hosts:
  default:
    listen: {host: 127.0.0.1, port: {{.Port}}, ssl: {certificate-file: "{{.PEM}}", key-file: "{{.PEM}}"}}
    paths:
      /: {proxy.reverse.url: "http://{{.Market}}/", proxy.timeout.io: 300}
`}

var tinyproxy = proxy{Name: "tinyproxy", Forward: true, Args: []string{"-d", "-c", "{{.Config}}"}, Config: `Port {{.Port}}
Listen 127.0.0.1
Timeout 1
MaxClients 200
LogFile "{{.Dir}}/log"
`}

var lighttpd = proxy{Name: "lighttpd", Args: []string{"-D", "-f", "{{.Config}}"}, Config: `server.modules = ("mod_proxy")
server.bind = "127.0.0.1"
server.port = {{.Port}}
server.document-root = "{{.Dir}}"
server.errorlog = "{{.Dir}}/error.log"
proxy.server = ("" => (("host" => "127.0.0.1", "port" => {{.MarketTCP}}, "read-timeout" => 1)))
`}

// gate starts the program before a sandbox.
func (p proxy) gate(t *testing.T, market string, _ uint64) gate {
	t.Helper()
	p.Dir, p.Port, p.Market, p.Root = t.TempDir(), freePort(t), host(market), os.Geteuid() == 0
	_, port, err := net.SplitHostPort(p.Market)
	require.NoError(t, err)
	p.MarketTCP = port
	scheme := "http"
	if p.TLS {
		scheme, p.PEM = "https", pemFile(t, p.Dir)
	}
	p.Config = config(t, p.Dir, "config", p.Config, p)
	var args []string
	for _, arg := range p.Args {
		args = append(args, fill(t, arg, p))
	}
	run(t, "127.0.0.1:"+p.Port, p.Name, args...)
	tr := transport(t, p.TLS)
	if p.Forward {
		tr.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "127.0.0.1:" + p.Port})
		return gate{market, tr, 5 * time.Second}
	}
	return gate{scheme + "://127.0.0.1:" + p.Port, tr, 5 * time.Second}
}
