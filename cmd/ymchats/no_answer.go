package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/ymarket-go/chats/wrapper"
)

// noticeFailures is a middleware that keeps why the last request brought no answer. The wrapper's log does not say it.
func (p *progress) noticeFailures(next wrapper.Doer) wrapper.Doer { return noticing{p, next} }

type noticing struct {
	*progress
	next wrapper.Doer
}

func (n noticing) Do(req *http.Request) (*http.Response, error) {
	resp, err := n.next.Do(req)
	n.why = ""
	if err != nil {
		n.why = whyNoAnswer(err)
	}
	return resp, err
}

// whyNoAnswer says in a few words why a request brought no answer. Of the error's own text it repeats no more than the
// name of a host and the system's words: in the rest may stand whatever the other side has sent.
func whyNoAnswer(err error) string {
	var (
		op     *net.OpError
		dns    *net.DNSError
		number syscall.Errno
		late   net.Error
	)
	switch {
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return "the proxy cannot be reached: " + whyNoAnswer(op.Err)
	case errors.As(err, &dns) && dns.IsNotFound:
		return "there is no host " + printable(dns.Name)
	case errors.As(err, &dns):
		return "the address of " + printable(dns.Name) + " cannot be looked up"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &late) && late.Timeout():
		return "timeout"
	case errors.As(err, &number):
		return number.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "the connection was closed"
	}
	if why := whyNoTLS(err); why != "" {
		return why
	}
	return "the connection failed"
}

// whyNoTLS is empty where TLS is not at fault.
func whyNoTLS(err error) string {
	var (
		invalid x509.CertificateInvalidError
		op      *net.OpError
	)
	switch {
	case errors.As(err, new(x509.HostnameError)):
		return "TLS: the certificate is for another host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "TLS: the certificate has expired, or is not valid yet"
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return "TLS: the certificate is signed by nobody whom this machine trusts"
	case errors.As(err, new(*tls.CertificateVerificationError)), errors.As(err, &invalid):
		return "TLS: the certificate is not valid"
	case errors.As(err, new(tls.RecordHeaderError)):
		return "TLS: the other side does not speak it"
	case errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"): // crypto/tls calls its alerts so
		return "TLS: the handshake failed"
	}
	return ""
}
