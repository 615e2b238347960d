package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ymarket-go/chats/gen"
	"github.com/ymarket-go/chats/sandbox"
)

// A host is called a sandbox where the control API answers, and nowhere else: a tunnel to the Market may listen on
// loopback. No other host is asked.
func TestDestination(t *testing.T) {
	site, api := httptest.NewServer(sandbox.New().Site()), httptest.NewServer(sandbox.New())
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, server := range []*httptest.Server{site, api, page} {
		defer server.Close()
	}
	host := func(server *httptest.Server) string { return strings.TrimPrefix(server.URL, "http://") }
	for base, want := range map[string]string{
		"":                              "api.partner.market.yandex.ru",
		gen.ServerURLUzbekistan:         "api.partner.market.yandex.net",
		"http://192.0.2.1:8080/v2":      "192.0.2.1:8080",
		"http://sandbox.example:8080/v": "sandbox.example:8080",
		site.URL + "/v2":                host(site) + " (sandbox)",
		api.URL + "/v2":                 host(api),
		page.URL + "/v2":                host(page),
		gone.URL + "/v2":                host(gone),
	} {
		facts := access{businessID: 7, baseURL: value{text: base}}.destination(t.Context())
		assert.Equal(t, []fact{{"Host", want}, {"Cabinet", "7"}}, facts, base)
	}
}

// The text stands on one line, and steers no terminal.
func TestBeginning(t *testing.T) {
	for text, want := range map[string]string{
		"a":                            "a",
		" two\n\nlines\t":              "two lines",
		"\x1b[31mred":                  "�[31mred",
		strings.Repeat("я", 60):        strings.Repeat("я", 60),
		strings.Repeat("я", 61) + "\n": strings.Repeat("я", 60) + "…",
	} {
		assert.Equal(t, want, beginning(text))
	}
}

// The chat that is asked about is read first; what goes wrong there goes wrong before the question.
func TestSendAsksAboutNoUnknownChat(t *testing.T) {
	market := newSandbox(t)
	code, _, complaint := shell{in: strings.NewReader("y\n"), onTerminal: allTerminals}.run(t, "send", "--chat", chat, testText)
	assert.Equal(t, 5, code)
	assert.Contains(t, complaint, "getChat: 404")
	assert.NotContains(t, complaint, "[y/N]")
	assert.Len(t, market.Calls(), 1)
}
