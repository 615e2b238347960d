package wrapper

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ymarket-go/chats/gen"
)

// Doer sends a request and gives back its answer, as *http.Client does.
type Doer = gen.HttpRequestDoer

// parallelRequests is the Market's limit for a cabinet, over all its operations and keys.
const parallelRequests = 4

// attemptTimeout is the limit of one attempt; the Market gives up after 10 s.
const attemptTimeout = 15 * time.Second

// newTransport makes the transport of a Client that was given none. It keeps no connection: the Market closes each one
// after an answer, and a request on a connection that is about to be closed may or may not arrive.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dial,
		TLSHandshakeTimeout:    attemptTimeout, // net/http goes on with a handshake when its request has given up
		ExpectContinueTimeout:  time.Second,    // then the body is sent all the same
		TLSClientConfig:        &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(0)},
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingAfter},
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: 64 << 10,
		OnProxyConnectResponse: checkConnect,
	}
}

// pingAfter is how long a connection of HTTP/2 may be silent before it is asked for a sign of life, and how long that
// may take. Requests at once share a connection, so a dead one would last as long as there are requests.
const pingAfter = 4 * time.Second

// dial makes a connection that ends at once when it is closed. By default the kernel goes on sending what a closed
// connection still holds, so that a message arrives minutes after its attempt was given up.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: attemptTimeout}).DialContext(ctx, network, address)
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // it fails for a connection that is broken already
	}
	return conn, err
}

// checkConnect names the proxy that refuses to connect: net/http would give its status alone, as if the Market had
// said so.
func checkConnect(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return fmt.Errorf("the proxy %s refused to connect to the Market: %d %s",
		proxy.Host, answer.StatusCode, http.StatusText(answer.StatusCode))
}

// checkBaseURL gives the URL with a slash at its end: the generated client resolves paths against it, and would drop
// the version without one. No error quotes the URL, which may hold a password.
func checkBaseURL(raw string, plainHTTP bool) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", badBaseURL("cannot be parsed")
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return "", badBaseURL("has none of the schemes https and http")
	}
	if u.Hostname() == "" || strings.HasSuffix(u.Host, ":") {
		return "", badBaseURL("has no host, or no port after the colon")
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) {
		return "", badBaseURL("has a port that is not one of 1 to 65535")
	}
	if u.User != nil || strings.ContainsAny(raw, "?#") {
		return "", badBaseURL("has user info, a query or a fragment")
	}
	if u.Scheme == "http" && !plainHTTP && !isLoopback(u.Hostname()) {
		const readable = "is http:// and its host is not loopback, so the token could be read on its way"
		return "", fmt.Errorf("%w, or WithPlainHTTP", &OptionError{"WithBaseURL", readable, "https://"})
	}
	return u.JoinPath("/").String(), nil
}

func badBaseURL(what string) error {
	return &OptionError{"WithBaseURL", what, "one like https://host/v2"}
}

func isLoopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}
