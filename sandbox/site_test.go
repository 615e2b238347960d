package sandbox_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Whoever types the address without the page's path into a browser is sent to the page. A client of the API that asks
// for the same addresses gets the API's 404, and is in its log.
func TestBrowsersAreSentToThePage(t *testing.T) {
	m := newMarket()
	const html = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for _, path := range []string{"/", "/_sandbox"} {
		for _, method := range []string{"GET", "HEAD"} {
			w := serve(m.Site(), method, path, "", "Accept", html)
			assert.Equal(t, 302, w.Code, "%s %s", method, path)
			assert.Equal(t, "/_sandbox/", w.Header().Get("Location"))
			assert.Equal(t, 302, serve(m.Control(), method, path, "", "Accept", html).Code)
		}
	}
	assert.Empty(t, m.Calls(), "the page is no call of the API")
	for _, r := range [][]string{
		{"GET", "/"}, {"GET", "/_sandbox"}, {"GET", "/", "Accept", "application/json"}, {"GET", "/", "Accept", "*/*"},
		{"POST", "/", "Accept", html}, {"POST", "/_sandbox", "Accept", html}, {"GET", "//", "Accept", html},
		{"GET", "/elsewhere", "Accept", html}, {"GET", "/_sandboxes", "Accept", html}, {"GET", "/v2", "Accept", html},
	} {
		w := serve(m.Site(), r[0], r[1], "", append(r[2:], "Api-Key", "k")...)
		assert.Equal(t, 404, w.Code, r)
		assert.Contains(t, w.Body.String(), `"code":"NOT_FOUND"`, r)
	}
	assert.Len(t, m.Calls(), 10)
	w := serve(m.Site(), "GET", "/", "", "Accept", html, "Host", "rebound.example")
	assert.Equal(t, 403, w.Code, "a name that was made to lead here is told nothing")
	w = serve(m.Control(), "GET", "/elsewhere", "", "Accept", html)
	assert.Contains(t, w.Body.String(), "there is no GET")
}

// A page of another address must not drive the sandbox through somebody's browser, in whichever way the browser says
// where the page is from. A link to the page may stand anywhere.
func TestOnlyItsOwnPageDrivesTheSandbox(t *testing.T) {
	for _, row := range []struct {
		method  string
		allowed bool
		headers []string
	}{
		{"POST", true, nil}, // no browser
		{"POST", true, []string{"Origin", "http://127.0.0.1:8080", "Sec-Fetch-Site", "same-origin"}},
		{"POST", true, []string{"Sec-Fetch-Site", "none"}}, // the user himself, by a bookmark
		{"POST", false, []string{"Sec-Fetch-Site", "cross-site"}},
		{"POST", false, []string{"Sec-Fetch-Site", "same-site"}},
		{"POST", false, []string{"Origin", "https://evil.example"}},
		{"POST", false, []string{"Origin", "http://127.0.0.1:9090"}},
		{"POST", false, []string{"Origin", "null"}},
		{"POST", false, []string{"Origin", "http://rebound.example", "Host", "rebound.example"}},
		{"POST", false, []string{"Host", "rebound.example", "Sec-Fetch-Site", "same-origin"}},
		{"GET", true, []string{"Sec-Fetch-Site", "cross-site"}},
	} {
		m := newMarket()
		target, want := "/_sandbox/reset", 204
		if row.method == "GET" {
			target, want = "/_sandbox/", 200
		}
		if !row.allowed {
			want = 403
		}
		assert.Equal(t, want, serve(m.Site(), row.method, target, "", row.headers...).Code, row)
	}
}
