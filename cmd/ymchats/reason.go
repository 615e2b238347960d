package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/ymarket-go/chats/wrapper"
)

// logHandler takes the lines of the wrapper's log, which have neither groups nor attributes of the logger.
type logHandler func(context.Context, slog.Record) error

func (logHandler) Enabled(context.Context, slog.Level) bool             { return true }
func (h logHandler) WithAttrs([]slog.Attr) slog.Handler                 { return h }
func (h logHandler) WithGroup(string) slog.Handler                      { return h }
func (h logHandler) Handle(ctx context.Context, line slog.Record) error { return h(ctx, line) }

// What waits are for, in the words of the wrapper's log.
const (
	firstLook  = "the first look into the chat"
	secondLook = "the second look into the chat"
)

// attempt is what a line of the wrapper's log says of an attempt, or of a wait.
type attempt struct {
	operation string
	number    int64
	answer    wrapper.Response // its status and quota
	pause     time.Duration    // before the next attempt; 0: there is none
	waitsFor  string           // what the pause is for
	until     time.Time        // of a line of a wait: when it ends; zero: that is not known
	reason    error            // why no answer came, or not to its end
}

func readAttempt(line slog.Record) (a attempt) {
	line.Attrs(func(field slog.Attr) bool {
		switch value := field.Value; field.Key {
		case "operation":
			a.operation = value.String()
		case "attempt":
			a.number = value.Int64()
		case "status":
			a.answer.StatusCode = int(value.Int64())
		case "quota":
			a.answer.Quota, _ = value.Any().(wrapper.Quota)
		case "pause":
			a.pause = value.Duration()
		case "for":
			a.waitsFor = value.String()
		case "until":
			a.until = value.Time()
		case "reason":
			a.reason, _ = value.Any().(error)
		}
		return true
	})
	return a
}

// String says in a few words what came of the attempt.
func (a attempt) String() string {
	switch status := a.answer.StatusCode; {
	case status == 0:
		return "no answer"
	case status == http.StatusOK:
		return "ok"
	case a.answer.QuotaUsedUp():
		return "quota used up"
	case status == wrapper.StatusMethodFailure:
		return "too many requests at once"
	case status >= 500:
		return "server error"
	}
	return "refused"
}

// whyAgain says why another attempt follows.
func (a attempt) whyAgain() string {
	switch {
	case a.answer.StatusCode == 0 && a.reason != nil:
		return a.String() + " (" + whyNoAnswer(a.reason) + ")"
	case a.answer.StatusCode == http.StatusOK: // if all of it had come, no other attempt would follow
		return "the answer broke off"
	}
	return a.String()
}

// whyNoAnswer says in a few words why a request brought no answer. Of the error's own text it repeats no more than the
// name of a host and the system's words: in the rest may stand whatever the other side has sent.
func whyNoAnswer(err error) string {
	var (
		op      *net.OpError
		dns     *net.DNSError
		number  syscall.Errno
		late    net.Error
		invalid x509.CertificateInvalidError
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
	return "the connection failed"
}
