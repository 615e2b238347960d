package main

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/ymarket-go/chats/api"
	"github.com/ymarket-go/chats/cmd/ymchats/internal/har"
)

// servers are the base URLs of the recorded API.
type servers []*url.URL

var basePath = regexp.MustCompile(`^(/[\w.~-]+)*$`)

func newServers(baseURLs []string) (servers, error) {
	var list servers
	for _, base := range baseURLs {
		u, err := url.Parse(strings.TrimRight(base, "/"))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
			strings.ContainsAny(base, "?#") || !basePath.MatchString(u.Path) {
			return nil, errors.New("--base-url is not allowed, allowed is one like https://host/v2, " +
				"without user info, query and fragment")
		}
		list = append(list, u)
	}
	return list, nil
}

// kind is what an entry is to the contract.
type kind int

const (
	otherHost kind = iota
	sameHost       // a request to one of the servers, and to no operation of the contract
	ours
)

// What is wrong with a request that is to one of the servers and not ours.
const (
	wrongPath   = "is not one of the contract"
	wrongMethod = "is not one of the path"
	brokenPath  = "cannot be parsed"
)

// located is where a request went.
type located struct {
	kind     kind
	host     string   // with a port where it is not the usual one; of another host
	server   *url.URL // of the same host
	scheme   string
	method   string
	path     string     // as it was recorded, "" where it cannot be parsed
	to       *url.URL   // ours: path and query behind the server's
	route    *api.Route // ours
	rule     string     // of the same host: what is wrong
	mistyped bool       // of the same host: the path is one of chats, and none that the Market has
}

var chatPath = regexp.MustCompile(`(?i)^/businesses/[^/]+/chats?(/.*)?$`)

// locate finds out where a request went.
func (s servers) locate(e *har.Entry, contract *api.Validator) located {
	u, whole := address(e.URL)
	if u == nil {
		return located{}
	}
	at := located{host: host(u), scheme: u.Scheme, path: u.Path, rule: wrongPath}
	for _, server := range s {
		if !sameAddress(u, server) {
			continue
		}
		if at.kind == otherHost {
			at.kind, at.server, at.method = sameHost, server, e.Method()
		}
		if !whole {
			at.rule = brokenPath
			continue
		}
		to, below := behind(u, server)
		if !below {
			continue
		}
		route, err := contract.Route(&http.Request{Method: at.method, URL: to})
		if err == nil {
			at.kind, at.server, at.to, at.route = ours, server, to, route
			return at
		}
		if api.Violations(err)[0].Where == "method" {
			at.rule = wrongMethod
		} else if chatPath.MatchString(to.Path) {
			at.mistyped = true
		}
	}
	return at
}

// address parses a URL. Of one that cannot be parsed it gives scheme and host where these can be, and whole is false.
// u is nil where there is no host.
func address(rawURL string) (u *url.URL, whole bool) {
	u, err := url.Parse(rawURL)
	if err == nil && u.Host != "" {
		return u, true
	}
	scheme, rest, found := strings.Cut(rawURL, "://")
	if !found {
		return nil, false
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	u, err = url.Parse(scheme + "://" + rest)
	if err != nil || u.Host == "" {
		return nil, false
	}
	return u, false
}

// behind gives what stands behind the path of a server.
func behind(u, server *url.URL) (*url.URL, bool) {
	if !strings.HasPrefix(u.Path, server.Path+"/") {
		return nil, false
	}
	relative := &url.URL{Path: strings.TrimPrefix(u.Path, server.Path), RawQuery: u.RawQuery}
	if raw := u.EscapedPath(); strings.HasPrefix(raw, server.Path+"/") {
		relative.RawPath = strings.TrimPrefix(raw, server.Path)
	}
	return relative, true
}

// sameAddress compares hosts and ports. The usual ports of http and https are the same host: the address of the
// Market with http:// is a mistake of the client's, and not other traffic.
func sameAddress(a, b *url.URL) bool {
	if !strings.EqualFold(strings.TrimSuffix(a.Hostname(), "."), strings.TrimSuffix(b.Hostname(), ".")) {
		return false
	}
	return port(a) == port(b)
}

// port is "" for the one that goes without saying.
func port(u *url.URL) string {
	scheme := strings.ToLower(u.Scheme)
	if u.Port() == "80" && scheme == "http" || u.Port() == "443" && scheme == "https" {
		return ""
	}
	return u.Port()
}

func host(u *url.URL) string {
	name := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if port(u) == "" {
		return name
	}
	return net.JoinHostPort(name, port(u))
}

// openKey names what is wrong with the scheme of a request: http where the server has https, and above all a key that
// everybody on the way can read. On this machine there is no such way.
func openKey(at located, e *har.Entry) string {
	if at.scheme != "http" || loopback(at.host) {
		return ""
	}
	header := e.Header()
	for _, name := range []string{"Api-Key", "Authorization"} {
		if strings.TrimSpace(header.Get(name)) != "" {
			return "a key is sent over http, where others can read it"
		}
	}
	if at.kind == ours && at.server.Scheme == "https" {
		return "must be https"
	}
	return ""
}

func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}
