package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ymarket-go/chats/internal/closedport"
	"github.com/ymarket-go/chats/wrapper"
)

// Whoever waits learns why, as net/http has told it, and nothing that the other side has sent.
func TestWhyNoAnswer(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that fails
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(cut.Close)
	for what, row := range map[string]struct {
		err  error
		says string
	}{
		"refused":            {roundTrip(t, "http://"+closedport.Address(t)), connectionRefused(t)},
		"closed":             {roundTrip(t, cut.URL), "the connection was closed"},
		"unknown authority":  {roundTrip(t, secure.URL), "TLS: the certificate is signed by nobody whom this machine trusts"},
		"no TLS":             {roundTrip(t, "https://"+plain.Listener.Addr().String()), "TLS: the other side does not speak it"},
		"late":               {roundTripWithin(t, -time.Second, plain.URL), "timeout"},
		"no such host":       {&net.OpError{Op: "dial", Err: &net.DNSError{Name: "a.example", IsNotFound: true}}, "there is no host a.example"},
		"a host that steers": {&net.DNSError{Name: "a\x1b[31m", IsNotFound: true}, "there is no host a�[31m"},
		"no name server":     {&net.DNSError{Name: "a.example", IsTimeout: true}, "the address of a.example cannot be looked up"},
		"a proxy":            {&net.OpError{Op: "proxyconnect", Err: &net.DNSError{Name: "p", IsNotFound: true}}, "the proxy cannot be reached: there is no host p"},
		"another host":       {fmt.Errorf("x: %w", x509.HostnameError{Certificate: new(x509.Certificate)}), "TLS: the certificate is for another host"},
		"expired":            {x509.CertificateInvalidError{Reason: x509.Expired}, "TLS: the certificate has expired, or is not valid yet"},
		"a bad certificate":  {&tls.CertificateVerificationError{Err: errors.New("canary")}, "TLS: the certificate is not valid"},
		"a TLS alert":        {&net.OpError{Op: "remote error", Err: errors.New("canary")}, "TLS: the handshake failed"},
		"a late socket":      {os.ErrDeadlineExceeded, "timeout"},
		"half":               {io.ErrUnexpectedEOF, "the connection was closed"},
		"what was sent":      {errors.New(`malformed HTTP response "canary"`), "the connection failed"},
	} {
		require.Error(t, row.err, what)
		assert.Equal(t, row.says, whyNoAnswer(row.err), what)
	}
}

func roundTrip(t *testing.T, url string) error {
	t.Helper()
	return roundTripWithin(t, time.Minute, url)
}

func roundTripWithin(t *testing.T, limit time.Duration, url string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	return err
}

// A line of the log says what came of an attempt in its fields, and the command puts that into words.
func TestAttemptWords(t *testing.T) {
	until := time.Now()
	for _, row := range []struct {
		status int
		quota  wrapper.Quota
		reason error
		words  string
		again  string // why another attempt follows; empty: the same words
	}{
		{0, wrapper.Quota{}, nil, "no answer", ""},
		{0, wrapper.Quota{}, io.EOF, "no answer", "no answer (the connection was closed)"},
		{200, wrapper.Quota{Until: until}, nil, "ok", "the answer broke off"},
		{420, wrapper.Quota{Until: until}, nil, "quota used up", ""},
		{420, wrapper.Quota{Until: until, Remaining: 1}, nil, "too many requests at once", ""},
		{420, wrapper.Quota{}, nil, "too many requests at once", ""},
		{500, wrapper.Quota{}, io.EOF, "server error", ""},
		{404, wrapper.Quota{}, nil, "refused", ""},
	} {
		a := attemptOf("operation", "getChat", "attempt", 3, "status", row.status, "quota", row.quota, "pause", time.Second, "reason", row.reason)
		assert.Equal(t, row.words, a.String())
		assert.Equal(t, cmp.Or(row.again, row.words), a.whyAgain())
		assert.Equal(t, attempt{operation: "getChat", number: 3, pause: time.Second, reason: row.reason,
			answer: wrapper.Response{StatusCode: row.status, Quota: row.quota}}, a)
	}
}

// attemptOf reads a line of a log with these fields.
func attemptOf(fields ...any) attempt {
	line := slog.NewRecord(time.Now(), slog.LevelWarn, "attempt", 0)
	line.Add(fields...)
	return readAttempt(line)
}
