package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"
)

// certificate is what a server shows. The zero one is that of httptest.
type certificate struct {
	name string
	tls  []tls.Certificate
}

// certificates are made once, and become the only ones that this program trusts, in place of the system's, with the
// help of x509usefallbackroots in main.go. So every contender, the wrapper with its own transport too, runs with the
// settings that it has by itself.
var certificates = sync.OnceValue(func() []certificate {
	roots := x509.NewCertPool()
	usual := httptest.NewTLSServer(nil)
	defer usual.Close()
	roots.AddCert(usual.Certificate())
	own, err := elliptic256()
	if err != nil {
		panic(err) // no random numbers: nothing below would work
	}
	roots.AddCert(own.Leaf)
	x509.SetFallbackRoots(roots)
	return []certificate{{"RSA 2048", nil}, {"ECDSA P-256", []tls.Certificate{own}}}
})

func elliptic256() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("the certificate just made: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// tlsServer serves the answers with TLS on loopback and counts the connections.
func tlsServer(c certificate, keepAlive bool, opened *atomic.Int64) *httptest.Server {
	server := httptest.NewUnstartedServer(&answers{})
	server.TLS = &tls.Config{Certificates: c.tls}
	server.Config.SetKeepAlivesEnabled(keepAlive)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.StartTLS()
	return server
}
