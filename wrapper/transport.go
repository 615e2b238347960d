package wrapper

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// attemptTimeout is the limit of one attempt; the Market gives up after 10 s.
const attemptTimeout = 15 * time.Second

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: attemptTimeout}).DialContext,
		TLSHandshakeTimeout:    attemptTimeout, // net/http goes on with a handshake when its request has given up
		TLSClientConfig:        &tls.Config{ClientSessionCache: tls.NewLRUClientSessionCache(0)},
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    parallelRequests,
		MaxConnsPerHost:        parallelRequests, // else one is dialled while another is on its way back
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// checkBaseURL gives the URL with a slash at its end: the generated client resolves paths against it, and would drop
// the version without one.
func checkBaseURL(raw string, plainHTTP bool) (string, error) {
	u, err := url.Parse(raw)
	var refused string
	switch {
	case err != nil: // it quotes the URL, and a URL may hold a password
		refused = "cannot be parsed"
	case u.Scheme != "https" && u.Scheme != "http":
		refused = "has none of the schemes https and http" // of user:password@host the scheme is the user
	case u.Hostname() == "" || strings.HasSuffix(u.Host, ":"):
		refused = "has no host, or no port after the colon"
	case u.User != nil || strings.ContainsAny(raw, "?#"):
		refused = "has user info, a query or a fragment"
	case u.Scheme == "http" && !plainHTTP && !strings.EqualFold(u.Hostname(), "localhost") && !net.ParseIP(u.Hostname()).IsLoopback():
		return "", errors.New("the base URL is http:// and its host is not loopback, so the token could be read on its way; allowed is https://, or WithPlainHTTP")
	default:
		return u.JoinPath("/").String(), nil
	}
	return "", fmt.Errorf("the base URL %s, allowed is one like https://host/v2", refused)
}
