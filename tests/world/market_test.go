package world

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
)

// serve serves a sandbox over HTTP/1, and over HTTP/2 with prior knowledge.
func serve(t *testing.T, l *ledger) (url string) {
	server := httptest.NewUnstartedServer(l.market)
	server.Listener = sandbox.HTTP2(server.Config, server.Listener)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

// serveTLS serves a sandbox over TLS, with HTTP/1 and HTTP/2.
func serveTLS(t *testing.T, l *ledger) (url string) {
	server := httptest.NewUnstartedServer(l.market)
	server.Listener = sandbox.HTTP2(server.Config, tls.NewListener(server.Listener, serverTLS()))
	server.Start()
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "http:", "https:", 1)
}

// certificate is net/http/httptest's own, for 127.0.0.1.
var certificate = func() *tls.Certificate {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return &server.TLS.Certificates[0]
}()

func serverTLS() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{*certificate}, NextProtos: []string{"h2", "http/1.1"}}
}

// pemFile writes the certificate and its key into one file.
func pemFile(t *testing.T, dir string) string {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	require.NoError(t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)
	path := filepath.Join(dir, "certificate.pem")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

// transport is a client's end: over TLS it prefers HTTP/2 if http2 is set.
func transport(t *testing.T, http2 bool) *http.Transport {
	t.Helper()
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, Protocols: new(http.Protocols)}
	tr.Protocols.SetHTTP1(!http2)
	tr.Protocols.SetHTTP2(http2)
	tr.DialContext = (&net.Dialer{}).DialContext
	tr.ExpectContinueTimeout = time.Second // as the transport that wrapper makes by itself
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// speaks fails the test when a path does not lead to the Market by the protocol it is there for.
func speaks(t *testing.T, g gate, proto string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), "GET", g.url+"/v2/no/operation", nil)
	require.NoError(t, err)
	for range 100 { // what stands in between may fail at random, or be down for a while
		resp, err := g.transport.RoundTrip(req)
		if err == nil {
			_ = resp.Body.Close()
			require.Equal(t, proto, resp.Proto)
			if resp.StatusCode == http.StatusNotFound && resp.Header.Get("Traceparent") != "" {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	require.FailNow(t, "the path does not lead to the Market")
}
