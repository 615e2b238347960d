package sandbox

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
)

// Site is the sandbox and, under /_sandbox/, its Control, on one address. A browser that asks for / or /_sandbox is
// sent to the page; others get the API's 404 there.
func (m *Market) Site() http.Handler {
	control := m.Control()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, pagePath) || looksForPage(r) {
			control.ServeHTTP(w, r)
			return
		}
		m.ServeHTTP(w, r) // an http.ServeMux would clean the path, where the API answers 404
	})
}

// pagePath is where the page is, and below it the rest of Control.
const pagePath = "/_sandbox/"

// looksForPage is true for a browser that opens the address without the page's path.
func looksForPage(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		(r.URL.Path == "/" || r.URL.Path+"/" == pagePath) && strings.Contains(r.Header.Get("Accept"), "text/html")
}

func toPage(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, pagePath, http.StatusFound) }

// guardControl keeps pages of other addresses from driving the sandbox through somebody's browser. A browser says in
// Origin and in Sec-Fetch-Site where a page is from. It says so of most requests, and truly, but not when the page's
// own name was made to lead to this machine after it was loaded; then Host has that name. A link of another page may
// lead to the page: to look at it changes nothing.
func (m *Market) guardControl(next http.Handler) http.Handler {
	sameOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !m.isCalled(r.Host) {
			const allowed = "localhost, a loopback address or a name that the sandbox was told"
			refuseControl(w, http.StatusForbidden, fmt.Errorf("the header Host is %.100q, allowed is %s", r.Host, allowed))
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host && origin != "https://"+r.Host {
			refuseControl(w, http.StatusForbidden, errors.New("the header Origin names another address"))
			return
		}
		if sameOrigin.Check(r) != nil {
			refuseControl(w, http.StatusForbidden, errors.New("the header Sec-Fetch-Site says that another page asks"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isCalled is true for a host, with a port or without, that is this machine by a name of loopback or one of WithHost.
func (m *Market) isCalled(host string) bool {
	name := host
	if withoutPort, _, err := net.SplitHostPort(host); err == nil {
		name = withoutPort
	}
	name = strings.Trim(name, "[]")
	if ip := net.ParseIP(name); ip != nil && ip.IsLoopback() {
		return true
	}
	return strings.EqualFold(name, "localhost") ||
		slices.ContainsFunc(m.hosts, func(host string) bool { return strings.EqualFold(host, name) })
}
