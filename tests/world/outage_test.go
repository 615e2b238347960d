package world

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/sandbox"
	"github.com/ymarket-go/chats/wrapper"
)

// outage is a line that drops when a send has its connection, before the request is written.
type outage struct {
	Name   string
	TLS    bool // with HTTP/2
	Lasts  time.Duration
	GiveUp time.Duration // the deadline of the caller, who sends once more when the line is back; 0: none
	Line   line
}

var outages = []outage{
	{Name: "HTTP/1, 5 s", Lasts: 5 * time.Second},
	{Name: "HTTP/1, 16 s", Lasts: 16 * time.Second},
	{Name: "HTTP/1, 30 s", Lasts: 30 * time.Second},
	{Name: "HTTP/1, 45 s", Lasts: 45 * time.Second},
	{Name: "HTTP/1, 25 s, and a deadline of 20 s", Lasts: 25 * time.Second, GiveUp: 20 * time.Second},
	{Name: "HTTP/2, 5 s", TLS: true, Lasts: 5 * time.Second},
	{Name: "HTTP/2, 16 s", TLS: true, Lasts: 16 * time.Second},
	{Name: "HTTP/2, 30 s", TLS: true, Lasts: 30 * time.Second},
	{Name: "HTTP/2, 45 s", TLS: true, Lasts: 45 * time.Second},
	{Name: "HTTP/2, 25 s, and a deadline of 20 s", TLS: true, Lasts: 25 * time.Second, GiveUp: 20 * time.Second},
}

// An attempt that is given up is gone: the kernel, which keeps what a closed connection was given to write, does not
// deliver it when the line is back. The client is the one that people get, the kernel is the real one, and so are the
// seconds. Each outage has a process of its own in the client's namespace.
func TestOutage(t *testing.T) {
	t.Parallel()
	needsNamespaces(t)
	for _, o := range outages {
		t.Run(o.Name, func(t *testing.T) {
			t.Parallel()
			o.Line = layLine(t)
			settings, err := json.Marshal(o)
			require.NoError(t, err)
			inside := exec.Command("ip", "netns", "exec", o.Line.Client, os.Args[0], "-test.run", "^TestOutageInside$", "-test.v")
			inside.Env = append(os.Environ(), "OUTAGE="+string(settings), "SSL_CERT_FILE="+filepath.Join(t.TempDir(), "roots.pem"))
			said, err := inside.CombinedOutput()
			t.Logf("%s", said)
			require.NoError(t, err)
		})
	}
}

// needsNamespaces skips the test where no line can be laid.
func needsNamespaces(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ip"); err == nil && os.Geteuid() == 0 {
		return
	}
	if os.Getenv("CI") == "true" {
		require.FailNow(t, "it needs root and ip")
	}
	t.Skip("skipped: the outage needs root and ip (apt-get install iproute2)")
}

// TestOutageInside is the part of TestOutage that runs in the client's namespace.
func TestOutageInside(t *testing.T) {
	settings := os.Getenv("OUTAGE")
	if settings == "" {
		t.Skip("it is a part of TestOutage")
	}
	var o outage
	require.NoError(t, json.Unmarshal([]byte(settings), &o))
	l := newLedger(t, 1, 1, nil, nil)
	client, err := wrapper.New(cabinet, wrapper.APIKey("any"), wrapper.WithBaseURL(o.serve(t, l)+"/v2"), wrapper.WithPlainHTTP())
	require.NoError(t, err)
	chat := l.take(1)[0]
	_, err = client.GetChat(t.Context(), chat)
	require.NoError(t, err, "the line is up")

	var back sync.WaitGroup
	drop := sync.OnceFunc(func() {
		o.Line.forward(t, false)
		back.Go(func() { time.Sleep(o.Lasts); o.Line.forward(t, true) })
	})
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { drop() }})
	if o.GiveUp > 0 {
		limited, cancel := context.WithTimeout(ctx, o.GiveUp)
		defer cancel()
		err = client.SendMessage(limited, chat, outageText)
		assert.ErrorIs(t, err, wrapper.ErrOutcomeUnknown)
		back.Wait()
	}
	began := time.Now()
	err = client.SendMessage(ctx, chat, outageText)
	t.Logf("after %v: %v, stored %d times", time.Since(began).Round(time.Second), err, l.stored(t, chat, outageText))
	assert.NoError(t, err)
	back.Wait()
	time.Sleep(30 * time.Second) // the kernel sends again after pauses that double, 26 s at most until here
	assert.Equal(t, 1, l.stored(t, chat, outageText), "stored")
}

const outageText = "Your order is on its way"

// serve serves a sandbox in the server's namespace.
func (o outage) serve(t *testing.T, l *ledger) (url string) {
	listener, scheme := o.Line.listen(t), "http://"
	address := listener.Addr().String()
	if o.TLS {
		scheme = "https://"
		config := serverTLS()
		config.Certificates = []tls.Certificate{newCertificate(t)}
		listener = tls.NewListener(listener, config)
	}
	server := &http.Server{Handler: l.market}
	serving := sandbox.HTTP2(server, listener)
	go func() { _ = server.Serve(serving) }()
	t.Cleanup(func() { _ = server.Close() })
	return scheme + address
}

// newCertificate makes one for the server, and lets this process trust it as the system's own.
func newCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.ParseIP(serverAddress)},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	roots := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(os.Getenv("SSL_CERT_FILE"), roots, 0o600))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
